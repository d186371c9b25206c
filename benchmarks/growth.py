"""How time and memory grow with stocks and years: exponents of every command, and a chart; `make bench`.

    .venv/bin/python benchmarks/growth.py [--chart docs/results/growth.svg] [--commands ingest,evaluate]

Markets are simulated and not timed; one of Y years has half a year more before it, so that two trainings a year serve
Y years. Every command is a process of its own; seconds are CPU seconds of it and its children, memory is its peak. Of
both an empty run's are subtracted: the same command on 50 stocks and half a year. A training has 11 sample dates and
two epochs of each net on every stock. An evaluation is of random numbers, and that and an ingest, which take a second
or two, are run three times, of which the least seconds count. The exponent is the slope of a least-squares line
through the logarithms; a size counts where it costs at least a tenth of what the empty run does, since less is noise.
"""

import argparse
import os
import shutil
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import altair as alt
import numpy as np
import polars as pl
import vl_convert
from child import Used, run_child

from gangru.study.simulated import FOLDER, simulate_market
from gangru.study.workspace import init_workspace, open_workspace

STOCKS, YEARS = (500, 1000, 2000, 4000), (1, 2, 4, 8)
BASE_STOCKS, BASE_YEARS, EMPTY = 1000, 2, (50, 0.5)
COMMANDS = ("ingest", "train", "factor", "evaluate", "report")
REPEATED = {"ingest": 3, "evaluate": 3}  # which take a second or two: the least seconds count
LEAST = 0.1  # of the empty run's: what is below is noise
CHANGES = {
    "training.sample_dates": 11,
    "training.last": "2020-06-30",
    "gan.max_epochs": 2,
    "gan.min_epochs": 1,
    "predictor.max_epochs": 2,
}


def measured(root: Path, stocks: int, years: float, commands: Sequence[str]) -> list[dict[str, object]]:
    """A row a command on a market of this size."""
    folder = root / f"{stocks}-{years}"
    half_years = round(2 * years)
    first = f"{2020 - half_years // 2}-07-01" if half_years % 2 == 0 else f"{2020 - half_years // 2}-01-02"
    size = {"simulate.stocks": stocks, "simulate.first": first, "simulate.last": "2020-12-31"}
    init_workspace(folder, size | CHANGES)
    simulate_market(open_workspace(folder))
    rows: list[dict[str, object]] = []
    for command in commands:
        found = [one_run(folder, command) for _ in range(REPEATED.get(command, 1))]
        seconds = min(used.cpu for used in found)
        megabytes = 1000 * max(used.gigabytes for used in found)
        rows.append(
            {
                "stocks": stocks,
                "years": float(years),
                "command": command,
                "seconds": seconds,
                "memory": megabytes,
            }
        )
        say(f"{stocks:>6,} stocks {years:>4} years  {command:<9}{seconds:9.1f} s {megabytes:8,.0f} MB")
    return rows


def one_run(folder: Path, command: str) -> Used:
    """What one run of a command takes; an ingest begins without a store, an evaluation is of random numbers."""
    extra: tuple[str | Path, ...] = ()
    if command == "ingest":
        shutil.rmtree(folder / "store", ignore_errors=True)
        extra = (folder / FOLDER,)
    if command == "evaluate":
        extra = ("--factor", random_factor(folder))
    used, _ = run_child(sys.executable, "-m", "gangru", command, *extra, "-C", folder)
    return used


def random_factor(folder: Path) -> Path:
    """A random number for every stock and month-end, made once."""
    path = folder / "random.parquet"
    if not path.exists():
        bars = open_workspace(folder).store.read("bars").select("code", "date")
        ends = (
            bars.select(pl.col("date").unique())
            .group_by(pl.col("date").dt.truncate("1mo"))
            .agg(end=pl.col("date").max())
        )
        table = bars.filter(pl.col("date").is_in(ends["end"].implode())).sort("date", "code")
        drawn = np.random.default_rng(0).standard_normal(len(table))
        table.with_columns(factor=pl.Series(drawn)).write_parquet(path)
    return path


def say(text: str) -> None:
    """One line of output."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def exponents(rows: pl.DataFrame, empty: pl.DataFrame, size: str) -> pl.DataFrame:
    """command, measure, exponent along `size`, and how many sizes it rests on; None where fewer than three count."""
    found = []
    for command in empty["command"]:
        for measure in ("seconds", "memory"):
            nothing = empty.filter(pl.col("command") == command)[measure].item()
            own = rows.filter(pl.col("command") == command).sort(size)
            cost = own[measure].to_numpy() - nothing
            counts = cost >= LEAST * nothing
            slope = (
                float(np.polyfit(np.log(own[size].to_numpy()[counts]), np.log(cost[counts]), 1)[0])
                if counts.sum() >= 3
                else None
            )
            found.append(
                {
                    "along": size,
                    "command": command,
                    "measure": measure,
                    "exponent": slope,
                    "sizes": int(counts.sum()),
                }
            )
    return pl.DataFrame(found)


def chart(rows: pl.DataFrame, empty: pl.DataFrame) -> alt.HConcatChart:
    """Cost over the empty run's against size, both on logarithmic scales, a panel a measure and direction."""
    less = rows.join(empty, on="command", suffix="_empty").with_columns(
        (pl.col("seconds") - pl.col("seconds_empty")).alias("CPU seconds"),
        (pl.col("memory") - pl.col("memory_empty")).alias("megabytes"),
    )
    panels, values = [], {"stocks": list(STOCKS), "years": list(YEARS)}
    for size, fixed in (("stocks", ("years", BASE_YEARS)), ("years", ("stocks", BASE_STOCKS))):
        for measure in ("CPU seconds", "megabytes"):
            data = less.filter((pl.col(fixed[0]) == fixed[1]) & (pl.col(measure) > 0))
            panels.append(
                alt.Chart(data, width=210, height=200, title=f"{measure} over an empty run's")
                .mark_line(point=True)
                .encode(
                    alt.X(
                        size,
                        scale=alt.Scale(type="log"),
                        axis=alt.Axis(values=values[size]),
                    ),
                    alt.Y(measure, scale=alt.Scale(type="log"), title=None),
                    alt.Color("command", sort=list(COMMANDS), title=None),
                )
            )
    return alt.hconcat(*panels)


def main() -> None:
    """Run every size, print the exponents and write chart and rows."""
    given = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    given.add_argument("--chart", type=Path, help="write an SVG here, and the rows as CSV beside it")
    given.add_argument("--small", action="store_true", help="two sizes each way, to see that it runs")
    given.add_argument("--commands", default=",".join(COMMANDS), help="some of them; factor needs train")
    asked = given.parse_args()
    commands = [command for command in COMMANDS if command in asked.commands.split(",")]
    sizes = [(s, BASE_YEARS) for s in STOCKS] + [(BASE_STOCKS, y) for y in YEARS if y != BASE_YEARS]
    if asked.small:
        sizes = [(100, 1), (200, 1), (100, 2)]
    with tempfile.TemporaryDirectory() as folder:
        empty = pl.DataFrame(measured(Path(folder), *EMPTY, commands))
        rows = pl.DataFrame([row for size in sizes for row in measured(Path(folder), *size, commands)])
    along = [
        exponents(rows.filter(pl.col("years") == BASE_YEARS), empty, "stocks"),
        exponents(rows.filter(pl.col("stocks") == BASE_STOCKS), empty, "years"),
    ]
    say(f"\n{os.cpu_count()} cores, load {os.getloadavg()[0]:.2f}\n")
    say("| along | command | of | exponent | sizes |\n| --- | --- | --- | ---: | ---: |")
    for row in pl.concat(along).iter_rows(named=True):
        slope = "–" if row["exponent"] is None else f"{row['exponent']:.2f}"
        say(f"| {row['along']} | {row['command']} | {row['measure']} | {slope} | {row['sizes']} |")
    if asked.chart is not None:
        asked.chart.parent.mkdir(parents=True, exist_ok=True)
        asked.chart.write_text(vl_convert.vegalite_to_svg(chart(rows, empty).to_json()), "utf-8")
        pl.concat([empty, rows]).write_csv(asked.chart.with_suffix(".csv"))


if __name__ == "__main__":
    main()
