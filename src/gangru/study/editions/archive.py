"""The archive: reports/STUDY/issued/YYYY-MM/NNN/, one folder a revision, written whole and never changed.

A folder holds edition.json (the record), figures.json (the figures) and the files that readers got. A rendering made
later of the same figures, as in another language, comes as a folder of its own inside, `added-NNN/`, with added.json.
"""

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from gangru.atomic import remove_abandoned, write_directory
from gangru.errors import EditionError
from gangru.evaluation.months import MONTH
from gangru.study.editions.figures import sha256
from gangru.study.editions.record import FIGURES, RECORD, IssuedEdition, read_edition, sealed

ISSUED = "issued"
ADDED = "added.json"
REVISION = re.compile(r"\d{3}")
MOST = 999


def edition_directory(reports: Path, month: str, revision: int) -> Path:
    """Where a revision lies; `reports` is the study's folder of reports."""
    return reports / ISSUED / month / f"{revision:03d}"


def months_issued(reports: Path) -> list[str]:
    """The months that have an issued edition, ascending."""
    folder = reports / ISSUED
    found = sorted(p.name for p in folder.glob("*") if MONTH.fullmatch(p.name)) if folder.is_dir() else []
    return [month for month in found if revision_numbers(reports, month)]


def revision_numbers(reports: Path, month: str) -> list[int]:
    """The revisions of a month, ascending; what was left half-written is none of them."""
    folder = reports / ISSUED / month
    if not folder.is_dir():
        return []
    return sorted(int(p.name) for p in folder.iterdir() if REVISION.fullmatch(p.name) and p.is_dir())


def revisions(reports: Path, month: str) -> list[IssuedEdition]:
    """Every revision of a month's edition, the first one first.

    Raises EditionError where a record cannot be read.
    """
    found = []
    for number in revision_numbers(reports, month):
        directory = edition_directory(reports, month, number)
        edition = read_edition(directory)
        if (edition.month, edition.revision) != (month, number):
            raise EditionError(f"{directory / RECORD} is of {edition.name}: its folder was moved or renamed")
        found.append(edition)
    return found


def issued_editions(reports: Path, before: str | None = None) -> list[IssuedEdition]:
    """Every revision of every month, or of the months before one, in their order."""
    months = [month for month in months_issued(reports) if before is None or month < before]
    return [edition for month in months for edition in revisions(reports, month)]


def put_edition(reports: Path, edition: IssuedEdition, figures: bytes, files: Mapping[str, bytes]) -> None:
    """Archive an edition, whole or not at all.

    `files` are the renderings by name; the record's `files` hold their hashes. Raises FileExistsError where the
    revision is there already, as when another process was faster.
    """
    content = {FIGURES: figures} | dict(files)
    if {name: sha256(one) for name, one in content.items()} != dict(edition.files):
        raise ValueError(f"the record of {edition.name} does not hold the hashes of its files")
    directory = edition_directory(reports, edition.month, edition.revision)
    remove_abandoned(directory.parent)
    write_directory(directory, content | {RECORD: edition.content()})


def add_files(reports: Path, edition: IssuedEdition, files: Mapping[str, bytes], at: datetime) -> None:
    """Put more renderings of the same figures beside an issued edition, recorded with their hashes."""
    directory = edition_directory(reports, edition.month, edition.revision)
    remove_abandoned(directory)
    record = {
        "added_at": stamp(at),
        "figures_sha256": edition.figures_sha256,
        "files": {n: sha256(c) for n, c in files.items()},
    }
    for number in range(1, MOST + 1):
        path = directory / f"added-{number:03d}"
        if path.exists():
            continue
        try:
            write_directory(path, dict(files) | {ADDED: sealed(record)})
        except FileExistsError:  # another process added meanwhile
            continue
        return
    raise EditionError(f"{directory} holds {MOST} additions already: no more are taken")


def file_paths(reports: Path, edition: IssuedEdition) -> dict[str, Path]:
    """File name → where it lies in the archive, of the renderings that readers got; a name stands once.

    Of a name that was added twice at once the first stays.
    """
    directory = edition_directory(reports, edition.month, edition.revision)
    found: dict[str, Path] = {}
    for name in edition.files:
        if name != FIGURES:
            found.setdefault(name.rpartition("/")[2], directory / name)
    return found


def issued_figures(reports: Path, edition: IssuedEdition) -> Any:
    """The figures that a revision was issued with. Raises EditionError where they are not there or were changed."""
    path = edition_directory(reports, edition.month, edition.revision) / FIGURES
    try:
        content = path.read_bytes()
    except OSError as error:
        raise EditionError(
            f"{path}, the issued figures of {edition.name}, cannot be read ({error}): bring it back"
        ) from error
    if sha256(content) != edition.figures_sha256:
        raise EditionError(
            f"{path} is not what was issued (its hash differs): bring it back from a copy; "
            "`gangru editions --verify` names every such file"
        )
    return json.loads(content)


def stamp(at: datetime) -> str:
    """A moment as the archive writes it: UTC, to the second."""
    if at.tzinfo is None:
        raise ValueError("the moment of issue needs a time zone")
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
