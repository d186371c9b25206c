"""What the long portfolio did with money: net value and falls, costs, its account beside the benchmark."""

import polars as pl

from gangru.evaluation.calendar_returns import MONTHS, year_by_month
from gangru.evaluation.performance import drawdown
from gangru.evaluation.result import Evaluation
from gangru.evaluation.trading import Trading
from gangru.report.blocks import (
    Block,
    Callout,
    Cell,
    Column,
    Figure,
    Format,
    Row,
    Section,
    Table,
    Text,
    Words,
    integer,
    month_of,
    percent,
    ratio,
    text,
)
from gangru.report.definitions import NET_KEYS, PORTFOLIO_FIGURES
from gangru.report.inputs import Material
from gangru.report.sections.capacity import (
    capacity_figure,
    capacity_table,
    stress_table,
    unfilled_table,
    without_table,
)
from gangru.report.sections.performance import EMPTY, year_and_month
from gangru.report.sections.rows import table_rows


def trading(material: Material) -> Section:
    """The long portfolio as an account; says so where the evaluation did not look at its trading."""
    title, whole = text("Trading"), material.evaluation.trading
    first = (net_value_figure(material), costs_table(material))
    if whole is None:
        reason = text("Empty: this evaluation did not look at the portfolio's trading.")
        return Section("trading", title, (*first, Callout("note", (reason,))))
    blocks: tuple[Block, ...] = (
        *first,
        calendar_figure(whole),
        calendar_table(whole),
        falls("drawdowns", WORST, whole.drawdowns),
        falls("excess_drawdowns", WORST_EXCESS, whole.excess_drawdowns),
        accounts_table(whole),
        Row((capacity_table(whole), unfilled_table(whole))),
        capacity_figure(whole),
        without_table(whole),
        stress_table(whole),
    )
    return Section("trading", title, blocks)


WORST = text("The five deepest falls of the net value, after costs")
WORST_EXCESS = text("The five deepest falls of the excess, after costs")


def net_value_figure(material: Material) -> Figure:
    """Daily net values of long portfolio and benchmark, the excess, and the drawdowns with the worst shaded."""
    e = material.evaluation
    notes: list[Words] = [
        held(material),
        *how_held(material),
        text("Benchmark: equal weight of the universe.")
        if material.provenance.setting("portfolio", "benchmark") in (None, "universe")
        else text("Benchmark: the index that the settings name."),
        text(
            "Net value on a log scale, 1 at the first purchase; excess = long / benchmark, before costs.",
        ),
    ]
    if e.trading is not None:
        notes.append(text("Shaded: the five deepest falls of the net value after costs."))
    return Figure(
        "net_value",
        "net_value",
        text("Net value, excess over the benchmark, and drawdown"),
        with_net_drawdown(e),
        spans=None if e.trading is None else spans(e),
        notes=tuple(notes),
        empty=EMPTY if e.net_value.is_empty() else None,
    )


def held(material: Material) -> Text:
    """Whom the long portfolio holds by the settings, and with which weights."""
    stocks = material.provenance.setting("portfolio", "stocks")
    share = material.fraction("portfolio", "fraction", 0.1)
    by_score = material.provenance.setting("portfolio", "weighting") == "score"
    if isinstance(stocks, int) and stocks:
        number = integer(stocks)
        if by_score:
            return text(
                "Long: the best {stocks} stocks, weighted by the factor, rebalanced monthly.", stocks=number
            )
        return text("Long: equal weight of the best {stocks} stocks, rebalanced monthly.", stocks=number)
    if by_score:
        return text("Long: the top {share} of the factor, weighted by it, rebalanced monthly.", share=share)
    return text("Long: equal weight of the top {share} of the factor, rebalanced monthly.", share=share)


def how_held(material: Material) -> list[Words]:
    """The settings that keep the long portfolio from being the long list: a buffer, industries as they weigh."""
    said: list[Words] = []
    if material.provenance.setting("portfolio", "hold_until"):
        until = material.fraction("portfolio", "hold_until", 0.0)
        said.append(text("A stock that is held stays while it is among the top {share}.", share=until))
    if material.provenance.setting("portfolio", "industry_neutral"):
        said.append(text("Each industry is chosen from by itself and weighs what it weighs in the universe."))
    return said


def with_net_drawdown(e: Evaluation) -> pl.DataFrame:
    """The daily table with the drawdown after costs beside the one before."""
    net = e.net_value["long_net"].to_numpy()
    return e.net_value.with_columns(pl.Series("net_drawdown", drawdown(net), dtype=pl.Float64))


def spans(e: Evaluation) -> pl.DataFrame:
    """start, end, name of the worst falls, one that still lasts up to the last day."""
    assert e.trading is not None
    last = e.net_value["date"].max()
    return e.trading.drawdowns.with_row_index("name", offset=1).select(
        "start", pl.col("end").fill_null(pl.lit(last)), pl.col("name").cast(pl.String)
    )


def costs_table(material: Material) -> Table:
    """The long portfolio before and after costs, its turnover, and the orders that the rules stopped."""
    headline = material.evaluation.headline
    chosen = [d for d in PORTFOLIO_FIGURES if d.key in NET_KEYS]
    rows: list[tuple[Cell, ...]] = []
    for d in chosen:
        gross, net = getattr(headline, d.key), getattr(headline, NET_KEYS[d.key])
        rows.append((d.label, gross, net, None if gross is None or net is None else net - gross))
    return Table(
        "costs",
        text("The long portfolio before and after costs"),
        (
            Column("figure", text("Measure")),
            Column("gross", text("Before costs"), "percent"),
            Column("net", text("After costs"), "percent"),
            Column("difference", text("Difference"), "percent"),
        ),
        tuple(rows),
        formats=tuple(d.format for d in chosen),
        notes=(
            text(
                "Turnover a month, one-sided: {turnover}. Orders stopped at a price limit or by a "
                "suspension, all months: purchases {buys}, sales {sells}.",
                turnover=ratio(headline.turnover),
                buys=integer(total(material.evaluation.series, "blocked_buys")),
                sells=integer(total(material.evaluation.series, "blocked_sells")),
            ),
        ),
    )


def total(frame: pl.DataFrame, column: str) -> int | None:
    """Sum of a count, None where none is known."""
    known = frame[column].drop_nulls()
    return int(known.sum()) if len(known) else None


def calendar_figure(whole: Trading) -> Figure:
    """Excess return after costs by year and month."""
    data = year_and_month(whole.monthly, "long_net_excess")
    m = whole.months_excess
    return Figure(
        "excess_calendar",
        "heatmap",
        text("Monthly excess return after costs, by year and month"),
        data,
        format="signed",
        notes=(
            text(
                "Beat the benchmark in {win} of months; best {best} ({best_month}), worst {worst} ({worst_month}); "
                "longest run of months behind: {streak}.",
                win=percent(m.win_rate),
                best=percent(m.best_return),
                best_month=month_of(m.best_month),
                worst=percent(m.worst_return),
                worst_month=month_of(m.worst_month),
                streak=integer(m.losing_streak),
            ),
            text(
                "Calendar months by daily net value: the list of a month is bought on its first trading day."
            ),
        ),
        empty=EMPTY if data.is_empty() else None,
    )


def calendar_table(whole: Trading) -> Table:
    """The same in figures, with each year's own."""
    grid = year_by_month(whole.monthly, whole.yearly, "long_net_excess")
    columns = (
        Column("year", text("Year")),
        *(Column(month, month, "percent") for month in MONTHS),
        Column("total", text("Year"), "percent"),
    )
    return Table(
        "excess_by_month",
        text("Excess return after costs, by year and month"),
        columns,
        table_rows(grid, columns),
        notes=(
            text("Differences of returns; a year's is that of its compounded returns, not a sum of months."),
        ),
        undefined=text("–: outside the record."),
        look="folded",
        empty=EMPTY if grid.is_empty() else None,
    )


def falls(key: str, caption: Text, frame: pl.DataFrame) -> Table:
    """The deepest falls, with their dates."""
    columns = (
        Column("start", text("High"), "day"),
        Column("trough", text("Low"), "day"),
        Column("end", text("Back at the high"), "day"),
        Column("depth", text("Depth"), "percent"),
        Column("days_to_trough", text("Days down"), "integer"),
        Column("days_to_recovery", text("Days up"), "integer"),
    )
    empty = text("Empty: the value has never fallen from a high.") if frame.is_empty() else None
    undefined = text("–: not yet back at the high.")
    return Table(key, caption, columns, table_rows(frame, columns), undefined=undefined, empty=empty)


def accounts_table(whole: Trading) -> Table:
    """Every annual figure of the long portfolio before and after costs, of the benchmark and of long-short."""
    figures: tuple[tuple[str, Text, Format], ...] = (
        ("annual_return", text("Annualised return"), "percent"),
        ("annual_volatility", text("Annualised volatility"), "percent"),
        ("return_over_volatility", text("Return / volatility"), "ratio"),
        ("annual_excess", text("Annualised excess return"), "percent"),
        ("annual_excess_ratio", text("Annualised excess return, ratio form"), "percent"),
        ("tracking_error", text("Tracking error"), "percent"),
        ("information_ratio", text("Information ratio"), "ratio"),
        ("sortino", text("Sortino ratio"), "ratio"),
        ("calmar", text("Calmar ratio"), "ratio"),
        ("max_drawdown", text("Maximum drawdown"), "percent"),
    )
    accounts = (whole.gross, whole.net, whole.benchmark, whole.long_short)
    alone = ("annual_excess", "annual_excess_ratio", "tracking_error", "information_ratio")
    rows = tuple(
        (label, *(None if i > 1 and key in alone else getattr(one, key) for i, one in enumerate(accounts)))
        for key, label, _ in figures
    )
    return Table(
        "accounts",
        text("Long portfolio, benchmark and long-short"),
        (
            Column("figure", text("Measure")),
            Column("gross", text("Long, before costs"), "percent"),
            Column("net", text("Long, after costs"), "percent"),
            Column("benchmark", text("Benchmark"), "percent"),
            Column("long_short", text("Long-short"), "percent"),
        ),
        rows,
        formats=tuple(format_name for _, _, format_name in figures),
        notes=(
            text(
                "Long-short, for research: the top less the bottom by factor, before costs; it could not be traded "
                "as shown. Of the yuan asked for {rate} were filled.",
                rate=percent(whole.fill_rate),
            ),
        ),
        undefined=text("–: a figure that is measured against the benchmark."),
    )
