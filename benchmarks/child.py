"""A command as a process of its own: its seconds and its own peak memory.

On Linux a process begins with the peak of the one that started it. A small one in between keeps that of a benchmark
that has loaded a market out of the figure.
"""

import json
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

BETWEEN = """
import json, os, sys, time
started = time.perf_counter()
child = os.posix_spawnp(sys.argv[2], sys.argv[2:], os.environ)
_, status, used = os.wait4(child, 0)
wall = time.perf_counter() - started
with open(sys.argv[1], "w") as told:
    json.dump({"wall": wall, "cpu": used.ru_utime + used.ru_stime, "gigabytes": used.ru_maxrss / 1e6}, told)
sys.exit(1 if status else 0)
"""


@dataclass(frozen=True)
class Used:
    """Wall and processor seconds of a process and its children, and its peak memory."""

    wall: float
    cpu: float
    gigabytes: float


def run_child(*command: str | Path) -> tuple[Used, str]:
    """Run a command; what it used, and what it printed. Ends the benchmark with its output where it fails."""
    with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryFile("w+") as output:
        told = Path(folder) / "used.json"
        done = subprocess.run(
            [sys.executable, "-S", "-c", BETWEEN, told, *map(str, command)],
            stdout=output,
            stderr=subprocess.STDOUT,
            check=False,
        )
        output.seek(0)
        text = output.read()
        if done.returncode:
            raise SystemExit(f"{' '.join(map(str, command))} failed: {text}")
        return Used(**json.loads(told.read_text())), text
