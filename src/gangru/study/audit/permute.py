"""Labels shuffled within each date: whoever still finds an IC in them has seen what it should not have.

M dates × N stocks. The band is that of chance, from shuffles of the very scores and labels that are measured.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.stats import norm

from gangru.errors import EvaluationError
from gangru.evaluation.ic import unit_deviations
from gangru.market.ranks import average_ranks
from gangru.study import predicting, stages
from gangru.study.audit.result import Check, Verdict
from gangru.study.factor_table import FactorTable
from gangru.study.inputs import Inputs
from gangru.study.predicting import ServingFold
from gangru.training.batches import FoldData, Sample

DRAWS = 500
CONFIDENCE = 0.999
Floats = NDArray[np.float64]
Random = np.random.Generator


def with_shuffled_labels(data: FoldData, random: Random, *, train: bool = True) -> FoldData:
    """The samples with their labels shuffled within each date; stocks without a label stay without.

    Where `train` is false only the validation dates' are.
    """

    def shuffled(sample: Sample) -> Sample:
        label = sample.label_N.copy()
        known = np.isfinite(label)
        label[known] = random.permutation(label[known])
        return replace(sample, label_N=label)

    return replace(
        data,
        train=tuple(shuffled(s) for s in data.train) if train else data.train,
        valid=tuple(shuffled(s) for s in data.valid),
    )


def mean_ic(pairs: Sequence[tuple[Floats, Floats]]) -> float:
    """Mean Spearman IC over dates, each a pair of scores and labels, (N,) without gaps."""
    return float(np.mean([unit_ranks(x) @ unit_ranks(y) for x, y in pairs]))


def chance_spread(pairs: Sequence[tuple[Floats, Floats]], random: Random) -> float:
    """The standard deviation of the mean IC where each date's labels are shuffled, from `DRAWS` shuffles."""
    total = np.zeros(DRAWS)
    for x, y in pairs:
        ranks = unit_ranks(y)
        shuffles = random.permuted(np.broadcast_to(ranks, (DRAWS, len(ranks))), axis=1)
        total += shuffles @ unit_ranks(x)
    return float((total / len(pairs)).std())


def unit_ranks(values: Floats) -> Floats:
    """Centred ranks of length 1; zeros where all agree."""
    ranks = average_ranks(values[None, :])
    return np.asarray(np.nan_to_num(unit_deviations(ranks, np.array([float(len(values))])))[0])


def band(spread: float, looks: int) -> float:
    """How far from 0 chance gets the best of `looks` ICs with `CONFIDENCE`: a training keeps its best epoch."""
    return float(spread * norm.ppf(1 - (1 - CONFIDENCE) / 2 / looks))


def training_check(inputs: Inputs, nets: ServingFold, data: FoldData, epochs: int, random: Random) -> Check:
    """The IC on the validation dates' shuffled labels of nets that were trained on shuffled labels."""
    pairs = []
    for sample in data.valid:
        row = inputs.market.date_index(sample.date)
        told = predicting.predicted(inputs, nets, row)
        score = np.full(len(inputs.market.codes), np.nan)
        score[told.stocks] = told.pret
        own = score[np.searchsorted(inputs.market.codes, sample.codes_N)]
        both = np.isfinite(own) & np.isfinite(sample.label_N)
        if both.sum() > 1:
            pairs.append((own[both], sample.label_N[both]))
    labels = sum(len(s.label_N) for s in (*data.train, *data.valid))
    return chance_check("trained on shuffled labels", pairs, labels, epochs, random)


def chance_check(
    name: str, pairs: list[tuple[Floats, Floats]], shuffled: int, looks: int, random: Random
) -> Check:
    """Whether a mean IC lies inside the band of chance."""
    count = sum(len(x) for x, _ in pairs)
    what = "labels, within each date"
    if not pairs:
        return Check(name, None, what, shuffled, 0, "dates", 0, "not checked", "no date has two labels")
    ic, reach = mean_ic(pairs), band(chance_spread(pairs, random), looks)
    return inside(name, what, shuffled, ic, reach, len(pairs), count * 16)


def inside(name: str, what: str, shuffled: int, ic: float, reach: float, dates: int, size: int) -> Check:
    """The verdict on one mean IC."""
    verdict: Verdict = "holds" if abs(ic) <= reach else "LEAK"
    finding = f"mean IC {ic:+.4f}, chance reaches ±{reach:.4f}"
    return Check(name, None, what, shuffled, dates, "dates", size, verdict, finding)


def evaluation_check(inputs: Inputs, table: pl.DataFrame, random: Random) -> Check:
    """The mean IC that the evaluation finds in a factor shuffled within each date: the same as shuffling returns."""
    name, what = "evaluated on shuffled labels", "factors against returns, within each date"
    parts = [
        day.with_columns(pl.Series("factor", random.permutation(day["factor"].to_numpy())))
        for day in table.drop_nulls("factor").partition_by("date", maintain_order=True)
    ]
    nothing = Check(name, None, what, 0, 0, "months", 0, "not checked", "no month's return is known")
    if not parts:
        return nothing
    shuffled = pl.concat(parts)
    try:
        series = stages.evaluate(inputs, FactorTable(shuffled, pl.DataFrame())).series
    except EvaluationError as error:
        return replace(nothing, finding=str(error))
    known = series.filter(pl.col("rank_ic").is_finite())
    if known.is_empty():
        return nothing
    # A shuffled rank correlation of n stocks has the variance 1 / (n − 1) (Kendall & Stuart, 31.19).
    variance = (1 / (known["n"].cast(pl.Float64) - 1)).to_numpy()
    reach = band(float(np.sqrt(variance.sum()) / len(known)), 1)
    ic = float(known["rank_ic"].to_numpy().mean())
    checked = inside(name, what, len(shuffled), ic, reach, len(known), int(known["n"].sum()) * 16)
    return replace(checked, unit="months")
