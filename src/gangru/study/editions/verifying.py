"""Whether the archive still holds what was issued, byte for byte, and whether the published copies do."""

from dataclasses import dataclass
from pathlib import Path

from gangru.errors import EditionError
from gangru.study.editions.archive import edition_directory, file_paths, months_issued, revision_numbers
from gangru.study.editions.made_of import file_hash
from gangru.study.editions.record import RECORD, IssuedEdition, read_edition, read_sealed


@dataclass(frozen=True)
class Fault:
    """One file that is not as it was issued."""

    path: Path
    what: str

    def sentence(self) -> str:
        """As the terminal prints it."""
        return f"{self.path}: {self.what}"


def verify(reports: Path) -> tuple[int, list[Fault]]:
    """Hash every file of the archive and the copies in `reports` again: how many files, and the faults found."""
    checked, faults = 0, []
    for month in months_issued(reports):
        last = None
        for number in revision_numbers(reports, month):
            directory = edition_directory(reports, month, number)
            try:
                last = read_edition(directory)
            except EditionError as error:
                faults.append(Fault(directory / RECORD, str(error)))
                last = None
                continue
            checked += 1 + len(last.files)
            faults += edition_faults(directory, last)
        if last is not None:
            faults += copy_faults(reports, last)
    return checked, faults


def edition_faults(directory: Path, edition: IssuedEdition) -> list[Fault]:
    """What is wrong with the files of one revision."""
    records = [directory / RECORD, *sorted(directory.glob("added-*/added.json"))]
    faults = [Fault(path, "changed since it was issued") for path in records if not read_sealed(path)[1]]
    if edition.files.get("figures.json") != edition.figures_sha256:
        faults.append(Fault(directory / RECORD, "its two hashes of the figures differ"))
    for name, digest in edition.files.items():
        path = directory / name
        if not path.is_file():
            faults.append(Fault(path, "missing"))
        elif file_hash(path) != digest:
            faults.append(Fault(path, "changed since it was issued"))
    return faults


def copy_faults(reports: Path, edition: IssuedEdition) -> list[Fault]:
    """The published copies that are not what the last revision holds; one that was deleted is no fault."""
    found = []
    for name, path in file_paths(reports, edition).items():
        copy = reports / name
        digest = edition.files[
            path.relative_to(edition_directory(reports, edition.month, edition.revision)).as_posix()
        ]
        if copy.is_file() and file_hash(copy) != digest:
            found.append(Fault(copy, f"not what was issued ({edition.name}): `gangru report` puts it back"))
    return found
