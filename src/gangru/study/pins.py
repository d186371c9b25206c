"""Which versions of the store's tables a workspace's studies stand on, and settings that hold a study to some."""

import json
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from gangru.atomic import write_text
from gangru.errors import SettingsError, StoreError
from gangru.market.schema import TABLES
from gangru.market.store import ABSENT
from gangru.study.editions.archive import issued_editions
from gangru.study.editions.record import IssuedEdition
from gangru.study.settings import read_toml
from gangru.study.workspace import MAIN, Workspace, open_workspace

SECTION = "[data.pins]"
HEADER = re.compile(r"^[ \t]*\[data\.pins\].*$\n?", re.MULTILINE)
ENTRY = re.compile(r"^[ \t]*[\w\"'-]+[ \t]*=.*\n?", re.MULTILINE)
NEXT_HEADER = re.compile(r"^[ \t]*\[", re.MULTILINE)
Pins = dict[str, int]


def versions_in_use(root: Path) -> dict[str, set[int]]:
    """The versions that a study of the workspace was trained on, issued an edition from or is pinned to, by table."""
    used: dict[str, set[int]] = {name: set() for name in TABLES}
    trained = [*root.glob("runs/*/*/manifest.json"), *root.glob("runs/*/*/*/manifest.json")]
    manifests = [*trained, *root.glob("runs/*/factor.json")]
    told: list[Mapping[str, Any]] = [recorded_versions(path) for path in manifests]
    told += [edition.inputs.data_versions for edition in editions_in(root)]
    files = [root / "study.toml", *root.glob("studies/*.toml")]
    told += [read_toml(path).get("data", {}).get("pins", {}) for path in files if path.exists()]
    for versions in told:
        for name, version in versions.items():
            if name in used and isinstance(version, int) and version >= 0:
                used[name].add(version)
    return used


def editions_in(root: Path) -> list[IssuedEdition]:
    """Every edition that a study of the workspace issued."""
    return [edition for reports in sorted(root.glob("reports/*")) for edition in issued_editions(reports)]


def recorded_versions(path: Path) -> dict[str, Any]:
    """The data versions that a run's manifest or a factor's origin names.

    Raises StoreError where the file cannot be read: what it stands on must not be dropped.
    """
    try:
        plain = json.loads(path.read_text("utf-8"))
        versions = plain.get("data_versions", {})
    except (OSError, ValueError, AttributeError) as error:
        raise StoreError(
            f"{path} does not say which data it stands on ({error}): mend or delete it"
        ) from error
    return versions if isinstance(versions, dict) else {}


def latest_pins(workspace: Workspace) -> Pins:
    """Pins at the store's present versions; a table that is not there is pinned as absent."""
    return pins_from(workspace.store.unpinned().versions())


def run_pins(workspace: Workspace) -> Pins:
    """Pins at the versions that the study's runs were trained on.

    Raises StoreError where there is no run, or where its runs were trained on different ones.
    """
    runs = sorted(workspace.runs.glob("*/manifest.json"))
    if not runs:
        raise StoreError(f"{workspace.runs} holds no run: train the study, or pin it with --latest")
    told = {path.parent.name: pins_from(recorded_versions(path)) for path in runs}
    first, *_ = told
    for name, pins in told.items():
        if pins != told[first]:
            apart = next(t for t in TABLES if pins.get(t) != told[first].get(t))
            raise StoreError(
                f"{workspace.runs}: run {first} was trained on version {told[first].get(apart)} of {apart}, run {name} "
                f"on {pins.get(apart)}; no pin fits both: delete the older runs, or pin with --latest and train again"
            )
    return told[first]


def pins_from(versions: Mapping[str, int | None]) -> Pins:
    """Versions as pins, in the order of the schema."""
    return {
        name: ABSENT if versions[name] is None else int(versions[name] or 0)
        for name in TABLES
        if name in versions
    }


def write_pins(root: Path, study: str, pins: Pins) -> Path:
    """Hold a study to these versions, or let it go where there are none; the settings file that says so.

    Comments in study.toml stay. Raises SettingsError where the file writes its pins in a way that cannot be edited.
    """
    if study != MAIN:
        open_workspace(root, study)  # names the studies there are where this one is not
        open_workspace(root, study, {"data.pins": pins})
        return root / "studies" / f"{study}.toml"
    path = root / "study.toml"
    there = read_toml(path).get("data", {})
    text = path.read_bytes().decode("utf-8")  # line ends as they are
    pinned = with_pins(text, pins)
    if ("pins" in there and not HEADER.search(text)) or not differs_in_pins_alone(text, pinned, pins):
        raise SettingsError(f"{path}: write the pins of [data] as a table {SECTION}, then pin again")
    write_text(path, pinned)
    return path


def differs_in_pins_alone(before: str, after: str, pins: Pins) -> bool:
    """Whether settings hold exactly these pins after an edit and are otherwise the same."""
    try:
        old, new = tomllib.loads(before), tomllib.loads(after)
    except tomllib.TOMLDecodeError:
        return False
    old.setdefault("data", {}).pop("pins", None)
    return bool(new.setdefault("data", {}).pop("pins", {}) == pins and new == old)


def with_pins(text: str, pins: Pins) -> str:
    """The settings file's text with these entries alone in its table of pins, which is added where it is missing."""
    line = "\r\n" if "\r\n" in text else "\n"
    entries = "".join(f"{name} = {version}{line}" for name, version in pins.items())
    header = HEADER.search(text)
    if header is None:
        gap = "" if not text or text.endswith("\n") else line
        return f"{text}{gap}{line}{SECTION}{line}{entries}" if pins else text
    before, after = text[: header.end()], text[header.end() :]
    following = NEXT_HEADER.search(after)
    end = following.start() if following else len(after)
    gap = "" if before.endswith("\n") else line
    return f"{before}{gap}{entries}{ENTRY.sub('', after[:end])}{after[end:]}"
