"""How the factor did: its ICs month by month and year by year, deciles, decay, seeds, the whole monthly record."""

import polars as pl

from gangru.evaluation.headline import YEAR_MONTHS
from gangru.report.blocks import (
    Block,
    Column,
    Figure,
    Section,
    Table,
    Text,
    Words,
    integer,
    percent,
    ratio,
    text,
)
from gangru.report.inputs import Material
from gangru.report.sections.rows import table_rows

EMPTY = text("Empty: no return month is known yet.")


def performance(material: Material) -> Section:
    """Charts and tables of the record; each says why it is empty where it is."""
    e = material.evaluation
    blocks: tuple[Block, ...] = (
        ic_figure(material),
        ic_heatmap(material),
        deciles_figure(material),
        decay_figure(material),
        *((seeds_table(e.seeds),) if len(e.seeds) else ()),
        yearly_table(material),
        monthly_table(e.series),
    )
    return Section("performance", text("Performance"), blocks)


def ic_figure(material: Material) -> Figure:
    """Monthly rank ICs with their running sum and the mean of the past 12."""
    h, series = material.evaluation.headline, material.evaluation.series.sort("month")
    known = pl.col("rank_ic").fill_nan(None)
    year = series.filter(known.is_not_null()).select("month", mean_12m=known.rolling_mean(YEAR_MONTHS))
    data = series.select("month", "rank_ic", cumulative=known.fill_null(0).cum_sum()).join(
        year, on="month", how="left", maintain_order="left"
    )
    return Figure(
        "ic",
        "ic",
        text("Monthly rank IC, its mean over 12 months, and its running sum"),
        data,
        mark=h.ic_mean,
        notes=(
            text(
                "Neutralised factor, returns from t+1. Dashed: the mean, {mean}, with a t of {t} and a bootstrap "
                "interval of {low} to {high}; above 0 in {positive} of months. Green: mean of the last 12 months that "
                "have an IC.",
                mean=percent(h.ic_mean),
                t=ratio(h.ic_t),
                low=percent(h.ic_low),
                high=percent(h.ic_high),
                positive=percent(h.ic_positive),
            ),
        ),
        empty=EMPTY if series["rank_ic"].drop_nulls().is_empty() else None,
    )


def ic_heatmap(material: Material) -> Figure:
    """Rank IC by year and month of the year."""
    series = material.evaluation.series
    data = year_and_month(series, "rank_ic")
    return Figure(
        "ic_calendar",
        "heatmap",
        text("Rank IC by year and month"),
        data,
        format="signed",
        empty=EMPTY if data.is_empty() else None,
    )


def year_and_month(table: pl.DataFrame, column: str) -> pl.DataFrame:
    """row (the year), column (the month, 01 to 12), value: the cells of a calendar."""
    month = pl.col("month")
    return table.sort("month").select(
        row=month.str.slice(0, 4), column=month.str.slice(5, 2), value=pl.col(column).fill_nan(None)
    )


def deciles_figure(material: Material) -> Figure:
    """Mean monthly excess return of the groups by factor."""
    data, anatomy = material.evaluation.deciles, material.evaluation.anatomy
    groups = integer(len(data) or 10)
    notes: list[Words] = [
        text(
            "Group 1 holds the lowest factor values, group {groups} the highest; excess over the mean "
            "of the universe. Rank correlation of group and mean return: {value}.",
            groups=groups,
            value=ratio(material.evaluation.monotonicity),
        )
    ]
    if anatomy is not None:
        notes.append(
            text(
                "Highest less lowest: {spread} a month (t = {t}). Patton–Timmermann test that returns rise from "
                "group to group: p = {p}.",
                spread=percent(anatomy.spread.mean),
                t=ratio(anatomy.spread.t),
                p=ratio(anatomy.monotonicity.adjacent.p_value),
            )
        )
    return Figure(
        "deciles",
        "deciles",
        text("Mean monthly excess return of {groups} equal groups by factor", groups=groups),
        data,
        notes=tuple(notes),
        empty=EMPTY if data.is_empty() else None,
    )


def decay_figure(material: Material) -> Figure:
    """Mean IC by the length of the holding period."""
    data, anatomy = material.evaluation.decay, material.evaluation.anatomy
    notes: list[Words] = [
        text("Mean IC of the month-end factor with the return over the next trading days, from t+1.")
    ]
    if anatomy is not None:
        notes.append(lasting(material))
    return Figure(
        "decay",
        "decay",
        text("IC by holding period"),
        data,
        notes=tuple(notes),
        empty=EMPTY if data.is_empty() else None,
    )


def lasting(material: Material) -> Text:
    """How long a ranking lasts."""
    anatomy = material.evaluation.anatomy
    first = None
    if anatomy is not None and len(anatomy.autocorrelation):
        first = anatomy.autocorrelation["rank_autocorrelation"][0]
    return text(
        "Rank correlation of the factor with its own of the month before: {value}; half-life in months: {half}.",
        value=ratio(first),
        half=ratio(None if anatomy is None else anatomy.half_life),
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


def yearly_table(material: Material) -> Table:
    """One row a calendar year."""
    yearly, trading = material.evaluation.yearly, material.evaluation.trading
    columns = [
        Column("year", text("Year")),
        Column("months", text("Months"), "integer"),
        Column("rank_ic_mean", text("Rank IC mean"), "percent"),
        Column("ic_mean", text("Pearson IC mean"), "percent"),
        Column("annual_return", text("Long return"), "percent"),
        Column("benchmark_return", text("Benchmark return"), "percent"),
        Column("excess", text("Excess"), "percent"),
    ]
    if trading is not None:
        net = trading.yearly.select("year", pl.col("long_net_excess").alias("net_excess"))
        yearly = yearly.join(net, on="year", how="left", maintain_order="left")
        columns.append(Column("net_excess", text("Excess, after costs"), "percent"))
    columns.append(Column("max_drawdown", text("Maximum drawdown"), "percent"))
    return Table(
        "yearly",
        text("Year by year"),
        tuple(columns),
        table_rows(yearly, tuple(columns)),
        notes=(text("Returns are compounded over the months that a year has, not annualised."),),
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
