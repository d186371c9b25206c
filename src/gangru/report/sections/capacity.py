"""How much money the long portfolio could carry: fills, capacity, micro-caps, and the months that hurt."""

import polars as pl

from gangru.evaluation.trading import Trading
from gangru.report.blocks import Column, Figure, Table, Text, Words, percent, text
from gangru.report.inputs import mean
from gangru.report.sections.performance import EMPTY
from gangru.report.sections.rows import table_rows

REASONS: dict[str, Text] = {
    "no trade": text("no trade"),
    "sealed at the upper limit": text("sealed at the upper limit"),
    "sealed at the lower limit": text("sealed at the lower limit"),
    "beyond its share of the day": text("beyond its share of the day"),
    "less than a lot": text("less than a lot"),
    "no cash": text("no cash"),
    "left the market": text("left the market"),
}
SIDES: dict[str, Text] = {"buy": text("buy"), "sell": text("sell")}
STOCKS: dict[str, Text] = {
    "all": text("all"),
    "without the smallest 400": text("without the smallest 400"),
    "without the least liquid fifth": text("without the least liquid fifth"),
}
SPANS: dict[str, Text] = {"micro-caps fall, 2024-01 and 02": text("micro-caps fall, 2024-01 and 02")}


def unfilled_table(whole: Trading) -> Table:
    """Why orders were not filled whole."""
    columns = (
        Column("side", text("Side")),
        Column("reason", text("Reason")),
        Column("orders", text("Orders"), "integer"),
        Column("wanted", text("Wanted"), "fine"),
        Column("filled", text("Filled"), "fine"),
    )
    rows = tuple(
        (SIDES.get(str(side), str(side)), REASONS.get(str(reason), str(reason)), *rest)
        for side, reason, *rest in table_rows(whole.unfilled, columns)
    )
    return Table(
        "unfilled",
        text("Orders that could not be filled whole"),
        columns,
        rows,
        notes=(
            text(
                "First tries of all months; amounts in parts of the account, or in yuan where it has a size."
            ),
        ),
        empty=None if rows else text("Empty: every order was filled whole."),
    )


def capacity_table(whole: Trading) -> Table:
    """What an account of a size would have kept."""
    columns = (
        Column("account", text("Account, million yuan"), "integer"),
        Column("net_annual_excess", text("Excess a year, after costs"), "percent"),
        Column("monthly_cost", text("Costs a month"), "percent"),
        Column("fill_rate", text("Filled"), "share"),
    )
    frame = whole.capacity.with_columns(
        (pl.col("account_yuan") / 1e6).round().cast(pl.Int64).alias("account")
    )
    return Table(
        "capacity",
        text("Capacity: what is left as the account grows"),
        columns,
        table_rows(frame, columns),
        notes=(
            text("With square-root impact and the settings' share of a day's amount; docs/portfolio.md."),
        ),
        empty=EMPTY if frame.is_empty() else None,
    )


def capacity_figure(whole: Trading) -> Figure:
    """The same as a curve."""
    data = whole.capacity.select("account_yuan", "net_annual_excess", "fill_rate")
    known = data["net_annual_excess"].drop_nulls().drop_nans()
    return Figure(
        "capacity_curve",
        "capacity",
        text("Excess a year after costs, by the size of the account"),
        data,
        empty=EMPTY if known.is_empty() else None,
    )


def without_table(whole: Trading) -> Table:
    """The record with and without micro-caps, where such factors live and die."""
    columns = (
        Column("stocks", text("Stocks")),
        Column("ic_mean", text("Rank IC mean"), "percent"),
        Column("icir", text("ICIR"), "ratio"),
        Column("annual_return", text("Annualised return"), "percent"),
        Column("annual_excess", text("Excess"), "percent"),
        Column("net_annual_excess", text("Excess, after costs"), "percent"),
        Column("turnover", text("Turnover"), "ratio"),
    )
    rows = tuple(
        (STOCKS.get(str(stocks), str(stocks)), *rest) for stocks, *rest in table_rows(whole.without, columns)
    )
    weights = whole.micro_caps
    notes: tuple[Words, ...] = ()
    if len(weights):
        notes = (
            text(
                "Weight of the portfolio in the smallest 400 stocks: {small} on the mean of months, {small_now} in the "
                "last; in the least liquid fifth: {illiquid} and {illiquid_now}.",
                small=percent(mean(weights["smallest_400"])),
                small_now=percent(weights["smallest_400"][-1]),
                illiquid=percent(mean(weights["least_liquid_fifth"])),
                illiquid_now=percent(weights["least_liquid_fifth"][-1]),
            ),
        )
    return Table(
        "micro_caps",
        text("With and without micro-caps"),
        columns,
        rows,
        notes=notes,
        empty=None if rows else EMPTY,
    )


def stress_table(whole: Trading) -> Table:
    """The spans that every reader asks for."""
    columns = (
        Column("span", text("Span")),
        Column("base", text("From"), "day"),
        Column("last", text("to"), "day"),
        Column("value_return", text("Long, after costs"), "percent"),
        Column("benchmark_return", text("Benchmark"), "percent"),
        Column("excess", text("Excess"), "percent"),
        Column("max_drawdown", text("Maximum drawdown"), "percent"),
    )
    rows = tuple(
        (SPANS.get(str(span), str(span)), *rest) for span, *rest in table_rows(whole.stress, columns)
    )
    empty = None if rows else text("Empty: none of these spans lies within the record.")
    return Table("stress", text("Months that hurt"), columns, rows, empty=empty)
