"""What a report is made of: sentences, tables, figures, sections; free of language, markup and file format.

`Text` is ours and gets translated; a plain `str` comes from data and is shown as it is.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Literal

import polars as pl

Format = Literal[
    "text",
    "industry",
    "integer",
    "percent",
    "share",
    "ratio",
    "fine",
    "signed",
    "seconds",
    "date",
    "day",
    "month",
    "flag",
]
Scalar = str | int | float | bool | date | None


@dataclass(frozen=True)
class Quantity:
    """A value with the way it is printed: `percent` of 0.1173 is 11.73%, `share` 12%, `ratio` 0.12, `fine`
    0.1173, `signed` +11.7%; `date` of a date
    is written out, `day` its ISO form."""

    value: Scalar
    format: Format


@dataclass(frozen=True)
class Text:
    """A sentence or label in English, its key in the catalogues too, and the values for its {names}."""

    template: str
    values: Mapping[str, Quantity] = field(default_factory=dict)

    def with_values(self, values: Mapping[str, Quantity]) -> "Text":
        """The same text with those of the values that it names."""
        named = {name: value for name, value in values.items() if f"{{{name}}}" in self.template}
        return Text(self.template, named)


Words = Text | str
Cell = Scalar | Text


def text(template: str, /, **values: Quantity) -> Text:
    """A translatable text; the extraction of messages looks for calls of this name."""
    return Text(template, values)


def number(value: float | int | None) -> float | int | None:
    """The value, or None where it is no finite number."""
    return None if value is None or not math.isfinite(value) else value


def percent(value: float | None) -> Quantity:
    """A fraction printed as a percentage of two decimals."""
    return Quantity(number(value), "percent")


def share(value: float | None) -> Quantity:
    """A fraction printed as a whole percentage."""
    return Quantity(number(value), "share")


def ratio(value: float | None) -> Quantity:
    """A number of two decimals."""
    return Quantity(number(value), "ratio")


def integer(value: int | None) -> Quantity:
    """A whole number with its thousands apart."""
    return Quantity(value, "integer")


def month_of(value: str | None) -> Quantity:
    """A month, 'YYYY-MM'."""
    return Quantity(value, "month")


def day(value: date | str | None) -> Quantity:
    """A date, or its ISO form."""
    return Quantity(value, "date")


def verbatim(value: object) -> Quantity:
    """Data printed as they are."""
    return Quantity(None if value is None else str(value), "text")


NOT_DEFINED = text("–: not defined or not known; Data and limits says why.")


@dataclass(frozen=True)
class Column:
    """One column of a table; `format` also tells how it is aligned and how a workbook stores it."""

    key: str
    title: Words
    format: Format = "text"


@dataclass(frozen=True)
class Table:
    """A numbered exhibit of rows.

    `formats`, where given, overrides the columns' formats row by row, for tables with one figure a row.
    `undefined` explains the dash where some cell is one.
    `look`: plain · scroll (long, in its own window) · folded (closed until asked for) · prose (wraps text).
    """

    key: str
    caption: Words
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    formats: tuple[Format, ...] | None = None
    notes: tuple[Words, ...] = ()
    undefined: Words = NOT_DEFINED
    empty: Words | None = None
    marked: frozenset[int] = frozenset()
    look: Literal["plain", "scroll", "folded", "prose"] = "plain"
    exhibit: int = 0

    def quantity(self, row: int, column: int) -> Quantity | Text:
        """The cell with its format, or the text that stands in it."""
        value = self.rows[row][column]
        if isinstance(value, Text):
            return value
        chosen = self.columns[column].format
        if self.formats is not None and chosen != "text":
            chosen = self.formats[row]
        return Quantity(number(value) if isinstance(value, float) else value, chosen)

    @property
    def has_undefined(self) -> bool:
        """Whether some cell is undefined, so that the dash needs its note."""
        return any(number(v) is None if isinstance(v, float) else v is None for row in self.rows for v in row)


ChartKind = Literal[
    "ic", "net_value", "deciles", "decay", "heatmap", "capacity", "exposures", "predictor", "gan", "windows"
]


@dataclass(frozen=True)
class Figure:
    """A numbered exhibit that `gangru.report.charts` draws from `data`.

    `mark` is a position to point out, `level` a value to compare with.
    """

    key: str
    kind: ChartKind
    caption: Words
    data: pl.DataFrame
    mark: float | None = None
    level: float | None = None
    notes: tuple[Words, ...] = ()
    empty: Words | None = None
    exhibit: int = 0


@dataclass(frozen=True)
class Callout:
    """Sentences set apart, in a tone that a reader sees before reading."""

    tone: Literal["good", "bad", "warning", "note"]
    sentences: tuple[Words, ...]


@dataclass(frozen=True)
class Prose:
    """Plain paragraphs, or the points of a list."""

    sentences: tuple[Words, ...]
    bullets: bool = False


@dataclass(frozen=True)
class Diagram:
    """The drawing of the model: window → G → GRU → MLP → pRet, without G where none is used."""

    caption: Words
    generator: str
    days: int
    features: int
    layers: int
    exhibit: int = 0


@dataclass(frozen=True)
class Row:
    """Tables set side by side where the page is wide enough."""

    tables: tuple[Table, ...]


Block = Table | Figure | Callout | Prose | Diagram | Row


@dataclass(frozen=True)
class Section:
    """A titled part of the report; `key` is its anchor."""

    key: str
    title: Words
    blocks: tuple[Block, ...]


@dataclass(frozen=True)
class KeyFigure:
    """One figure of the strip under the title, with a line that sets it in proportion."""

    key: str
    label: Words
    quantity: Quantity
    detail: Words


@dataclass(frozen=True)
class Contents:
    """Everything the report says, in the order it says it, ready for any renderer."""

    study: str
    month: str
    title: Words
    subtitle: Words
    publisher: str
    edition: Table
    banner: Callout | None
    verdict: Callout
    key_figures: tuple[KeyFigure, ...]
    sections: tuple[Section, ...]
    front: tuple[Table, ...] = ()  # the first page's own tables, under the key figures
    generated_at: str | None = None
    language: Literal["en", "zh"] = "en"

    def tables(self) -> tuple[Table, ...]:
        """Every table in reading order."""
        found = [self.edition, *self.front]
        for section in self.sections:
            for block in section.blocks:
                if isinstance(block, Table):
                    found.append(block)
                elif isinstance(block, Row):
                    found.extend(block.tables)
        return tuple(found)

    def figures(self) -> tuple[Figure, ...]:
        """Every chart in reading order."""
        return tuple(
            block for section in self.sections for block in section.blocks if isinstance(block, Figure)
        )
