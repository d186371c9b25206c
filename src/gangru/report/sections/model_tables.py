"""The daily series that make a window, and how a training is made, as tables."""

from gangru.features.catalogue import CATALOGUE, ranked_feature
from gangru.report.blocks import Cell, Column, Table, Text, text
from gangru.report.inputs import Material
from gangru.report.sections.appendix import plain


def feature_table(material: Material) -> Table:
    """Every daily series of a window with its formula."""
    names = material.provenance.setting("features", "names")
    chosen = [str(name) for name in names] if isinstance(names, list | tuple) else list(CATALOGUE)
    ranked = material.provenance.setting("features", "ranked")
    known = CATALOGUE | {feature.name: feature for feature in material.features}
    shown = [known[name] for name in chosen if name in known]
    if isinstance(ranked, list | tuple):
        shown += [ranked_feature(known[str(name)]) for name in ranked if name in known]
    rows = tuple((f.name, f.formula, UNITS.get(f.unit, f.unit), GAPS[f.gap]) for f in shown)
    columns = (
        Column("feature", text("Series")),
        Column("formula", text("Formula")),
        Column("unit", text("Unit")),
        Column("gap", text("On a day without trading")),
    )
    notes = (
        text(
            "Published: close, open, volume and turnover rate; the others are our choice. t₋₁: the day before."
        ),
    )
    return Table("features", text("The daily series of a window"), columns, rows, notes=notes, look="folded")


UNITS: dict[str, Text] = {
    "yuan": text("yuan"),
    "yuan, adjusted": text("yuan, adjusted"),
    "shares, adjusted": text("shares, adjusted"),
    "fraction": text("fraction"),
    "per 100 million yuan": text("per 100 million yuan"),
    "rank": text("rank"),
}
GAPS: dict[str, Text] = {"carry": text("the last value"), "zero": text("0")}


def training_table(material: Material) -> Table:
    """How a training is made, in the settings that say so."""
    rows: list[tuple[Cell, Cell]] = []
    for section, key, label in TRAINING:
        value = material.provenance.setting(section, key)
        if value is not None:
            rows.append((label, written(value)))
    columns = (Column("item", text("Item")), Column("value", text("Value")))
    empty = None if rows else text("Empty: the settings were not handed to the report.")
    return Table("training", text("How a training is made"), columns, tuple(rows), empty=empty)


def written(value: object) -> str:
    """A setting as a reader writes it down, a number short."""
    return f"{value:g}" if isinstance(value, float) else plain(value)


TRAINING: tuple[tuple[str, str, Text], ...] = (
    ("features", "window", text("Trading days of a window")),
    ("label", "horizon", text("Trading days of the label")),
    ("training", "sample_dates", text("Sample dates of a training")),
    ("training", "sample_step", text("Trading days between sample dates")),
    ("training", "validation_share", text("Share of the dates kept for validation")),
    ("training", "stocks_per_date", text("Stocks drawn a date in training (0: all)")),
    ("training", "seeds", text("Seeds averaged")),
    ("predictor", "learning_rate", text("Learning rate of the predictor")),
    ("predictor", "max_epochs", text("Epochs of the predictor, at most")),
    ("predictor", "patience", text("Epochs without a better validation IC")),
    ("gan", "learning_rate", text("Learning rate of the GAN")),
    ("gan", "max_epochs", text("Epochs of the GAN, at most")),
    ("gan", "loss", text("Loss of the GAN")),
    ("gan", "reconstruction_weight", text("Weight of the reconstruction")),
)
