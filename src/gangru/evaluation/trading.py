"""What a trader asks of the long portfolio beyond its headline: months, falls, fills, capacity, and where it lies.

M return months × N stocks; D days of the market's axis.
"""

from dataclasses import asdict, dataclass, replace

import numpy as np
import polars as pl

from gangru.evaluation.calendar_returns import MonthFigures, month_figures, monthly_returns, yearly_returns
from gangru.evaluation.conventions import Ground, Measured, account_span, measure
from gangru.evaluation.drawdowns import within, worst_drawdowns
from gangru.evaluation.headline import headline
from gangru.evaluation.months import ENTRY_LAG
from gangru.evaluation.performance import (
    Performance,
    excess_by_difference,
    excess_by_ratio,
    performance,
)
from gangru.evaluation.portfolio.capacity import capacity_curve, fill_rate
from gangru.evaluation.portfolio.long_short import long_short
from gangru.evaluation.portfolio.micro_caps import least_liquid, smallest, usual_amounts, weight_table
from gangru.evaluation.portfolio.path import REASONS, Orders
from gangru.evaluation.settings import EvaluationSettings, PortfolioSettings
from gangru.market.daily import Bools, Codes, DailyMarket, Dates, Floats, carried_to

# Spans that an A-share reader asks for: name, first day, last day.
STRESS = (("micro-caps fall, 2024-01 and 02", "2024-01-01", "2024-02-29"),)

ORDERS = {
    "date": pl.Date,
    "code": pl.String,
    "side": pl.String,
    "wanted": pl.Float64,
    "filled": pl.Float64,
    "cost": pl.Float64,
    "reason": pl.String,
    "retry": pl.Boolean,
}


@dataclass(frozen=True)
class Trading:
    """The long portfolio in all its figures; rates are fractions, what is not defined is None or null.

    `gross`, `net`, `benchmark`, `long_short` annual figures, each beside the benchmark (long_short beside nothing);
    `months_net`, `months_excess` figures of the net monthly returns and of their excess; `fill_rate` yuan filled of
    those asked for. Tables: `monthly` and `yearly` (returns of long, long_net and benchmark, excess by difference and
    by ratio), `drawdowns` and `excess_drawdowns` (the five worst of long_net and of long_net / benchmark), `daily`
    (date, excess_by_ratio, excess_by_difference, long_short), `unfilled` (side, reason, orders, wanted, filled),
    `orders` (all of the net account), `capacity`, `micro_caps` (a month's weights), `without` (ICs and excess without
    them), `stress`.
    """

    gross: Performance
    net: Performance
    benchmark: Performance
    long_short: Performance
    months_net: MonthFigures
    months_excess: MonthFigures
    fill_rate: float | None
    monthly: pl.DataFrame
    yearly: pl.DataFrame
    drawdowns: pl.DataFrame
    excess_drawdowns: pl.DataFrame
    daily: pl.DataFrame
    unfilled: pl.DataFrame
    orders: pl.DataFrame
    capacity: pl.DataFrame
    micro_caps: pl.DataFrame
    without: pl.DataFrame
    stress: pl.DataFrame


def trading(
    scores_MN: Floats,
    main: Measured,
    on: Ground,
    market: DailyMarket,
    settings: EvaluationSettings,
    portfolio: PortfolioSettings,
) -> Trading:
    """All of it for the scores that `main` measured on `on`; `market` is cut to what may be seen."""
    dates, long, benchmark = on.dates[main.long.row], main.long, main.benchmark.value
    values = {"long": long.gross, "long_net": long.net}
    monthly = monthly_returns(dates, values, benchmark)
    entry, last, held = account_span(on.months, ENTRY_LAG, scores_MN)
    small, illiquid = micro_caps(on, market)
    spread = long_short(on.tape, entry, last, scores_MN, on.industry, on.universe, portfolio, held)
    flat = np.ones(len(spread))
    excess = excess_by_ratio(long.net, benchmark)
    return Trading(
        gross=performance(long.gross, benchmark),
        net=performance(long.net, benchmark),
        benchmark=performance(benchmark, np.ones(len(benchmark))),
        long_short=performance(spread, flat),
        months_net=month_figures(monthly, "long_net"),
        months_excess=month_figures(monthly, "long_net_excess"),
        fill_rate=fill_rate(long.orders),
        monthly=monthly,
        yearly=yearly_returns(dates, values, benchmark),
        drawdowns=worst_drawdowns(dates, long.net),
        excess_drawdowns=worst_drawdowns(dates, excess),
        daily=pl.DataFrame(
            {
                "date": dates.astype("datetime64[D]"),
                "excess_by_ratio": excess,
                "excess_by_difference": excess_by_difference(long.net, benchmark),
                "long_short": spread,
            },
            schema_overrides={"date": pl.Date},
        ),
        unfilled=unfilled(long.orders),
        orders=order_table(long.orders, on.dates, market.codes),
        capacity=capacity_curve(
            on.tape, entry, last, main.aims, on.terms, held, benchmark,
            impact=portfolio.impact, max_participation=portfolio.max_participation,
        ),
        micro_caps=weight_table(on.months, main.aims, small, illiquid),
        without=without_micro_caps(scores_MN, main, on, small, illiquid, settings, portfolio),
        stress=stress(dates, long.net, benchmark),
    )  # fmt: skip


def unfilled(orders: Orders) -> pl.DataFrame:
    """side, reason, orders, wanted, filled: the first tries that something cut, summed, and the departures."""
    cut = (orders.reason > 0) & ~orders.retry
    table = pl.DataFrame(
        {
            "side": np.where(orders.side[cut] > 0, "buy", "sell"),
            "reason": np.array(REASONS)[orders.reason[cut]],
            "wanted": orders.wanted[cut],
            "filled": orders.filled[cut],
        },
        schema={"side": pl.String, "reason": pl.String, "wanted": pl.Float64, "filled": pl.Float64},
    )
    return table.group_by("side", "reason").agg(
        pl.len().cast(pl.Int64).alias("orders"), pl.col("wanted").sum(), pl.col("filled").sum()
    ).sort("side", "reason")  # fmt: skip


def order_table(orders: Orders, dates: Dates, codes: Codes) -> pl.DataFrame:
    """Every order with its date, code and reason in words; yuan, or parts of the unit account."""
    return pl.DataFrame(
        {
            "date": dates[orders.row].astype("datetime64[D]"),
            "code": codes[orders.stock],
            "side": np.where(orders.side > 0, "buy", "sell"),
            "wanted": orders.wanted,
            "filled": orders.filled,
            "cost": orders.cost,
            "reason": np.array(REASONS)[orders.reason],
            "retry": orders.retry,
        },
        schema=ORDERS,
    )


def micro_caps(on: Ground, market: DailyMarket) -> tuple[Bools, Bools]:
    """The smallest 400 names and the least liquid fifth of the universe as of each factor date, two (M, N).

    A stock that does not trade that day has the value of its last day.
    """
    rows = on.months.start
    small = smallest(on.universe, carried_to(rows, market.float_value()))
    return small, least_liquid(on.universe, usual_amounts(market, rows))


def without_micro_caps(
    scores_MN: Floats,
    main: Measured,
    on: Ground,
    small: Bools,
    illiquid: Bools,
    settings: EvaluationSettings,
    portfolio: PortfolioSettings,
) -> pl.DataFrame:
    """Figures of all stocks, and of factor and universe without the `small` (M, N) and without the `illiquid`."""
    measured = {"all": main}
    for name, left_out in (("without the smallest 400", small), ("without the least liquid fifth", illiquid)):
        rest = replace(on, universe=on.universe & ~left_out)
        measured[name] = measure(np.where(left_out, np.nan, scores_MN), rest, ENTRY_LAG, settings, portfolio)
    wanted = ("ic_mean", "icir", "annual_return", "annual_excess", "net_annual_excess", "turnover")
    rows = []
    for name, one in measured.items():
        figures = asdict(headline(one.rank_ic, one, settings))
        rows.append({"stocks": name} | {key: figures[key] for key in wanted})
    return pl.DataFrame(rows, schema={"stocks": pl.String} | dict.fromkeys(wanted, pl.Float64))


def stress(dates: Dates, value: Floats, benchmark: Floats) -> pl.DataFrame:
    """The spans of STRESS that the portfolio lived through from before the first day to the last, net, a row each."""
    rows = []
    for name, begin, end in STRESS:
        first, last = np.datetime64(begin), np.datetime64(end)
        one = within(dates, value, benchmark, first, last)
        if one.days and dates[0] < first and dates[-1] >= last:
            rows.append({"span": name} | asdict(one))
    schema = {
        "span": pl.String,
        "base": pl.Date,
        "last": pl.Date,
        "days": pl.Int64,
        "value_return": pl.Float64,
        "benchmark_return": pl.Float64,
        "excess": pl.Float64,
        "excess_ratio": pl.Float64,
        "max_drawdown": pl.Float64,
        "high": pl.Date,
        "trough": pl.Date,
        "benchmark_drawdown": pl.Float64,
    }
    return pl.DataFrame(rows, schema=schema)
