"""What the figures stand on: coverage, the universe, what was left out or quarantined, and the limits of the data."""

import polars as pl

from gangru.evaluation.remark import Remark
from gangru.report.blocks import (
    Block,
    Cell,
    Column,
    Prose,
    Row,
    Section,
    Table,
    Text,
    Words,
    day,
    integer,
    text,
    verbatim,
)
from gangru.report.inputs import MarketFacts, Material
from gangru.report.sections.rows import table_rows

STAGES: dict[str, Text] = {
    "factor": text("factor"),
    "industry": text("industry"),
    "return": text("return"),
    "portfolio": text("portfolio"),
}
REASONS: dict[str, Text] = {
    "factor missing or not finite": text("factor missing or not finite"),
    "date cannot be read": text("date cannot be read"),
    "date before the data": text("date before the data"),
    "date after the data": text("date after the data"),
    "date is no trading day": text("date is no trading day"),
    "code is not in the market": text("code is not in the market"),
    "date and code repeated with different values": text("date and code repeated with different values"),
    "date and code repeated": text("date and code repeated"),
    "date is not its month's newest": text("date is not its month's newest"),
    "industry unknown": text("industry unknown"),
    "no trade on the entry day": text("no trade on the entry day"),
    "no trade on the exit day, last price carried": text("no trade on the exit day, last price carried"),
    "month with too few stocks for an IC": text("month with too few stocks for an IC"),
    "buy blocked": text("buy blocked"),
    "sale blocked": text("sale blocked"),
    "left the market, sold at the last price": text("left the market, sold at the last price"),
    "delisted": text("delisted"),
    "suspended": text("suspended"),
    "not traded": text("not traded"),
    "newly listed": text("newly listed"),
    "delisting period": text("delisting period"),
    "ST": text("ST"),
    "too few bars in the window": text("too few bars in the window"),
    "no prediction": text("no prediction"),
    "no industry": text("no industry"),
    "no float market value": text("no float market value"),
}
UNSEEN = "date after the last return month"  # rows of a later edition, of which this one knows nothing
KEPT = "kept, with gaps in the window filled"  # a count of predictions, not of what was left out


def data(material: Material) -> Section:
    """Coverage, universe and quarantine where they are known, the counted drops, the data's own limits."""
    e, facts = material.evaluation, material.facts
    columns = (
        Column("stage", text("Stage")),
        Column("reason", text("Reason")),
        Column("count", text("Count"), "integer"),
    )
    counted = e.drops.filter(pl.col("count") > 0, pl.col("reason") != UNSEEN)
    rows = tuple(
        (said(STAGES, stage), said(REASONS, reason), count)
        for stage, reason, count in table_rows(counted, columns)
    )
    drops = Table(
        "drops",
        text("What was left out of the evaluation, and why"),
        columns,
        rows,
        empty=None if rows else text("Nothing was left out."),
    )
    notes: tuple[Words, ...] = tuple(
        spoken(note) for note in (*anatomy_notes(material), *material.data_notes)
    )
    if not notes:
        notes = (text("No limit of the data was reported."),)
    known: tuple[Block, ...] = () if facts is None else fact_blocks(facts)
    return Section("data", text("Data and limits"), (*known, drops, Prose(notes, bullets=True)))


def anatomy_notes(material: Material) -> tuple[str, ...]:
    """The evaluation's own notes, and those of its anatomy."""
    e = material.evaluation
    return (*e.notes, *(() if e.anatomy is None else e.anatomy.notes))


def spoken(note: str) -> Words:
    """A remark as a text of ours that can be translated; any other note as it is."""
    if not isinstance(note, Remark):
        return note
    return Text(note.template, {name: verbatim(value) for name, value in note.values.items()})


def said(names: dict[str, Text], name: Cell) -> Cell:
    """Our own words for a name where we have them."""
    return names.get(str(name), name)


def fact_blocks(facts: MarketFacts) -> tuple[Block, ...]:
    """Coverage by year; who is in the universe and who is not; what lies in quarantine."""
    return (coverage_table(facts), Row((universe_table(facts), quarantine_table(facts))))


def coverage_table(facts: MarketFacts) -> Table:
    """A row a year."""
    columns = (
        Column("year", text("Year")),
        Column("days", text("Trading days"), "integer"),
        Column("stocks", text("Stocks"), "integer"),
        Column("bars", text("Bars"), "integer"),
        Column("no_vwap", text("No usable vwap"), "percent"),
        Column("no_shares", text("No float shares"), "percent"),
        Column("st_unknown", text("ST not known"), "percent"),
    )
    empty = text("Empty: the store has no bars.") if facts.coverage.is_empty() else None
    caption = text("Coverage of the data by year")
    return Table("coverage", caption, columns, table_rows(facts.coverage, columns), empty=empty)


def universe_table(facts: MarketFacts) -> Table:
    """Who was left out of the universe on the picks' date, by the first reason that applied."""
    columns = (Column("reason", text("Reason")), Column("count", text("Stocks"), "integer"))
    left_out = facts.universe.filter(pl.col("count") > 0, pl.col("reason") != KEPT)
    kept = facts.universe.filter(pl.col("reason") == KEPT)["count"].sum()
    rows = tuple((said(REASONS, reason), count) for reason, count in table_rows(left_out, columns))
    return Table(
        "universe",
        text("Left out of the universe on {date}", date=day(facts.counted_on)),
        columns,
        rows,
        notes=(
            text(
                "Eligible: {eligible}; with a factor: {scored}, of them {kept} with gaps in their window. By the first "
                "reason that applied.",
                eligible=integer(facts.eligible),
                scored=integer(facts.scored),
                kept=integer(int(kept)),
            ),
        ),
        empty=None if rows else text("Nothing was left out."),
    )


def quarantine_table(facts: MarketFacts) -> Table:
    """Rows that did not get into the store."""
    columns = (
        Column("kind", text("Kind")),
        Column("reason", text("Reason")),
        Column("rows", text("Rows"), "integer"),
    )
    rows = table_rows(facts.quarantine, columns)
    return Table(
        "quarantine",
        text("Rows in quarantine"),
        columns,
        rows,
        notes=(text("`gangru quarantine show` lists them with file, row and value."),) if rows else (),
        empty=None if rows else text("The quarantine is empty."),
    )
