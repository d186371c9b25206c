"""How much of a window a linear reader finds in G(x): `probe.py WORKSPACE STUDY…`, one fold, Markdown.

Ridge regressions from generated windows (every value standardised across training samples, so that their scale does
not matter) to plain summaries of the real windows; R² on the validation dates, whose stocks were not fitted on. What is
not there linearly may still be there otherwise; what is there linearly a GRU can find.
"""

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np

from gangru.study.inputs import Inputs, load_inputs
from gangru.study.jobs import fold_jobs, folds_of
from gangru.study.workspace import open_workspace
from gangru.training.batches import FoldData, Sample
from gangru.training.feeding import regenerate
from gangru.training.trained_fold import load_fold

FOLD = "2018-12-31"
STOCKS, RIDGE = 400, 10.0
SUMMARIES = {
    "close, newest day": lambda x, f: x[:, -1, f["close"]],
    "close, newest less 20 days before": lambda x, f: x[:, -1, f["close"]] - x[:, -21, f["close"]],
    "volume, mean of 5 days": lambda x, f: x[:, -5:, f["volume"]].mean(axis=1),
    "return, mean of 20 days": lambda x, f: x[:, -20:, f["return_1d"]].mean(axis=1),
    "amplitude, mean of 20 days": lambda x, f: x[:, -20:, f["amplitude"]].mean(axis=1),
}


def few(sample: Sample) -> Sample:
    """A draw of a sample's stocks."""
    chosen = np.random.default_rng(sample.day).permutation(len(sample.label_N))[:STOCKS]
    return sample.some(np.sort(chosen))


def r_squared(fit_x: np.ndarray, fit_y: np.ndarray, x: np.ndarray, y: np.ndarray) -> float:
    """Out-of-sample R² of a ridge regression."""
    mean, spread = fit_x.mean(axis=0), fit_x.std(axis=0)
    scale = np.where(spread > 0, 1 / np.where(spread > 0, spread, 1), 0)
    a, b = (fit_x - mean) * scale, (x - mean) * scale
    weights = np.linalg.solve(
        a.T @ a + RIDGE * len(a) / 1000 * np.eye(a.shape[1]), a.T @ (fit_y - fit_y.mean())
    )
    residual = y - fit_y.mean() - b @ weights
    return float(1 - residual @ residual / ((y - y.mean()) @ (y - y.mean())))


def of_study(market: Inputs, root: Path, study: str) -> Inputs:
    """The market under a study's settings, set to the one fold."""
    workspace = open_workspace(root, study)
    training = replace(workspace.settings.training, first=FOLD, last=FOLD, folds=())
    return market.of(replace(workspace, settings=replace(workspace.settings, training=training)))


def probe(inputs: Inputs, data: FoldData | None) -> tuple[dict[str, float], FoldData]:
    """R² of every summary from the study's generator."""
    job = fold_jobs(inputs, folds_of(inputs))[0]
    names = {name: i for i, name in enumerate(inputs.workspace.settings.features.names)}
    if data is None:
        whole = job.load()
        data = FoldData(tuple(map(few, whole.train)), tuple(map(few, whole.valid)), whole.purged)
    net = load_fold(job, len(names)).generator
    assert net is not None
    made = [
        np.concatenate(
            [regenerate(net, s, job.gan, job.training).x_NTF.reshape(len(s.label_N), -1) for s in samples]
        ).astype(np.float64)
        for samples in (data.train, data.valid)
    ]
    real = [np.concatenate([s.x_NTF for s in samples]) for samples in (data.train, data.valid)]
    found = {}
    for what, summary in SUMMARIES.items():
        fit_y, y = (summary(x, names).astype(np.float64) for x in real)
        found[what] = r_squared(made[0], fit_y, made[1], y)
    return found, data


def main() -> None:
    """Print a table: summaries down, studies across."""
    root, studies = Path(sys.argv[1]), sys.argv[2:]
    market = load_inputs(open_workspace(root))
    rows, data = {}, None
    for study in studies:
        rows[study], data = probe(of_study(market, root, study), data)
    print("| R² of | " + " | ".join(studies) + " |")
    print("| --- |" + " ---: |" * len(studies))
    for what in SUMMARIES:
        print(f"| {what} | " + " | ".join(f"{rows[study][what]:.2f}" for study in studies) + " |")


if __name__ == "__main__":
    main()
