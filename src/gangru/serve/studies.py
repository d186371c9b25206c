"""The studies of a workspace as their files tell them, read again whenever a file is another one."""

import json
import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gangru.errors import InputError
from gangru.serve.kept import Memory
from gangru.study.workspace import MAIN, NAME, Workspace, open_workspace

if TYPE_CHECKING:
    import polars as pl

Stamp = tuple[int, int] | None  # modification time in ns and size; None where there is no file


def stamp(path: Path) -> Stamp:
    """What changes whenever a file is written anew."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size


def study_names(root: Path) -> list[str]:
    """Every study that the workspace knows: settings, runs or reports; main first, the others by name."""
    found = {MAIN} | {path.stem for path in root.glob("studies/*.toml")}
    for folder in ("runs", "reports"):
        found |= {path.name for path in root.glob(f"{folder}/*") if path.is_dir()}
    return [MAIN, *sorted(name for name in found if NAME.fullmatch(name) and name.lower() != MAIN)]


@dataclass(frozen=True)
class Study:
    """One study; what is read of it is kept in `memory` under the stamps of its files."""

    root: Path
    name: str
    memory: Memory

    @property
    def runs(self) -> Path:
        """Where its runs lie."""
        return self.root / "runs" / self.name

    @cached_property
    def workspace(self) -> Workspace:
        """Its settings. Raises SettingsError where they are none."""
        files = [self.root / "study.toml", self.root / "studies" / f"{self.name}.toml"]
        key = ("settings", self.name, *(stamp(path) for path in files))
        opened: Workspace = self.memory.get(key, lambda: open_workspace(self.root, self.name))
        return opened

    @cached_property
    def factor_stamp(self) -> Stamp:
        """The stamp of its factor; None where it has none."""
        return stamp(self.runs / "factor.parquet")

    @cached_property
    def evaluation(self) -> dict[str, Any] | None:
        """runs/STUDY/evaluation.json; None where there is none. Raises InputError where it cannot be read."""
        path = self.runs / "evaluation.json"
        mark = stamp(path)
        if mark is None:
            return None
        found: dict[str, Any] = self.memory.get(
            ("evaluation", self.name, mark), lambda: read_evaluation(path)
        )
        return found

    @cached_property
    def span(self) -> tuple[Any, Any, int] | None:
        """First and last factor date and the number of rows; None without a factor."""
        if self.factor_stamp is None:
            return None
        path = self.runs / "factor.parquet"
        found: tuple[Any, Any, int] = self.memory.get(
            ("span", self.name, self.factor_stamp), lambda: factor_span(path)
        )
        return found


def read_evaluation(path: Path) -> dict[str, Any]:
    """An evaluation's document. Raises InputError where the file is none."""
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InputError(
            f"{path} cannot be read ({error}): run `gangru evaluate` to write it anew"
        ) from error
    if not isinstance(document, dict) or not isinstance(document.get("headline"), dict):
        raise InputError(f"{path} is no evaluation: run `gangru evaluate` to write it anew")
    return document


def factor_span(path: Path) -> tuple[Any, Any, int]:
    """First and last date and the number of rows of a factor table, read from one column."""
    scanned = scan_factor(path)
    import polars as pl

    row = (
        scanned.select(first=pl.col("date").min(), last=pl.col("date").max(), rows=pl.len()).collect().row(0)
    )
    return row[0], row[1], int(row[2])


def scan_factor(path: Path) -> "pl.LazyFrame":
    """A factor table, lazily. Raises InputError where the file is none."""
    import polars as pl

    try:
        scanned = pl.scan_parquet(path)
        missing = {"date", "code", "pret", "factor", "fold"} - set(scanned.collect_schema())
    except (OSError, pl.exceptions.PolarsError) as error:
        raise InputError(f"{path} cannot be read ({error}): run `gangru factor` to write it anew") from error
    if missing:
        raise InputError(f"{path} lacks {', '.join(sorted(missing))}: run `gangru factor` to write it anew")
    return scanned


EDITION = re.compile(r"(?P<month>\d{4}-(?:0[1-9]|1[0-2]))(?:[._-][A-Za-z0-9_-]+)*\.(?P<kind>[a-z0-9]{1,8})")


@dataclass(frozen=True)
class Edition:
    """One month's report of a study and the names of its files."""

    month: str
    study: str
    files: tuple[str, ...]


def editions(root: Path, names: list[str]) -> list[Edition]:
    """All editions under reports/, newest month first, a study's name deciding between equals."""
    found: dict[tuple[str, str], list[str]] = {}
    for study in names:
        folder = root / "reports" / study
        for path in folder.iterdir() if folder.is_dir() else ():
            match = EDITION.fullmatch(path.name)
            if match and path.is_file():
                found.setdefault((match["month"], study), []).append(path.name)
    ordered = sorted(sorted(found), key=lambda key: key[0], reverse=True)
    return [Edition(month, study, tuple(sorted(found[month, study]))) for month, study in ordered]
