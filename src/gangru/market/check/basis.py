"""What each stock's prices are: raw, as this store wants them, or adjusted already; told from amounts and decimals."""

import polars as pl

from gangru.market.daily import VWAP_TOLERANCE

SUB_CENT = 1e-4  # of a cent: what binary decimals are off by is far below
TELLING_SHARE = 0.01  # of a stock's traded rows, and as many rows: single ones are accidents of a day
TELLING_ROWS = 5
SLIPS = (10.0, 100.0, 1_000.0, 10_000.0, 100_000.0)  # lots, thousands, both; hundreds of lots
SMOOTH = 0.05  # the median day's change of vwap / close, in logs, of a price series that only was rescaled


def price_basis(bars: pl.DataFrame) -> pl.DataFrame:
    """One row a stock: code, rows (traded), outside, sub_cent (shares of them), rough, constant_factor, basis.

    `outside` counts rows whose amount / volume lies outside the day's range, other than by a slip of the unit,
    `sub_cent` prices that are no whole cents. A rescaled price follows the vwap at a ratio that hardly moves from day
    to day; `rough` is the median change of that ratio. Basis is "adjusted" where either share is telling, the factor
    never changes and the ratio is smooth; "unclear" where vwaps lie outside in some other way; else "raw". `bars` are
    in order of code and date.
    """
    vwap = pl.col("amount") / pl.col("volume")
    ratio = (vwap / pl.col("close")).log()
    judged = pl.col("traded") & (pl.col("amount") > 0)
    shares = (
        bars.lazy()
        .with_columns(
            outside=judged & outside_range(vwap) & ~slipped(vwap),
            sub_cent=pl.col("traded") & no_whole_cents(pl.col("close")),
            rough=pl.when(judged & pl.col("follows")).then((ratio - ratio.shift(1)).abs()),
        )
        .group_by("code")
        .agg(
            rows=pl.col("traded").sum(),
            outside=telling("outside", judged),
            sub_cent=telling("sub_cent", pl.col("traded")),
            rough=pl.col("rough").fill_nan(None).median(),
            constant_factor=(pl.col("factor").max() - pl.col("factor").min()).fill_null(0.0) == 0,
        )
        .with_columns(pl.col("outside", "sub_cent").fill_nan(0.0))
        .collect()
    )
    odd = (pl.col("outside") >= TELLING_SHARE) & pl.col("constant_factor")
    smooth = pl.col("rough").fill_null(0.0) < SMOOTH
    return shares.with_columns(
        basis=pl.when((odd & smooth) | ((pl.col("sub_cent") >= TELLING_SHARE) & pl.col("constant_factor")))
        .then(pl.lit("adjusted"))
        .when(pl.col("outside") >= TELLING_SHARE)
        .then(pl.lit("unclear"))
        .otherwise(pl.lit("raw"))
    ).sort("code")


def telling(name: str, among: pl.Expr) -> pl.Expr:
    """The share of rows marked, 0 where there are too few to tell anything."""
    marked = pl.col(name).sum()
    return pl.when(marked >= TELLING_ROWS).then(marked / among.sum()).otherwise(0.0)


def outside_range(price: pl.Expr) -> pl.Expr:
    """Whether a price lies outside the day's low and high by more than rounding and odd lots explain."""
    above = price > pl.col("high") * (1 + VWAP_TOLERANCE)
    return above | (price < pl.col("low") * (1 - VWAP_TOLERANCE))


def no_whole_cents(price: pl.Expr) -> pl.Expr:
    """Whether a price has digits below the cent."""
    cents = price * 100
    return (cents - cents.round()).abs() > SUB_CENT


def slipped(price: pl.Expr) -> pl.Expr:
    """Whether a price lies outside the day's range, and inside once it is moved by a power of ten."""
    moved = [price / slip for slip in SLIPS] + [price * slip for slip in SLIPS]
    return outside_range(price) & pl.any_horizontal(~outside_range(one) for one in moved)
