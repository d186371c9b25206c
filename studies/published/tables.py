"""The seven-year study's figures as CSV files and one page of Markdown: tables.py WORKSPACE OUT [STUDY…].

Reads what run.sh left of each study: runs/STUDY/evaluation.json, runs/STUDY/cut.json (the same up to PUBLISHED_END,
its last month cut short there) and the metrics of the trainings; and what explain.sh left in explain/. OUT gets
tables.md and a CSV file a table. Studies that are not there are said, and their rows in OUT are kept: machines may
share the work, each naming the studies that it ran. One without cut.json is under way: its figures stand in tables of
their own until it is whole.
"""

import json
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from changed import changed, differences, same_seed
from reading import JUDGED, LAST, NAMES, Row, Study, number, percent, read_evaluated, split
from standing import (
    all_months,
    beside_published,
    by_year,
    industries,
    luck,
    net_by_year,
    spans,
    summary,
)
from written import markdown, read_monthly, read_table, with_kept, write_monthly, write_table


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


def provenance(studies: Sequence[Study]) -> tuple[Row, list[Row]]:
    """What was trained from which source and data, and how long it took."""
    head = split("study | trainings | source | data versions | torch | threads | hours")
    rows = []
    for one in studies:
        learnt = {name: metrics for name, metrics in one.folds.items() if metrics["epochs"]}
        made = [one.manifests[name] for name in learnt or one.folds]
        versions = {f"{k} {v}" for each in made for k, v in each["data_versions"].items() if v is not None}
        hours = sum(sum(metrics["seconds"].values()) for metrics in learnt.values()) / 3600
        rows.append(
            [
                one.title,
                str(len(learnt)),
                *(
                    ", ".join(sorted(found))
                    for found in (
                        {each["code"]["commit"] for each in made},
                        versions,
                        {each["packages"]["torch"] for each in made},
                        {str(each["hardware"]["threads"]) for each in made},
                    )
                ),
                number(hours, 1),
            ]
        )
    return head, rows


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


def under_way(studies: Sequence[Study]) -> dict[str, tuple[Row, list[Row]]]:
    """What the trainings made so far say of studies that have not all of them."""
    head, rows = all_months(studies)
    return {
        "under_way": (["under way: the months so far, from t + 1", *head[1:]], rows),
        "under_way_by_year": by_year(studies, "rank_ic", "under way: rank IC, %"),
    }


def tables(
    studies: Sequence[Study], begun: Sequence[Study], workspace: Path, out: Path
) -> dict[str, tuple[Row, list[Row]]]:
    """Every table by its file's name, of the whole studies and of those that are under way."""
    part = partial(picked, studies)
    monthly = read_monthly(out / "monthly.csv")
    return {
        "summary": summary(studies),
        "beside_published": beside_published(studies),
        "luck": luck(studies),
        "industries": industries([one for one in studies if one.name in ("main", "best")]),
        "all_months": all_months(studies),
        "judged": spans(studies, JUDGED, LAST, "2022-01 to 2025-05, the judged months"),
        "selection": spans(studies, "2019-02", "2021-12", "2019-02 to 2021-12, the months that were looked at before"),
        "rank_ic_by_year": by_year(studies, "rank_ic", "rank IC, %"),
        "net_excess_by_year": net_by_year(studies),
        "differences": differences(studies, "gru", monthly),
        "same_seed": same_seed(monthly),
        "changed": changed(workspace / "runs", monthly),
        "indices": indices(studies),
        "deciles": deciles(studies),
        "horizons": part("rank IC by days, %", "anatomy", "horizons", "horizon_days", "rank_ic_mean"),
        "styles": part("correlation with the style, %", "anatomy", "exposures", "style", "rank_correlation"),
        "without_styles": part("rank IC without the style, %", "anatomy", "purified", "removed", "rank_ic"),
        "size": part("rank IC by size, %", "anatomy", "by_size", "label", "rank_ic"),
        "liquidity": part("rank IC by liquidity, %", "anatomy", "by_liquidity", "label", "rank_ic"),
        "capacity": capacity(studies),
        "without_small": part("net excess without, %", "trading", "without", "stocks", "net_annual_excess"),
        "restricted": restricted(workspace / "explain", studies),
        "trainings": health([*studies, *begun]),
        "provenance": provenance([*studies, *begun]),
    } | under_way(begun)  # fmt: skip


def deciles(studies: Sequence[Study]) -> tuple[Row, list[Row]]:
    """Monthly return of each tenth less the universe's."""
    rows = [[one.title, *(percent(row["monthly_excess"]) for row in one.whole["deciles"])] for one in studies]
    return ["monthly excess of the tenth, %", *map(str, range(1, 11))], rows


def main() -> None:
    """Write the tables of what is there, beside those of what other machines had."""
    workspace, out = Path(sys.argv[1]), Path(sys.argv[2])
    wanted = sys.argv[3:] or list(NAMES)
    found = {name: read_evaluated(workspace / "runs", name) for name in wanted}
    there = [one for one in found.values() if one is not None]
    studies, begun = [one for one in there if one.cut], [one for one in there if not one.cut]
    out.mkdir(parents=True, exist_ok=True)
    write_monthly(out / "monthly.csv", there)
    page = [
        "# The seven-year study, every table\n\nWhat each figure is: [evaluation](../../evaluation.md); the account of "
        "it: [the study](../../study.md). An empty place is –. Each table is a CSV file beside this page; "
        "[monthly.csv](monthly.csv) has the monthly series of the studies that were run since it is kept.\n"
    ]
    for name, (head, rows) in tables(studies, begun, workspace, out).items():
        path = out / f"{name}.csv"
        if rows:
            write_table(path, head, with_kept(path, head, rows, there))
        elif name.startswith("under_way") and path.exists():  # the study may have become whole
            columns, _ = read_table(path)
            kept = with_kept(path, columns, [], there)
            write_table(path, columns, kept) if kept else path.unlink()
        if path.exists():
            page.append(markdown(*read_table(path)))
    (out / "tables.md").write_text("\n".join(page), "utf-8")
    missing = [name for name, one in found.items() if one is None]
    sys.stdout.write(
        f"{len(studies)} studies, {len(begun)} under way → {out}; not there: {', '.join(missing) or 'none'}\n"
    )


if __name__ == "__main__":
    main()
