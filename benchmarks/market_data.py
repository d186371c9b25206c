"""Seconds and peak memory of the market's data on the full real data set, printed as a table; part of `make bench`.

Every step is a process of its own, start-up included, on a workspace in a temporary directory. The data are read in
place from ../shared/data/ashare; without them the benchmark says so and ends.
"""

import datetime
import json
import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import polars as pl
from child import run_child

DATA = Path(__file__).resolve().parents[2] / "shared" / "data" / "ashare"
GANGRU = Path(sys.executable).with_name("gangru")
PANEL = """
import json, resource, sys, time
from pathlib import Path
from gangru.features.catalogue import chosen_features
from gangru.features.panel import build_panel
from gangru.study.inputs import load_inputs
from gangru.study.workspace import open_workspace

def held():
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()

def peak_since(reset=False):
    if reset:
        Path("/proc/self/clear_refs").write_text("5")
    lines = Path("/proc/self/status").read_text().splitlines()
    return 1024 * int(next(line for line in lines if line.startswith("VmHWM")).split()[1])

inputs = load_inputs(open_workspace(Path(sys.argv[1])))
market = inputs.market
loaded = peak_since()
peak_since(reset=True)
started = time.perf_counter()
panel = build_panel(market, chosen_features(inputs.workspace.settings.features.names))
print(json.dumps({"seconds": time.perf_counter() - started, "panel": panel.values.nbytes, "peak": peak_since(),
                  "loaded": loaded, "shape": panel.values.shape}))
"""


@dataclass(frozen=True)
class Measured:
    """One step: what it was, its wall seconds and peak memory, and the aim where there is one."""

    name: str
    seconds: float
    gigabytes: float
    aim: str = ""


def measured(name: str, *command: str | Path, aim: str = "") -> tuple[Measured, str]:
    """Run a command as a process of its own; raises where it fails."""
    used, text = run_child(*command)
    return Measured(name, used.wall, used.gigabytes, aim), text


def one_more_day(folder: Path) -> Path:
    """A day's bars after the last one, made of the last day's: what a daily update brings."""
    last = pl.read_parquet(sorted((DATA / "bars").glob("*.parquet"))[-1])
    day = last["date"].max()
    assert isinstance(day, datetime.date)
    following = day + datetime.timedelta(days=1)
    path = folder / f"{following}.parquet"
    last.filter(pl.col("date") == day).with_columns(pl.lit(following).alias("date")).write_parquet(path)
    return path


def main() -> None:
    """Time the steps and print them."""
    if not DATA.exists():
        sys.stdout.write(f"the full real data are not at {DATA}: nothing measured\n")
        return
    with tempfile.TemporaryDirectory() as place:
        root = Path(place) / "ws"
        subprocess.run([GANGRU, "init", root], check=True, capture_output=True)
        rows = []
        first, _ = measured("ingest, first", GANGRU, "ingest", DATA, "-C", root, aim="60 s, 4 GiB")
        rows.append(first)
        again, _ = measured("ingest, the same again", GANGRU, "ingest", DATA, "-C", root, aim="30 s")
        rows.append(again)
        rows.append(measured("update, nothing new", GANGRU, "update", "-C", root)[0])
        day = one_more_day(Path(place))
        rows.append(measured("ingest, one more day", GANGRU, "ingest", day, "-C", root, aim="3 s")[0])
        rows.append(measured("check", GANGRU, "check", "-C", root, aim="60 s")[0])
        rows.append(measured("facts of a day", GANGRU, "facts", "--as-of", "2020-06-30", "-C", root)[0])
        text = measured("panel", sys.executable, "-c", PANEL, root)[1]
        panel = json.loads(text.splitlines()[-1])
        shape, size = panel["shape"], panel["panel"]
        aim = f"20 s, 3 × its {size / 1e9:.2f} GB; here {panel['peak'] / size:.2f} ×"
        name = f"panel of 18 features, {shape[0]} days × {shape[1]} stocks"
        rows.append(Measured(name, panel["seconds"], panel["peak"] / 1e9, aim))
    largest = max(row.gigabytes for row in rows)
    sys.stdout.write(
        f"real A-share data, 8.7 million bars, {os.cpu_count()} cores; the largest process {largest:.2f} GB\n"
    )
    for row in rows:
        sys.stdout.write(f"{row.name:<52}{row.seconds:>8.1f} s{row.gigabytes:>8.2f} GB   {row.aim}\n")


if __name__ == "__main__":
    main()
