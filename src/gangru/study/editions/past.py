"""Older editions looked at again: what each said, and what its month's figures and long list are now."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import polars as pl

from gangru.evaluation.groups import places
from gangru.evaluation.ic import forward_returns, mean_of_defined
from gangru.evaluation.months import ENTRY_LAG, closing_rows
from gangru.evaluation.portfolio.targets import long_count
from gangru.evaluation.result import Evaluation
from gangru.evaluation.settings import PortfolioSettings
from gangru.market.daily import Bools, DailyMarket, Floats, carried
from gangru.report.issued import PastEdition
from gangru.study.editions.changes import Revised, input_changes
from gangru.study.editions.made_of import factor_hash
from gangru.study.editions.record import IssuedEdition, MadeOf


@dataclass(frozen=True)
class Now:
    """What is known now: the evaluation, the factor, the market up to the last day that may be seen, the inputs."""

    evaluation: Evaluation
    factor: pl.DataFrame
    market: DailyMarket
    inputs: MadeOf
    portfolio: PortfolioSettings  # what of the stocks ranked makes the long list
    revised: Revised


@dataclass(frozen=True)
class ListNow:
    """A long list's fate: stocks of today's, those in both, returns over the month that followed; None: not known."""

    stocks: int | None = None
    kept: int | None = None
    as_issued: float | None = None
    of_today: float | None = None
    usual: float | None = None


def past_editions(editions: Sequence[IssuedEdition], now: Now) -> list[PastEdition]:
    """Each edition beside what is computed now; sees nothing that `now` does not hold."""
    last = {edition.month: edition.revision for edition in editions}
    closes = carried(now.market.adjusted("close")) if editions else np.empty((0, 0))
    return [past_edition(one, now, closes, superseded=one.revision != last[one.month]) for one in editions]


def past_edition(edition: IssuedEdition, now: Now, closes: Floats, *, superseded: bool) -> PastEdition:
    """One edition beside what is computed now; `closes` (D, N) are adjusted and carried."""
    row = month_row(now.evaluation, edition.month)
    then = edition.month_figures or {}
    fate = list_now(edition, now, closes)
    one = PastEdition(
        month=edition.month,
        revision=edition.revision,
        issued_on=edition.issued_at[:10],
        rank_ic=known(then.get("rank_ic")),
        rank_ic_now=known(row.get("rank_ic")),
        excess=known(then.get("excess_return")),
        excess_now=known(row.get("excess_return")),
        ic_mean=known(edition.headline.get("ic_mean")),
        ic_mean_now=mean_up_to(now.evaluation, edition.month),
        list_date=edition.picks_date,
        stocks=len(edition.picks),
        stocks_now=fate.stocks,
        kept=fate.kept,
        list_return=fate.as_issued,
        list_return_now=fate.of_today,
        usual_return=fate.usual,
        superseded=superseded,
    )
    return with_changes(one, edition, now) if one.changed else one


def with_changes(one: PastEdition, edition: IssuedEdition, now: Now) -> PastEdition:
    """The same with what it was made of and is another now."""
    rows = up_to(now.factor, edition.picks_date)
    return replace(
        one, changes=tuple(input_changes(edition.inputs, now.inputs, now.revised, factor_hash(rows)))
    )


def up_to(factor: pl.DataFrame, day: str | None) -> pl.DataFrame:
    """The rows up to a day, all where there is none."""
    return factor if day is None else factor.filter(pl.col("date") <= np.datetime64(day).item())


def month_row(evaluation: Evaluation, month: str) -> dict[str, object]:
    """A month's row of the series, empty where it has none."""
    rows = evaluation.series.filter(pl.col("month") == month)
    return rows.row(0, named=True) if len(rows) else {}


def mean_up_to(evaluation: Evaluation, month: str) -> float | None:
    """The mean rank IC of the months up to one."""
    values = evaluation.series.filter(pl.col("month") <= month)["rank_ic"].cast(pl.Float64)
    return mean_of_defined(values.fill_null(float("nan")).to_numpy())


def known(value: object) -> float | None:
    """A finite number, else None."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return None
    return float(value)


def list_now(edition: IssuedEdition, now: Now, closes: Floats) -> ListNow:
    """What became of an issued long list, and of the one that today's factor gives on its date."""
    if edition.picks_date is None:
        return ListNow()
    codes = now.market.codes
    issued = np.isin(codes, [str(pick["code"]) for pick in edition.picks])
    scores = scores_on(now.factor, np.datetime64(edition.picks_date), codes)
    ranked = ~np.isnan(scores)
    today = long_list(scores, now.portfolio) if ranked.any() else np.zeros(len(codes), dtype=bool)
    returns = month_after(now.market, closes, np.datetime64(edition.picks_date))
    return ListNow(
        stocks=int(today.sum()) if ranked.any() else None,
        kept=int((issued & today).sum()) if ranked.any() else None,
        as_issued=None if returns is None else mean_of_defined(returns[issued]),
        of_today=None if returns is None else mean_of_defined(returns[today]),
        usual=None if returns is None else mean_of_defined(returns[ranked]),
    )


def scores_on(factor: pl.DataFrame, day: np.datetime64, codes: np.ndarray) -> Floats:
    """The factor of a date, (N,); NaN without one."""
    rows = factor.filter(pl.col("date") == day.item()).select("code", pl.col("factor").cast(pl.Float64))
    found = pl.DataFrame({"code": codes.tolist()}, schema={"code": pl.String}).join(
        rows.unique("code", keep="first", maintain_order=True), on="code", how="left", maintain_order="left"
    )
    scores = found["factor"].fill_null(float("nan")).to_numpy()
    return np.where(np.isfinite(scores), scores, np.nan)


def long_list(scores: Floats, portfolio: PortfolioSettings) -> Bools:
    """The stocks of the long list, (N,), chosen as the evaluation's picks are."""
    place = places(scores[None, :])[0]
    return np.asarray((place >= 0) & (place < long_count(int((place >= 0).sum()), portfolio)))


def month_after(market: DailyMarket, closes: Floats, day: np.datetime64) -> Floats | None:
    """Returns (N,), day after a list's date to day after the next month's end; None before that is known."""
    start = int(np.searchsorted(market.dates, day))
    later = [int(row) for row in closing_rows(market.dates) if row > start]
    if start >= len(market.dates) or market.dates[start] != day or not later:
        return None
    entry, exit_ = np.array([start + ENTRY_LAG]), np.array([later[0] + ENTRY_LAG])
    return np.asarray(forward_returns(closes, market.traded, entry, exit_)[0])
