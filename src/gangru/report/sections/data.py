"""What the figures stand on: what was left out, and the limits of the data."""

from gangru.report.blocks import Column, Prose, Section, Table, Words, text
from gangru.report.inputs import Material
from gangru.report.sections.performance import table_rows


def data(material: Material) -> Section:
    """The counted drops, the notes on undefined figures, and the data's own limits."""
    e = material.evaluation
    columns = (
        Column("stage", text("Stage")),
        Column("reason", text("Reason")),
        Column("count", text("Count"), "integer"),
    )
    drops = Table(
        "drops",
        text("What was left out, and why"),
        columns,
        table_rows(e.drops, columns),
        empty=text("Nothing was left out.") if e.drops.is_empty() else None,
    )
    notes: tuple[Words, ...] = (*e.notes, *material.data_notes)
    if not notes:
        notes = (text("No limit of the data was reported."),)
    return Section("data", text("Data and limits"), (drops, Prose(notes, bullets=True)))
