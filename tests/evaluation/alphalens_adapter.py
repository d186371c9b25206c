"""Our arrays as the table that alphalens-reloaded computes from, and where its definitions differ from ours.

- Stocks: alphalens drops a stock without a forward return before it ranks or groups. We group on the factor date, when
  nobody knows who will trade on the entry day, and leave such a stock out of its group's mean alone. `as_alphalens_sees`
  drops them from our scores.
- Prices: alphalens carries prices over gaps and so has a return for a stock that did not trade on the entry day. We
  have none, for nobody could buy it there: `clean_factor_data` leaves it out.
- Entry: alphalens pays the close of the factor date. For a lag the prices are handed over that many days early.
- Group borders: alphalens cuts at interpolated quantiles of the values (pandas.qcut): the stock at place i from 0 of n
  is in group ⌈i q / (n − 1)⌉ of q, the lowest in the first, and groups differ by up to two stocks. Ours, ⌊i q / n⌋ + 1,
  differ by one at most. Both agree where q divides n. Equal values at a border share alphalens' lower group, and where
  borders coincide it drops the date; ours are split in the order of the columns. `number_MN` hands over our groups.
- Rank autocorrelation: alphalens ranks all stocks of a date and correlates the ranks (Pearson) of those that are there
  on both dates. We rank these stocks among themselves, which is Spearman's correlation of them.
- Lags: alphalens' lag 1 of dates without a regular frequency is the date before that has any stock; ours is the factor
  date before, undefined where that is empty.
- Turnover: the same share; on a date where the group is empty alphalens passes over it, ours is undefined.
- Mean return of a group: the mean over dates of the dates' means, as ours; alphalens takes the universe's mean off
  unless told `demeaned=False`.
"""

import contextlib
import io
import warnings
from typing import Any

import numpy as np


def as_alphalens_sees(scores_MN: np.ndarray, returns_MN: np.ndarray) -> np.ndarray:
    """Scores of the stocks that have a return."""
    return np.where(np.isnan(returns_MN), np.nan, scores_MN)


def long_series(values_MN: np.ndarray, dates: Any) -> Any:
    """A series by date and asset."""
    import pandas as pd

    index = pd.MultiIndex.from_product([dates, np.arange(values_MN.shape[1])], names=["date", "asset"])
    return pd.Series(values_MN.ravel(), index=index)


def clean_factor_data(
    prices: np.ndarray,
    traded: np.ndarray,
    scores_MN: np.ndarray,
    rows: np.ndarray,
    *,
    horizon: int,
    lag: int,
    quantiles: int = 1,
    number_MN: np.ndarray | None = None,
    labels_MN: np.ndarray | None = None,
) -> Any:
    """alphalens' clean factor data of carried prices (D, N) and scores (M, N) at `rows`, by its own functions.

    Quantiles are its own, or the groups in `number_MN`; `labels_MN` are its groups.
    """
    import pandas as pd
    from alphalens import utils

    days = pd.bdate_range("2015-01-01", periods=len(prices))
    entry = np.minimum(rows + lag, len(prices) - 1)
    factor = long_series(np.where(traded[entry], scores_MN, np.nan), days[rows])
    with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
        warnings.simplefilter("ignore")  # the dates are no regular calendar, and it says so
        forward = utils.compute_forward_returns(
            factor, pd.DataFrame(prices, index=days).shift(-lag), (horizon,)
        )
        groups = None if labels_MN is None else long_series(labels_MN, days[rows])
        data = utils.get_clean_factor(factor, forward, groupby=groups, quantiles=quantiles, max_loss=1.0)
    if number_MN is not None:
        data["factor_quantile"] = long_series(number_MN, days[rows]).reindex(data.index)
    return data
