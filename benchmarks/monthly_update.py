"""Seconds and memory of a month's update of the full real market, printed as a table.

    python benchmarks/monthly_update.py FOLDER [--data DIR] [--runs N]

FOLDER gets the workspace as it stands before the update and is used again by the next call. Each command is a process
of its own, start-up included, on a copy of that workspace; then one process does the whole, `gangru run`. Printed are
the wall and processor seconds, the peak memory, and what the results hash to: two versions of the code can be compared.
"""

import argparse
import hashlib
import json
import os
import shutil
import statistics
import tempfile
from dataclasses import dataclass
from pathlib import Path

import polars as pl
from child import run_child
from monthly_workspace import GANGRU, MONTH, gangru, make_workspace

DATA = Path(__file__).resolve().parents[2] / "shared" / "data" / "ashare"
AIM = "60 s on two cores"


@dataclass(frozen=True)
class Measured:
    """One command: wall seconds, processor seconds, and the most memory it held, in GB."""

    name: str
    wall: float
    cpu: float
    gigabytes: float


def main() -> None:
    """Make the workspace where it is missing, update copies of it, and print what that took."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("--data", type=Path, default=DATA)
    parser.add_argument("--runs", type=int, default=3, help="of which the medians are printed")
    asked = parser.parse_args()
    if not asked.data.exists():
        print(f"the full real data are not at {asked.data}: nothing measured")
        return
    folder = asked.folder.resolve()
    before, month = folder / "before", folder / "month"
    if not (folder / "READY").exists():
        make_workspace(asked.data.resolve(), before)
        (folder / "READY").touch()
    # The month before is that of the code that is measured: what other code made would not be kept.
    gangru("factor", "-C", before)
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f} before, medians of {asked.runs}; aim {AIM}")
    one_by_one(before, month, asked.runs)
    at_once(before, month, asked.runs)


def one_by_one(before: Path, month: Path, runs: int) -> None:
    """The commands as a person gives them, each a process."""
    commands = {
        "ingest": ("ingest", str(month)),
        "factor": ("factor",),
        "evaluate": ("evaluate",),
        "report": ("report", "--month", MONTH),
    }
    done: dict[str, list[Measured]] = {name: [] for name in commands}
    hashes = ""
    for _ in range(runs):
        with copied(before) as place:
            root = Path(place) / "ws"
            for name, command in commands.items():
                done[name].append(measured(name, *command, "-C", str(root)))
            hashes = hashes_of(root)
    rows = [median(name, measures) for name, measures in done.items()]
    for row in rows:
        told(row)
    told(total("all four", rows))
    print(hashes)


def at_once(before: Path, month: Path, runs: int) -> None:
    """The same by one command."""
    done, hashes = [], ""
    for _ in range(runs):
        with copied(before) as place:
            root = Path(place) / "ws"
            done.append(measured("run", "run", str(month), "-C", str(root)))
            hashes = hashes_of(root)
    told(median("run, all in one process", done))
    print(hashes)


def copied(before: Path) -> "tempfile.TemporaryDirectory[str]":
    """A folder that holds a copy of the workspace as ws, and goes when it is left."""
    place = tempfile.TemporaryDirectory(dir=before.parent)
    shutil.copytree(before, Path(place.name) / "ws")
    return place


def measured(name: str, *command: str) -> Measured:
    """Run a command as a process of its own; raises where it fails."""
    used, _ = run_child(*GANGRU, *command)
    return Measured(name, used.wall, used.cpu, used.gigabytes)


def median(name: str, measures: list[Measured]) -> Measured:
    """Medians of several runs of a command."""
    wall = statistics.median(one.wall for one in measures)
    cpu = statistics.median(one.cpu for one in measures)
    return Measured(name, wall, cpu, max(one.gigabytes for one in measures))


def total(name: str, rows: list[Measured]) -> Measured:
    """Seconds of commands one after another, and the most that one of them held."""
    return Measured(
        name, sum(row.wall for row in rows), sum(row.cpu for row in rows), max(row.gigabytes for row in rows)
    )


def told(row: Measured) -> None:
    """Print a line."""
    print(
        f"{row.name:<28}{row.wall:>8.1f} s wall{row.cpu:>8.1f} s processor{row.gigabytes:>7.2f} GB",
        flush=True,
    )


def hashes_of(root: Path) -> str:
    """What the factor, the evaluation and the monthly's figures hash to, whatever the moment of issue."""
    runs, archive = root / "runs" / "main", root / "reports" / "main" / "issued" / MONTH / "001"
    factor = pl.read_parquet(runs / "factor.parquet").sort("date", "code").write_csv().encode()
    evaluation = json.loads((runs / "evaluation.json").read_text("utf-8"))
    parts = {
        "factor": factor,
        "evaluation": json.dumps(evaluation, sort_keys=True).encode(),
        "figures": (archive / "figures.json").read_bytes(),
    }
    return "  ".join(f"{name} {hashlib.sha256(one).hexdigest()[:12]}" for name, one in parts.items())


if __name__ == "__main__":
    main()
