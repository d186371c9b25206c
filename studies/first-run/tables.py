"""Prints the tables of docs/results/first-run.md from a workspace's runs, as Markdown: `tables.py WORKSPACE`."""

import json
import sys
from pathlib import Path
from typing import Any

STUDIES = {"gru": "plain GRU", "main": "GAN_GRU"}
HEADLINES = {
    "headline": "factor, t+1, Spearman",
    "headline_pearson": "factor, t+1, Pearson",
    "headline_raw": "raw pRet, t+1, Spearman",
    "headline_t": "factor, t to t, Spearman",
}
FIGURES = [
    "months",
    "ic_mean",
    "icir",
    "ic_latest",
    "ic_1y",
    "ic_t",
    "annual_return",
    "annual_volatility",
    "return_over_volatility",
    "information_ratio",
    "max_drawdown",
    "turnover",
    "annual_excess",
    "net_annual_return",
    "net_annual_excess",
]
PLAIN = {"months", "icir", "ic_t", "return_over_volatility", "information_ratio", "turnover"}


def shown(name: str, value: float | None) -> str:
    """A figure as printed."""
    if value is None:
        return "–"
    if name == "months":
        return str(value)
    return f"{value:.2f}" if name in PLAIN else f"{value:.2%}"


def table(head: list[str], rows: list[list[str]]) -> str:
    """A Markdown table."""
    lines = [head, ["---", *["---:"] * (len(head) - 1)], *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines) + "\n"


def headlines(documents: dict[str, Any]) -> str:
    """Every headline figure under each convention, the studies side by side."""
    names = [f"{STUDIES[s]}: {HEADLINES[h]}" for h in HEADLINES for s in documents]
    rows = [
        [name.replace("_", " "), *(shown(name, documents[s][h][name]) for h in HEADLINES for s in documents)]
        for name in FIGURES
    ]
    return table(["figure", *names], rows)


def months(documents: dict[str, Any]) -> str:
    """Monthly rank IC and Pearson IC of the factor, and of the raw prediction."""
    series = {s: {row["month"]: row for row in d["series"]} for s, d in documents.items()}
    keys = sorted(set.union(*(set(rows) for rows in series.values())))
    head = ["month"] + [f"{STUDIES[s]}: {what}" for s in series for what in ("stocks", "rank IC", "IC")]
    rows = [
        [
            m,
            *(
                t
                for s in series
                for t in (str(series[s][m]["n"]), *(f"{series[s][m][k]:.4f}" for k in ("rank_ic", "ic")))
            ),
        ]
        for m in keys
    ]
    return table(head, rows)


def industries(document: dict[str, Any]) -> str:
    """All industries: IC and long excess, last month and past year."""
    columns = ("ic_month", "ic_year", "excess_month", "excess_year")
    rows = sorted(document["industries"], key=lambda r: -(r["ic_year"] if r["ic_year"] is not None else -9))
    body = [
        [r["industry"], str(r["n"]), *("–" if r[c] is None else f"{r[c]:.4f}" for c in columns)] for r in rows
    ]
    return table(
        ["industry", "stocks", "IC, month", "IC, year", "long excess, month", "long excess, year"], body
    )


def folds(workspace: Path, study: str) -> str:
    """Each fold's epochs, validation IC, GAN state and seconds."""
    rows = []
    for path in sorted(workspace.glob(f"runs/{study}/*/metrics.json")):
        m = json.loads(path.read_text())
        gan, s = m["gan"], m["seconds"]
        state = "–"
        if gan:
            state = f"epoch {gan['best_epoch']} of {gan['epochs']}"
            state += ", restarted" if gan["restarted"] else ""
            state += ", collapsed" if gan["collapsed"] else ""
        dates = f"{m['train_dates']}/{m['purged_dates']}/{m['valid_dates']}"
        kept = f"{m['best_epoch']} of {m['epochs']}"
        valid = f"{m['best_valid_ic']:.4f}"
        rows.append([path.parent.name, dates, kept, valid, state, *(f"{s[k]:.0f}" for k in s)])
    head = [
        "fold",
        "train/purged/valid dates",
        "epoch kept",
        "validation IC",
        "generator",
        "s data",
        "s generator",
        "s predictor",
    ]
    return table(head, rows)


def health(workspace: Path) -> str:
    """The GAN's health at the epoch kept, a fold a row."""
    names = (
        "d_loss",
        "g_loss",
        "d_real_accuracy",
        "d_fake_accuracy",
        "correlation",
        "variance_ratio",
        "dispersion_ratio",
        "distance",
    )
    rows = []
    for path in sorted(workspace.glob("runs/main/*/metrics.json")):
        at_best = json.loads(path.read_text())["gan"]["at_best"]
        rows.append([path.parent.name, *(f"{at_best[name]:.3f}" for name in names)])
    return table(["fold", *(name.replace("_", " ") for name in names)], rows)


def main() -> None:
    """Print all tables."""
    workspace = Path(sys.argv[1])
    documents = {s: json.loads((workspace / "runs" / s / "evaluation.json").read_text()) for s in STUDIES}
    manifests = {
        s: json.loads(next(workspace.glob(f"runs/{s}/*/manifest.json")).read_text()) for s in STUDIES
    }
    for study, manifest in manifests.items():
        sys.stdout.write(
            f"{STUDIES[study]}: commit {manifest['code']['commit']}, seed {manifest['seed']}, "
            f"data versions {manifest['data_versions']}, threads {manifest['hardware']['threads']}\n\n"
        )
    sections = [("Headline figures", headlines(documents)), ("Months", months(documents))]
    for study, name in STUDIES.items():
        sections.append((f"Industries, {name}", industries(documents[study])))
    sections += [(f"Folds, {name}", folds(workspace, study)) for study, name in STUDIES.items()]
    sections.append(("GAN health at the epoch kept", health(workspace)))
    limits = "\n".join(f"- {note}" for note in documents["main"]["data"]["limits"]) + "\n"
    sections.append(("Data", limits))
    for title, text in sections:
        sys.stdout.write(f"### {title}\n{text}\n")


if __name__ == "__main__":
    main()
