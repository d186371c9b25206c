"""The whole way on a machine without a network: a namespace that has none, and processes that ask for none."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from gangru.study.settings import toml_value
from small import SMALL

ALONE = ["unshare", "--map-root-user", "--net"]

# Every Python that starts runs this first. What compiled code asks for by itself is not seen.
WATCH = """
import sys

HERE = (None, "", "localhost", "127.0.0.1", "::1")

def note(event, arguments):
    if event in ("socket.getaddrinfo", "socket.gethostbyname"):
        host = arguments[0]
    elif event in ("socket.connect", "socket.sendto") and isinstance(arguments[1], tuple):
        host = arguments[1][0]
    else:
        return
    if (host.decode() if isinstance(host, bytes) else host) not in HERE:
        with open({marker!r}, "a") as file:
            print(event, host, file=file)

sys.addaudithook(note)
"""


def may() -> bool:
    """Whether this user may make a namespace without a network."""
    if shutil.which("unshare") is None:
        return False
    return subprocess.run([*ALONE, "true"], capture_output=True, check=False).returncode == 0


def alone(words: list[str], watch: Path) -> "subprocess.CompletedProcess[str]":
    """Python with these words in a namespace without a network, watched by what lies in the folder `watch`."""
    path = os.pathsep.join([str(watch), *filter(None, [os.environ.get("PYTHONPATH")])])
    return subprocess.run(
        [*ALONE, sys.executable, *words],
        env=os.environ | {"OMP_NUM_THREADS": "1", "PYTHONPATH": path},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.skipif(not may(), reason="no namespace without a network can be made here (unshare --net)")
def test_from_simulation_to_report_nothing_asks_for_the_network(tmp_path: Path) -> None:
    marker, watch = tmp_path / "asked", tmp_path / "watch"
    watch.mkdir()
    (watch / "sitecustomize.py").write_text(WATCH.format(marker=str(marker)))
    for call in ("getaddrinfo('example.com', 80)", "create_connection(('192.0.2.1', 80), 1)"):
        assert alone(["-c", f"import socket; socket.{call}"], watch).returncode != 0
    seen = marker.read_text().splitlines()
    assert {"socket.getaddrinfo example.com", "socket.connect 192.0.2.1"} <= set(seen)
    marker.unlink()
    settings = SMALL | {"training.folds": ["2018-12-31"], "report.formats": ["html", "json", "xlsx"]}
    changes = [word for name, value in settings.items() for word in ("--set", f"{name}={toml_value(value)}")]
    root = str(tmp_path / "ws")
    for command in (
        ["init", root, "--simulate", *changes],
        ["run", "-C", root],
        ["evaluate", "-C", root],
        ["doctor", "-C", root],
    ):
        done = alone(["-m", "gangru", *command], watch)
        assert done.returncode == 0, done.stderr
        assert not marker.exists(), marker.read_text()
    assert len(list((tmp_path / "ws" / "reports" / "main").glob("2019-07.*"))) == 3
