"""examples/monthly.sh evening by evening: the data are its clock."""

import fcntl
import os
import shutil
import subprocess
import sys
from datetime import date
from pathlib import Path

import polars as pl
import pytest

from gangru.study.simulated import FOLDER, simulate_market
from gangru.study.workspace import init_workspace, open_workspace
from small import SMALL

SCRIPT = Path(__file__).parents[2] / "examples" / "monthly.sh"
SETTINGS = SMALL | {"predictor.kind": "reversal", "features.generator": "none", "report.formats": ["html"]}

pytestmark = pytest.mark.skipif(shutil.which("flock") is None, reason="flock is not installed (util-linux)")


class Evenings:
    """A workspace whose bars reach as far as the evening has come."""

    def __init__(self, root: Path) -> None:
        init_workspace(root, SETTINGS)
        simulate_market(open_workspace(root))
        self.root, self.feed = root, root / "feed"
        shutil.move(root / FOLDER, self.feed)
        self.bars = pl.read_parquet(self.feed / "bars" / "*.parquet")
        shutil.rmtree(self.feed / "bars")
        (self.feed / "simulate.json").rename(root / "simulate.json")
        self.environment = os.environ | {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}

    def reach(self, day: date) -> None:
        """Let the feed have the bars up to a day."""
        self.bars.filter(pl.col("date") <= day).write_parquet(self.feed / "bars.parquet")

    def script(self) -> subprocess.CompletedProcess[str]:
        """One evening's run."""
        return subprocess.run(
            [str(SCRIPT), str(self.root)], env=self.environment, capture_output=True, text=True, check=False
        )

    def issued(self) -> list[str]:
        """The editions, a revision each."""
        found = (self.root / "reports" / "main" / "issued").glob("*/*")
        return sorted(f"{path.parent.name}/{path.name}" for path in found)


def test_a_month_is_issued_on_the_first_evening_that_knows_its_end_and_once(tmp_path: Path) -> None:
    evenings = Evenings(tmp_path / "ws")
    evenings.reach(date(2019, 7, 31))
    gangru = [sys.executable, "-m", "gangru", "ingest", "feed"]
    subprocess.run(gangru, cwd=evenings.root, env=evenings.environment, check=True, capture_output=True)
    for day, expected in (
        (date(2019, 7, 31), ["2019-06/001"]),
        (date(2019, 8, 1), ["2019-06/001", "2019-07/001"]),
        (date(2019, 8, 2), ["2019-06/001", "2019-07/001"]),
    ):
        evenings.reach(day)
        done = evenings.script()
        assert done.returncode == 0, done.stderr
        assert evenings.issued() == expected
    assert (evenings.root / "check.html").exists()
    assert (evenings.root / "reports-main.txt").read_text().strip().endswith("2019-07.html")

    with (evenings.root / ".monthly.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        second = evenings.script()
    assert (second.returncode, second.stderr) == (0, "another run is at work\n")

    (evenings.feed / "bars.parquet").write_bytes(b"broken")
    failed = evenings.script()
    assert failed.returncode == 1
    assert "bars.parquet" in failed.stderr
    assert evenings.issued() == ["2019-06/001", "2019-07/001"]
