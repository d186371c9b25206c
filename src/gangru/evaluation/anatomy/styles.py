"""Known styles as of each factor date, and how much of them a factor and its top tenth hold.

D trading days, M factor dates × N stocks. A style at t sees days ≤ t alone. As in `factor.reversal`, a day without
trading has the last adjusted close, hence the return 0, and neither volume nor amount.
"""

from collections.abc import Callable, Mapping

import numpy as np
import polars as pl

from gangru.evaluation.groups import top
from gangru.evaluation.ic import mean_of_defined, spearman, unit_deviations
from gangru.evaluation.industry import row_means
from gangru.evaluation.months import Rows
from gangru.evaluation.remark import remark
from gangru.evaluation.significance import newey_west_t
from gangru.market.daily import DailyMarket, Floats, carried, carried_to

MOMENTUM_DAYS, MOMENTUM_SKIP = 242, 21  # trading days before t between which the return is taken
REVERSAL_DAYS = 20
VOLATILITY_DAYS = 60
ACTIVITY_DAYS = 20
TOP = 0.1

STYLES = {
    "size": "log of tradable shares × close, in yuan, on the last day traded",
    "momentum": "return from the close of t − 242 to that of t − 21",
    "reversal": "return over the 20 days to t, not its negative",
    "volatility": "standard deviation of the 60 daily returns to t",
    "turnover": "mean of volume / tradable shares over the 20 days to t",
    "liquidity": "log of the mean amount in yuan over the 20 days to t",
}
NO_VALUE = remark("Value is not among the styles: daily bars have neither book value nor earnings.")


def style_matrices(market: DailyMarket, rows: Rows) -> dict[str, Floats]:
    """Every style of STYLES as of the days at `rows` (M,) of the market's axis, each (M, N).

    NaN where the data do not reach back far enough, the stock's first close is later than the first day needed, or a
    field is not known.
    """
    close = carried(market.adjusted("close"))

    def mean_of(daily: Callable[[slice], Floats]) -> Floats:
        def figure(t: int) -> Floats:
            days = slice(t - ACTIVITY_DAYS + 1, t + 1)
            with np.errstate(divide="ignore", invalid="ignore"):
                known = np.where(np.isnan(market.close[days]), 0.0, daily(days))
            return np.where(np.isnan(close[days.start]), np.nan, known.mean(axis=0))

        return by_date(rows, ACTIVITY_DAYS - 1, close.shape[1], figure)

    return {
        "size": known_log(carried_to(rows, market.float_value())),
        "momentum": past_return(close, rows, MOMENTUM_DAYS, MOMENTUM_SKIP),
        "reversal": past_return(close, rows, REVERSAL_DAYS, 0),
        "volatility": by_date(rows, VOLATILITY_DAYS, close.shape[1], lambda t: volatility(close, t)),
        "turnover": finite(mean_of(lambda days: market.volume[days] / market.float_shares[days])),
        "liquidity": known_log(mean_of(lambda days: market.amount[days])),
    }


def by_date(rows: Rows, days: int, stocks: int, figure: Callable[[int], Floats]) -> Floats:
    """The figure (N,) of each row that has `days` days before it, NaN on the others, (M, N)."""
    out = np.full((len(rows), stocks), np.nan)
    for m, t in enumerate(rows.tolist()):
        if t >= days:
            out[m] = figure(t)
    return out


def past_return(close: Floats, rows: Rows, first: int, last: int) -> Floats:
    """Return from the close `first` days before each row to that `last` days before, (M, N)."""

    def figure(t: int) -> Floats:
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.asarray(close[t - last] / close[t - first] - 1)

    return finite(by_date(rows, first, close.shape[1], figure))


def volatility(close: Floats, t: int) -> Floats:
    """Standard deviation (n − 1) of the daily returns of the 60 days to t, (N,)."""
    window = close[t - VOLATILITY_DAYS : t + 1]
    with np.errstate(divide="ignore", invalid="ignore"):
        return finite(np.std(window[1:] / window[:-1] - 1, axis=0, ddof=1))


def finite(values: Floats) -> Floats:
    """The values, NaN for the infinite ones."""
    return np.where(np.isfinite(values), values, np.nan)


def known_log(values: Floats) -> Floats:
    """Natural logarithm, NaN where there is none."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return finite(np.log(values))


def standardised(values_MN: Floats, scores_MN: Floats) -> Floats:
    """z-scores within each date over the scored stocks that have a value, 0 where all agree; NaN elsewhere, (M, N)."""
    used = ~np.isnan(values_MN) & ~np.isnan(scores_MN)
    count = used.sum(axis=1).astype(float)
    z = unit_deviations(np.where(used, values_MN, np.nan), count) * np.sqrt(count)[:, None]
    return np.where(used, np.nan_to_num(z), np.nan)


def exposure_table(scores_MN: Floats, styles: Mapping[str, Floats], min_stocks: int) -> pl.DataFrame:
    """How much of each style (M, N) the factor holds: one row a style.

    rank_correlation is the mean over `months` of the Spearman correlation of factor and style, t its Newey–West t;
    top_z the mean over months of the mean z-score of the best tenth of the stocks; coverage the mean share of a
    month's scored stocks whose style is known, over the months with a score.
    """
    enough = (~np.isnan(scores_MN)).sum(axis=1) >= min_stocks
    best = top(scores_MN, TOP)
    rows = []
    for name, style in styles.items():
        rho = spearman(scores_MN, style, min_stocks)
        z = np.where(best, standardised(style, scores_MN), np.nan)
        known = np.where(np.isnan(scores_MN), np.nan, ~np.isnan(style))
        rows.append(
            {
                "style": name,
                "rank_correlation": mean_of_defined(rho),
                "t": newey_west_t(rho),
                "months": int((~np.isnan(rho)).sum()),
                "top_z": mean_of_defined(np.where(enough, row_means(z), np.nan)),
                "coverage": mean_of_defined(row_means(known)),
            }
        )
    schema = {"style": pl.String, "rank_correlation": pl.Float64, "t": pl.Float64, "months": pl.Int64}
    return pl.DataFrame(rows, schema=schema | {"top_z": pl.Float64, "coverage": pl.Float64})


def style_ic_table(
    styles: Mapping[str, Floats], scores_MN: Floats, returns_MN: Floats, min_stocks: int
) -> pl.DataFrame:
    """Each style's own rank IC among the stocks that the factor scores. Columns style, rank_ic, t, months."""
    rows = []
    for name, style in styles.items():
        ic = spearman(np.where(np.isnan(scores_MN), np.nan, style), returns_MN, min_stocks)
        rows.append(
            {
                "style": name,
                "rank_ic": mean_of_defined(ic),
                "t": newey_west_t(ic),
                "months": int((~np.isnan(ic)).sum()),
            }
        )
    schema = {"style": pl.String, "rank_ic": pl.Float64, "t": pl.Float64, "months": pl.Int64}
    return pl.DataFrame(rows, schema=schema)
