"""Qlib data directories made by hand, file by file, and a store in memory to export."""

import math
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path

import polars as pl

from gangru.market.schema import TABLES
from gangru.market.sources.protocol import Piece
from gangru.market.sources.qlib import QlibSource
from gangru.market.sources.settings import DataSettings
from gangru.market.store import Store

Series = tuple[int, Sequence[float]]  # position of the first day, and a number a day
LATER = [date(2020, 1, 2) + timedelta(days=i) for i in range(12)]
DAYS = ("2020-01-02", "2020-01-03", "2020-01-06", "2020-01-07", "2020-01-08")


def write_directory(
    root: Path,
    stocks: Mapping[str, Mapping[str, Series]],
    days: Sequence[str] = DAYS,
    lists: Mapping[str, Sequence[str]] | None = None,
    ahead: Sequence[str] = (),
) -> Path:
    """A directory of `stocks` (folder → field → series), `days`, and lists of instruments (name → lines)."""
    (root / "calendars").mkdir(parents=True)
    (root / "calendars" / "day.txt").write_text("".join(f"{day}\n" for day in days))
    if ahead:
        (root / "calendars" / "day_future.txt").write_text("".join(f"{day}\n" for day in [*days, *ahead]))
    (root / "instruments").mkdir()
    for name, lines in (lists or {}).items():
        (root / "instruments" / f"{name}.txt").write_text("".join(f"{line}\n" for line in lines))
    (root / "features").mkdir()
    for folder, fields in stocks.items():
        (root / "features" / folder).mkdir()
        for name, (first, numbers) in fields.items():
            content = struct.pack(f"<{1 + len(numbers)}f", first, *numbers)
            (root / "features" / folder / f"{name}.day.bin").write_bytes(content)
    return root


def adjusted(
    prices: Sequence[float], factors: Sequence[float], volumes: Sequence[float], first: int = 0
) -> dict[str, Series]:
    """A stock as Qlib keeps it, of raw prices that do not move within a day, in shares and yuan; NaN where not traded."""
    by_price = [p * f for p, f in zip(prices, factors, strict=True)]
    series = dict.fromkeys(("open", "high", "low", "close", "vwap"), by_price)
    series["volume"] = [v / f for v, f in zip(volumes, factors, strict=True)]
    series["amount"] = [p * v for p, v in zip(prices, volumes, strict=True)]
    series["factor"] = [math.nan if math.isnan(p) else f for p, f in zip(prices, factors, strict=True)]
    return {name: (first, numbers) for name, numbers in series.items()}


@dataclass(frozen=True)
class Frames(Store):
    """A store in memory: as much of one as an export reads."""

    frames: dict[str, pl.DataFrame] = field(default_factory=dict)

    def scan(self, name: str, version: int | None = None) -> pl.LazyFrame:
        return self.read(name).lazy()

    def read(self, name: str, *_args: object, **_options: object) -> pl.DataFrame:  # type: ignore[override]
        return self.frames.get(name, pl.DataFrame(schema=TABLES[name].columns)).sort(TABLES[name].key)


def table(name: str, rows: list[dict[str, object]]) -> pl.DataFrame:
    return pl.DataFrame(rows, schema=TABLES[name].columns)


NAN = math.nan
MOUTAI = adjusted([10.21, 10.40, NAN, 5.30, 5.35], [2, 2, 2, 4, 4], [1200, 800, NAN, 3000, 500])


def pieces(root: Path, data: DataSettings | None = None, **asked: object) -> tuple[list[Piece], QlibSource]:
    source = QlibSource(root, data or DataSettings(), **asked)  # type: ignore[arg-type]
    return list(source.pieces(lambda _stage, _share: None)), source


def rows(found: Sequence[Piece], kind: str) -> pl.DataFrame:
    return pl.concat([piece.frame for piece in found if piece.kind == kind], how="diagonal")


def scaled(stock: Mapping[str, Series], **by: float) -> dict[str, Series]:
    return {name: (first, [x * by.get(name, 1) for x in numbers]) for name, (first, numbers) in stock.items()}


def without(stock: Mapping[str, Series], *names: str) -> dict[str, Series]:
    return {name: series for name, series in stock.items() if name not in names}


def bar(
    code: str, day: date, close: float, factor: float | None, volume: float, **more: object
) -> dict[str, object]:
    prices = dict.fromkeys(("open", "high", "low", "close"), close)
    return {"code": code, "date": day, **prices, "factor": factor, "volume": volume, **more}


CALENDAR_ROWS = table("calendar", [{"date": day} for day in LATER])
