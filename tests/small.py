"""Settings under which a whole study takes seconds, for tests of the whole way."""

from pathlib import Path
from typing import Any

from gangru.cli.sources import ingest_into
from gangru.study.simulated import FOLDER, simulate_market
from gangru.study.workspace import Workspace, init_workspace, open_workspace

SMALL: dict[str, Any] = {
    "simulate.stocks": 90,
    "simulate.first": "2018-01-02",
    "simulate.last": "2019-08-30",
    "simulate.new_listings": 0.2,
    "features.window": 20,
    "features.min_bars": 16,
    "training.first": "2018-12-31",
    "training.sample_dates": 16,
    "training.threads": 1,
    "training.min_stocks": 10,
    "gan.generator_hidden": 8,
    "gan.discriminator_channels": [4, 8],
    "gan.max_epochs": 2,
    "gan.min_epochs": 1,
    "predictor.hidden": 8,
    "predictor.mlp": [8],
    "predictor.max_epochs": 2,
    "evaluation.min_stocks": 10,
    "evaluation.bootstrap_samples": 100,
    "report.static_charts": False,
}


def small_workspace(root: Path, **changes: Any) -> Workspace:
    """A workspace with a small simulated market in its store; `changes` are SECTION__KEY=value."""
    init_workspace(root, SMALL | {name.replace("__", "."): value for name, value in changes.items()})
    workspace = open_workspace(root)
    simulate_market(workspace)
    ingest_into(root, [root / FOLDER])
    return workspace
