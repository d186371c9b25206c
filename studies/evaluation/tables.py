"""Markdown tables of evaluations: tables.py FILE.json… prints those of docs/results/evaluation.md."""

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

Document = dict[str, Any]
Pick = Callable[[Document], dict[str, float | None]]
Show = Callable[[float | None], str]


def percent(value: float | None, digits: int = 2) -> str:
    return "–" if value is None else f"{value * 100:.{digits}f}".replace("-", "−")


def number(value: float | None, digits: int = 2) -> str:
    return "–" if value is None else f"{value:.{digits}f}".replace("-", "−")


def table(head: list[str], rows: list[list[str]]) -> None:
    print("| " + " | ".join(head) + " |")
    print("| --- |" + " ---: |" * (len(head) - 1))
    for row in rows:
        print("| " + " | ".join(row) + " |")
    print()


def by_key(rows: list[Document], key: str) -> dict[Any, Document]:
    return {row[key]: row for row in rows}


def headline(documents: dict[str, Document]) -> None:
    rows = []
    for name, one in documents.items():
        head, pearson = one["headline"], one["headline_pearson"]
        rows.append(
            [
                name,
                f"{one['first_month']} to {one['last_month']}",
                str(head["months"]),
                percent(head["ic_mean"]),
                percent(pearson["ic_mean"]),
                number(head["icir"]),
                number(head["ic_t"]),
                percent(head["ic_positive"], 0),
                percent(head["annual_excess"], 1),
                percent(head["net_annual_excess"], 1),
                number(head["turnover"]),
            ]
        )
    table(
        ["Factor", "Months", "n", "Rank IC", "Pearson", "ICIR", "t", "> 0, %", "Excess, %", "after costs", "Turnover"],
        rows,
    )  # fmt: skip


def years(documents: dict[str, Document]) -> None:
    found = sorted({row["year"] for one in documents.values() for row in one["yearly"]})
    rows = []
    for name, one in documents.items():
        known = by_key(one["yearly"], "year")
        rows.append([name, *(percent(known.get(year, {}).get("rank_ic_mean")) for year in found)])
    table(["Rank IC, %", *map(str, found)], rows)


def columns(title: str, documents: dict[str, Document], pick: Pick, show: Show) -> None:
    picked = {name: pick(one) for name, one in documents.items()}
    head = list(dict.fromkeys(key for one in picked.values() for key in one))
    table([title, *head], [[name, *(show(one.get(key)) for key in head)] for name, one in picked.items()])


def of(room: str, name: str, key: str, value: str) -> Pick:
    """Pick a column of a table of a room, named by another of its columns."""
    return lambda one: {str(row[key]): row[value] for row in one[room][name]}


def inside_indices(one: Document) -> dict[str, float | None]:
    return {row["index"]: row["rank_ic"] for row in one["anatomy"]["by_index"] if row["label"] == "inside"}


def by_account(one: Document) -> dict[str, float | None]:
    return {
        f"{row['account_yuan'] / 1e6:,.0f}": row["net_annual_excess"] for row in one["trading"]["capacity"]
    }


def apart(one: Document) -> dict[str, float | None]:
    shown = ("value_return", "benchmark_return", "max_drawdown")
    return {key: row[key] for row in one["trading"]["stress"] for key in shown}


TABLES: list[tuple[str, Pick, Show]] = [
    (
        "Monthly excess of the group, %",
        lambda one: {str(row["decile"]): row["monthly_excess"] for row in one["deciles"]},
        percent,
    ),
    ("Rank IC by days, %", of("anatomy", "horizons", "horizon_days", "rank_ic_mean"), percent),
    ("Autocorrelation by months", of("anatomy", "autocorrelation", "lag", "rank_autocorrelation"), number),
    ("Correlation with the style", of("anatomy", "exposures", "style", "rank_correlation"), number),
    ("Rank IC without the style, %", of("anatomy", "purified", "removed", "rank_ic"), percent),
    ("Rank IC by size, %", of("anatomy", "by_size", "label", "rank_ic"), percent),
    ("Rank IC by liquidity, %", of("anatomy", "by_liquidity", "label", "rank_ic"), percent),
    ("Rank IC inside, %", inside_indices, percent),
    ("Net excess a year by account in million yuan, %", by_account, percent),
    ("Net excess a year, %", of("trading", "without", "stocks", "net_annual_excess"), percent),
    ("January and February 2024, net, %", apart, percent),
]


def main(paths: list[Path]) -> None:
    documents = {path.stem: json.loads(path.read_text("utf-8")) for path in paths}
    headline(documents)
    years(documents)
    for title, pick, show in TABLES:
        columns(title, documents, pick, show)


if __name__ == "__main__":
    main([Path(name) for name in sys.argv[1:]])
