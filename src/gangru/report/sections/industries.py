"""The factor inside each industry: where it ranked well and where its long portfolio earned."""

import polars as pl

from gangru.evaluation.settings import EvaluationSettings
from gangru.report.blocks import (
    Callout,
    Column,
    Figure,
    Format,
    Prose,
    Quantity,
    Row,
    Section,
    Table,
    Text,
    integer,
    text,
)
from gangru.report.inputs import Material
from gangru.report.sections.rows import table_rows

EMPTY = text("Empty: no industry has enough stocks with a known return.")
HEATMAP_MONTHS = 36
NO_YEAR = text("Empty: fewer than 12 months are known.")


def industries(material: Material) -> Section:
    """Four tables of the best, how many lost, and every industry."""
    e = material.evaluation
    if e.industries.is_empty():
        reason = text(
            "Empty: the store has no industry intervals for these dates, or no return month is known yet."
        )
        return Section("industries", text("Industries"), (Callout("note", (reason,)),))
    blocks = (
        Prose((losses(material),)),
        Row(
            (
                best(material, "ic_month", text("Rank IC, this month"), "fine"),
                best(material, "ic_year", text("Rank IC, past year's mean"), "fine"),
            )
        ),
        Row(
            (
                best(material, "excess_month", text("Long excess, this month"), "percent"),
                best(material, "excess_year", text("Long excess a month, past year's mean"), "percent"),
            )
        ),
        industry_heatmap(material),
        full_table(e.industries, material.fraction("evaluation", "industry_fraction", 0.2)),
    )
    return Section("industries", text("Industries"), blocks)


def industry_heatmap(material: Material) -> Figure:
    """Rank IC by industry and month, of the newest months; those with few stocks are left out."""
    history, least = material.evaluation.industry_months, small_below(material)
    months = history["month"].unique().sort().tail(HEATMAP_MONTHS)
    data = (
        history.filter(pl.col("month").is_in(months.implode()), pl.col("n") >= least)
        .sort("industry", "month")
        .select(row="industry", column="month", value="ic")
    )
    return Figure(
        "industry_months",
        "heatmap",
        text("Rank IC inside each industry, month by month"),
        data,
        format="fine",
        notes=(
            text(
                "The last {months} months; months in which an industry has fewer than {least} stocks are left white.",
                months=integer(len(months)),
                least=integer(least),
            ),
        ),
        empty=EMPTY if data.is_empty() else None,
    )


def small_below(material: Material) -> int:
    """Stocks from which an industry is not small, or the default where the settings were not handed on."""
    value = material.provenance.setting("evaluation", "small_industry")
    return value if isinstance(value, int) else EvaluationSettings().small_industry


def losses(material: Material) -> Text:
    """How many industries' long portfolios lost to their own equal weight."""
    e = material.evaluation
    month, year = known(e.industries, "excess_month"), known(e.industries, "excess_year")
    values = {
        "lost": integer(e.industries_lost),
        "of": integer(month),
        "lost_year": integer(e.industries_lost_1y),
        "of_year": integer(year),
    }
    if e.industries_lost is None:
        return text("No industry's long portfolio has a known return yet.")
    if e.industries_lost_1y is None:
        return text(
            "This month the long portfolio lost to its industry's equal weight in {lost} of {of} industries.",
            **values,
        )
    return text(
        "The long portfolio lost to its industry's equal weight in {lost} of {of} industries this month, "
        "and in {lost_year} of {of_year} over the past year.",
        **values,
    )


def known(frame: pl.DataFrame, column: str) -> int:
    """How many values are known."""
    return int(frame[column].fill_nan(None).is_not_null().sum())


def best(material: Material, column: str, caption: Text, format_name: Format) -> Table:
    """The first industries by one figure; those with few stocks are left to the full table."""
    columns = (
        Column("industry", text("Industry"), "industry"),
        Column("n", text("Stocks"), "integer"),
        Column(column, text("Value"), format_name),
    )
    frame = material.evaluation.industries.filter(pl.col(column).fill_nan(None).is_not_null())
    large = frame.filter(~pl.col("small").fill_null(value=False))
    first = large.sort([column, "industry"], descending=[True, False]).head(material.settings.top_industries)
    notes = (
        (text("Industries with few stocks stand in the full table alone."),)
        if len(large) < len(frame)
        else ()
    )
    empty = (NO_YEAR if column.endswith("year") else EMPTY) if first.is_empty() else None
    return Table(f"top_{column}", caption, columns, table_rows(first, columns), notes=notes, empty=empty)


def full_table(frame: pl.DataFrame, top: Quantity) -> Table:
    """Every industry, best IC of the month first."""
    columns = (
        Column("industry", text("Industry"), "industry"),
        Column("n", text("Stocks"), "integer"),
        Column("ic_month", text("Rank IC, month"), "fine"),
        Column("ic_year", text("Rank IC, year"), "fine"),
        Column("excess_month", text("Long excess, month"), "percent"),
        Column("excess_year", text("Long excess, year"), "percent"),
        Column("small", text("Few stocks"), "flag"),
    )
    ordered = frame.sort("ic_month", descending=True, nulls_last=True)
    return Table(
        "industries",
        text("Every industry"),
        columns,
        table_rows(ordered, columns),
        notes=(
            text(
                "Long portfolio inside an industry: its top {share} by factor, at least 3 stocks, over the "
                "equal weight of that industry. The year's excess is the mean of its months.",
                share=top,
            ),
        ),
        look="scroll",
    )
