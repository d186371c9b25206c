"""The dependencies at one end of what pyproject.toml allows, a requirement a line: bounds.py lowest|newest TORCH."""

import re
import sys
import tomllib
from pathlib import Path


def main() -> None:
    """Print each requirement pinned to its lower bound, or as it is; torch by its version where newest."""
    end, torch = sys.argv[1:]
    project = tomllib.loads((Path(__file__).parents[1] / "pyproject.toml").read_text("utf-8"))["project"]
    for wanted in project["dependencies"]:
        name = re.split(r"[<>=]", wanted)[0]
        if end == "lowest":
            sys.stdout.write(wanted.replace(">=", "==") + "\n")
        else:
            sys.stdout.write(f"torch=={torch}\n" if name == "torch" else wanted + "\n")


if __name__ == "__main__":
    main()
