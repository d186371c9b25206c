"""The wheel has all that a run needs: code, templates, catalogues, the command."""

import subprocess
import sys
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def test_the_wheel_has_templates_catalogues_and_the_command(tmp_path: Path) -> None:
    command = [
        sys.executable,
        "-m",
        "build",
        "--wheel",
        "--no-isolation",
        "--outdir",
        str(tmp_path),
        str(ROOT),
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    names = zipfile.ZipFile(next(tmp_path.glob("*.whl"))).namelist()
    sources = ROOT / "src"
    for path in (sources / "gangru").rglob("*"):
        if path.is_file() and "__pycache__" not in path.parts:
            assert str(path.relative_to(sources)) in names
    entry = next(name for name in names if name.endswith("entry_points.txt"))
    assert b"gangru = gangru.cli.app:main" in zipfile.ZipFile(next(tmp_path.glob("*.whl"))).read(entry)
