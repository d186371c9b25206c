"""A Qlib data directory as a source, read without Qlib: bars of stocks and indices, members, listings, calendar.

What the numbers mean is found out by `qlib_units`. What `gangru export qlib` laid beside the files is read as well, so
that what comes from us returns whole but for single precision.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import polars as pl

from gangru.errors import InputError
from gangru.market.codes import is_index_code
from gangru.market.schema import BARS, INDEX_BARS, SOURCES
from gangru.market.sources.columns import PRICES
from gangru.market.sources.protocol import OnProgress, Piece, Span
from gangru.market.sources.qlib_directory import (
    EVERYBODY,
    FEATURES,
    INSTRUMENTS,
    OWN,
    SUFFIX,
    QlibDirectory,
    daily_fields,
    open_directory,
    read_block,
    read_instruments,
    spelled_codes,
)
from gangru.market.sources.qlib_lists import (
    KEPT_BARS,
    calendar,
    facts,
    kept_bars,
    listed,
    members,
    shortened,
    without_features,
)
from gangru.market.sources.qlib_rows import numbers_of, piece_of
from gangru.market.sources.qlib_units import OURS, Conventions, find_conventions
from gangru.market.sources.request import Request
from gangru.market.sources.settings import DataSettings

NAME: Literal["qlib"] = "qlib"
REQUIRED = (*PRICES, "volume")
TOLD_BY = frozenset(
    {*PRICES, "factor", "volume", "amount"}
)  # the numbers that show what they are measured in
GROUP = 250  # instruments in a piece: some hundred thousand rows
SAMPLE = 64  # stocks, spread over the directory, whose numbers are looked at for that


@dataclass
class QlibSource:
    """The directory `path`; `seen` is the print of what was read before: the same again yields nothing."""

    path: Path
    settings: DataSettings
    span: Span = Span()
    seen: str | None = None
    name: str = NAME
    notes: tuple[str, ...] = ()
    skipped: tuple[str, ...] = ()
    fingerprint: str | None = None
    last_day: np.datetime64 | None = None

    def pieces(self, on_progress: OnProgress) -> Iterator[Piece]:
        """Yield calendar, lists and bars; raises InputError naming the file and byte or line that is wrong."""
        on_progress("looking at the directory", 0.0)
        self.fingerprint = fingerprint(self.path, self.settings, self.span)
        if self.seen == self.fingerprint:
            self.notes = (f"{self.path} is as it was and was passed over",)
            return
        directory = open_directory(self.path)
        codes = self.known_codes(directory)
        yield calendar(directory)
        yield from facts(directory)
        yield from self.lists(directory, codes)
        yield from self.bars(directory, codes, on_progress)
        self.last_day = directory.days[positions(directory, self.span)[1] - 1]

    def known_codes(self, directory: QlibDirectory) -> dict[str, str]:
        """Each folder that is an instrument's of ours, and its code; the others are told as passed over.

        Raises InputError where there is none, where one is there twice, or where one lacks a price or the volume.
        """
        where = directory.root / FEATURES
        spelled = spelled_codes(list(directory.folders))
        alien = [name for name, code in spelled.items() if code is None]
        known = {name: code for name, code in spelled.items() if code is not None}
        fields = {name: daily_fields(directory, name) for name in known}
        bare = [name for name in known if not fields[name]]
        for names, why in ((alien, "no code of ours"), (bare, f"without any *{SUFFIX}")):
            if names:
                self.skipped += (f"{where}: {len(names)} folders {why}: {shortened(names)}",)
        codes = {name: code for name, code in known.items() if fields[name]}
        if not codes:
            raise InputError(
                f"{where} has no stock of Shanghai, Shenzhen or Beijing, but {shortened(list(spelled)) or 'nothing'}; "
                f"expected folders such as sh600519 with open{SUFFIX} and the others"
            )
        demand_one_each(directory, codes)
        wanted = numbers_of(BARS.name, self.settings)
        demand_fields(directory, {name: fields[name] for name in codes}, [wanted[name] for name in REQUIRED])
        return codes

    def lists(self, directory: QlibDirectory, codes: dict[str, str]) -> Iterator[Piece]:
        """The lists of instruments: of indices their members; of the market, in a foreign directory, its listings."""
        for path in sorted((directory.root / INSTRUMENTS).glob("*.txt")):
            rows = read_instruments(path)
            if rows.is_empty():
                self.skipped += (f"{path} is empty",)
            elif path.stem.lower() != EVERYBODY:
                yield members(directory, path, rows)
            else:
                self.skipped += without_features(path, rows, codes)
                if directory.manifest is None:  # ours are the days of the bars: listings lie beside them
                    yield from listed(directory, path, rows)

    def bars(
        self, directory: QlibDirectory, codes: dict[str, str], on_progress: OnProgress
    ) -> Iterator[Piece]:
        """Bars of the indices, then of the stocks, some hundred instruments a piece."""
        is_index = dict(zip(codes, is_index_code(pl.Series(list(codes.values()))), strict=True))
        indices = [name for name in codes if is_index[name]]
        stocks = [name for name in codes if not is_index[name]]
        conventions = self.conventions(directory, stocks)
        self.notes += conventions.notes
        since, past = positions(directory, self.span)
        kept = kept_bars(directory, self.span)
        for table, names, before in ((INDEX_BARS.name, indices, 0), (BARS.name, stocks, len(indices))):
            for start in range(0, len(names), GROUP):
                group = names[start : start + GROUP]
                on_progress(f"reading {group[0]} to {group[-1]}", (before + start) / len(codes))
                block = read_block(directory, group, numbers_of(table, self.settings), since, past)
                piece = piece_of(directory, block, table, codes, conventions, kept)
                if piece is not None:
                    yield piece
        if kept is not None and len(kept):
            yield Piece(BARS.name, kept, str(directory.root / KEPT_BARS))

    def conventions(self, directory: QlibDirectory, stocks: Sequence[str]) -> Conventions:
        """What the numbers mean, told from stocks spread over the directory."""
        if directory.manifest is not None or not stocks:
            return OURS
        chosen = [stocks[i] for i in np.unique(np.linspace(0, len(stocks) - 1, SAMPLE).astype(int))]
        wanted = numbers_of(BARS.name, self.settings)
        fields = {name: field for name, field in wanted.items() if name in TOLD_BY}
        block = read_block(directory, chosen, fields, 0, len(directory.days))
        sample = pl.DataFrame({name: values.astype(np.float64) for name, values in block.fields.items()})
        return find_conventions(sample, self.settings, str(directory.root))

    def landed(self) -> None:
        """Nothing is kept: the directory is still there."""

    def remembered(self) -> pl.DataFrame:
        """The directory as a row of the sources table, so that an update reads it only where it has changed."""
        if self.last_day is None:
            return pl.DataFrame(schema=SOURCES.columns)
        origin = str(self.path.absolute())
        row = {
            "source": NAME,
            "origin": origin,
            "arguments": Request(NAME, (origin,), since=self.span.since, until=self.span.until).to_json(),
            "fingerprint": self.fingerprint,
            "until": self.last_day.item(),
        }
        return pl.DataFrame([row], schema=SOURCES.columns)


def fingerprint(root: Path, settings: DataSettings, span: Span) -> str:
    """A digest of the names, sizes and times of a directory's files and of how they are read."""
    asked = [settings.columns, settings.units, str(span)]
    digest = hashlib.blake2b(json.dumps(asked, sort_keys=True).encode(), digest_size=16)
    for folder in ("calendars", INSTRUMENTS, FEATURES, OWN):
        for file in sorted((root / folder).rglob("*")):
            about = file.stat() if file.exists() else file.lstat()  # a broken link
            digest.update(f"{file.relative_to(root)} {about.st_size} {about.st_mtime_ns}\n".encode())
    return digest.hexdigest()


def positions(directory: QlibDirectory, span: Span) -> tuple[int, int]:
    """The positions of the days asked for, [first, past); raises InputError where there is none."""
    days = directory.days
    first = 0 if span.since is None else int(np.searchsorted(days, np.array(span.since, dtype="M8[D]")))
    past = len(days)
    if span.until is not None:
        past = int(np.searchsorted(days, np.array(span.until, dtype="M8[D]"), side="right"))
    if first >= past:
        raise InputError(
            f"{directory.root} has no day from {span.since} to {span.until}: its days are {days[0]} to {days[-1]}"
        )
    return first, past


def demand_one_each(directory: QlibDirectory, codes: Mapping[str, str]) -> None:
    """Raise InputError where two folders are one stock's."""
    folders: dict[str, Path] = {}
    for name, code in codes.items():
        if code in folders:
            raise InputError(
                f"{folders[code]} and {directory.folders[name]} are both {code}: keep one of them"
            )
        folders[code] = directory.folders[name]


def demand_fields(directory: QlibDirectory, fields: Mapping[str, set[str]], needed: Sequence[str]) -> None:
    """Raise InputError where an instrument lacks the file of a price or of the volume."""
    for name, there in fields.items():
        missing = [f"{field}{SUFFIX}" for field in needed if field not in there]
        if missing:
            raise InputError(
                f"{directory.folders[name]} has no {', '.join(missing)}; a stock needs {', '.join(needed)}. Dump it "
                "again, remove its folder, or declare other names in study.toml under [data.columns]"
            )
