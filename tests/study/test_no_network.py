"""The whole way on a machine without a network: a namespace that has none."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from gangru.study.settings import toml_value
from small import SMALL

ALONE = ["unshare", "--map-root-user", "--net"]


def may() -> bool:
    """Whether this user may make a namespace without a network."""
    if shutil.which("unshare") is None:
        return False
    return subprocess.run([*ALONE, "true"], capture_output=True, check=False).returncode == 0


@pytest.mark.skipif(not may(), reason="no namespace without a network can be made here (unshare --net)")
def test_from_simulation_to_report_nothing_asks_for_the_network(tmp_path: Path) -> None:
    settings = SMALL | {"training.folds": ["2018-12-31"], "report.formats": ["html", "json", "xlsx"]}
    changes = [word for name, value in settings.items() for word in ("--set", f"{name}={toml_value(value)}")]
    root = str(tmp_path / "ws")
    for command in (
        ["init", root, "--simulate", *changes],
        ["run", "-C", root],
        ["evaluate", "-C", root],
        ["doctor", "-C", root],
    ):
        done = subprocess.run(
            [*ALONE, sys.executable, "-m", "gangru", *command],
            env=os.environ | {"OMP_NUM_THREADS": "1"},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
    assert len(list((tmp_path / "ws" / "reports" / "main").glob("2019-07.*"))) == 3
