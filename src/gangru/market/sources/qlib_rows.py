"""From blocks of a Qlib directory's numbers to rows in our units: raw yuan and shares."""

from collections.abc import Mapping, Sequence

import numpy as np
import polars as pl
from numpy.typing import NDArray

from gangru.market.schema import BARS, INDEX_BARS
from gangru.market.sources.columns import FLAGS, PRICES, read_numbers
from gangru.market.sources.protocol import Piece
from gangru.market.sources.qlib_directory import FEATURES, Block, Floats, QlibDirectory
from gangru.market.sources.qlib_units import FLOAT32, Conventions
from gangru.market.sources.settings import DataSettings

Numbers = NDArray[np.float64]

NUMBERS = {
    BARS.name: (*PRICES, "volume", "factor", "amount", "vwap", "float_shares", *FLAGS),
    INDEX_BARS.name: (*PRICES, "volume", "factor", "amount"),
}
KINDS = {BARS.name: "bars", INDEX_BARS.name: "index"}
CENTS, WHOLE = (2, 3, 4), (0,)  # decimals that prices and points, and volumes, come with
DIVIDED = frozenset(
    {*PRICES, "volume", "vwap"}
)  # by the factor or its inverse; the others are whole in themselves
BLUR = 1.6 * FLOAT32  # relative: a rounded product over a rounded factor
DAYS_EACH = 1_000_000  # a fault's row is the code's digits × this + the position of its day


def numbers_of(table: str, settings: DataSettings) -> dict[str, str]:
    """Our names of the numbers that fill a table, and the fields they are read from; declared names go first."""
    return {name: settings.columns.get(name, name).lower() for name in NUMBERS[table]}


def piece_of(
    directory: QlibDirectory,
    block: Block,
    table: str,
    codes: Mapping[str, str],
    conventions: Conventions,
    kept: pl.DataFrame | None,
) -> Piece | None:
    """A block as a piece, None where it has no row; `kept` are bars that lie beside the files and win over them."""
    own = np.array([codes[name] for name in block.names], dtype=np.str_)
    values = raw_values(block, table, conventions)
    frame = pl.DataFrame(
        {
            "code": pl.Series(own[block.name] if len(own) else [], dtype=pl.String),
            "date": pl.Series(directory.days[block.day], dtype=pl.Date),
            **{name: column(name, numbers) for name, numbers in values.items()},
        }
    )
    place = pl.Series(block.day) + frame["code"].str.head(6).cast(pl.Int64) * DAYS_EACH
    if kept is not None:
        other = (
            frame.select("code", "date").with_row_index().join(kept, on=["code", "date"], how="anti")["index"]
        )
        frame, place = frame[other.sort()], place.gather(other.sort())
    if frame.is_empty():
        return None
    origin = str(directory.root / FEATURES)
    notes = without_price(block, values, origin)
    return Piece(KINDS[table], frame, origin, places=place.gather, notes=notes)


def raw_values(block: Block, table: str, conventions: Conventions) -> dict[str, Numbers]:
    """Each number of a block in our units, (R,) float64, NaN where it is not known."""
    wide = {
        name: values.astype(np.float64) if name in DIVIDED else as_printed(values)
        for name, values in block.fields.items()
    }
    divisor = divisor_of(
        wide["factor"], block, raw_without=conventions.raw_without_factor or table == INDEX_BARS.name
    )
    per_price = divisor if conventions.adjusted_prices else np.ones_like(divisor)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        for name in PRICES:
            alone = as_printed(block.fields[name])
            divided = shortest(wide[name] / per_price, CENTS)
            wide[name] = np.where(per_price == 1, alone, divided)
        raw_volume = wide["volume"] * divisor if conventions.adjusted_volume else wide["volume"]
        wide["volume"] = shortest(raw_volume * conventions.shares, WHOLE)
        vwap = wide.pop("vwap", None)
        wide["amount"] = wide["amount"] * conventions.yuan
        if vwap is not None:  # of an instrument that has no amount: volume × vwap is what it is by definition
            bare = ~has_any(wide["amount"], block)
            wide["amount"][bare] = (vwap / per_price * wide["volume"])[bare]
    if table == INDEX_BARS.name:
        del wide["factor"]
    return wide


def as_printed(values: Floats) -> Numbers:
    """Single-precision numbers as the decimals that they print as, where they do in seven digits."""
    return read_numbers(pl.Series(values)).to_numpy()


def divisor_of(factor: Numbers, block: Block, raw_without: bool) -> Numbers:
    """What turns adjusted numbers into raw ones; where `raw_without`, 1 for an instrument that has no factor at all."""
    return np.where(has_any(factor, block), factor, 1.0) if raw_without else factor


def has_any(values: Numbers, block: Block) -> NDArray[np.bool_]:
    """Whether the row's instrument has any number among `values`, (R,)."""
    known = np.zeros(len(block.names), dtype=bool)
    known[block.name[~np.isnan(values)]] = True
    return known[block.name]


def shortest(values: Numbers, decimals: Sequence[int]) -> Numbers:
    """The number with the fewest decimals that single precision cannot tell from the value, where there is just one.

    10.2100003 is 10.21; 30000.004 stays, because single precision does not resolve the cent there.
    """
    found = values.copy()
    left = np.isfinite(values)
    blur = BLUR * np.abs(values)
    for places in decimals:
        rounded = np.round(values, places)
        fits = left & (np.abs(values - rounded) <= blur) & (blur < 0.25 * 10.0**-places)
        found[fits] = rounded[fits]
        left &= ~fits
    return found


def column(name: str, values: Numbers) -> pl.Series:
    """Numbers as they are; a flag as true, false or null, unless it holds another number than 0 and 1."""
    if name not in FLAGS or not np.isin(values[~np.isnan(values)], (0.0, 1.0)).all():
        return pl.Series(name, values)
    flags = pl.DataFrame({"flag": values == 1, "known": ~np.isnan(values)})
    return flags.select(pl.when("known").then("flag")).to_series().alias(name)


def without_price(block: Block, values: Mapping[str, Numbers], where: str) -> tuple[str, ...]:
    """A sentence on the rows whose raw price cannot be known."""
    lost = int((np.isnan(values["close"]) & ~np.isnan(block.fields["close"])).sum())
    return (f"{where}: {lost} rows have a close, but no factor to make it raw: quarantined",) if lost else ()
