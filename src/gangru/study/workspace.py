"""The workspace: a directory with study.toml, store/, runs/ and reports/, and the studies that live in it."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from gangru.atomic import write_text
from gangru.errors import SettingsError
from gangru.market.store import Store
from gangru.study.extensions import NONE, Extensions
from gangru.study.settings import (
    EngineChoice,
    Plain,
    StudySettings,
    read_toml,
    settings_from,
    settings_toml,
    toml_value,
    with_overrides,
)

MAIN = "main"
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")
DEVICE = re.compile(r"con|prn|aux|nul|(com|lpt)[1-9]", re.IGNORECASE)  # on Windows no folder's name


@dataclass(frozen=True)
class Workspace:
    """One study in one directory: where its files lie, its settings, and what its user adds from outside."""

    root: Path
    study: str
    settings: StudySettings
    extensions: Extensions = NONE

    def trained_by(self, choice: EngineChoice) -> "Workspace":
        """The same study, trained by another engine this time."""
        return replace(self, settings=choice.of(self.settings))

    @property
    def store(self) -> Store:
        """The market store, a directory of the workspace or a URI."""
        uri = self.settings.data.store
        return Store.open(uri if "://" in uri else self.root / uri, self.settings.data.pins)

    @property
    def runs(self) -> Path:
        """The study's run directories, one a fold."""
        return self.root / "runs" / self.study

    @property
    def factor_path(self) -> Path:
        """The study's factor table."""
        return self.runs / "factor.parquet"

    @property
    def evaluation_path(self) -> Path:
        """The study's evaluation."""
        return self.runs / "evaluation.json"

    @property
    def reports(self) -> Path:
        """The study's reports."""
        return self.root / "reports" / self.study


def init_workspace(root: Path, overrides: Mapping[str, Any] | None = None) -> Path:
    """Write a commented study.toml with every setting; raises SettingsError where there is one already."""
    path = root / "study.toml"
    if path.exists():
        raise SettingsError(f"{path} is there already: edit it, or choose another directory")
    root.mkdir(parents=True, exist_ok=True)
    settings = settings_from(with_overrides({}, overrides or {}), "--set")
    head = "# A gangru study: every setting, with its default or what was chosen instead.\n\n"
    write_text(path, head + settings_toml(settings))
    return path


def open_workspace(root: Path, study: str = MAIN, overrides: Mapping[str, Any] | None = None) -> Workspace:
    """Open a study of the workspace at `root`.

    The study `main` is study.toml itself. Any other is study.toml with the changes remembered in studies/NAME.toml;
    `overrides` (SECTION.KEY → value) are added to them. Raises SettingsError for what does not fit.
    """
    base = read_toml(root / "study.toml")
    where = str(root / "study.toml")
    if study == MAIN:
        if overrides:
            raise SettingsError(
                "--set and --preset make a variant: name it with --study NAME, or edit study.toml"
            )
        return Workspace(root, study, settings_from(base, where))
    known = [MAIN, *sorted(p.stem for p in (root / "studies").glob("*.toml"))]
    check_name(study, known)
    path = root / "studies" / f"{study}.toml"
    remembered: Plain = read_toml(path) if path.exists() else {}
    if not path.exists() and not overrides:
        raise SettingsError(
            f"there is no study {study!r} here ({', '.join(known)}): make it with --set SECTION.KEY=VALUE"
        )
    changes = with_overrides(remembered, overrides or {})
    flat = {
        f"{section}.{key}": value for section, content in changes.items() for key, value in content.items()
    }
    settings = settings_from(with_overrides(base, flat), f"{where} with {path}")
    if changes != remembered:
        path.parent.mkdir(exist_ok=True)
        write_text(path, changes_toml(changes))
    return Workspace(root, study, settings)


def check_name(study: str, known: Sequence[str]) -> None:
    """Raise SettingsError for a name that is no study's on some system, so that a workspace can move to any other.

    `known` are the workspace's studies: one of them in other capitals would share their folders where a file system
    does not tell capitals from small letters, as on Windows and macOS.
    """
    if not NAME.fullmatch(study):
        raise SettingsError(f"--study {study!r}: expected letters, digits, - and _, at most 64")
    if DEVICE.fullmatch(study):
        raise SettingsError(
            f"--study {study!r}: expected a name that a folder can have on every system, and on Windows this one is a "
            f"device's: choose another, as {study}-1"
        )
    for other in known:
        if other != study and other.lower() == study.lower():
            raise SettingsError(
                f"--study {study!r}: expected a name that differs from the others in more than capitals, and there is "
                f"{other!r}, which Windows and macOS take for the same: use that one, or choose another"
            )


def changes_toml(changes: Plain) -> str:
    """The changes of a variant as TOML."""
    sections = [
        "\n".join([f"[{section}]", *(f"{key} = {toml_value(value)}" for key, value in content.items())])
        for section, content in changes.items()
    ]
    return "\n\n".join(sections) + "\n"
