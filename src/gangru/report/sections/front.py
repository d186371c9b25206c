"""The first page: edition box, key figures, the figures by period beside the previous edition's, the first picks."""

from collections.abc import Mapping, Sequence

import polars as pl

from gangru.evaluation.headline import YEAR_MONTHS
from gangru.evaluation.result import Evaluation
from gangru.report.blocks import (
    Callout,
    Cell,
    Column,
    Format,
    KeyFigure,
    Table,
    Text,
    integer,
    month_of,
    percent,
    ratio,
    share,
    text,
)
from gangru.report.inputs import Material, mean
from gangru.report.sections.picks import FRONT_COLUMNS, stocks
from gangru.report.sections.revisions import edition_entries

GENERATORS: Mapping[str, Text] = {
    "gan": text("GAN: the predictor reads generated windows"),
    "none": text("none: the predictor reads the real windows"),
    "untrained": text("an untrained generator (ablation)"),
    "ae": text("a generator trained to reconstruct (ablation)"),
}

PERIOD_ROWS: tuple[tuple[str, Text, Format], ...] = (
    ("rank_ic", text("Rank IC of the neutralised factor, from t+1 (headline)"), "percent"),
    ("ic", text("Pearson IC of the neutralised factor, from t+1"), "percent"),
    ("raw_rank_ic", text("Rank IC of the raw prediction pRet, from t+1"), "percent"),
    ("rank_ic_t_to_t", text("Rank IC of the neutralised factor, from t"), "percent"),
    ("long_return", text("Long portfolio, monthly return"), "percent"),
    ("benchmark_return", text("Benchmark, monthly return"), "percent"),
    ("excess_return", text("Long excess, monthly return"), "percent"),
    ("turnover", text("Turnover, one-sided"), "ratio"),
)


def front(material: Material) -> tuple[Table, ...]:
    """The first page's tables: the figures by period, and the picks' first."""
    first = material.evaluation.picks.sort("rank").head(material.settings.top_picks)
    return (
        periods_table(material),
        stocks("first_picks", text("The first of all"), first, columns=FRONT_COLUMNS, notes=()),
    )


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
    ]
    entries += edition_entries(material.mark)
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


def periods_table(material: Material) -> Table:
    """Each convention's IC and the long portfolio's monthly return: this month, past year, whole history; and the
    same of the edition before.
    """
    columns = [
        Column("figure", text("Measure")),
        Column("month", text("This month"), "percent"),
        Column("year", text("Past year, mean"), "percent"),
        Column("all", text("All months, mean"), "percent"),
    ]
    halves: list[tuple[pl.DataFrame, str]] = [(material.evaluation.series, material.month)]
    previous = material.previous
    if previous is not None and previous.last_month is not None:
        before = month_of(previous.last_month)
        halves.append((previous.series, previous.last_month))
        columns += [
            Column("previous_month", text("{month}", month=before), "percent"),
            Column("previous_year", text("to {month}: year", month=before), "percent"),
            Column("previous_all", text("to {month}: all", month=before), "percent"),
        ]
    rows = tuple(
        (label, *(value for series, month in halves for value in by_period(series, month, key)))
        for key, label, _ in PERIOD_ROWS
    )
    return Table(
        "periods",
        text("The month, the past year and the whole history"),
        tuple(columns),
        rows,
        formats=tuple(format_name for _, _, format_name in PERIOD_ROWS),
        notes=(
            text(
                "From t+1: close of the day after the factor's date to the close of the day after the next "
                "month-end, a price that could be paid. From t: the factor's own close, as published figures "
                "have it."
            ),
            *past_editions(previous),
        ),
        marked=frozenset({0}),
    )


def past_editions(previous: Evaluation | None) -> tuple[Text, ...]:
    """What the right half of the table is, or why there is none."""
    if previous is None or previous.last_month is None:
        return (text("There is no edition before this one: it is the first month of the record."),)
    return (
        text(
            "To the right: the same figures as the edition of {month} has them, computed again today.",
            month=month_of(previous.last_month),
        ),
    )


def by_period(series: pl.DataFrame, month: str, column: str) -> Sequence[float | None]:
    """A monthly figure of the month, its mean over the past year (None with fewer months), over all months."""
    values = series.sort("month")[column]
    own = series.filter(pl.col("month") == month)[column]
    return (
        mean(own),
        mean(values.tail(YEAR_MONTHS)) if len(values) >= YEAR_MONTHS else None,
        mean(values),
    )
