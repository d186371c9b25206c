"""The tables of the store: their columns, types, keys and units.

Every table is a Delta table of the same name under `store/`. Prices are raw yuan; price × factor is the back-adjusted
price. Intervals are half open, [start, end), a null end meaning "still so". What a source does not have is null.
"""

from dataclasses import dataclass

import polars as pl


@dataclass(frozen=True)
class Table:
    """One table of the store: its columns in order, and the columns that make a row unique."""

    name: str
    columns: dict[str, pl.DataType]
    key: tuple[str, ...]
    required: tuple[str, ...]


_F, _B, _S, _D = pl.Float64(), pl.Boolean(), pl.String(), pl.Date()

BARS = Table(
    "bars",
    {
        "code": _S,
        "date": _D,
        "open": _F,  # yuan, unadjusted
        "high": _F,
        "low": _F,
        "close": _F,
        "factor": _F,  # price × factor = back-adjusted price
        "volume": _F,  # shares, unadjusted
        "amount": _F,  # yuan
        "float_shares": _F,  # tradable shares
        "is_st": _B,
        "suspended": _B,  # no trading that day: the prices are carried and get masked
        "amount_est": _B,
        "shares_est": _B,
        "st_inferred": _B,
    },
    key=("date", "code"),
    required=("code", "date", "open", "high", "low", "close", "volume"),
)
SECURITIES = Table(
    "securities",
    {"code": _S, "name": _S, "list_date": _D, "delist_date": _D},
    key=("code",),
    required=("code", "name"),
)
INDUSTRY = Table(
    "industry",
    {"code": _S, "start": _D, "end": _D, "taxonomy": _S, "industry": _S},
    key=("taxonomy", "code", "start"),
    required=("code", "start", "industry"),
)
INDEX_BARS = Table(
    "index_bars",
    {"code": _S, "date": _D, "open": _F, "high": _F, "low": _F, "close": _F, "volume": _F, "amount": _F},
    key=("date", "code"),
    required=("code", "date", "open", "high", "low", "close"),
)
MEMBERS = Table(
    "members",
    {"index": _S, "code": _S, "start": _D, "end": _D},
    key=("index", "code", "start"),
    required=("index", "code", "start", "end"),
)
CALENDAR = Table("calendar", {"date": _D}, key=("date",), required=("date",))
QUARANTINE = Table(
    "quarantine",
    {"kind": _S, "file": _S, "row": pl.Int64(), "column": _S, "value": _S, "reason": _S},
    key=("kind", "file", "row", "column", "reason"),
    required=("kind", "file", "row", "column", "value", "reason"),
)

TABLES: dict[str, Table] = {
    table.name: table for table in (BARS, SECURITIES, INDUSTRY, INDEX_BARS, MEMBERS, CALENDAR, QUARANTINE)
}
