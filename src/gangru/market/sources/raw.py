"""CSV and Parquet files: found in a fixed order, read as they are, every row traceable to its place."""

import contextlib
import csv
import glob
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from gangru.errors import InputError, first_line

SUFFIXES = (".csv", ".parquet")
COMPRESSED = (  # how gzip, zlib, Zstandard, bzip2, xz and zip begin
    b"\x1f\x8b", b"\x78\x01", b"\x78\x9c", b"\x78\xda", b"\x28\xb5\x2f\xfd", b"\xfd7zXZ", b"PK\x03\x04",
    *(b"BZh%d1AY&SY" % level for level in range(1, 10)),
)  # fmt: skip
OTHER_SEPARATORS = (";", "\t", "|")
TAIL = 65536  # bytes: longer than a line of any table here
REPEATED = "_duplicated_0"  # how Polars renames the second of two columns of one name


@dataclass(frozen=True)
class Found:
    """The files to read, in the order in which they are read, and those skipped, with the reason if not the suffix."""

    files: tuple[Path, ...]
    skipped: tuple[str, ...]


@dataclass(frozen=True)
class RawFile:
    """One file's wanted columns as they stand there, under our names, text where the file is CSV.

    `index` numbers the rows as read, so that `places` can say where they stand; `blank` counts blank lines
    left out.
    """

    path: Path
    frame: pl.DataFrame
    index: pl.Series
    blank: int

    def places(self, positions: pl.Series) -> pl.Series:
        """Where rows stand, Int64: the line with the header as 1 in CSV, the 0-based row in Parquet."""
        read = self.index.gather(positions).cast(pl.Int64)
        if self.path.suffix.lower() == ".parquet" or read.is_empty():
            return read
        return pl.Series(record_lines(self.path)[read.to_numpy()])


def find_files(paths: Sequence[str | Path]) -> Found:
    """Walk files, folders and glob patterns; each file once, in sorted order within what was asked.

    Raises InputError where a path does not exist or nothing readable is found.
    """
    files: dict[Path, Path] = {}
    skipped: dict[str, None] = {}
    for path in paths:
        for file in sorted_files(path):
            if file.is_dir():
                skipped[f"{file} (a link to a folder: name the folder itself)"] = None
            elif not file.is_file():
                skipped[f"{file} (no regular file)"] = None
            elif file.suffix.lower() in SUFFIXES:
                files.setdefault(file.resolve(), file)
            else:
                skipped[str(file)] = None
    if not files:
        passed = f"; skipped {', '.join(skipped)}" if skipped else ""
        asked = ", ".join(map(str, paths)) or "nothing"
        raise InputError(f"no .csv or .parquet file in {asked}{passed}")
    return Found(tuple(files.values()), tuple(skipped))


def sorted_files(path: str | Path) -> list[Path]:
    """The files under one path or pattern, hidden ones left out, sorted; what cannot be read is among them."""
    place = Path(path)
    if place.is_file():
        return [place]
    if place.is_dir():
        return inside(place)
    if os.path.lexists(place):
        raise InputError(f"{path} is no regular file; name a CSV or Parquet file, a folder or a pattern")
    matches = sorted(map(Path, glob.glob(str(path), recursive=True)))  # noqa: PTH207 (a pattern may be absolute)
    if not matches:
        raise InputError(f"{path} does not exist; name a CSV or Parquet file, a folder or a pattern")
    return [file for match in matches for file in (inside(match) if match.is_dir() else [match])]


def inside(folder: Path) -> list[Path]:
    """What lies in a folder and its folders, but not in links to folders, which may lead round in a ring."""
    found = (file for file in folder.rglob("*") if not is_folder(file))
    return sorted(f for f in found if not any(p.startswith(".") for p in f.relative_to(folder).parts))


def is_folder(path: Path) -> bool:
    """Whether it is a folder itself and no link to one."""
    return path.is_dir() and not path.is_symlink()


def column_names(path: Path) -> list[str]:
    """The names in a file's header or schema; raises InputError where it is empty, compressed or cannot be read."""
    if path.stat().st_size == 0:
        raise InputError(f"{path} is empty: expected a header and rows")
    if not is_utf8(str(path)):
        raise InputError(f"{printable_name(path)} has a name that is not UTF-8: rename it")
    with path.open("rb") as file:
        if file.read(10).startswith(COMPRESSED):  # Polars would inflate it, and no line of it could be named
            raise InputError(f"{path} is compressed: unpack it")
    try:
        if path.suffix.lower() == ".parquet":
            return list(pl.read_parquet_schema(path))
        names = pl.read_csv(path, n_rows=0, infer_schema=False, glob=False).columns
    except (pl.exceptions.PolarsError, OSError) as error:
        raise unreadable(path, error) from error
    if any("\ufffd" in name for name in names):  # Polars replaces what it cannot decode in a header
        raise not_utf8(path)
    if len(names) == 1 and (other := [sign for sign in OTHER_SEPARATORS if sign in names[0]]):
        raise InputError(f"{path} is separated by {other[0]!r}: expected commas")
    twice = [name.removesuffix(REPEATED) for name in names if name.endswith(REPEATED)]
    if twice:
        raise InputError(f"{path} has the column {', '.join(twice)} twice: name each column once")
    return names


def read_columns(path: Path, columns: dict[str, str]) -> RawFile:
    """Read the columns that `columns` maps (our name → the file's name), as they stand there.

    Raises InputError where the file is truncated, is not UTF-8, has no rows or a row with too many fields.
    """
    wanted = list(dict.fromkeys(columns.values()))
    try:
        if path.suffix.lower() == ".parquet":
            read = pl.read_parquet(path, columns=wanted, glob=False)
        else:
            read = pl.read_csv(path, infer_schema=False, glob=False)
    except (pl.exceptions.PolarsError, OSError) as error:
        raise unreadable(path, error) from error
    index = pl.Series("index", np.arange(len(read), dtype=np.uint32))
    blank = pl.all_horizontal(pl.all().is_null())
    text = path.suffix.lower() == ".csv"
    if text:
        blanks = read.select(blank).to_series()
        if blanks.any():
            index, read = index.filter(~blanks), read.filter(~blanks)
    if read.is_empty():
        raise InputError(f"{path} has a header, but no rows")
    for name, dtype in read.select(wanted).schema.items():
        if dtype.is_nested() or dtype in (pl.Binary, pl.Object, pl.Duration, pl.Time):
            raise InputError(
                f"{path}: column {name} is of type {dtype}; expected text, numbers, dates or flags"
            )
    if text:
        refuse_cut(path, read.width)
    frame = read.select(pl.col(name).alias(ours) for ours, name in columns.items())
    return RawFile(path, frame, index, blank=int(blanks.sum()) if text else 0)


def unreadable(path: Path, error: Exception) -> InputError:
    """Say what is wrong with a file that cannot be read at all, and what to do."""
    if path.suffix.lower() == ".parquet":
        return InputError(
            f"{path} is no whole Parquet file (truncated?): {first_line(error)}; fetch it again"
        )
    try:
        with path.open(encoding="utf-8", newline="") as lines:
            rows = csv.reader(lines, strict=True)
            width = len(next(rows, []))
            if width == 0:
                return InputError(f"{path} is empty: expected a header and rows")
            for fields in rows:
                if len(fields) > width:
                    return InputError(
                        f"{path}, line {rows.line_num}: {len(fields)} fields under {width} columns; quote "
                        "text that holds a comma, and write numbers without thousands separators"
                    )
    except UnicodeDecodeError as wrong:
        return not_utf8(path, f" (byte {wrong.start})")
    except csv.Error as wrong:
        return InputError(f"{path}, line {rows.line_num}: {wrong}; close the quotes, or fetch the file again")
    return InputError(f"{path} cannot be read as CSV: {first_line(error)}")


def refuse_cut(path: Path, width: int) -> None:
    """Raise InputError where a CSV file ends in the midst of a row: no line break, and fewer fields than columns."""
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - TAIL))
        tail = file.read()
    if tail.endswith((b"\n", b"\r")):
        return
    last = tail.replace(b"\r", b"\n").rpartition(b"\n")[2].decode("utf-8", errors="replace")
    fields = last.count(",") + 1
    if last and '"' not in last and fields < width:  # within quotes a line is no row
        raise InputError(
            f"{path} is cut off: its last line has {fields} of {width} fields and no end; fetch it again"
        )


def not_utf8(path: Path, where: str = "") -> InputError:
    """Say which encoding a text file seems to have, and how it becomes UTF-8."""
    with path.open("rb") as file:
        start = file.read(TAIL)
    found = "UTF-16" if start.startswith((b"\xff\xfe", b"\xfe\xff")) else None
    if found is None:
        with contextlib.suppress(UnicodeDecodeError):
            text = start[: start.rfind(b"\n") + 1].decode("gb18030")
            found = "GB18030" if any("\u4e00" <= letter <= "\u9fff" for letter in text) else None
    seems = f", it seems to be {found}: iconv -f {found} -t UTF-8 {path.name} > utf8.csv" if found else ""
    return InputError(f"{path} is not UTF-8{where}{seems or ': save it as UTF-8'}")


def is_utf8(text: str) -> bool:
    """Whether a name can be written as UTF-8."""
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def printable_name(path: Path) -> str:
    """A path with what is not UTF-8 in it spelled out."""
    return str(path).encode("utf-8", "backslashreplace").decode("utf-8")


def record_lines(path: Path) -> NDArray[np.int64]:
    """The line on which each CSV record after the header begins, blank ones too, the header being line 1.

    A line break inside quotes belongs to its record.
    """
    data: NDArray[Any] = np.frombuffer(path.read_bytes(), dtype=np.uint8)
    breaks = np.flatnonzero(data == ord("\n"))
    quotes = np.flatnonzero(data == ord('"'))
    ends = np.searchsorted(quotes, breaks) % 2 == 0
    lines = np.concatenate([[1], np.flatnonzero(ends) + 2])  # after the n-th break begins line n + 1
    starts = np.concatenate([[0], breaks[ends] + 1])
    stops = np.append(breaks[ends], len(data))
    bare = np.array([not data[a:b].tobytes().strip() for a, b in zip(starts[:64], stops[:64], strict=True)])
    header = int(np.argmin(bare))  # blank lines before the header are not counted
    return np.asarray(lines[header + 1 :] - lines[header] + 1)
