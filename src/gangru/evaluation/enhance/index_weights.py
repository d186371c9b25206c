"""What an index's members weigh, where nobody has published it. M factor dates × N stocks."""

import numpy as np

from gangru.evaluation.industry import row_means
from gangru.market.daily import Bools, Floats


def index_weights(member_MN: Bools, float_value_MN: Floats) -> Floats:
    """Weights of an index on each factor date, (M, N), by the tradable value of its members; rows sum to 1.

    `member_MN` tells who is a member as of the date, `float_value_MN` in yuan is NaN where a stock does not trade that
    day: such a member has no weight, and neither has one whose value is not known. Without any, the row is zero. Sees
    each date's own row alone. An approximation: the indices' publisher weighs by free float in steps, caps some
    weights and keeps a halted member at its last price.
    """
    value = np.where(member_MN & (float_value_MN > 0), float_value_MN, 0.0)
    total = value.sum(axis=1, keepdims=True)
    return np.asarray(value / np.where(total > 0, total, 1))


def size_scores(size_MN: Floats) -> Floats:
    """Log tradable value standardised over each date's stocks, (M, N); 0, the mean, where it is not known.

    (x − mean) / standard deviation over the stocks whose size is known; a date of equal sizes is 0 throughout. Sees
    each date's own row alone.
    """
    deviation = size_MN - row_means(size_MN)[:, None]
    spread = np.sqrt(row_means(deviation**2))[:, None]
    return np.asarray(np.nan_to_num(deviation / np.where(spread > 0, spread, np.inf)))
