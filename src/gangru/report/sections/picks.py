"""What the factor likes now: each industry's first, the overall first and the whole long list."""

from typing import Literal

import polars as pl

from gangru.report.blocks import Callout, Column, Prose, Section, Table, Text, day, integer, text
from gangru.report.inputs import Material
from gangru.report.sections.performance import table_rows

COLUMNS = (
    Column("rank", text("Rank"), "integer"),
    Column("code", text("Code")),
    Column("name", text("Name")),
    Column("industry", text("Industry"), "industry"),
    Column("score", text("Factor"), "ratio"),
    Column("percentile", text("Percentile"), "percent"),
    Column("tradable", text("Tradable"), "flag"),
    Column("change", text("Change"), "signed"),
)
NOTES = (
    text(
        "Percentile among all stocks ranked, 100% the best; change against last month's percentile. "
        "Tradable: could have been bought at the close of the date, being neither suspended nor sealed at "
        "the upper limit."
    ),
)
UNDEFINED = text("–: no factor last month, or no industry known.")


def picks(material: Material) -> Section:
    """The stocks of the newest factor date."""
    e = material.evaluation
    title = text("Stock picks")
    if e.picks.is_empty():
        reason = text("Empty: the factor has no values on or before this month's end.")
        return Section("picks", title, (Callout("note", (reason,)),))
    ordered = e.picks.sort("rank")
    long_list = ordered.filter(pl.col("in_long_list").fill_null(value=False))
    shown = long_list if material.settings.long_list == 0 else long_list.head(material.settings.long_list)
    blocks = (
        Prose((dated(material, len(ordered), len(long_list)),)),
        stocks("top", text("The first of all"), ordered.head(material.settings.top_picks)),
        stocks("firsts", text("Each industry's first"), firsts(ordered)),
        stocks(
            "long_list",
            text("The long list: the top {share}", share=material.fraction("portfolio", "fraction", 0.1)),
            shown,
            folded=True,
        ),
    )
    return Section("picks", title, blocks)


def dated(material: Material, ranked: int, long: int) -> Text:
    """The date and size of the list."""
    return text(
        "Factor of {date}: {ranked} stocks ranked, {long} in the long list. A list is what the model holds "
        "likely, not advice.",
        date=day(material.evaluation.picks_date),
        ranked=integer(ranked),
        long=integer(long),
    )


def firsts(ordered: pl.DataFrame) -> pl.DataFrame:
    """The best stock of each industry, in the order of the industries' names."""
    named = ordered.filter(pl.col("industry").is_not_null())
    return named.unique("industry", keep="first", maintain_order=True).sort("industry")


def stocks(key: str, caption: Text, frame: pl.DataFrame, *, folded: bool = False) -> Table:
    """A table of stocks."""
    empty = text("Empty: no stock of this date has an industry.") if frame.is_empty() else None
    rows = table_rows(frame, COLUMNS)
    look: Literal["folded", "plain"] = "folded" if folded else "plain"
    return Table(key, caption, COLUMNS, rows, notes=NOTES, undefined=UNDEFINED, empty=empty, look=look)
