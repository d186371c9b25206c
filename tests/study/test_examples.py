"""The notebooks and the documentation's programs run as they stand."""

import os
import re
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

ROOT = Path(__file__).parents[2]
NOTEBOOKS = sorted((ROOT / "examples").glob("*.ipynb"))
ELSEWHERE = {"report-json", "qlib"}  # run by test_report_schema on a real edition, and needs Qlib itself
PAGES = [
    page
    for page in (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")))
    if "```python" in page.read_text("utf-8") and page.stem not in ELSEWHERE
]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_runs_from_top_to_bottom(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    notebook = nbformat.read(path, as_version=4)
    assert not any(cell.get("outputs") for cell in notebook.cells), "commit notebooks without outputs"
    NotebookClient(
        notebook, timeout=600, kernel_name="python3", resources={"metadata": {"path": tmp_path}}
    ).execute()
    assert not any(out.output_type == "error" for cell in notebook.cells for out in cell.get("outputs", ()))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_pages_program_runs(page: Path, tmp_path: Path) -> None:
    program = "\n".join(re.findall(r"```python\n(.*?)```", page.read_text("utf-8"), re.DOTALL))
    made = subprocess.run(
        [sys.executable, "-c", program],
        cwd=tmp_path,
        env=os.environ | {"OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert made.returncode == 0, made.stderr


def run(*command: str, where: Path) -> subprocess.CompletedProcess[str]:
    """A command with this environment's tools first on the path."""
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    environment = os.environ | {"PATH": path, "OMP_NUM_THREADS": "1", "NO_MKDOCS_2_WARNING": "1"}
    return subprocess.run(command, cwd=where, env=environment, capture_output=True, text=True, check=False)


def test_the_tutorials_commands_run_as_they_stand(tmp_path: Path) -> None:
    blocks = re.findall(r"```bash\n(.*?)```", (ROOT / "docs" / "tutorial.md").read_text("utf-8"), re.DOTALL)
    made = run("bash", "-euo", "pipefail", "-c", "\n".join(blocks), where=tmp_path)
    assert made.returncode == 0, made.stderr
    assert (tmp_path / "toy" / "figures.json").stat().st_size > 1000
    assert sorted(path.parent.name for path in (tmp_path / "toy" / "reports").glob("*/*.html")) == [
        "main",
        "reversal",
    ]


def test_the_reference_is_what_the_code_says() -> None:
    made = run(sys.executable, "tools/reference.py", "--check", where=ROOT)
    assert made.returncode == 0, made.stderr


def test_the_site_builds_without_a_warning(tmp_path: Path) -> None:
    made = run("mkdocs", "build", "--strict", "--site-dir", str(tmp_path / "site"), where=ROOT)
    assert made.returncode == 0, made.stderr
    assert "gangru.study.notebook.Study" in (tmp_path / "site" / "python.html").read_text("utf-8")
