"""What the factor leans on, and what is left of it: styles, size and liquidity thirds, indices, other factors."""

import polars as pl

from gangru.evaluation.anatomy.whole import Anatomy
from gangru.report.blocks import (
    Block,
    Callout,
    Cell,
    Column,
    Figure,
    Prose,
    Row,
    Section,
    Table,
    Text,
    percent,
    ratio,
    text,
)
from gangru.report.inputs import Material
from gangru.report.sections.performance import EMPTY
from gangru.report.sections.rows import table_rows
from gangru.report.style_names import STYLES

THIRDS: dict[str, Text] = {
    "low": text("lowest third"),
    "middle": text("middle third"),
    "high": text("highest third"),
    "inside": text("inside"),
    "outside": text("outside"),
}
HEAVY = 0.3  # rank correlation with a style from which the factor is said to lean on it
BREAKDOWN = (
    Column("label", text("Stocks")),
    Column("n", text("Number"), "integer"),
    Column("rank_ic", text("Rank IC mean"), "percent"),
    Column("rank_icir", text("ICIR"), "ratio"),
    Column("long_excess", text("Long excess a month"), "percent"),
)


def exposures(material: Material) -> Section:
    """Styles, what is left without them, thirds, indices, other factors; says so where none was looked at."""
    title, anatomy = text("Exposures"), material.evaluation.anatomy
    if anatomy is None:
        reason = text("Empty: this evaluation did not take the factor apart.")
        return Section("exposures", title, (Callout("note", (reason,)),))
    blocks: tuple[Block, ...] = (
        Prose((leaning(anatomy), left(anatomy))),
        exposure_figure(anatomy),
        exposure_table(anatomy),
        purified_table(anatomy),
        Row(
            (
                thirds("by_size", text("By float market value"), anatomy.by_size),
                thirds("by_liquidity", text("By usual daily amount"), anatomy.by_liquidity),
            )
        ),
        index_table(anatomy),
        *((correlation_table(anatomy),) if len(anatomy.correlations) else ()),
    )
    return Section("exposures", title, blocks)


def leaning(anatomy: Anatomy) -> Text:
    """Which style the factor leans on most."""
    known = anatomy.exposures.filter(pl.col("rank_correlation").is_finite())
    if known.is_empty():
        return text("The factor's exposure to styles is not known.")
    most = known.sort(pl.col("rank_correlation").abs(), descending=True, maintain_order=True).row(
        0, named=True
    )
    value = most["rank_correlation"]
    heavy = LEANS.get(most["style"]) if abs(value) >= HEAVY else None
    return (heavy or LIGHT).with_values({"value": ratio(value)})


LIGHT = text("The factor leans on no style by more than a rank correlation of {value}.")
LEANS: dict[str, Text] = {
    "size": text("The factor leans on size: rank correlation {value}, mean of months."),
    "momentum": text("The factor leans on momentum: rank correlation {value}, mean of months."),
    "reversal": text(
        "The factor leans on the past month's return: rank correlation {value}, mean of months. Where it is strongly "
        "negative, much of what the factor says is that what fell will rise, which one line of code says as well."
    ),
    "volatility": text("The factor leans on volatility: rank correlation {value}, mean of months."),
    "turnover": text("The factor leans on the turnover rate: rank correlation {value}, mean of months."),
    "liquidity": text("The factor leans on liquidity: rank correlation {value}, mean of months."),
}


def left(anatomy: Anatomy) -> Text:
    """What is left of the IC once all styles are regressed out."""
    rows = anatomy.purified.filter(pl.col("removed") == "all")
    if rows.is_empty():
        return text("What is left of the IC without the styles is not known.")
    row = rows.row(0, named=True)
    return text(
        "With all styles regressed out of it, {after} is left of a rank IC of {before} (t = {t}).",
        after=percent(row["rank_ic"]),
        before=percent(row["rank_ic_before"]),
        t=ratio(row["t"]),
    )


def exposure_figure(anatomy: Anatomy) -> Figure:
    """The rank correlation with each style as bars."""
    data = anatomy.exposures.select("style", "rank_correlation")
    return Figure(
        "style_exposures",
        "exposures",
        text("The factor's rank correlation with styles, mean of months"),
        data,
        empty=EMPTY if data["rank_correlation"].drop_nulls().drop_nans().is_empty() else None,
    )


def exposure_table(anatomy: Anatomy) -> Table:
    """Each style: how the factor leans on it, and what the style itself did."""
    columns = (
        Column("style", text("Style")),
        Column("rank_correlation", text("Rank correlation"), "ratio"),
        Column("t", text("t"), "ratio"),
        Column("top_z", text("Long portfolio, z"), "ratio"),
        Column("rank_ic", text("Rank IC of the style"), "percent"),
        Column("style_t", text("its t"), "ratio"),
    )
    own = anatomy.style_ics.select("style", "rank_ic", pl.col("t").alias("style_t"))
    frame = anatomy.exposures.join(own, on="style", how="left", maintain_order="left")
    return Table(
        "styles",
        text("Exposure to styles"),
        columns,
        named_rows(frame, columns, STYLES),
        notes=(
            text(
                "Rank correlation of factor and style across stocks, mean of months, with its t. Long portfolio: mean "
                "z-score of the top tenth. The styles' own ICs are over the same months and returns."
            ),
        ),
        empty=EMPTY if frame.is_empty() else None,
    )


def named_rows(
    frame: pl.DataFrame, columns: tuple[Column, ...], names: dict[str, Text]
) -> tuple[tuple[Cell, ...], ...]:
    """The rows with our own names for what the first column calls a thing."""
    return tuple((names.get(str(first), str(first)), *rest) for first, *rest in table_rows(frame, columns))


def purified_table(anatomy: Anatomy) -> Table:
    """What is left of the IC without each style, and without all."""
    columns = (
        Column("removed", text("Regressed out")),
        Column("rank_ic_before", text("Rank IC before"), "percent"),
        Column("rank_ic", text("Rank IC left"), "percent"),
        Column("share_left", text("Share left"), "share"),
        Column("rank_icir", text("ICIR left"), "ratio"),
        Column("t", text("t"), "ratio"),
        Column("explained", text("Explained by styles"), "share"),
    )
    return Table(
        "purified",
        text("What is left of the IC without styles"),
        columns,
        named_rows(anatomy.purified, columns, STYLES),
        notes=(
            text(
                "Least squares of the factor on the styles, date by date; the residual's IC. Explained: share of the "
                "factor's variance, mean of months."
            ),
        ),
        marked=frozenset({0}),
        empty=EMPTY if anatomy.purified.is_empty() else None,
    )


def thirds(key: str, caption: Text, frame: pl.DataFrame) -> Table:
    """The figures inside each third."""
    rows = named_rows(frame, BREAKDOWN, THIRDS)
    return Table(key, caption, BREAKDOWN, rows, empty=None if rows else EMPTY)


def index_table(anatomy: Anatomy) -> Table:
    """Inside and outside of each index."""
    columns = (Column("index", text("Index")), *BREAKDOWN)
    rows = tuple(
        (name, THIRDS.get(str(label), str(label)), *rest)
        for name, label, *rest in table_rows(anatomy.by_index, columns)
    )
    empty = None if rows else text("Empty: the store has no index members.")
    return Table("by_index", text("Inside and outside of indices"), columns, rows, empty=empty)


def correlation_table(anatomy: Anatomy) -> Table:
    """The factor beside others of the user's."""
    columns = (
        Column("other", text("Other factor")),
        Column("rank_correlation", text("Rank correlation"), "ratio"),
        Column("other_rank_ic", text("Its rank IC"), "percent"),
        Column("rank_ic", text("Rank IC before"), "percent"),
        Column("residual_rank_ic", text("Rank IC left"), "percent"),
        Column("share_left", text("Share left"), "share"),
    )
    return Table(
        "others",
        text("Beside other factors"),
        columns,
        table_rows(anatomy.correlations, columns),
    )
