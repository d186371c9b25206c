"""An evaluation in the terminal: the headline, then a short table for each question; all within 80 columns."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import polars as pl
from rich.markup import escape
from rich.table import Table

from gangru.cli.screen import Screen, out, print_headline

if TYPE_CHECKING:
    from gangru.evaluation.anatomy.whole import Anatomy
    from gangru.evaluation.portfolio.random_scores import RandomScores
    from gangru.evaluation.result import Evaluation
    from gangru.evaluation.trading import Trading

Columns = Mapping[str, tuple[str, str]]  # heading → (column, format)

PERCENT, SHARE, NUMBER, WHOLE, TEXT = "z.2%", "z.0%", "z.2f", "z,.0f", ""  # z: a zero has no sign
TOP_INDUSTRIES = 5
FIGURES = (
    "annual_return",
    "annual_volatility",
    "sortino",
    "calmar",
    "max_drawdown",
    "annual_excess",
    "annual_excess_ratio",
)


def print_evaluation(evaluation: "Evaluation") -> None:
    """Everything a person reads first; the rest is in --json and --csv."""
    print_headline(evaluation)
    out.print()
    show("By year", evaluation.yearly, {
        "Year": ("year", TEXT), "IC": ("rank_ic_mean", PERCENT), "Pearson": ("ic_mean", PERCENT),
        "Return": ("annual_return", PERCENT), "Benchmark": ("benchmark_return", PERCENT), "Excess": ("excess", PERCENT),
        "Drawdown": ("max_drawdown", PERCENT),
    })  # fmt: skip
    show("Groups by factor, 1 the lowest", evaluation.deciles, {
        "Group": ("decile", TEXT), "Return a month": ("monthly_return", PERCENT),
        "Excess": ("monthly_excess", PERCENT), "Return a year": ("annual_return", PERCENT), "Stocks": ("n", WHOLE),
    })  # fmt: skip
    show(industry_title(evaluation), best_industries(evaluation.industries), {
        "Industry": ("industry", TEXT), "Stocks": ("n", WHOLE), "IC 1m": ("ic_month", PERCENT),
        "IC 1y": ("ic_year", PERCENT), "Excess 1m": ("excess_month", PERCENT), "Excess 1y": ("excess_year", PERCENT),
        "": ("mark", TEXT),
    })  # fmt: skip
    if evaluation.anatomy is not None:
        print_anatomy(evaluation.anatomy)
    if evaluation.trading is not None:
        print_trading(evaluation.trading)
    lost = evaluation.drops.filter(pl.col("count") > 0)
    reasons = {"Stage": ("stage", TEXT), "Reason": ("reason", TEXT), "Count": ("count", WHOLE)}
    show("Left out or done otherwise", lost, reasons)
    for note in evaluation.notes:
        out.print(f"note: {note}", markup=False)


def print_anatomy(part: "Anatomy") -> None:
    """Horizons, breakdowns, styles and what the factor shares with others."""
    show("ICs of every factor date by horizon", part.horizons, {
        "Days": ("horizon_days", TEXT), "IC": ("rank_ic_mean", PERCENT), "Pearson": ("ic_mean", PERCENT),
        "ICIR": ("rank_ic_icir", NUMBER), "ICIR, annual": ("rank_ic_icir_annual", NUMBER), "t": ("rank_ic_t", NUMBER),
        "Dates": ("rank_ic_dates", WHOLE),
    })  # fmt: skip
    labelled = [("size", part.by_size), ("liquidity", part.by_liquidity)]
    thirds = pl.concat([table.with_columns(pl.lit(name).alias("by")) for name, table in labelled])
    inside = part.by_index.with_columns(pl.col("index").alias("by")).drop("index").select(thirds.columns)
    show("By size and liquidity in thirds, inside and outside of indices", pl.concat([thirds, inside]), {
        "By": ("by", TEXT), "Part": ("label", TEXT), "Stocks": ("n", WHOLE), "IC": ("rank_ic", PERCENT),
        "ICIR": ("rank_icir", NUMBER), "Long excess a month": ("long_excess", PERCENT),
    })  # fmt: skip
    styles = part.exposures.join(part.style_ics.select("style", style_ic="rank_ic"), on="style", how="left")
    left = part.purified.rename({"removed": "style", "rank_ic": "ic_without", "t": "t_without"})
    show("Styles: correlation with the factor, and its IC with them regressed out", left.join(
        styles, on="style", how="left", maintain_order="left"), {
        "Style": ("style", TEXT), "Correlation": ("rank_correlation", NUMBER), "Long z": ("top_z", NUMBER),
        "Its IC": ("style_ic", PERCENT), "IC without": ("ic_without", PERCENT), "t": ("t_without", NUMBER),
        "IC left": ("share_left", SHARE),
    })  # fmt: skip
    show("Other factors: correlation, and the IC once the other is regressed out", part.correlations, {
        "Factor": ("other", TEXT), "Correlation": ("rank_correlation", NUMBER), "Its IC": ("other_rank_ic", PERCENT),
        "IC without": ("residual_rank_ic", PERCENT), "IC left": ("share_left", SHARE),
    })  # fmt: skip
    rising = part.monotonicity.adjacent.p_value
    life = "–" if part.half_life is None else f"{part.half_life:.1f} months"
    spread = "–" if part.spread.mean is None else f"{part.spread.mean:z.2%}"
    t = "–" if part.spread.t is None else f"{part.spread.t:z.2f}"
    chance = "–" if rising is None else f"{rising:.3f}"
    out.print(
        f"Highest less lowest group: {spread} a month (t {t}). Each group above the one before: p {chance} "
        f"(Patton–Timmermann). Half-life of the rank autocorrelation: {life}.", markup=False,
    )  # fmt: skip
    out.print()


def print_annual_figures(part: "Trading") -> None:
    """The long portfolio before and after costs, the benchmark, and long less short, side by side."""
    named = {
        "long, gross": part.gross,
        "long, net": part.net,
        "benchmark": part.benchmark,
        "long less short": part.long_short,
    }
    figures = pl.DataFrame(
        [{"of": name} | {key: getattr(one, key) for key in FIGURES} for name, one in named.items()],
        infer_schema_length=None,
    )
    alone = pl.col("of").is_in(["benchmark", "long less short"])
    excess = pl.when(~alone).then(pl.col("annual_excess", "annual_excess_ratio"))
    show("Annual figures", figures.with_columns(excess), {
        "": ("of", TEXT), "Return": ("annual_return", PERCENT), "Vol.": ("annual_volatility", PERCENT),
        "Sortino": ("sortino", NUMBER), "Calmar": ("calmar", NUMBER), "Drawdown": ("max_drawdown", PERCENT),
        "Excess": ("annual_excess", PERCENT), "by ratio": ("annual_excess_ratio", PERCENT),
    })  # fmt: skip


def print_trading(part: "Trading") -> None:
    """Annual figures, falls, fills, capacity and micro-caps."""
    print_annual_figures(part)
    show("Worst drawdowns of the net value after costs", part.drawdowns, {
        "Peak": ("start", TEXT), "Trough": ("trough", TEXT), "Recovered": ("end", TEXT), "Drawdown": ("depth", PERCENT),
        "Days to trough": ("days_to_trough", WHOLE),
    })  # fmt: skip
    show("Orders not filled in full", part.unfilled, {
        "Side": ("side", TEXT), "Reason": ("reason", TEXT), "Orders": ("orders", WHOLE),
    })  # fmt: skip
    show("Capacity: the same targets in lots, with impact and a limit on participation", part.capacity, {
        "Account, million": ("million", WHOLE), "Net return": ("net_annual_return", PERCENT),
        "Net excess": ("net_annual_excess", PERCENT), "Cost a month": ("monthly_cost", PERCENT),
        "Filled": ("fill_rate", SHARE),
    }, derived={"million": pl.col("account_yuan") / 1e6})  # fmt: skip
    show("Without micro-caps", part.without, {
        "Stocks": ("stocks", TEXT), "IC": ("ic_mean", PERCENT), "ICIR": ("icir", NUMBER),
        "Excess": ("annual_excess", PERCENT), "after costs": ("net_annual_excess", PERCENT),
    })  # fmt: skip
    show("Stressed spans", part.stress, {
        "Span": ("span", TEXT), "Return": ("value_return", PERCENT), "Benchmark": ("benchmark_return", PERCENT),
        "Drawdown": ("max_drawdown", PERCENT),
    })  # fmt: skip
    weights = part.micro_caps.select(pl.col("smallest_400", "least_liquid_fifth").mean()).row(0)
    small, illiquid = ("–" if value is None else f"{value:.0%}" for value in weights)
    wins = part.months_excess.win_rate
    beaten = "–" if wins is None else f"{wins:.0%}"
    filled = "–" if part.fill_rate is None else f"{part.fill_rate:.1%}"
    out.print(
        f"Mean weight in the smallest 400 names {small}, in the least liquid fifth {illiquid}; orders filled {filled}; "
        f"the benchmark beaten in {beaten} of the months.", markup=False,
    )  # fmt: skip
    out.print()


def print_random_scores(result: "RandomScores", screen: Screen) -> None:
    """The random-score test as a table with its verdicts."""
    rows = {
        "Gross excess without rules": result.gross_free,
        "  its standard error, by month": result.error,
        "Gross excess with rules": result.gross_ruled,
        "  execution drag, less that without": result.drag,
        "Costs charged": result.cost,
        "Net excess with rules": result.net,
        "  less drag and minus costs: luck of the draw": result.net - (result.drag - result.cost),
    }
    table = Table(
        title=f"{result.samples} random factors, {result.months} months: a month", title_justify="left"
    )
    table.add_column("")
    table.add_column("", justify="right")
    for name, value in rows.items():
        table.add_row(name, f"{value:.4%}")
    screen.print(table)
    nothing = "earn nothing" if result.earns_nothing else "EARN WHAT THEY MAY NOT"
    cost = "cost what is charged" if result.costs_what_it_costs else "DO NOT cost what is charged"
    screen.print(
        f"Random scores {nothing} (within 3 standard errors of 0) and {cost} (net excess = gross excess "
        f"with rules − costs within 10 %). {result.forbidden} orders were filled against the rules.",
        markup=False,
    )  # fmt: skip


def industry_title(evaluation: "Evaluation") -> str:
    """The industries' title, with how many lost to themselves."""
    lost, known = evaluation.industries_lost, evaluation.industries["excess_month"].drop_nulls()
    tail = "" if lost is None else f"; {lost} of {len(known)} lost to their own equal weight in the month"
    return f"Best {TOP_INDUSTRIES} industries by last month's long excess{tail}"


def best_industries(industries: pl.DataFrame) -> pl.DataFrame:
    """The first industries by last month's excess, small ones after the others."""
    order = industries.sort("small", "excess_month", descending=[False, True], nulls_last=True)
    mark = pl.when(pl.col("small")).then(pl.lit("small")).otherwise(pl.lit("")).alias("mark")
    return order.head(TOP_INDUSTRIES).with_columns(mark)


def show(
    title: str, table: pl.DataFrame, columns: Columns, derived: Mapping[str, pl.Expr] | None = None
) -> None:
    """Print the chosen columns of a table that has rows."""
    if table.is_empty():
        return
    rows = table.with_columns(**(derived or {}))
    shown = Table(box=None, pad_edge=False)
    for k, heading in enumerate(columns):
        left = k == 0 or columns[heading][1] == TEXT
        shown.add_column(heading, justify="left" if left else "right", overflow="fold")
    for row in rows.iter_rows(named=True):
        shown.add_row(*map(escape, cells(row, columns.values())))
    out.print(title, style="italic", markup=False)
    out.print(shown)
    out.print()


def cells(row: Mapping[str, Any], columns: Sequence[tuple[str, str]] | Any) -> list[str]:
    """A row's values as text; – where there is none."""
    return [
        "–" if row[name] is None else format(row[name], form) if form else str(row[name])
        for name, form in columns
    ]
