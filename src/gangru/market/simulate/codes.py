"""Codes of simulated stocks, and those that some of them had before.

Legend: N stocks in ascending order of code.
"""

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from gangru.market.codes import board
from gangru.market.daily import Bools, Codes, Dates
from gangru.market.identity import KNOWN_CHANGES
from gangru.market.simulate.settings import SimulateSettings

STAR_START = np.datetime64("2019-07-22")
CHINEXT_START = np.datetime64("2009-10-30")
BEIJING_START = np.datetime64("2021-11-15")
BEIJING_920 = np.datetime64("2024-04-22")  # Beijing's new listings have 920xxx from here on
BEIJING_SWITCH = np.datetime64("2025-10-09")  # and all the others too
PREFIXES = {
    "sh": (("600", "601", "603", "605"), "SH"),
    "sz": (("000", "001", "002"), "SZ"),
    "chinext": (("300", "301"), "SZ"),
    "star": (("688", "689"), "SH"),
    "beijing": (("920",), "BJ"),
}
STARTS = {"chinext": CHINEXT_START, "star": STAR_START, "beijing": BEIJING_START}
OLD_BOARDS = {"sh": 0.42, "sz": 0.38, "chinext": 0.20}
NEW_BOARDS = {"sh": 0.25, "sz": 0.10, "chinext": 0.15, "star": 0.50}
OLD_SHARES = {"star": 0.10, "beijing": 0.05}  # of the stocks there on the first day, once those boards exist
REAL_CHANGES = frozenset(code for change in KNOWN_CHANGES for code in (change.old, change.code))
SETTLED = np.timedelta64(400, "D")  # what is there on the first day was listed at least so long before


@dataclass(frozen=True)
class CodeChange:
    """Stock number `stock` traded as `old` before the position `row` of the date axis."""

    stock: int
    old: str
    row: int


def draw_codes(
    listed: Dates, new: Bools, settings: SimulateSettings, rng: np.random.Generator, rare: np.random.Generator
) -> Codes:
    """Distinct codes, (N,), on boards that existed on the listing date, or for old stocks well before `listed`."""
    n = len(listed)
    venue = np.where(
        new,
        rng.choice(list(NEW_BOARDS), n, p=list(NEW_BOARDS.values())),
        rng.choice(list(OLD_BOARDS), n, p=list(OLD_BOARDS.values())),
    ).astype("U7")
    lot = rare.random(n)
    venue[new & (lot < settings.beijing) & (listed >= BEIJING_START)] = "beijing"
    below = 0.0
    for name, share in OLD_SHARES.items():
        there = ~new & (listed - SETTLED > STARTS[name])
        venue[there & (lot >= below) & (lot < below + share)] = name
        below += share
    venue[(venue == "star") & (listed < STAR_START)] = "chinext"
    codes = np.empty(n, dtype="U9")
    for name, (prefixes, exchange) in PREFIXES.items():
        here = venue == name
        pool = np.array([f"{prefix}{k:03d}.{exchange}" for prefix in prefixes for k in range(1, 1000)])
        codes[here] = (rare if name == "beijing" else rng).choice(pool, here.sum(), replace=False)
    return _without_real_changes(codes, rare)


def _without_real_changes(codes: Codes, rare: np.random.Generator) -> Codes:
    """Other codes in place of those that really changed, which whoever reads the files knows to be one security."""
    for k in np.flatnonzero(np.isin(codes, list(REAL_CHANGES))).tolist():
        codes[k] = _unused_code(str(codes[k]), set(codes.tolist()), rare)
    return codes


def _unused_code(like: str, taken: set[str], rare: np.random.Generator) -> str:
    """A code with the same three first digits that nobody has."""
    pool = {f"{like[:3]}{number:03d}{like[6:]}" for number in range(1, 1000)}
    return str(rare.choice(sorted(pool - taken - REAL_CHANGES)))


def before_920(codes: Codes, list_date: Dates, last: np.datetime64) -> Codes:
    """The codes as they are on the last day: until Beijing's switch its older stocks keep their 83xxxx."""
    if last >= BEIJING_SWITCH:
        return codes
    return np.where((board(codes) == "beijing") & (list_date < BEIJING_920), _eighty(codes), codes)


def draw_code_changes(
    codes: Codes, changing: Bools, list_date: Dates, dates: Dates, share: float, rng: np.random.Generator
) -> tuple[CodeChange, ...]:
    """Beijing's switch to 920xxx, and new codes for a share of the stocks, drawn among `changing`, (N,)."""
    found = []
    if dates[0] < BEIJING_SWITCH <= dates[-1]:
        row = int(np.searchsorted(dates, BEIJING_SWITCH))
        older = np.flatnonzero((board(codes) == "beijing") & (list_date < BEIJING_920))
        found = [CodeChange(int(k), str(_eighty(codes[k : k + 1])[0]), row) for k in older]
    boards = board(codes)
    candidates = rng.permutation(np.flatnonzero(changing & np.isin(boards, ("main", "chinext"))))
    taken = set(codes.tolist())
    for k in candidates[: round(share * len(codes))].tolist():
        old = _unused_code(str(codes[k]), taken, rng)
        taken.add(old)
        found.append(CodeChange(k, old, int(rng.integers(len(dates) // 4, 3 * len(dates) // 4))))
    return tuple(sorted(found, key=lambda change: change.old))


def as_published(frame: pl.DataFrame, changes: pl.DataFrame, day: str) -> pl.DataFrame:
    """The rows under the codes of their own day, given by the column `day`, as an exchange's files have them."""
    renamed = changes.select("code", pl.col("old").alias("_old"), pl.col("date").alias("_until"))
    joined = frame.join(renamed, on="code", how="left", maintain_order="left")
    own = pl.when(pl.col(day) < pl.col("_until")).then(pl.col("_old")).otherwise(pl.col("code"))
    return joined.with_columns(own.alias("code")).select(frame.columns)


def spans_as_published(frame: pl.DataFrame, changes: pl.DataFrame, order: tuple[str, ...]) -> pl.DataFrame:
    """Intervals under the codes of their own time, cut in two where the code changed, sorted by `order`."""
    joined = frame.join(
        changes.select("code", pl.col("date").alias("_cut")), on="code", how="left", maintain_order="left"
    )
    across = (pl.col("start") < pl.col("_cut")) & (pl.col("end").is_null() | (pl.col("end") > pl.col("_cut")))
    across = across.fill_null(value=False)
    first = joined.with_columns(pl.when(across).then("_cut").otherwise("end").alias("end"))
    second = joined.filter(across).with_columns(start="_cut")
    whole = pl.concat([first, second]).select(frame.columns)
    return as_published(whole, changes, "start").sort(order)


def _eighty(codes: Codes) -> NDArray[np.str_]:
    """The codes of Beijing's stocks before the switch, which kept the last three digits."""
    return np.array([f"83{int(code[3:6]) % 10}{code[3:6]}.BJ" for code in codes.tolist()], dtype="U9")
