"""An index enhanced with a study's factor, or any other: weights of every month, followed like any portfolio."""

from dataclasses import dataclass, replace

import numpy as np
import polars as pl

from gangru.errors import EvaluationError
from gangru.evaluation.conventions import Ground, account_span, ground
from gangru.evaluation.enhance.enhanced import EnhanceInputs, enhance
from gangru.evaluation.enhance.index_weights import index_weights
from gangru.evaluation.enhance.settings import EnhanceSettings
from gangru.evaluation.months import ENTRY_LAG
from gangru.evaluation.performance import Performance, performance
from gangru.evaluation.portfolio.benchmark import Benchmark, index_benchmark
from gangru.evaluation.portfolio.long import PortfolioPath, follow
from gangru.evaluation.scores import of_months
from gangru.evaluation.summary import index_level
from gangru.evaluation.view import View, look
from gangru.market.codes import canonical_codes
from gangru.market.daily import Bools, Floats
from gangru.market.intervals import industry_matrix, member_matrices
from gangru.study.inputs import Inputs

# Names under which sources know the members of the indices whose bars have these codes.
KNOWN = {
    "csi300": "000300.SH",
    "csi500": "000905.SH",
    "csi800": "000906.SH",
    "csi1000": "000852.SH",
}


@dataclass(frozen=True)
class EnhancedIndex:
    """`months` a row a rebalancing (columns of `enhance.enhanced`, with month and the realised returns), `daily` date,
    enhanced, enhanced_net, index (values from 1); `gross` and `net` annual figures beside the index; mean `turnover`.
    """

    index: str
    months: pl.DataFrame
    daily: pl.DataFrame
    gross: Performance
    net: Performance
    turnover: float | None


def enhanced_index(
    inputs: Inputs, table: pl.DataFrame, settings: EnhanceSettings, last_month: str | None = None
) -> EnhancedIndex:
    """Enhance the index of the settings with the factor `table` (date, code, factor) and follow it to `last_month`.

    Raises EvaluationError where the store has no members or no bars of the index, or cvxpy is not installed.
    """
    members, level = index_of(inputs, settings.index)
    portfolio, evaluation = inputs.workspace.settings.portfolio, inputs.workspace.settings.evaluation
    view = look(table, inputs.market, inputs.calendar, inputs.universe.eligible, last_month)
    days = view.market.dates[view.months.start]
    industry, _ = industry_matrix(inputs.industry, evaluation.taxonomy, days, view.market.codes)
    on = ground(
        view.market,
        view.months,
        view.universe,
        industry,
        portfolio,
        index_level(level, view.market.dates),
        inputs.workspace.extensions.execution,
    )
    scores = of_months(view.scores.factor, view.scores.month, view.months.month - 1)
    member = member_matrices(members, days, view.market.codes)
    inside = next(iter(member.values())) if member else np.zeros(scores.shape, dtype=bool)
    chosen = enhance(arrays(view, on, scores, inside), settings)
    entry, last, held = account_span(on.months, ENTRY_LAG, scores)
    path = follow(on.tape, entry, last, chosen.weights, on.terms, held)
    assert on.index is not None, "ground was given the index's level"
    benchmark = index_benchmark(on.index, on.dates, entry, last, held, path.row)
    known = path.turnover[~np.isnan(path.turnover)]
    return EnhancedIndex(
        index=settings.index,
        months=with_returns(chosen.months, view, path, benchmark),
        daily=daily_values(on, path, benchmark),
        gross=performance(path.gross, benchmark.value),
        net=performance(path.net, benchmark.value),
        turnover=float(known.mean()) if len(known) else None,
    )


def with_returns(months: pl.DataFrame, view: View, path: PortfolioPath, benchmark: Benchmark) -> pl.DataFrame:
    """A row a rebalancing with its month and what came of it: the portfolio's return and the index's."""
    realised = {
        "month": pl.Series(view.months.names()),
        "return": pl.Series(path.month_return).fill_nan(None),
        "index_return": pl.Series(benchmark.month_return).fill_nan(None),
    }
    return months.with_columns(**realised).select(*realised, pl.all().exclude(*realised, "row"))


def daily_values(on: Ground, path: PortfolioPath, benchmark: Benchmark) -> pl.DataFrame:
    """The portfolio's value before and after costs and the index's, from 1, on every day of the account."""
    return pl.DataFrame(
        {
            "date": on.dates[path.row].astype("datetime64[D]"),
            "enhanced": path.gross,
            "enhanced_net": path.net,
            "index": benchmark.value,
        },
        schema_overrides={"date": pl.Date},
    )


def arrays(view: View, on: Ground, scores: Floats, inside: Bools) -> EnhanceInputs:
    """What the optimiser reads, as of each factor date and each execution day."""
    rows, entry = on.months.start, on.months.entry(ENTRY_LAG)
    value = view.market.float_shares[rows] * view.market.close[rows]
    absent = np.isnan(on.tape.price[entry])
    gone = on.tape.last_trades[None, :] < entry[:, None]
    with np.errstate(invalid="ignore", divide="ignore"):
        growth = on.prices[np.append(entry[1:], entry[-1:])] / on.prices[entry]
        returns = on.prices[1:] / on.prices[:-1] - 1
    returns = np.concatenate([np.full((1, returns.shape[1]), np.nan), returns])
    return EnhanceInputs(
        scores=scores,
        index=index_weights(inside, value),
        industry=on.industry,
        size=np.log(np.where(value > 0, value, np.nan)),
        growth=growth,
        returns=np.where(on.traded, returns, np.nan),
        rows=rows,
        no_buy=on.tape.no_buy[entry] | absent,
        no_sell=(on.tape.no_sell[entry] | absent) & ~gone,
    )


def index_of(inputs: Inputs, name: str) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The members of an index, named by its code or as the members' source has it, and its daily closes."""
    code = KNOWN.get(name.lower()) or canonical_codes(pl.Series([name]))[0] or name
    names = {name, code, *(short for short, known in KNOWN.items() if known == code)}
    members = inputs.facts.members.filter(pl.col("index").is_in(sorted(names)))
    quotes = inputs.workspace.store.read("index_bars")
    bars = quotes.filter(pl.col("code") == code)
    for what, table, column in (
        ("members", members, inputs.facts.members["index"]),
        ("daily bars", bars, quotes["code"]),
    ):
        if table.is_empty():
            there = ", ".join(column.unique().sort()) or "none"
            raise EvaluationError(f"the store has no {what} of the index {name!r}; it has {there}")
    return members, bars.select("date", "close")


def with_index(settings: EnhanceSettings, index: str | None) -> EnhanceSettings:
    """The settings for an index that was asked for; raises EvaluationError where none is named anywhere."""
    asked = replace(settings, index=index) if index else settings
    if not asked.index:
        raise EvaluationError(
            "no index to enhance: name one with --index 000300.SH, or set enhance.index in study.toml"
        )
    return asked
