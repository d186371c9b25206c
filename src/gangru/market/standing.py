"""What a stock's standing was on a day: ST or not, in its delisting period, suspended; from whatever source says so.

Of several sources of the ST state the first that knows decides: an observed flag of the day's bar, the stock's own
intervals in the table st, the name of the day, an inferred flag, and last that the table has nothing of the stock: for
a table may be of some stocks alone. Where a better source overrules a worse one, that is counted.
"""

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from gangru.market.intervals import FOREVER

Dates = NDArray[np.datetime64]
Codes = NDArray[np.str_]
Flags = NDArray[np.int8]  # 1, 0, and −1 where unknown

SOURCES = ("observed flag", "st table", "name", "inferred flag", "absence from the st table")
# ST, *ST, SST, S*ST, behind a day's mark for ex-dividend where a source keeps it.
ST_NAME = r"^(?:XD|XR|DR)?S?[*＊]?ST"
DELISTING_NAME = r"^退市|退(?:市)?$"  # a name in the delisting period; its limits are those of no ST stock


@dataclass(frozen=True)
class Evidence:
    """What each source says of ST, all of one shape, in the order in which they are believed."""

    observed: Flags
    table: Flags
    name: Flags
    inferred: Flags
    absence: Flags

    @property
    def parts(self) -> tuple[Flags, ...]:
        """The sources in their order."""
        return self.observed, self.table, self.name, self.inferred, self.absence


def settled(evidence: Evidence) -> Flags:
    """The first known of the sources, elementwise; −1 where none knows."""
    state = np.full(evidence.inferred.shape, -1, dtype=np.int8)
    for part in reversed(evidence.parts):
        np.copyto(state, part, where=part >= 0)
    return state


def deciding_source(evidence: Evidence) -> NDArray[np.int8]:
    """Which of SOURCES decided, elementwise, by position; −1 where none knows."""
    source = np.full(evidence.inferred.shape, -1, dtype=np.int8)
    for place, part in reversed(list(enumerate(evidence.parts))):
        np.copyto(source, np.int8(place), where=part >= 0)
    return source


def disagreements(evidence: Evidence, where: NDArray[np.bool_]) -> dict[str, int]:
    """How many of the elements `where` two sources contradict each other on, by pair; pairs that agree are left out."""
    counts = {}
    parts = list(zip(SOURCES, evidence.parts, strict=True))
    for k, (better, a) in enumerate(parts):
        for worse, b in parts[k + 1 :]:
            if count := int(((a >= 0) & (b >= 0) & (a != b) & where).sum()):
                counts[f"{better} against {worse}"] = count
    return counts


def st_by_table(st: pl.DataFrame, dates: Dates, codes: Codes) -> Flags:
    """What a stock's own rows of the table st say, (D, N): 1 inside one, 0 after one, −1 before its first."""
    said = np.full((len(dates), len(codes)), -1, dtype=np.int8)
    begun = st.group_by("code").agg(pl.col("start").min(), pl.lit(None, dtype=pl.Date).alias("end"))
    for state, intervals in ((0, begun), (1, st)):
        for rows, stock in spans(intervals, dates, codes):
            said[rows, stock] = state
    return said


def st_by_absence(table: Flags, st: pl.DataFrame, dates: Dates) -> Flags:
    """What it says that the table st has nothing of a stock so far, (D, N): 0 from its first start of all, else −1.

    `table` is what `st_by_table` made of it.
    """
    said = np.where(table < 0, np.int8(0), np.int8(-1))
    first = st["start"].to_numpy().astype("datetime64[D]").min() if len(st) else np.datetime64("9999-12-31")
    said[: np.searchsorted(dates, first)] = -1
    return said


def st_by_name(names: pl.DataFrame, dates: Dates, codes: Codes) -> Flags:
    """What the names of the day say, (D, N): 1 for ST, *ST, SST and S*ST, 0 for others, −1 where no name is known."""
    said = np.full((len(dates), len(codes)), -1, dtype=np.int8)
    special = names["name"].str.contains(ST_NAME).to_list()
    for rows, stock, k in numbered_spans(names, dates, codes):
        said[rows, stock] = special[k]
    return said


def in_delisting_period(names: pl.DataFrame, dates: Dates, codes: Codes) -> list[tuple[slice, int]]:
    """The rows on which a stock's name says that it is in its delisting period, each with the stock."""
    return list(spans(names.filter(pl.col("name").str.contains(DELISTING_NAME)), dates, codes))


def spans(frame: pl.DataFrame, dates: Dates, codes: Codes) -> list[tuple[slice, int]]:
    """The rows of `dates` that each interval covers, with the position of its code; what lies outside is left out."""
    return [(rows, stock) for rows, stock, _ in numbered_spans(frame, dates, codes)]


def numbered_spans(frame: pl.DataFrame, dates: Dates, codes: Codes) -> list[tuple[slice, int, int]]:
    """Spans as `spans` has them, each with its row in the frame."""
    if frame.is_empty() or not len(codes):
        return []
    stock = frame["code"].to_numpy().astype(np.str_)
    place = np.minimum(np.searchsorted(codes, stock), len(codes) - 1)
    first = np.searchsorted(dates, frame["start"].to_numpy().astype("datetime64[D]"))
    past = np.searchsorted(dates, frame["end"].fill_null(FOREVER).to_numpy().astype("datetime64[D]"))
    live = np.flatnonzero((codes[place] == stock) & (first < past))
    return [(slice(int(first[k]), int(past[k])), int(place[k]), int(k)) for k in live]
