"""What a source of market data is: something that yields pieces of tables, and is told when they have landed.

Files, Qlib directories, vendors and the simulator are sources, one file each. A source reads or fetches and translates
into our columns and units; whether a row is any good is decided afterwards, in one place for all of them.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Literal, Protocol

import polars as pl

OnProgress = Callable[[str, float], None]  # a stage and the share of it that is done
Places = Callable[[pl.Series], pl.Series]
Ends = Literal["auto", "exclusive", "inclusive"]


def unheard(_stage: str, _share: float) -> None:
    """Tell nobody how far it has come."""


def same_places(positions: pl.Series) -> pl.Series:
    """Positions as they are: the 0-based row of the piece."""
    return positions.cast(pl.Int64)


def same_rows(rows: pl.DataFrame) -> pl.DataFrame:
    """Rows that are in our units already."""
    return rows


@dataclass(frozen=True)
class Piece:
    """Rows of one kind from one place of a source.

    `kind` is a name of `sources.kinds.KINDS`. `frame` has our column names; its values may be text, and codes may be
    spelled in any of the ways `codes` reads. `origin` says where they come from, a file or a call such as
    `tushare daily 2020-01-02`; it names faults in the quarantine, and a piece of the same origin replaces them.
    `convert` takes the typed rows to our units (shares, yuan, raw prices, fractions). `places` turns positions in
    `frame` into the origin's own rows. `ends` says what an interval's end is in `frame`.
    """

    kind: str
    frame: pl.DataFrame
    origin: str
    convert: Callable[[pl.DataFrame], pl.DataFrame] = same_rows
    places: Places = same_places
    ends: Ends = "exclusive"
    taxonomy: str = "sw"  # of industries without one of their own
    blank: int = 0  # blank lines left out of the frame
    ignored: tuple[str, ...] = ()  # columns that no table has
    notes: tuple[str, ...] = ()  # what was decided on reading


@dataclass(frozen=True)
class Span:
    """The days asked of a source, both included; None is as far as it goes."""

    since: date | None = None
    until: date | None = None


class Source(Protocol):
    """A way for market data to come in."""

    @property
    def name(self) -> str:
        """What the source is called."""
        ...

    def pieces(self, on_progress: OnProgress) -> Iterator[Piece]:
        """Yield the pieces one after another, calendars first; raises InputError where the source cannot be read.

        What was fetched at a cost is kept by the source until `landed`, so that a stopped ingest goes on where it was.
        """
        ...

    def landed(self) -> None:
        """Hear that every piece is in the store, and let go of what was kept for a second try."""
        ...

    @property
    def notes(self) -> tuple[str, ...]:
        """What a person should know of the reading as a whole, after the last piece."""
        ...

    @property
    def skipped(self) -> tuple[str, ...]:
        """What was passed over, after the last piece."""
        ...
