"""What a score is neutralised by."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gangru.market.daily import Floats


@dataclass(frozen=True)
class Exposures:
    """What a score is neutralised by: industry numbers (−1 unknown) and float market value in yuan, (D, N) each."""

    industry: NDArray[np.int16]
    value: Floats
