"""How the factor did: ICs, net value, deciles, decay, years, costs, and the whole monthly record."""

import polars as pl

from gangru.report.blocks import (
    Cell,
    Column,
    Figure,
    Section,
    Table,
    integer,
    ratio,
    text,
)
from gangru.report.definitions import NET_KEYS, PORTFOLIO_FIGURES
from gangru.report.inputs import Material

EMPTY = text("Empty: no return month is known yet.")


def performance(material: Material) -> Section:
    """Charts and tables of the record; each says why it is empty where it is."""
    e = material.evaluation
    blocks = (
        ic_figure(material),
        net_value_figure(material),
        costs_table(material),
        deciles_figure(material),
        decay_figure(e.decay),
        *((seeds_table(e.seeds),) if len(e.seeds) else ()),
        yearly_table(e.yearly),
        monthly_table(e.series),
    )
    return Section("performance", text("Performance"), blocks)


def ic_figure(material: Material) -> Figure:
    """Monthly rank ICs with their running sum."""
    series = material.evaluation.series.sort("month")
    data = series.select(
        "month", "rank_ic", cumulative=pl.col("rank_ic").fill_nan(None).fill_null(0).cum_sum()
    )
    return Figure(
        "ic",
        "ic",
        text("Monthly rank IC, and its running sum"),
        data,
        mark=material.evaluation.headline.ic_mean,
        notes=(text("Neutralised factor, returns from t+1. Dashed: the mean."),),
        empty=EMPTY if series["rank_ic"].drop_nulls().is_empty() else None,
    )


def net_value_figure(material: Material) -> Figure:
    """Daily net values of long portfolio and benchmark, the excess, and the drawdowns."""
    data = material.evaluation.net_value
    return Figure(
        "net_value",
        "net_value",
        text("Net value, excess over the benchmark, and drawdown"),
        data,
        notes=(
            text(
                "Long: equal weight of the top {share} of the factor, rebalanced monthly. Benchmark: equal "
                "weight of the universe. Net value on a log scale, 1 at the first purchase; excess = long / "
                "benchmark, before costs.",
                share=material.fraction("portfolio", "fraction", 0.1),
            ),
        ),
        empty=EMPTY if data.is_empty() else None,
    )


def costs_table(material: Material) -> Table:
    """The long portfolio before and after costs, its turnover, and the orders that the rules stopped."""
    headline = material.evaluation.headline
    chosen = [d for d in PORTFOLIO_FIGURES if d.key in NET_KEYS]
    rows: list[tuple[Cell, ...]] = []
    for d in chosen:
        gross, net = getattr(headline, d.key), getattr(headline, NET_KEYS[d.key])
        rows.append((d.label, gross, net, None if gross is None or net is None else net - gross))
    return Table(
        "costs",
        text("The long portfolio before and after costs"),
        (
            Column("figure", text("Measure")),
            Column("gross", text("Before costs"), "percent"),
            Column("net", text("After costs"), "percent"),
            Column("difference", text("Difference"), "percent"),
        ),
        tuple(rows),
        formats=tuple(d.format for d in chosen),
        notes=(
            text(
                "Turnover a month, one-sided: {turnover}. Orders stopped at a price limit or by a "
                "suspension, all months: purchases {buys}, sales {sells}.",
                turnover=ratio(headline.turnover),
                buys=integer(total(material.evaluation.series, "blocked_buys")),
                sells=integer(total(material.evaluation.series, "blocked_sells")),
            ),
        ),
    )


def total(frame: pl.DataFrame, column: str) -> int | None:
    """Sum of a count, None where none is known."""
    known = frame[column].drop_nulls()
    return int(known.sum()) if len(known) else None


def deciles_figure(material: Material) -> Figure:
    """Mean monthly excess return of the groups by factor."""
    data = material.evaluation.deciles
    groups = integer(len(data) or 10)
    return Figure(
        "deciles",
        "deciles",
        text("Mean monthly excess return of {groups} equal groups by factor", groups=groups),
        data,
        notes=(
            text(
                "Group 1 holds the lowest factor values, group {groups} the highest; excess over the mean "
                "of the universe. Rank correlation of group and mean return: {value}.",
                groups=groups,
                value=ratio(material.evaluation.monotonicity),
            ),
        ),
        empty=EMPTY if data.is_empty() else None,
    )


def decay_figure(decay: pl.DataFrame) -> Figure:
    """Mean IC by the length of the holding period."""
    return Figure(
        "decay",
        "decay",
        text("IC by holding period"),
        decay,
        notes=(
            text("Mean IC of the month-end factor with the return over the next trading days, from t+1."),
        ),
        empty=EMPTY if decay.is_empty() else None,
    )


def seeds_table(seeds: pl.DataFrame) -> Table:
    """What each seed's nets alone would have done, where the factor is the average of several."""
    columns = (
        Column("seed", text("Seed"), "integer"),
        Column("ic_mean", text("Rank IC mean"), "percent"),
        Column("icir", text("ICIR"), "ratio"),
        Column("raw_ic_mean", text("Rank IC mean, raw pRet"), "percent"),
        Column("annual_excess", text("Excess"), "percent"),
    )
    return Table(
        "seeds",
        text("Each seed's nets alone; the factor is their average"),
        columns,
        table_rows(seeds, columns),
    )


def yearly_table(yearly: pl.DataFrame) -> Table:
    """One row a calendar year."""
    columns = (
        Column("year", text("Year")),
        Column("months", text("Months"), "integer"),
        Column("rank_ic_mean", text("Rank IC mean"), "percent"),
        Column("ic_mean", text("Pearson IC mean"), "percent"),
        Column("annual_return", text("Long return"), "percent"),
        Column("benchmark_return", text("Benchmark return"), "percent"),
        Column("excess", text("Excess"), "percent"),
        Column("max_drawdown", text("Maximum drawdown"), "percent"),
    )
    return Table(
        "yearly",
        text("Year by year"),
        columns,
        table_rows(yearly, columns),
        empty=EMPTY if yearly.is_empty() else None,
    )


def monthly_table(series: pl.DataFrame) -> Table:
    """The whole record, newest month first."""
    columns = (
        Column("month", text("Month")),
        Column("n", text("Stocks"), "integer"),
        Column("rank_ic", text("Rank IC"), "percent"),
        Column("ic", text("Pearson IC"), "percent"),
        Column("raw_rank_ic", text("Raw rank IC"), "percent"),
        Column("rank_ic_t_to_t", text("Rank IC, t to t"), "percent"),
        Column("long_return", text("Long return"), "percent"),
        Column("benchmark_return", text("Benchmark return"), "percent"),
        Column("excess_return", text("Excess"), "percent"),
        Column("turnover", text("Turnover"), "ratio"),
    )
    return Table(
        "months",
        text("Month by month"),
        columns,
        table_rows(series.sort("month", descending=True), columns),
        empty=EMPTY if series.is_empty() else None,
        look="folded",
    )


def table_rows(frame: pl.DataFrame, columns: tuple[Column, ...]) -> tuple[tuple[Cell, ...], ...]:
    """A frame's rows in the order of the columns; text columns as strings, so that a year is no number."""
    wanted = [
        pl.col(c.key).cast(pl.String)
        if c.format in ("text", "industry", "date", "day", "month")
        else pl.col(c.key)
        for c in columns
    ]
    return tuple(frame.select(wanted).rows())
