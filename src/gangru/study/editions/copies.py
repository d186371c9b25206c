"""The published copies: reports/STUDY/YYYY-MM.* are those of the month's last revision."""

from collections.abc import Sequence
from pathlib import Path

from gangru.atomic import write_bytes
from gangru.errors import EditionError
from gangru.study.editions.archive import edition_directory, file_paths
from gangru.study.editions.made_of import file_hash
from gangru.study.editions.record import IssuedEdition


def put_out(
    reports: Path,
    edition: IssuedEdition,
    earlier: Sequence[IssuedEdition],
    wanted: Sequence[str],
    *,
    again: bool = False,
) -> list[str]:
    """Copy a revision's files to where readers find them, and take away those that an earlier one alone has.

    Gives a sentence for each copy that was not what was issued and was put back.
    """
    directory = edition_directory(reports, edition.month, edition.revision)
    own = file_paths(reports, edition)
    notes = []
    for name, path in own.items():
        copy, digest = reports / name, edition.files[path.relative_to(directory).as_posix()]
        if file_hash(path) != digest:
            raise EditionError(
                f"{path} is not what was issued: bring it back from a copy; `gangru editions --verify` names every file"
            )
        there = copy.is_file()
        if there and file_hash(copy) == digest:
            continue
        if there and again:
            notes.append(f"{copy} was not what was issued and was put back")
        if name in wanted or there or not again:
            write_bytes(copy, path.read_bytes())
    for old in earlier:
        for name, path in file_paths(reports, old).items():
            if name not in own and (reports / name).is_file() and same_bytes(path, reports / name):
                (reports / name).unlink()
    return notes


def same_bytes(one: Path, other: Path) -> bool:
    """Whether two files hold the same; a missing one is not the same as anything."""
    return one.is_file() and other.is_file() and file_hash(one) == file_hash(other)
