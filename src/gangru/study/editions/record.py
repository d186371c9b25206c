"""What the archive says of an edition that was issued: edition.json, sealed with a hash of itself."""

import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any

from gangru.errors import EditionError
from gangru.study.editions.figures import canonical, sha256

RECORD = "edition.json"
FIGURES = "figures.json"
SCHEMA_VERSION = 1
SEAL = "sha256"
FILE_NAME = re.compile(r"[A-Za-z0-9][\w.+-]*")


@dataclass(frozen=True)
class MadeOf:
    """What an edition was made of.

    data_versions: version by table of the store, None where there was no such table. settings: section → key → value.
    code: version and commit. packages: name → version. factor_rows and factor_sha256 are of the rows up to the
    picks' date. folds: one a training, its name, and name → SHA-256 of its manifest and weights.
    """

    data_versions: Mapping[str, int | None]
    settings: Mapping[str, Mapping[str, Any]]
    code: Mapping[str, str | None]
    packages: Mapping[str, str]
    factor_rows: int
    factor_sha256: str
    folds: tuple[Mapping[str, Any], ...]

    @property
    def sha256(self) -> str:
        """One hash of all of it."""
        return sha256(canonical(asdict(self)))


@dataclass(frozen=True)
class IssuedEdition:
    """One revision of a month's edition, as it was issued.

    issued_at: UTC, to the second, ISO. as_of: the last day of data known to it. month_figures: the month's row of the
    evaluation's series. picks: rank, code, score of the long list. files: name → SHA-256, figures.json among them.
    """

    study: str
    month: str
    revision: int
    reason: str | None
    issued_at: str
    as_of: str
    figures_sha256: str
    settings_sha256: str
    inputs_sha256: str
    headline: Mapping[str, Any]
    month_figures: Mapping[str, Any] | None
    picks_date: str | None
    picks: tuple[Mapping[str, Any], ...]
    inputs: MadeOf
    files: Mapping[str, str]

    @property
    def name(self) -> str:
        """As a person is told of it."""
        return f"{self.month}, revision {self.revision}"

    @property
    def rank_ic(self) -> float | None:
        """The month's rank IC as issued."""
        value = None if self.month_figures is None else self.month_figures.get("rank_ic")
        return float(value) if isinstance(value, int | float) else None

    def content(self) -> bytes:
        """edition.json: the record with the hash of what stands before it."""
        return sealed(asdict(self))


def sealed(document: Mapping[str, Any]) -> bytes:
    """A record as it is written, with its seal."""
    plain = {"schema_version": SCHEMA_VERSION} | json.loads(canonical(dict(document)))
    text = json.dumps(plain | {SEAL: sha256(canonical(plain))}, ensure_ascii=False, indent=1, allow_nan=False)
    return text.encode() + b"\n"


def read_sealed(path: Path) -> tuple[dict[str, Any], bool]:
    """A record, and whether it is as it was written.

    Raises EditionError where the file cannot be read as one.
    """
    try:
        plain = json.loads(path.read_text("utf-8"))
        if not isinstance(plain, dict):
            raise ValueError("it is no object")
    except (OSError, ValueError) as error:
        raise unreadable(path, error) from error
    seal = plain.pop(SEAL, None)
    intact = seal == sha256(canonical(plain))
    version = plain.pop("schema_version", None)
    if version != SCHEMA_VERSION:
        raise unreadable(path, f"its schema_version is {version!r}, expected {SCHEMA_VERSION}")
    return plain, intact


def read_edition(directory: Path) -> IssuedEdition:
    """The edition that a folder of the archive holds, with the renderings added later among its files.

    Raises EditionError where one of its records cannot be read.
    """
    plain, _ = read_sealed(directory / RECORD)
    path = directory / RECORD
    try:
        made_of = MadeOf(**(plain["inputs"] | {"folds": tuple(plain["inputs"]["folds"])}))
        edition = IssuedEdition(**(plain | {"inputs": made_of, "picks": tuple(plain["picks"])}))
    except (KeyError, TypeError) as error:
        raise unreadable(path, error) from error
    wrong = [f.name for f in fields(edition) if not well_typed(f.name, getattr(edition, f.name))]
    if wrong:
        raise unreadable(path, f"{wrong[0]} is {getattr(edition, wrong[0])!r}")
    added: dict[str, str] = {}
    for record in sorted(directory.glob("added-*/added.json")):
        content, _ = read_sealed(record)
        files = content.get("files")
        if not isinstance(files, dict) or not names_files(files):
            raise unreadable(record, "it names no files")
        added |= {f"{record.parent.name}/{name}": str(digest) for name, digest in files.items()}
    return replace(edition, files=dict(edition.files) | added)


def well_typed(name: str, value: object) -> bool:
    """Whether a field holds what whoever reads it counts on."""
    optional = name in ("reason", "picks_date", "month_figures")
    if value is None:
        return optional
    match name:
        case "revision":
            fits = isinstance(value, int) and value > 0
        case "headline" | "month_figures":
            fits = isinstance(value, dict)
        case "files":
            fits = names_files(value)
        case "picks":
            fits = all(isinstance(one, dict) and isinstance(one.get("code"), str) for one in as_tuple(value))
        case "inputs":
            fits = isinstance(value, MadeOf)
        case _:
            fits = isinstance(value, str)
    return fits


def as_tuple(value: object) -> tuple[object, ...]:
    """A sequence as it is, anything else as one thing."""
    return value if isinstance(value, tuple) else (value,)


def names_files(value: object) -> bool:
    """Whether this is file name → hash, and no name leads out of its folder."""
    return isinstance(value, dict) and all(
        FILE_NAME.fullmatch(name) and isinstance(digest, str) for name, digest in value.items()
    )


def unreadable(path: Path, why: object) -> EditionError:
    """The error of a record that is none."""
    return EditionError(
        f"{path} cannot be read as the record of an issued edition ({why}): bring it back from a copy, or move its "
        "folder out of the archive"
    )
