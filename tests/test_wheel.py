"""The wheel has all that a run needs: code, templates, catalogues, the command. The sdist has what git has, and nothing else."""

import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


def built(form: str, out: Path) -> Path:
    """The one file that a build of this form, `wheel` or `sdist`, leaves in an empty directory."""
    command = [sys.executable, "-m", "build", f"--{form}", "--no-isolation", "--outdir", str(out), str(ROOT)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    (path,) = out.iterdir()
    return path


def test_the_wheel_has_templates_catalogues_and_the_command(tmp_path: Path) -> None:
    wheel = zipfile.ZipFile(built("wheel", tmp_path))
    names = wheel.namelist()
    sources = ROOT / "src"
    for path in (sources / "gangru").rglob("*"):
        if path.is_file() and "__pycache__" not in path.parts:
            assert str(path.relative_to(sources)) in names
    entry = next(name for name in names if name.endswith("entry_points.txt"))
    assert b"gangru = gangru.cli.app:main" in wheel.read(entry)


def test_the_sdist_has_the_files_that_git_does_not_ignore_and_no_environment_or_store(tmp_path: Path) -> None:
    tracked = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if tracked.returncode:
        pytest.skip("no git checkout: nothing says which files are the project's")
    with tarfile.open(built("sdist", tmp_path)) as archive:
        names = {name.split("/", 1)[1] for name in archive.getnames()}
    assert names - {"PKG-INFO"} == set(tracked.stdout.split("\n")) - {""}
