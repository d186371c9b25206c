"""This edition among its own revisions: its mark in box and banner, and what sets it apart from those before it."""

from collections.abc import Mapping

from gangru.report.blocks import (
    Block,
    Callout,
    Cell,
    Column,
    Format,
    Table,
    Text,
    Words,
    day,
    integer,
    text,
    verbatim,
)
from gangru.report.issued import EditionMark, Kind

SHORT = 12  # digits of a hash that a person compares

KINDS: Mapping[Kind, Text] = {  # what a person chose stands before what came about
    "settings": text("settings"),
    "data": text("data"),
    "training": text("training"),
    "packages": text("packages"),
    "code": text("code"),
    "factor": text("factor"),
}


def edition_entries(mark: EditionMark | None) -> list[tuple[Text, Cell, Format]]:
    """The rows of the edition box that say which revision this is and what it was made of; none without a mark."""
    if mark is None:
        return []
    which: Cell = text("draft, not issued")
    if mark.revision is not None:
        which = text("Revision {number}", number=integer(mark.revision))
    entries: list[tuple[Text, Cell, Format]] = [(text("Edition"), which, "text")]
    if mark.issued_on is not None:
        entries.append((text("Issued on"), mark.issued_on, "date"))
    return [*entries, (text("Hash of the inputs"), mark.inputs_sha256[:SHORT], "text")]


def with_mark(banner: Callout | None, mark: EditionMark | None) -> Callout | None:
    """The banner, which also tells a draft or a revision from a first issue."""
    if mark is None or mark.revision == 1:
        return banner
    words = text("This is a draft: it has not been issued, and its figures can still change.")
    if mark.revision is not None:
        words = text(
            "This is revision {number} of this edition, issued on {date}. Reason: {reason}. What it changes stands "
            "under Past editions.",
            number=integer(mark.revision),
            date=day(mark.issued_on),
            reason=verbatim((mark.reason or "–").rstrip(".。")),
        )
    return Callout("warning", (words, *(banner.sentences if banner else ())))


def revision_blocks(mark: EditionMark | None) -> tuple[Block, ...]:
    """What sets this revision apart from those of the same month before it; nothing for a first one."""
    if mark is None or not mark.earlier:
        return ()
    sentences: list[Words] = []
    for one in mark.earlier:
        values = {
            "number": integer(one.revision),
            "date": day(one.issued_on),
            "count": integer(one.figures),
        }
        alike = text("Revision {number}, issued on {date}, has the same figures.")
        apart = text("Revision {number}, issued on {date}, differs from it; figures that differ: {count}.")
        sentences.append((apart if one.figures else alike).with_values(values))
    tables = (revision_table(mark), reasons_table(mark))
    return (Callout("warning", tuple(sentences)), *(table for table in tables if table is not None))


def revision_table(mark: EditionMark) -> Table | None:
    """The first figures in which the last revision before this one differs; None where none does."""
    last = mark.earlier[-1]
    if not last.changes:
        return None
    columns = (
        Column("figure", text("Figure, as the JSON names it")),
        Column("issued", text("Revision {number}", number=integer(last.revision))),
        Column("now", text("Here")),
    )
    rows = tuple((one.where, one.issued, one.now) for one in last.changes)
    left = last.figures - len(rows)
    notes = (text("Not shown: {count} more.", count=integer(left)),) if left > 0 else ()
    return Table("revision", text("What this revision changes"), columns, rows, notes=notes)


def reasons_table(mark: EditionMark) -> Table | None:
    """What this revision is made of and the last one before it was not; None where nothing is known to differ."""
    rows = tuple((KINDS[c.kind], c.item, c.then, c.now) for c in mark.earlier[-1].inputs)
    columns = (
        Column("kind", text("Kind")),
        Column("item", text("Item")),
        Column("then", text("Then")),
        Column("now", text("Now")),
    )
    return (
        Table("revision_inputs", text("Inputs that changed since that revision"), columns, rows)
        if rows
        else None
    )
