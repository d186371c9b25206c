"""The first page: edition box, key figures, the figures by period and the headline table."""

from collections.abc import Mapping, Sequence

from gangru.evaluation.headline import Headline
from gangru.report.blocks import (
    Callout,
    Cell,
    Column,
    Format,
    KeyFigure,
    Section,
    Table,
    Text,
    Words,
    integer,
    percent,
    ratio,
    share,
    text,
)
from gangru.report.definitions import HEADLINE_FIGURES
from gangru.report.inputs import Material
from gangru.report.sections.editions import edition_entries

GENERATORS: Mapping[str, Text] = {
    "gan": text("GAN: the predictor reads generated windows"),
    "none": text("none: the predictor reads the real windows"),
    "untrained": text("an untrained generator (ablation)"),
    "ae": text("a generator trained to reconstruct (ablation)"),
}


def edition_box(material: Material) -> Table:
    """What this edition is about, for the box beside the verdict."""
    evaluation, row = material.evaluation, material.this_month()
    entries: list[tuple[Text, Cell, Format]] = [
        (text("Return month"), material.month, "month"),
        (text("Factor of"), as_cell(row, "factor_date"), "date"),
        (text("Stocks ranked"), as_cell(row, "n"), "integer"),
        (text("Picks as of"), evaluation.picks_date, "date"),
        (text("Record from"), evaluation.first_month, "month"),
        (text("Return months"), evaluation.headline.months, "integer"),
        (text("Trainings"), len(material.folds), "integer"),
        (text("Study"), evaluation.study, "text"),
        (text("Generator"), GENERATORS.get(material.generator, text("not known")), "text"),
        *edition_entries(material.mark),
    ]
    return Table(
        "edition",
        text("This edition"),
        (Column("item", text("Item")), Column("value", text("Value"), "integer")),
        tuple((label, value) for label, value, _ in entries),
        formats=tuple(format_name for _, _, format_name in entries),
    )


def as_cell(row: Mapping[str, object] | None, column: str) -> Cell:
    """A value of a table's row as a cell, None where there is no row."""
    value = None if row is None else row[column]
    return value if isinstance(value, int | float) or value is None else str(value)


def key_figures(material: Material) -> tuple[KeyFigure, ...]:
    """The strip under the title: six figures, each with one that sets it in proportion."""
    h = material.evaluation.headline
    return (
        KeyFigure(
            "ic_latest",
            text("Rank IC of the month"),
            percent(material.of_month("rank_ic")),
            text("one-year mean {value}", value=percent(h.ic_1y)),
        ),
        KeyFigure("ic_mean", text("IC mean"), percent(h.ic_mean), text("t = {value}", value=ratio(h.ic_t))),
        KeyFigure("icir", text("ICIR"), ratio(h.icir), text("{value} months", value=integer(h.months))),
        KeyFigure(
            "annual_excess",
            text("Annualised excess return"),
            percent(h.annual_excess),
            text("after costs {value}", value=percent(h.net_annual_excess)),
        ),
        KeyFigure(
            "max_drawdown",
            text("Maximum drawdown"),
            percent(h.max_drawdown),
            text("after costs {value}", value=percent(h.net_max_drawdown)),
        ),
        KeyFigure(
            "turnover",
            text("Turnover a month"),
            ratio(h.turnover),
            text("one-sided"),
        ),
    )


def simulated_banner(material: Material) -> Callout | None:
    """Says that the market is simulated and how near the best possible IC we came; None for a real market."""
    simulated = material.simulated
    if simulated is None:
        return None
    warning = text("The market in this edition is simulated: no figure here says anything about a real one.")
    best, reached = simulated.get("best_ic"), material.evaluation.headline.ic_mean
    if not isinstance(best, int | float):
        return Callout("warning", (warning,))
    if best <= 0:
        noise = text("It holds no signal that could be found: whatever is found is noise.")
        return Callout("warning", (warning, noise))
    if "ratio" in simulated:
        part = simulated["ratio"]
        attained = text(
            "The best possible predictor has a mean daily rank IC of {best} with the 20-day label. Out of "
            "sample, pRet of this study reaches {ratio} of what that predictor reaches on the same dates.",
            best=percent(best),
            ratio=share(part if isinstance(part, int | float) else None),
        )
        return Callout("warning", (warning, attained))
    attained = text(
        "The best possible predictor has a mean daily rank IC of {best} with the 20-day label; this factor's "
        "monthly IC mean is {reached}, which is {ratio} of it.",
        best=percent(best),
        reached=percent(reached),
        ratio=share(None if reached is None else reached / best),
    )
    return Callout("warning", (warning, attained))


def summary(material: Material) -> Section:
    """The figures by period and convention, the headline table and, where there are any, other studies'."""
    blocks: list[Table] = [periods_table(material), headline_table(material)]
    if material.comparison:
        blocks.append(comparison_table(material))
    return Section("summary", text("Summary"), tuple(blocks))


def periods_table(material: Material) -> Table:
    """Each convention's IC and the long portfolio's monthly return: this month, past year, whole history."""
    e = material.evaluation
    ics: tuple[tuple[Text, str, Headline], ...] = (
        (text("Rank IC of the neutralised factor, from t+1 (headline)"), "rank_ic", e.headline),
        (text("Pearson IC of the neutralised factor, from t+1"), "ic", e.headline_pearson),
        (text("Rank IC of the raw prediction pRet, from t+1"), "raw_rank_ic", e.headline_raw),
        (text("Rank IC of the neutralised factor, from t"), "rank_ic_t_to_t", e.headline_t),
    )
    rows: list[tuple[Cell, ...]] = [
        (label, material.of_month(column), h.ic_1y, h.ic_mean) for label, column, h in ics
    ]
    returns = (
        (text("Long portfolio, monthly return"), "long_return"),
        (text("Benchmark, monthly return"), "benchmark_return"),
        (text("Long excess, monthly return"), "excess_return"),
        (text("Turnover, one-sided"), "turnover"),
    )
    rows += [
        (label, material.of_month(column), material.monthly(column, 12), material.monthly(column))
        for label, column in returns
    ]
    return Table(
        "periods",
        text("The month, the past year and the whole history"),
        (
            Column("figure", text("Measure")),
            Column("month", text("This month"), "percent"),
            Column("year", text("Past year, mean"), "percent"),
            Column("all", text("All months, mean"), "percent"),
        ),
        tuple(rows),
        formats=("percent",) * 7 + ("ratio",),
        notes=(
            text(
                "From t+1: close of the day after the factor's date to the close of the day after the next "
                "month-end, a price that could be paid. From t: the factor's own close, as published figures "
                "have it."
            ),
        ),
        marked=frozenset({0}),
    )


def headline_table(material: Material) -> Table:
    """Every headline figure over the whole history under the four conventions."""
    e = material.evaluation
    columns: tuple[tuple[Words, Headline], ...] = (
        (text("Neutralised, t+1, Spearman"), e.headline),
        (text("Neutralised, t+1, Pearson"), e.headline_pearson),
        (text("Raw pRet, t+1, Spearman"), e.headline_raw),
        (text("Neutralised, t to t, Spearman"), e.headline_t),
    )
    return figures_table("headline", text("Headline figures over all months"), columns)


def comparison_table(material: Material) -> Table:
    """This study's headline figures beside those of others."""
    columns: list[tuple[Words, Headline]] = [(material.evaluation.study, material.evaluation.headline)]
    columns += [(other.name, other.headline) for other in material.comparison]
    return figures_table("comparison", text("This study beside others, neutralised, t+1, Spearman"), columns)


def figures_table(key: str, caption: Text, headlines: Sequence[tuple[Words, Headline]]) -> Table:
    """One row a headline figure, one column a `Headline`."""
    columns = [Column("figure", text("Measure"))]
    columns += [Column(f"value_{i}", title, "ratio") for i, (title, _) in enumerate(headlines)]
    rows = tuple((d.label, *(getattr(h, d.key) for _, h in headlines)) for d in HEADLINE_FIGURES)
    return Table(
        key,
        caption,
        tuple(columns),
        rows,
        formats=tuple(d.format for d in HEADLINE_FIGURES),
        notes=(text("Returns before costs; after costs under Performance. Definitions at the end."),),
    )
