"""The simulated market in a workspace: made, and used to measure a study against the best possible predictor."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from gangru.evaluation.ic import mean_of_defined, spearman
from gangru.market.simulate.market import simulate
from gangru.market.simulate.write import write_market
from gangru.study.factor_table import write_frame
from gangru.study.inputs import Inputs
from gangru.study.workspace import Workspace

FOLDER, TRUTH = "simulated", "simulated.truth.parquet"
MIN_STOCKS = 20
EVERY = 5  # trading days between the dates on which pRet is measured against the label

DEMO_SETTINGS: dict[str, Any] = {
    "report.title": "Demonstration on a simulated market",
    "simulate.stocks": 500,
    "training.first": "2018-12-31",
    "training.last": "2019-06-30",
    "predictor.hidden": 32,
    "predictor.mlp": [32],
    "predictor.learning_rate": 1e-3,
    "predictor.max_epochs": 12,
    "predictor.patience": 5,
    "gan.generator_hidden": 32,
    "gan.learning_rate": 5e-4,
    "gan.min_epochs": 5,
    "gan.max_epochs": 10,
    "gan.patience": 3,
}
PLAIN_GRU: dict[str, Any] = {"features.generator": "none"}


@dataclass(frozen=True)
class AgainstBest:
    """Mean rank IC of pRet with the 20-day label over out-of-sample dates, ours and the best possible predictor's."""

    study: str
    dates: int
    rank_ic: float | None
    best_rank_ic: float | None

    @property
    def ratio(self) -> float | None:
        """Ours over the best possible; None where either is not known or there is nothing to find."""
        if self.rank_ic is None or not self.best_rank_ic:
            return None
        return self.rank_ic / self.best_rank_ic

    def sentence(self) -> str:
        """What the terminal prints."""
        if self.ratio is None:
            return f"{self.study}: nothing to compare on {self.dates} out-of-sample dates"
        return (
            f"{self.study}: mean rank IC {self.rank_ic:.4f} on {self.dates} out-of-sample dates; the best possible "
            f"predictor has {self.best_rank_ic:.4f}; ratio {self.ratio:.0%}"
        )


def simulate_market(workspace: Workspace) -> dict[str, Any]:
    """Write a simulated market to simulated/ and its expected labels beside it; the content of simulate.json."""
    made = simulate(workspace.settings.simulate)
    folder = workspace.root / FOLDER
    write_frame(workspace.root / TRUTH, made.expected)
    write_market(made, folder)  # its simulate.json comes last of all and says that the rest is there
    facts: dict[str, Any] = json.loads((folder / "simulate.json").read_text(encoding="utf-8"))
    return facts


def simulation_facts(inputs: Inputs) -> dict[str, Any] | None:
    """simulate.json with the ratio this study reached; None where the workspace's market is not simulated."""
    path = inputs.workspace.root / FOLDER / "simulate.json"
    if not path.exists():
        return None
    facts: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    if facts["best_ic"] > 0:
        facts["ratio"] = compare_with_best(inputs).ratio
    return facts


def compare_with_best(inputs: Inputs) -> AgainstBest:
    """Measure every fold's pRet on every fifth day it serves, beside the expected label known to the simulator."""
    expected = expected_matrix(inputs, inputs.workspace.root / TRUTH)
    ours, best = [], []
    for row, stocks, pret in served_predictions(inputs):
        label, ideal = inputs.labels[row, stocks], expected[row, stocks]
        known = np.isfinite(label) & np.isfinite(ideal)
        ours.append(spearman(pret[None, known], label[None, known], MIN_STOCKS)[0])
        best.append(spearman(ideal[None, known], label[None, known], MIN_STOCKS)[0])
    return AgainstBest(
        inputs.workspace.study, len(ours), mean_of_defined(np.array(ours)), mean_of_defined(np.array(best))
    )


def served_predictions(inputs: Inputs) -> list[tuple[int, NDArray[np.int64], NDArray[np.float64]]]:
    """Row, stocks and pRet of every fifth day that a trained fold serves and whose label is known."""
    from gangru.study.predicting import predicted, serving_folds  # loads torch
    from gangru.training.loop import prepare_torch

    settings = inputs.workspace.settings
    prepare_torch(settings.training)
    dates, found = inputs.market.dates, []
    for serving in serving_folds(inputs):
        fold = serving.fold
        rows = np.flatnonzero((dates > fold.trained_on) & (dates <= fold.serves_to))[::EVERY]
        for row in rows[rows + settings.label.reach < len(dates)]:
            made = predicted(inputs, serving, int(row))
            found.append((int(row), made.stocks, made.pret))
    return found


def expected_matrix(inputs: Inputs, path: Path) -> NDArray[np.float64]:
    """Expected labels as (D, N), NaN where there is none."""
    truth = pl.read_parquet(path)
    market = inputs.market
    row = np.searchsorted(market.dates, truth["date"].to_numpy().astype("datetime64[D]"))
    column = np.searchsorted(market.codes, truth["code"].to_numpy().astype(str))
    fits = (row < len(market.dates)) & (column < len(market.codes))
    out = np.full(market.close.shape, np.nan)
    out[row[fits], column[fits]] = truth["expected"].to_numpy()[fits]
    return out
