"""The seven-year study's monthly figures against each other: studies against one, and one thing changed."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from reading import EXPLAINING, NAMES, Document, Row, Study, number, percent, split

from gangru.evaluation.significance import newey_west_t

SAME_SEED = {"main": "gru", "gan-1": "gru-1", "gan-2": "gru-2"}
COMPARED = split("months | mean, % | t | months ahead, %")
Months = Mapping[str, Document]  # month → its series by name


def pairs(own: Months, base: Months, key: str) -> np.ndarray:
    """A series of two studies, (months that both have, 2)."""
    both = [m for m in own if m in base and own[m][key] is not None and base[m][key] is not None]
    return np.array([[own[m][key], base[m][key]] for m in both]).reshape(-1, 2)


def compared(title: str, both: np.ndarray) -> Row:
    """A study's monthly rank IC less another's, of `both` (months, 2), under COMPARED."""
    less = both[:, 0] - both[:, 1]
    ahead = percent(float((less > 0).mean()), 0)
    return [title, str(len(less)), percent(float(less.mean())), number(newey_west_t(less), 1), ahead]


def differences(studies: Sequence[Study], base: str, monthly: Mapping[str, Months]) -> tuple[Row, list[Row]]:
    """Each study's monthly rank IC less the base's, paired by month; `monthly` by the studies' titles."""
    head = [f"rank IC less that of {NAMES[base]}", *COMPARED]
    rows = []
    for one in studies:
        both = pairs(monthly[one.title], monthly.get(NAMES[base], {}), "rank_ic")
        if one.name != base and len(both):
            rows.append(compared(one.title, both))
    return head, rows


def same_seed(monthly: Mapping[str, Months]) -> tuple[Row, list[Row]]:
    """GAN_GRU's monthly rank IC less that of the plain GRU of the same seed, of all seeds whose months are kept."""
    head = ["rank IC less that of plain GRU of the same seed", *COMPARED]
    rows = []
    for gan, gru in SAME_SEED.items():
        both = pairs(monthly.get(NAMES[gan], {}), monthly.get(NAMES[gru], {}), "rank_ic")
        if len(both):
            rows.append(compared(NAMES[gan], both))
    return head, rows


def of_evaluation(path: Path) -> Months:
    """The months of an evaluation; none where it is not there."""
    document = json.loads(path.read_text("utf-8")) if path.exists() else {"series": []}
    return {row["month"]: row for row in document["series"]}


def changed(runs: Path, monthly: Mapping[str, Months]) -> tuple[Row, list[Row]]:
    """Studies with one thing changed beside the one that they change, in the months that both have, from t + 1.

    What is changed is taken from this workspace where it is there, if only for some trainings.
    """
    head = split(
        "one thing changed | months | rank IC, % | as it was, % | difference, % | t | Pearson, % | as it was, % | "
        "excess a month, % | as it was, %"
    )
    rows = []
    for name, (title, base) in EXPLAINING.items():
        own = of_evaluation(runs / name / "evaluation.json")
        was = of_evaluation(runs / base / "evaluation.json") or monthly.get(NAMES[base], {})
        rank, pearson, excess = (pairs(own, was, key) for key in ("rank_ic", "ic", "excess_return"))
        if not len(rank):
            continue
        less = rank[:, 0] - rank[:, 1]
        means = [percent(float(mean)) for both in (rank, pearson, excess) for mean in both.mean(0)]
        tested = [percent(float(less.mean())), number(newey_west_t(less), 1)]
        rows.append([title, str(len(rank)), *means[:2], *tested, *means[2:]])
    return head, rows
