"""How time and memory grow with stocks and years: exponents of every command, and a chart; `make bench`.

    .venv/bin/python benchmarks/growth.py [--chart docs/results/growth.svg]

Markets are simulated and not timed; one of Y years has half a year more before it, so that two trainings a year serve
Y years. Every command is a process of its own; seconds are CPU seconds of it and its children, memory is its peak. Of
both an empty run's are subtracted: the same command on 50 stocks and half a year. A training has 11 sample dates and
two epochs of each net on every stock. The exponent is the slope of a least-squares line through the logarithms; a size
counts where it costs at least a tenth of what the empty run does, since less is noise.
"""

import argparse
import os
import sys
import tempfile
from pathlib import Path

import altair as alt
import numpy as np
import polars as pl
import vl_convert
from child import run_child

from gangru.study.simulated import FOLDER, simulate_market
from gangru.study.workspace import init_workspace, open_workspace

STOCKS, YEARS = (500, 1000, 2000, 4000), (1, 2, 4, 8)
BASE_STOCKS, BASE_YEARS, EMPTY = 1000, 2, (50, 0.5)
COMMANDS = ("ingest", "train", "factor", "evaluate", "report")
LEAST = 0.1  # of the empty run's: what is below is noise
CHANGES = {
    "training.sample_dates": 11,
    "training.last": "2020-06-30",
    "gan.max_epochs": 2,
    "gan.min_epochs": 1,
    "predictor.max_epochs": 2,
}


def measured(root: Path, stocks: int, years: float) -> list[dict[str, object]]:
    """A row a command on a market of this size."""
    folder = root / f"{stocks}-{years}"
    half_years = round(2 * years)
    first = f"{2020 - half_years // 2}-07-01" if half_years % 2 == 0 else f"{2020 - half_years // 2}-01-02"
    size = {"simulate.stocks": stocks, "simulate.first": first, "simulate.last": "2020-12-31"}
    init_workspace(folder, size | CHANGES)
    simulate_market(open_workspace(folder))
    rows: list[dict[str, object]] = []
    for command in COMMANDS:
        extra = [str(folder / FOLDER)] if command == "ingest" else []
        used, _ = run_child(sys.executable, "-m", "gangru", command, *extra, "-C", folder)
        seconds, megabytes = used.cpu, 1000 * used.gigabytes
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


def say(text: str) -> None:
    """One line of output."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def exponents(rows: pl.DataFrame, empty: pl.DataFrame, size: str) -> pl.DataFrame:
    """command, measure, exponent along `size`, and how many sizes it rests on; None where fewer than three count."""
    found = []
    for command in COMMANDS:
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
    asked = given.parse_args()
    sizes = [(s, BASE_YEARS) for s in STOCKS] + [(BASE_STOCKS, y) for y in YEARS if y != BASE_YEARS]
    if asked.small:
        sizes = [(100, 1), (200, 1), (100, 2)]
    with tempfile.TemporaryDirectory() as folder:
        empty = pl.DataFrame(measured(Path(folder), *EMPTY))
        rows = pl.DataFrame([row for size in sizes for row in measured(Path(folder), *size)])
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
