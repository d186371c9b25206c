"""The back pages: definitions, settings, provenance and the statement of risk."""

from gangru.report.blocks import Cell, Column, Prose, Quantity, Section, Table, Text, text
from gangru.report.definitions import HEADLINE_FIGURES, OTHER_FIGURES
from gangru.report.inputs import Provenance

RISKS: tuple[Text, ...] = (
    text(
        "The figures describe the past, or a simulation of it. A model fitted to past prices can stop "
        "working at any time, without warning, and it stops working soonest when many follow the same one."
    ),
    text(
        "The net value is computed by rules, not by trading: it holds no market impact, no limit on size "
        "beyond those named, and assumes that orders at the close are filled where the rules allow it."
    ),
    text(
        "A neural network is opaque: two seeds can give two different lists. Nothing here is investment "
        "advice or an offer to buy or sell a security."
    ),
)


def definitions() -> Section:
    """Each headline figure with what it means and its formula."""
    columns = (
        Column("figure", text("Measure")),
        Column("meaning", text("Meaning")),
        Column("formula", text("Formula")),
    )
    rows: tuple[tuple[Cell, ...], ...] = tuple(
        (d.label, d.meaning, d.formula) for d in HEADLINE_FIGURES + OTHER_FIGURES
    )
    return Section(
        "definitions",
        text("Definitions"),
        (
            Table(
                "definitions",
                text("The figures and their formulas"),
                columns,
                rows,
                notes=(SYMBOLS,),
                look="prose",
            ),
        ),
    )


SYMBOLS = text(
    "f: factor; r: return; M: months; R, B: annualised returns of long portfolio and benchmark; V: net "
    "value; w: weights. Spearman's IC correlates ranks, Pearson's the values. pRet: the model's raw "
    "prediction before neutralisation."
)


def settings(provenance: Provenance) -> Section:
    """Every setting of the study; those that differ from the default are marked and show it."""
    columns = (
        Column("section", text("Section")),
        Column("key", text("Setting")),
        Column("value", text("Value")),
        Column("default", text("Default, where it differs")),
    )
    rows: list[tuple[Cell, ...]] = []
    marked = set()
    for section, values in provenance.settings.items():
        for key, value in values.items():
            default = provenance.defaults.get(section, {}).get(key, value)
            differs = plain(default) != plain(value)
            if differs:
                marked.add(len(rows))
            rows.append((section, key, plain(value), plain(default) if differs else ""))
    table = Table(
        "settings",
        text("Settings of this study"),
        columns,
        tuple(rows),
        notes=(text("Marked rows differ from the defaults; the default stands beside them."),)
        if marked
        else (),
        empty=None if rows else text("Empty: the settings were not handed to the report."),
        marked=frozenset(marked),
        look="folded",
    )
    changed = Table(
        "changed",
        text("Settings that differ from the defaults"),
        columns,
        tuple(rows[i] for i in sorted(marked)),
        empty=None if marked else text("None: every setting is at its default."),
    )
    return Section("settings", text("Settings"), (changed, table))


def plain(value: object) -> str:
    """A setting as a reader writes it down."""
    if isinstance(value, list | tuple):
        return ", ".join(plain(item) for item in value)
    if isinstance(value, dict):
        return ", ".join(f"{key} = {plain(item)}" for key, item in value.items())
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else str(value)


def provenance_section(provenance: Provenance) -> Section:
    """Versions, seed and command: enough to make the figures again."""
    entries: list[tuple[Cell, Cell]] = [
        (text("Study"), provenance.study),
        (text("Command"), provenance.command),
        (text("Seed"), None if provenance.seed is None else str(provenance.seed)),
        (text("Code version"), provenance.code_version),
        (text("Commit"), provenance.commit),
    ]
    entries += [
        (text("Data: {table}", table=Quantity(name, "text")), None if version is None else str(version))
        for name, version in provenance.data_versions.items()
    ]
    entries += [(name, version) for name, version in provenance.packages.items()]
    columns = (Column("item", text("Item")), Column("value", text("Value")))
    undefined = text("–: not known, or the store has no such table.")
    caption = text("Where the figures come from")
    table = Table("provenance", caption, columns, tuple(entries), undefined=undefined)
    return Section("provenance", text("Provenance"), (table,))


def risk() -> Section:
    """The statement of risk."""
    return Section("risk", text("Risks"), (Prose(RISKS),))
