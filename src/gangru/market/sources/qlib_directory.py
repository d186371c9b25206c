"""Qlib's data directory on disk: a calendar, lists of instruments, and one small binary file a stock and field.

`features/<code>/<field>.day.bin` is little-endian float32: first the 0-based line of `calendars/day.txt` on which the
series begins, then one number a trading day, NaN where there is none. Format: Qlib's `dump_bin.py` and
`FileFeatureStorage` (microsoft/qlib).
"""

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from gangru.errors import InputError
from gangru.market.codes import canonical_codes
from gangru.market.sources.columns import PRICES, read_dates

Days = NDArray[np.datetime64]
Floats = NDArray[np.float32]

DAYS, DAYS_AHEAD = "calendars/day.txt", "calendars/day_future.txt"
INSTRUMENTS, FEATURES = "instruments", "features"
EVERYBODY = "all"  # the list of instruments that is no index
SUFFIX = ".day.bin"
RESERVED = "_qlib_"  # put by Qlib before the names that Windows keeps for devices
ITEM = 4  # bytes of a float32
STILL_SO = date(2099, 12, 31)  # how Qlib's collectors write that a membership lasts
OWN = "gangru"  # our folder inside a directory that we wrote: what Qlib's files have no place for
MANIFEST = f"{OWN}/export.json"
FORMAT = 1


@dataclass(frozen=True)
class QlibDirectory:
    """A directory as found: its days, those of them that lie ahead, the folders of its instruments by name.

    `manifest` is what `gangru export qlib` left, None in a directory of somebody else's.
    """

    root: Path
    days: Days  # what series are positions in
    days_ahead: Days
    folders: Mapping[str, Path]
    manifest: dict[str, Any] | None


@dataclass(frozen=True)
class Block:
    """Rows of several instruments: the folder each is of (R,), its day as a position (R,), its numbers (R,) a field.

    A number that a file has not is NaN; `fields` has every field asked for.
    """

    names: tuple[str, ...]
    name: NDArray[np.int64]  # a position in `names`
    day: NDArray[np.int64]
    fields: dict[str, Floats]


def open_directory(root: Path) -> QlibDirectory:
    """Look at a directory.

    Raises InputError where it is none of Qlib's, its calendar cannot be read, or two folders are one instrument's.
    """
    path = root / DAYS
    if not path.is_file():
        minutes = sorted(file.name for file in (root / "calendars").glob("*.txt"))
        found = (
            f"it has calendars {', '.join(minutes)}; only daily data are read" if minutes else "no such file"
        )
        raise InputError(
            f"{path}: {found}. Expected a Qlib data directory with calendars, instruments and features, such as "
            "~/.qlib/qlib_data/cn_data"
        )
    days = read_calendar(path)
    ahead = root / DAYS_AHEAD
    features = root / FEATURES
    if not features.is_dir():
        raise InputError(f"{features} does not exist: expected a folder an instrument")
    folders: dict[str, Path] = {}
    for folder in sorted(features.iterdir()):
        if folder.is_dir() and not folder.name.startswith("."):
            name = folder.name.lower().removeprefix(RESERVED)
            if name in folders:
                raise InputError(f"{folders[name]} and {folder} are both {name}: keep one of them")
            folders[name] = folder
    return QlibDirectory(
        root, days, read_calendar(ahead) if ahead.is_file() else days, folders, read_manifest(root / MANIFEST)
    )


def read_calendar(path: Path) -> Days:
    """Ascending days, one a line; raises InputError naming the first line that is no later day."""
    lines = text_of(path).splitlines()
    while lines and not lines[-1].strip():
        lines.pop()
    if not lines:
        raise InputError(f"{path} is empty: expected a trading day a line")
    read = read_dates(pl.Series("date", [line.strip() for line in lines]))
    unread = read.is_null().arg_true()
    if len(unread):
        line = unread[0]
        raise InputError(f"{path}, line {line + 1}: {lines[line]!r} is no day (2020-01-31)")
    days = read.to_numpy().astype("datetime64[D]")
    falls = np.flatnonzero(days[1:] <= days[:-1])
    if len(falls):
        line = int(falls[0]) + 1
        raise InputError(
            f"{path}, line {line + 1}: {days[line]} after {days[line - 1]}; days must ascend without repeating, "
            "because series are positions in them: dump the directory again"
        )
    return days


def read_instruments(path: Path) -> pl.DataFrame:
    """A list of instruments as text: code, start, end (its last day) and the 1-based line; blank lines are left out."""
    fields = [
        (number, line.split("\t"))
        for number, line in enumerate(text_of(path).splitlines(), start=1)
        if line.strip()
    ]
    padded = [[str(number), *parts[:3], *[None] * (3 - len(parts))] for number, parts in fields]
    rows = pl.DataFrame(
        padded, schema=dict.fromkeys(("line", "code", "start", "end"), pl.String), orient="row"
    )
    return rows.with_columns(pl.col("line").cast(pl.Int64))


def text_of(path: Path) -> str:
    """A file's text; raises InputError where it is no file or not UTF-8."""
    demand_regular(path)
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as wrong:
        raise InputError(f"{path} is not UTF-8 (byte {wrong.start}): save it as UTF-8") from wrong


def demand_regular(path: Path) -> None:
    """Raise InputError where it is no file: a pipe would be waited for without end."""
    if not path.is_file():
        raise InputError(f"{path} is no regular file")


def read_manifest(path: Path) -> dict[str, Any] | None:
    """What `gangru export qlib` says of a directory; raises InputError where it is of another format."""
    if not path.is_file():
        return None
    try:
        manifest = json.loads(text_of(path))
        known = manifest["format"] == FORMAT
        if known and not all(isinstance(index, str) for index in manifest["indices"].values()):
            raise TypeError("indices are names")
    except (ValueError, TypeError, KeyError, AttributeError) as wrong:
        raise InputError(f"{path} is no manifest of an export: {wrong}; export again") from wrong
    if not known:
        raise InputError(
            f"{path} is of format {manifest['format']}, this version reads {FORMAT}: take the gangru that wrote it"
        )
    return dict(manifest)


def read_series(path: Path, days: int) -> tuple[int, Floats] | None:
    """A file's first position and its numbers, None where there is no such file.

    Raises InputError naming the byte at which a file is cut, or begins or runs beyond a calendar of `days` days.
    """
    if not os.path.lexists(path):
        return None
    demand_regular(path)
    content = path.read_bytes()
    if len(content) % ITEM or not content:
        whole = len(content) // ITEM * ITEM
        raise InputError(
            f"{path} is truncated: {len(content)} bytes, cut at byte {whole}; expected 4 for its first day and 4 for "
            "each trading day: fetch or dump it again"
        )
    numbers: Floats = np.frombuffer(content, dtype="<f4")
    first, values = float(numbers[0]), numbers[1:]
    if not (np.isfinite(first) and first == int(first) and 0 <= first < days):
        raise InputError(
            f"{path}, byte 0: begins on day {first:g}; expected a whole number from 0 to {days - 1}, a position in "
            f"calendars/day.txt, which has {days} days"
        )
    start = int(first)
    if start + len(values) > days:
        beyond = ITEM * (1 + days - start)
        raise InputError(
            f"{path}, byte {beyond}: day {days} of a calendar of {days} days, whose first is 0; the file holds "
            f"{start + len(values) - days} days more than calendars/day.txt, which must come from the same dump"
        )
    return start, values


def read_block(
    directory: QlibDirectory, names: Sequence[str], fields: Mapping[str, str], since: int, past: int
) -> Block:
    """The days [since, past) on which any price of these instruments is known; `fields` are our names → theirs."""
    parts = [read_folder(directory, name, fields, since, past) for name in names]
    return Block(
        names=tuple(names),
        name=np.repeat(np.arange(len(names)), [len(day) for day, _ in parts]),
        day=np.concatenate([day for day, _ in parts]) if parts else np.zeros(0, dtype=np.int64),
        fields={
            field: np.concatenate([values[i] for _, values in parts])
            if parts
            else np.zeros(0, dtype=np.float32)
            for i, field in enumerate(fields)
        },
    )


def read_folder(
    directory: QlibDirectory, name: str, fields: Mapping[str, str], since: int, past: int
) -> tuple[NDArray[np.int64], Floats]:
    """One instrument's days with a price, as positions (R,), and its numbers (fields, R)."""
    folder = directory.folders[name]
    found = [read_series(folder / f"{field}{SUFFIX}", len(directory.days)) for field in fields.values()]
    series = [one for one in found if one is not None]
    first = max(min((start for start, _ in series), default=0), since)
    stop = min(max((start + len(values) for start, values in series), default=0), past)
    table = np.full((len(fields), max(stop - first, 0)), np.nan, dtype=np.float32)
    for row, one in zip(table, found, strict=True):
        if one is not None and stop > first:
            start, values = one
            a, b = max(start, first), min(start + len(values), stop)
            if a < b:
                row[a - first : b - first] = values[a - start : b - start]
    prices = [i for i, field in enumerate(fields) if field in PRICES]
    traded = ~np.isnan(table[prices]).all(axis=0)
    return first + np.flatnonzero(traded), table[:, traded]


def daily_fields(directory: QlibDirectory, name: str) -> set[str]:
    """The fields that an instrument's folder has daily numbers of."""
    files = (file.name for file in directory.folders[name].iterdir())
    return {file.removesuffix(SUFFIX) for file in files if file.endswith(SUFFIX)}


def spelled_codes(names: Sequence[str]) -> dict[str, str | None]:
    """Each instrument's name as a canonical code, None where it is none."""
    series = pl.Series("code", list(names), dtype=pl.String)
    return dict(zip(names, canonical_codes(series), strict=True))
