"""What a program prints under two seeds of Python's hashes, which give sets another order."""

import os
import subprocess
import sys
from pathlib import Path

BEGINNING = f"""
import hashlib, sys
from dataclasses import replace
sys.path[:0] = {[str(Path(__file__).parents[1]), str(Path(__file__).parent)]!r}
from made_up_edition import make_contents
contents = make_contents()
def tell(written): print(hashlib.sha256(written).hexdigest(), len(written))
"""


def told_under_two_seeds(program: str) -> list[str]:
    """What each of two processes says that has `contents`, and `tell` for digest and length of some bytes.

    They run one after the other, so that a clock would tell them apart as well.
    """
    said = []
    for seed in ("1", "2"):
        done = subprocess.run(
            [sys.executable, "-c", BEGINNING + program],
            env=os.environ | {"PYTHONHASHSEED": seed}, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        said.append(done.stdout)
    return said
