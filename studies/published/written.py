"""Tables as CSV files and a page; rows of studies that lie on another machine are kept as they were written."""

import csv
from collections.abc import Sequence
from io import StringIO
from pathlib import Path

from reading import EXPLAINING, NAMES, Document, Row, Study

from gangru.atomic import write_text

MONTHLY = ("rank_ic", "ic", "rank_ic_t_to_t", "ic_t_to_t", "excess_return", "turnover")
TITLES = (*NAMES.values(), *(title for title, _ in EXPLAINING.values()))


def read_table(path: Path) -> tuple[Row, list[Row]]:
    """A table as it was written; no columns and no rows where there is none yet."""
    if not path.exists():
        return [], []
    with path.open(newline="", encoding="utf-8") as file:
        head, *rows = csv.reader(file)
    return head, rows


def write_table(path: Path, head: Row, rows: Sequence[Row]) -> None:
    """Replaces the table as a whole: what it keeps may be nowhere else."""
    text = StringIO()
    csv.writer(text, lineterminator="\n").writerows([head, *rows])
    write_text(path, text.getvalue())


def study_of(row: Row) -> str | None:
    """The title of the study that a row is of, in a table whose first column begins with it."""
    return next((title for title in TITLES if row[0] == title or row[0].startswith(f"{title}:")), None)


def with_kept(path: Path, head: Row, rows: Sequence[Row], made: Sequence[Study]) -> list[Row]:
    """`rows`, and from the file at `path` those of studies that are not among `made`, in the order of TITLES.

    ValueError where the file has other columns: its rows cannot stand in this table.
    """
    there, kept = read_table(path)
    now = {None, *(one.title for one in made), *map(study_of, rows)}
    kept = [row for row in kept if study_of(row) not in now]
    if kept and there != head:
        told = "move it away, or run the studies of its rows"
        raise ValueError(f"{path} has columns {there}, this table {head}: {told}")
    order = [None, *TITLES]
    return sorted([*rows, *kept], key=lambda row: order.index(study_of(row)))


def write_monthly(path: Path, studies: Sequence[Study]) -> None:
    """The monthly series of each study, fractions; what later studies are compared with, wherever they are run."""
    head = ["study", "month", *MONTHLY]
    rows = [
        [one.title, row["month"], *("" if row[key] is None else f"{row[key]:.6f}" for key in MONTHLY)]
        for one in studies
        for row in one.whole["series"]
    ]
    write_table(path, head, with_kept(path, head, rows, studies))


def read_monthly(path: Path) -> dict[str, Document]:
    """Title of a study → month → its series; None where a month has no value."""
    head, rows = read_table(path)
    found: dict[str, Document] = {}
    for title, month, *cells in rows:
        values = (float(cell) if cell else None for cell in cells)
        found.setdefault(title, {})[month] = dict(zip(head[2:], values, strict=True))
    return found


def markdown(head: Row, rows: Sequence[Row]) -> str:
    """A table; a minus is a minus."""
    lines = ["| " + " | ".join(head) + " |", "| --- |" + " ---: |" * (len(head) - 1)]
    for row in rows:
        shown = [cell.replace("-", "−") if cell.startswith("-") else cell or "–" for cell in row]
        lines.append("| " + " | ".join(shown) + " |")
    return "\n".join(lines) + "\n"
