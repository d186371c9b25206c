"""What each part of the model is worth: the workspace's last ablation."""

from gangru.report.blocks import Column, Table, Words, month_of, text
from gangru.report.inputs import AblationRecord
from gangru.report.sections.rows import table_rows


def ablation_table(record: AblationRecord) -> Table:
    """One row a variant, all over the same months."""
    columns = (
        Column("variant", text("Variant")),
        Column("seeds", text("Seeds"), "integer"),
        Column("rank_ic", text("Rank IC mean"), "percent"),
        Column("spread", text("± over seeds"), "percent"),
        Column("raw", text("Rank IC mean, raw pRet"), "percent"),
        Column("icir", text("ICIR"), "ratio"),
        Column("t", text("t of the IC mean"), "ratio"),
        Column("excess", text("Excess"), "percent"),
        Column("collapsed", text("Collapsed GANs"), "integer"),
    )
    notes: tuple[Words, ...] = (
        text(
            "`gangru ablate`: every variant through the same trainings, dates and evaluation, return months {first} to "
            "{last}; means over seeds. Excess: annualised, of the long portfolio, before costs.",
            first=month_of(record.first),
            last=month_of(record.last),
        ),
    )
    undefined = text("–: one seed has no spread.")
    caption = text("The model's parts: what is left without each")
    return Table(
        "ablation", caption, columns, table_rows(record.variants, columns), notes=notes, undefined=undefined
    )
