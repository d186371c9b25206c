"""What a user adds to a study from outside the package: objects handed to the Python API, never names in a file."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gangru.evaluation.portfolio.terms import ExecutionRule
    from gangru.features.catalogue import Feature
    from gangru.report.blocks import Section
    from gangru.report.inputs import Material


@dataclass(frozen=True)
class Extensions:
    """A user's own parts; sources are handed to an ingest.

    `features` are series that `features.names` and `features.ranked` may name beside the catalogue's. `execution` fills
    the portfolio's orders. Each of `sections` makes one more section of the monthly out of all that it is made of,
    before the definitions.
    """

    features: "tuple[Feature, ...]" = ()
    execution: "ExecutionRule | None" = None
    sections: "tuple[Callable[[Material], Section], ...]" = ()


NONE = Extensions()
