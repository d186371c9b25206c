"""How a table fits on A4: how many of its rows are printed, in which type, upright or across."""

from collections.abc import Iterator, Sequence
from typing import Literal

from gangru.report.blocks import Table
from gangru.report.languages import Language
from gangru.report.render.width import digits, double

PRINTED_STOCKS = (
    100  # rows of a list of stocks; whoever wants all of them computes with them, in the workbook
)
MEASURED_ROWS = 200
PAGE_POINTS = 510.0  # 180 mm between the margins
HALF_POINTS = 246.0  # two tables side by side, 6 mm apart
DIGIT = 0.56  # width of a digit in the type's size, a little more than the mean letter
PROSE_DIGITS = 22  # columns of text wider than this break into lines

Fit = Literal["", "dense", "landscape"]


def printed_rows(table: Table) -> int:
    """How many rows are printed: all, but of a list of stocks the first `PRINTED_STOCKS`."""
    of_stocks = any(column.key == "code" for column in table.columns)
    return min(len(table.rows), PRINTED_STOCKS) if of_stocks else len(table.rows)


def fit_of(table: Table, chosen: Language) -> Fit:
    """Plain where it fits in 8 pt, dense where it takes 7.5 pt and narrow gaps, else on a page of its own, across."""
    if table.look == "prose" or width_in_points(table, chosen, size=8.0, gap=9.0) <= PAGE_POINTS:
        return ""
    return "dense" if width_in_points(table, chosen, size=7.5, gap=5.7) <= PAGE_POINTS else "landscape"


def beside(tables: Sequence[Table], chosen: Language) -> Iterator[Sequence[Table]]:
    """Two by two where both fit in half a page, one by one else."""
    waiting: list[Table] = []
    for table in tables:
        if width_in_points(table, chosen, size=7.5, gap=5.7) > HALF_POINTS:
            yield from ([one] for one in waiting)
            yield [table]
            waiting = []
        elif waiting:
            yield [*waiting, table]
            waiting = []
        else:
            waiting = [table]
    yield from ([one] for one in waiting)


def width_in_points(table: Table, chosen: Language, *, size: float, gap: float) -> float:
    """What a table needs so that no number is broken, and text only where it is long."""
    total = 0.0
    for j, column in enumerate(table.columns):
        shown = [
            digits(chosen.quantity(table.quantity(i, j))) for i in range(min(len(table.rows), MEASURED_ROWS))
        ]
        widest = max(shown, default=0)
        if column.format in ("text", "industry"):
            widest = min(widest, PROSE_DIGITS)
        heading = max((digits(word) for word in words_of(chosen.words(column.title))), default=0)
        total += max(widest, heading) * DIGIT * size + gap
    return total


def words_of(heading: str) -> list[str]:
    """The parts that a heading breaks into; Chinese breaks anywhere, and three characters of it stay together."""
    return [part[:3] if double(part[0]) else part for part in heading.split()]
