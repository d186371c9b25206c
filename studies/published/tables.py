"""The seven-year study's figures as CSV files and one page of Markdown: tables.py WORKSPACE OUT [STUDY…].

Reads what run.sh left of each study: runs/STUDY/evaluation.json, runs/STUDY/cut.json (the same up to PUBLISHED_END,
its last month cut short there) and the metrics of the trainings; and what explain.sh left in explain/. OUT gets
tables.md and a CSV file a table. Studies that are not there yet are left out, and said so.
"""

import csv
import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from gangru.evaluation.headline import icir
from gangru.evaluation.performance import performance
from gangru.evaluation.significance import bootstrap_interval, newey_west_t

Document = dict[str, Any]
Row = list[str]


def split(cells: str) -> Row:
    """Cells of a row written as one text."""
    return [cell.strip() for cell in cells.split("|")]


PUBLISHED_END = "2025-04-28"
# The broker's own figures to PUBLISHED_END, as its edition of 2025-05 prints them.
PUBLISHED = split(
    "published, to 2025-04-28 | 11.73 | 0.90 | 0.22 | 11.44 | 36.06 | 23.80 | 1.66 |  | 27.29 | 0.83 | 24.89"
)
JUDGED = "2022-01"  # from here on nothing was chosen by what it earns
NAMES = {
    "main": "GAN_GRU, published form",
    "gan-1": "GAN_GRU, seed 1",
    "gan-2": "GAN_GRU, seed 2",
    "gru": "plain GRU",
    "gru-1": "plain GRU, seed 1",
    "gru-2": "plain GRU, seed 2",
    "recon": "GAN_GRU, λ = 10",
    "ae": "AE_GRU",
    "lightgbm": "LightGBM",
    "reversal": "reversal and turnover, no model",
    "best": "best preset",
}


@dataclass(frozen=True)
class Study:
    """One study's evaluations, all months and up to the published day, and its trainings' metrics by date."""

    name: str
    whole: Document
    cut: Document
    folds: dict[str, Document]

    @property
    def title(self) -> str:
        return NAMES.get(self.name, self.name)


def read_study(runs: Path, name: str) -> Study | None:
    """A study where both evaluations are there."""
    files = [runs / name / "evaluation.json", runs / name / "cut.json"]
    if not all(path.exists() for path in files):
        return None
    whole, cut = (json.loads(path.read_text("utf-8")) for path in files)
    folds = {
        path.parent.name: json.loads(path.read_text())
        for path in sorted((runs / name).glob("20*/metrics.json"))
    }
    return Study(name, whole, cut, folds)


def percent(value: float | None, digits: int = 2) -> str:
    """A fraction as percent, without the sign."""
    return "" if value is None or np.isnan(value) else f"{100 * value:.{digits}f}"


def number(value: float | None, digits: int = 2) -> str:
    return "" if value is None or np.isnan(value) else f"{value:.{digits}f}"


def months(document: Document, key: str, first: str = "", last: str = "9") -> np.ndarray:
    """A monthly series between two months, NaN where a month has none."""
    rows = [row[key] for row in document["series"] if first <= row["month"] <= last]
    return np.array([np.nan if value is None else value for value in rows])


def like_published(title: str, ic: np.ndarray, head: Document) -> Row:
    """A row in the published table's columns."""
    return [
        title,
        percent(float(np.nanmean(ic))),
        number(icir(ic)),
        percent(float(ic[-1])),
        percent(float(np.nanmean(ic[-12:]))),
        percent(head["annual_return"]),
        percent(head["annual_volatility"]),
        number(head["return_over_volatility"]),
        number(head["information_ratio"]),
        percent(head["max_drawdown"]),
        number(head["turnover"]),
        percent(head["annual_excess"]),
    ]


def beside_published(studies: Sequence[Study]) -> tuple[Row, list[Row]]:
    """The published figures and ours of the same months."""
    head = split(
        "to 2025-04-28 | IC, % | ICIR | latest, % | 1 year, % | return, % | volatility, % | ret / vol | "
        "excess / TE | max DD, % | turnover | excess, %"
    )
    rows = [PUBLISHED]
    for one in studies:
        t, after = one.cut["headline_t"], one.cut["headline"]
        rows += [
            like_published(f"{one.title}: t to t, rank", months(one.cut, "rank_ic_t_to_t"), t),
            like_published(f"{one.title}: t to t, Pearson", months(one.cut, "ic_t_to_t"), t),
            like_published(f"{one.title}: from t + 1, rank", months(one.cut, "rank_ic"), after),
        ]
    return head, rows


def luck(studies: Sequence[Study]) -> tuple[Row, list[Row]]:
    """How far the months' luck could have carried each mean IC to the published day, and whether it covers theirs."""
    head = split(f"mean IC to {PUBLISHED_END} | months | mean, % | low | high | covers {PUBLISHED[1]} %")
    rows = []
    for one in studies:
        for key, name in (
            ("rank_ic_t_to_t", "t to t, rank"),
            ("ic_t_to_t", "t to t, Pearson"),
            ("rank_ic", "from t + 1, rank"),
            ("ic", "from t + 1, Pearson"),
        ):
            ic = months(one.cut, key)
            low, high = interval_of(ic)
            covers = "" if np.isnan(low) else "yes" if low <= float(PUBLISHED[1]) / 100 <= high else "no"
            count = str(int((~np.isnan(ic)).sum()))
            mean = percent(float(np.nanmean(ic)))
            rows.append([f"{one.title}: {name}", count, mean, percent(low), percent(high), covers])
    return head, rows


def interval_of(ic: np.ndarray) -> tuple[float, float]:
    """The 95 % interval of a mean by blocks of three months; NaN with too few."""
    found = bootstrap_interval(ic, confidence=0.95, samples=2000, block=3.0, seed=0)
    return found or (np.nan, np.nan)


def industries(studies: Sequence[Study]) -> tuple[Row, list[Row]]:
    """The five best industries of the last month and of the last year, by IC and by the long portfolio's excess."""
    head = split(f"industries to {PUBLISHED_END} | 1 | 2 | 3 | 4 | 5 | lost")
    rows = []
    for one in studies:
        for key, name in (
            ("ic_month", "IC of the month, %"),
            ("ic_year", "mean IC of the year, %"),
            ("excess_month", "long excess of the month, %"),
            ("excess_year", "mean monthly long excess of the year, %"),
        ):
            known = [row for row in one.cut["industries"] if row[key] is not None]
            best = sorted(known, key=lambda row: -row[key])[:5]
            cells = [f"{row['industry']} {percent(row[key])}" for row in best]
            lost = str(sum(row[key] < 0 for row in known)) if known else ""
            rows.append([f"{one.title}: {name}", *cells, *[""] * (5 - len(cells)), f"{lost} of {len(known)}"])
    return head, rows


def all_months(studies: Sequence[Study]) -> tuple[Row, list[Row]]:
    """Every study over all months, from t + 1."""
    head = split(
        "all months, from t + 1 | months | rank IC, % | low | high | Pearson, % | ICIR | t | "
        "raw rank IC, % | excess, % | net, % | net IR | net max DD, % | turnover"
    )
    rows = []
    for one in studies:
        h, p = one.whole["headline"], one.whole["headline_pearson"]
        rows.append(
            [
                one.title,
                str(h["months"]),
                percent(h["ic_mean"]),
                percent(h["ic_low"]),
                percent(h["ic_high"]),
                percent(p["ic_mean"]),
                number(h["icir"]),
                number(h["ic_t"], 1),
                percent(one.whole["headline_raw"]["ic_mean"]),
                percent(h["annual_excess"], 1),
                percent(h["net_annual_excess"], 1),
                number(h["net_information_ratio"]),
                percent(h["net_max_drawdown"], 1),
                number(h["turnover"]),
            ]
        )
    return head, rows


def span(one: Study, first: str, last: str) -> Row:
    """Figures of some months alone; net values begin at 1 with the first of them."""
    rank, pearson = (months(one.whole, key, first, last) for key in ("rank_ic", "ic"))
    days = [row for row in one.whole["net_value"] if first <= row["date"][:7] <= last]
    if len(days) < 2 or np.isnan(rank).all():
        return [one.title, f"{first} to {last}", *[""] * 9]
    long, net, benchmark = (np.array([row[key] for row in days]) for key in ("long", "long_net", "benchmark"))
    gross, after = (performance(value / value[0], benchmark / benchmark[0]) for value in (long, net))
    turnover = months(one.whole, "turnover", first, last)
    low, high = interval_of(rank)
    return [
        one.title,
        str(int((~np.isnan(rank)).sum())),
        percent(float(np.nanmean(rank))),
        percent(low),
        percent(high),
        percent(float(np.nanmean(pearson))),
        number(icir(rank)),
        percent(gross.annual_excess, 1),
        percent(after.annual_excess, 1),
        number(after.information_ratio),
        number(float(np.nanmean(turnover))),
    ]


def spans(studies: Sequence[Study], first: str, last: str, title: str) -> tuple[Row, list[Row]]:
    """Every study over a span of months."""
    head = split(
        "months | rank IC, % | low | high | Pearson, % | ICIR | excess, % | net, % | net IR | turnover"
    )
    return [title, *head], [span(one, first, last) for one in studies]


def by_year(studies: Sequence[Study], key: str, title: str) -> tuple[Row, list[Row]]:
    """A monthly series' mean by year."""
    years = sorted({row["month"][:4] for one in studies for row in one.whole["series"]})
    rows = []
    for one in studies:
        means = []
        for year in years:
            own = months(one.whole, key, f"{year}-01", f"{year}-12")
            means.append(percent(float(np.nanmean(own))) if len(own) and not np.isnan(own).all() else "")
        rows.append([one.title, *means])
    return [title, *years], rows


def net_by_year(studies: Sequence[Study]) -> tuple[Row, list[Row]]:
    """The long portfolio's return after costs less the universe's, by calendar year."""
    years = sorted({row["year"] for one in studies for row in one.whole["trading"]["yearly"]})
    rows = []
    for one in studies:
        known = {row["year"]: row["long_net_excess"] for row in one.whole["trading"]["yearly"]}
        rows.append([one.title, *(percent(known.get(year), 1) for year in years)])
    return ["net excess, %", *map(str, years)], rows


def differences(studies: Sequence[Study], base: str) -> tuple[Row, list[Row]]:
    """Each study's monthly rank IC less the base's, paired by month."""
    head = [f"rank IC less that of {NAMES[base]}", "months", "mean, %", "t", "months ahead, %"]
    known = {one.name: one for one in studies}
    if base not in known:
        return head, []
    of_base = {row["month"]: row["rank_ic"] for row in known[base].whole["series"]}
    rows = []
    for one in studies:
        own = {row["month"]: row["rank_ic"] for row in one.whole["series"]}
        both = [m for m in own if own[m] is not None and of_base.get(m) is not None]
        if one.name == base or not both:
            continue
        less = np.array([own[m] - of_base[m] for m in both])
        mean, ahead = float(less.mean()), float((less > 0).mean())
        rows.append(
            [one.title, str(len(less)), percent(mean), number(newey_west_t(less), 1), percent(ahead, 0)]
        )
    return head, rows


def picked(
    studies: Sequence[Study], title: str, part: str, table: str, name: str, value: str
) -> tuple[Row, list[Row]]:
    """A column of a table of the evaluation, named by another of its columns, in percent."""
    found = {one.title: {str(row[name]): row[value] for row in one.whole[part][table]} for one in studies}
    columns = list(dict.fromkeys(key for one in found.values() for key in one))
    return [title, *columns], [
        [title_, *(percent(one.get(c)) for c in columns)] for title_, one in found.items()
    ]


def indices(studies: Sequence[Study]) -> tuple[Row, list[Row]]:
    """Rank IC inside and outside of the indices."""
    found = {
        one.title: {
            f"{row['index']} {row['label']}": row["rank_ic"] for row in one.whole["anatomy"]["by_index"]
        }
        for one in studies
    }
    columns = list(dict.fromkeys(key for one in found.values() for key in one))
    return ["rank IC, %", *columns], [
        [title, *(percent(one.get(c)) for c in columns)] for title, one in found.items()
    ]


def amount(yuan: str) -> str:
    """An account's size as people say it."""
    millions = float(yuan) / 1e6
    return f"{millions / 1000:g} bn yuan" if millions >= 1000 else f"{millions:g} m yuan"


def capacity(studies: Sequence[Study]) -> tuple[Row, list[Row]]:
    """The long portfolio's excess after all costs by the account's size."""
    head, rows = picked(studies, "net excess, %", "trading", "capacity", "account_yuan", "net_annual_excess")
    return [head[0], *map(amount, head[1:])], rows


RESTRICTIONS = {
    "liquid": "no limit at the close, without the least liquid fifth",
    "sound": "no inferred ST, estimated amount or shares on the day",
    "alive": "those that never left the market",
}


def restricted(explain: Path, studies: Sequence[Study]) -> tuple[Row, list[Row]]:
    """A study's figures beside those of some of its stocks alone, as restrict.py picks them; from t + 1."""
    head = split("stocks | rank IC, % | Pearson, % | raw rank IC, % | ICIR | excess, % | net, %")
    rows = []
    for one in studies:
        documents = {"all of the universe": one.whole}
        for name, what in RESTRICTIONS.items():
            path = explain / f"{one.name}-{name}.json"
            if path.exists():
                documents[what] = json.loads(path.read_text("utf-8"))
        if len(documents) == 1:
            continue
        for what, document in documents.items():
            h = document["headline"]
            rows.append(
                [
                    f"{one.title}: {what}",
                    percent(h["ic_mean"]),
                    percent(document["headline_pearson"]["ic_mean"]),
                    percent(document["headline_raw"]["ic_mean"]),
                    number(h["icir"]),
                    percent(h["annual_excess"], 1),
                    percent(h["net_annual_excess"], 1),
                ]
            )
    return head, rows


def health(studies: Sequence[Study]) -> tuple[Row, list[Row]]:
    """The trainings: what was kept, and the GAN's state."""
    head = split(
        "study | training | GAN | GAN epochs | ρ | spread | D's loss | GRU epochs | best | "
        "validation IC, % | minutes"
    )
    rows = []
    for one in studies:
        for date, metrics in one.folds.items():
            if not metrics["epochs"]:  # nothing is learned
                continue
            gan = metrics.get("gan") or {}
            at = gan.get("at_best") or {}
            state = ""
            if gan:
                state = "collapsed twice" if gan["collapsed"] else "restarted" if gan["restarted"] else "ok"
            rows.append(
                [
                    one.title,
                    date,
                    state,
                    f"{gan['best_epoch']}/{gan['epochs']}" if gan else "",
                    number(at.get("correlation")),
                    number(at.get("dispersion_ratio")),
                    number(at.get("valid_d_loss")),
                    str(metrics["epochs"]),
                    str(metrics["best_epoch"] or ""),
                    percent(metrics["best_valid_ic"]),
                    number(sum(metrics["seconds"].values()) / 60, 1),
                ]
            )
    return head, rows


def tables(studies: Sequence[Study], explain: Path) -> dict[str, tuple[Row, list[Row]]]:
    """Every table by its file's name."""
    part = partial(picked, studies)
    return {
        "beside_published": beside_published(studies),
        "luck": luck(studies),
        "industries": industries([one for one in studies if one.name in ("main", "best")]),
        "all_months": all_months(studies),
        "judged": spans(studies, JUDGED, "2025-05", "2022-01 to 2025-05, the judged months"),
        "selection": spans(studies, "2019-02", "2021-12", "2019-02 to 2021-12, the months that were looked at before"),
        "rank_ic_by_year": by_year(studies, "rank_ic", "rank IC, %"),
        "net_excess_by_year": net_by_year(studies),
        "differences": differences(studies, "gru"),
        "indices": indices(studies),
        "deciles": deciles(studies),
        "horizons": part("rank IC by days, %", "anatomy", "horizons", "horizon_days", "rank_ic_mean"),
        "styles": part("correlation with the style, %", "anatomy", "exposures", "style", "rank_correlation"),
        "without_styles": part("rank IC without the style, %", "anatomy", "purified", "removed", "rank_ic"),
        "size": part("rank IC by size, %", "anatomy", "by_size", "label", "rank_ic"),
        "liquidity": part("rank IC by liquidity, %", "anatomy", "by_liquidity", "label", "rank_ic"),
        "capacity": capacity(studies),
        "without_small": part("net excess without, %", "trading", "without", "stocks", "net_annual_excess"),
        "restricted": restricted(explain, studies),
        "trainings": health(studies),
    }  # fmt: skip


def deciles(studies: Sequence[Study]) -> tuple[Row, list[Row]]:
    """Monthly return of each tenth less the universe's."""
    rows = [[one.title, *(percent(row["monthly_excess"]) for row in one.whole["deciles"])] for one in studies]
    return ["monthly excess of the tenth, %", *map(str, range(1, 11))], rows


def markdown(head: Row, rows: list[Row]) -> str:
    """A table; a minus is a minus."""
    lines = ["| " + " | ".join(head) + " |", "| --- |" + " ---: |" * (len(head) - 1)]
    for row in rows:
        shown = [cell.replace("-", "−") if cell.startswith("-") else cell or "–" for cell in row]
        lines.append("| " + " | ".join(shown) + " |")
    return "\n".join(lines) + "\n"


def main() -> None:
    """Write the tables of what is there."""
    runs, out = Path(sys.argv[1]) / "runs", Path(sys.argv[2])
    wanted = sys.argv[3:] or list(NAMES)
    found = {name: read_study(runs, name) for name in wanted}
    studies = [one for one in found.values() if one is not None]
    out.mkdir(parents=True, exist_ok=True)
    page = []
    for name, (head, rows) in tables(studies, Path(sys.argv[1]) / "explain").items():
        if not rows:
            continue
        with (out / f"{name}.csv").open("w", newline="", encoding="utf-8") as file:
            csv.writer(file, lineterminator="\n").writerows([head, *rows])
        page.append(markdown(head, rows))
    (out / "tables.md").write_text("\n".join(page), "utf-8")
    missing = [name for name, one in found.items() if one is None]
    sys.stdout.write(f"{len(studies)} studies → {out}; not there: {', '.join(missing) or 'none'}\n")


if __name__ == "__main__":
    main()
