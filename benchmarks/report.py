"""Seconds of the monthly's renderings after the evaluation, on a workspace that has a factor.

    python benchmarks/report.py WORKSPACE [--study NAME] [--month YYYY-MM]

The contents are made once; each rendering is timed with its charts, in the order printed.
"""

import argparse
import os
import time
from collections.abc import Callable
from pathlib import Path

from gangru.report.render.html import render_html
from gangru.report.render.pdf import render_pdf
from gangru.report.render.xlsx import render_xlsx
from gangru.study import stages
from gangru.study.edition_contents import edition_contents, evaluated_month
from gangru.study.inputs import load_inputs
from gangru.study.workspace import open_workspace


def main() -> None:
    """Print a line a stage."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("workspace", type=Path)
    parser.add_argument("--study", default="main")
    parser.add_argument("--month", default=None)
    asked = parser.parse_args()
    workspace = open_workspace(asked.workspace, asked.study)
    factor, inputs = stages.read_factor(workspace), load_inputs(workspace)
    evaluation = evaluated_month(inputs, factor, asked.month)
    print(f"{workspace.study} {evaluation.last_month}, load {os.getloadavg()[0]:.1f} before")
    started = time.perf_counter()
    contents = edition_contents(inputs, factor, evaluation, workspace.settings.report)
    print(f"contents                {time.perf_counter() - started:5.1f} s")
    timed("HTML, one language", lambda: render_html(contents, "en").encode())
    timed("workbook", lambda: render_xlsx(contents, "en"))
    print(f"all of these            {time.perf_counter() - started:5.1f} s")
    timed("HTML, both languages", lambda: render_html(contents, "both").encode())
    timed("PDF, Chinese", lambda: render_pdf(contents, "zh"))


def timed(name: str, render: Callable[[], bytes]) -> None:
    """Time one rendering and print its size."""
    started = time.perf_counter()
    size = len(render())
    print(f"{name:<22}  {time.perf_counter() - started:5.1f} s  {size / 1e6:4.1f} MB")


if __name__ == "__main__":
    main()
