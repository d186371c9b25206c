"""The months that a portfolio is in the market."""

import numpy as np

from gangru.market.daily import Bools


def months_held(scored: Bools) -> Bools:
    """The months a portfolio is in the market, (M,): those with a score, and a lone one between that has none.

    One missed month leaves the book as it is; two or more in a row are no result of the scores, and nobody may be
    taken to hold a book of half a year ago: they are out.
    """
    missed = ~scored
    before, after = np.append(False, missed[:-1]), np.append(missed[1:], False)
    return np.asarray(scored | ~(before | after))
