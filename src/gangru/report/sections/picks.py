"""What the factor likes now, and what became of what it liked a month ago."""

from typing import Literal

import polars as pl

from gangru.report.blocks import (
    Block,
    Callout,
    Column,
    Prose,
    Row,
    Section,
    Table,
    Text,
    Words,
    day,
    integer,
    month_of,
    percent,
    share,
    text,
)
from gangru.report.inputs import Material
from gangru.report.sections.rows import table_rows

ENDS = 5  # rows of the best and of the worst of last month's list

COLUMNS = (
    Column("rank", text("Rank"), "integer"),
    Column("code", text("Code")),
    Column("name", text("Name")),
    Column("industry", text("Industry"), "industry"),
    Column("score", text("Factor"), "ratio"),
    Column("percentile", text("Percentile"), "percent"),
    Column("tradable", text("Tradable"), "flag"),
    Column("listed_days", text("Days listed"), "integer"),
    Column("change", text("Change"), "signed"),
)
FRONT_COLUMNS = COLUMNS[:7]
OUTCOME_COLUMNS = (
    *COLUMNS[:4],
    Column("percentile", text("Percentile"), "percent"),
    Column("return", text("Return"), "percent"),
    Column("excess", text("Excess"), "percent"),
)
NOTES = (
    text(
        "Percentile among all stocks ranked, 100% the best; change against last month's percentile. "
        "Tradable: could have been bought at the close of the date, being neither suspended nor sealed at "
        "the upper limit. Days listed: trading days since the listing."
    ),
)
UNDEFINED = text("–: no factor last month, or no industry or listing known.")


def picks(material: Material) -> Section:
    """The stocks of the newest factor date, and last month's list scored."""
    e = material.evaluation
    title = text("Stock picks")
    if e.picks.is_empty():
        reason = text("Empty: the factor has no values on or before this month's end.")
        return Section("picks", title, (Callout("note", (reason,)), *outcome_blocks(material)))
    ordered = e.picks.sort("rank")
    long_list = ordered.filter(pl.col("in_long_list").fill_null(value=False))
    shown = long_list if material.settings.long_list == 0 else long_list.head(material.settings.long_list)
    blocks: tuple[Block, ...] = (
        Prose((dated(material, len(ordered), len(long_list)),)),
        stocks("top", text("The first of all"), ordered.head(material.settings.first_picks)),
        stocks("firsts", text("Each industry's first"), firsts(ordered)),
        stocks(
            "long_list",
            long_list_title(material),
            shown,
            folded=True,
        ),
        *outcome_blocks(material),
    )
    return Section("picks", title, blocks)


def long_list_title(material: Material) -> Text:
    """What makes the long list by the settings: a share of the stocks, or a number of them."""
    stocks = material.provenance.setting("portfolio", "stocks")
    if isinstance(stocks, int) and stocks:
        return text("The long list: the best {stocks} stocks", stocks=integer(stocks))
    return text("The long list: the top {share}", share=material.fraction("portfolio", "fraction", 0.1))


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


def stocks(
    key: str,
    caption: Text,
    frame: pl.DataFrame,
    *,
    columns: tuple[Column, ...] = COLUMNS,
    notes: tuple[Words, ...] = NOTES,
    folded: bool = False,
) -> Table:
    """A table of stocks."""
    empty = text("Empty: no stock of this date has an industry.") if frame.is_empty() else None
    rows = table_rows(frame, columns)
    look: Literal["folded", "plain"] = "folded" if folded else "plain"
    return Table(key, caption, columns, rows, notes=notes, undefined=UNDEFINED, empty=empty, look=look)


def outcome_blocks(material: Material) -> tuple[Block, ...]:
    """Last month's list scored: in a sentence, its best and worst, and all of it."""
    table = material.evaluation.last_picks
    if table.is_empty():
        none = text("Last month's picks: there was no list at the end of the month before.")
        return (Prose((none,)),)
    known = table.drop_nulls("return").sort("return", descending=True, maintain_order=True)
    whole = stocks_scored("last_picks", text("Last month's list, scored"), table.sort("rank"), folded=True)
    if known.is_empty():
        return (Prose((summed_up(material),)), whole)
    return (
        Prose((summed_up(material),)),
        Row(
            (
                stocks_scored("last_best", text("Last month's best"), known.head(ENDS)),
                stocks_scored("last_worst", text("Last month's worst"), known.tail(ENDS).reverse()),
            )
        ),
        whole,
    )


def stocks_scored(key: str, caption: Text, frame: pl.DataFrame, *, folded: bool = False) -> Table:
    """A table of picks with what became of them."""
    columns = OUTCOME_COLUMNS if folded else tuple(c for c in OUTCOME_COLUMNS if c.key in SHORT)
    look: Literal["folded", "plain"] = "folded" if folded else "plain"
    undefined = text("–: did not trade on the day after the factor's date, so that it could not be bought.")
    return Table(key, caption, columns, table_rows(frame, columns), undefined=undefined, look=look)


SHORT = ("rank", "code", "name", "return", "excess")


def summed_up(material: Material) -> Text:
    """What last month's list earned, on the mean of its stocks."""
    o = material.evaluation.last_picks_outcome
    month = month_of(material.evaluation.last_month)
    if o.mean_return is None:
        return text(
            "The list of {stocks} stocks made for {month}: none has a known return.",
            stocks=integer(o.stocks),
            month=month,
        )
    return text(
        "The list of {stocks} stocks made for {month}: {mean} on the mean of the {known} that could be bought, against "
        "{usual} of the universe, an excess of {excess}; {hits} beat the universe.",
        stocks=integer(o.stocks),
        month=month,
        mean=percent(o.mean_return),
        known=integer(o.known),
        usual=percent(o.usual),
        excess=percent(o.excess),
        hits=share(o.hit_rate),
    )
