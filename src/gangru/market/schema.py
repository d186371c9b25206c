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


@dataclass(frozen=True)
class SpanOf:
    """What an interval table's intervals belong to, and what holds for their time; None where being there is all."""

    key: tuple[str, ...]
    value: str | None = None


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
NAMES = Table(
    "names",
    {"code": _S, "start": _D, "end": _D, "name": _S},
    key=("code", "start"),
    required=("code", "start", "name"),
)
ST = Table(
    "st", {"code": _S, "start": _D, "end": _D}, key=("code", "start"), required=("code", "start", "end")
)
SUSPENSIONS = Table(
    "suspensions",
    {"code": _S, "start": _D, "end": _D},
    key=("code", "start"),
    required=("code", "start", "end"),
)
LISTINGS = Table(  # a stock that was delisted and listed again has two
    "listings", {"code": _S, "start": _D, "end": _D}, key=("code", "start"), required=("code", "start", "end")
)
CODE_CHANGES = Table(  # from `date` on the security that traded as `old` trades as `code`
    "code_changes", {"old": _S, "code": _S, "date": _D}, key=("old",), required=("old", "code", "date")
)
CALENDAR = Table("calendar", {"date": _D}, key=("date",), required=("date",))
QUARANTINE = Table(
    "quarantine",
    {
        "kind": _S,
        "file": _S,  # or the call that the row came from
        "row": pl.Int64(),
        "column": _S,
        "value": _S,
        "reason": _S,
        "content": _S,  # the whole row as JSON, in our columns and units as far as they could be read
        "released": _B,  # somebody looked at it and let it in
    },
    key=("kind", "file", "row", "column", "reason"),
    required=("kind", "file", "row", "column", "value", "reason"),
)
SOURCES = Table(  # what was ingested, so that an update reads only what is new
    "sources",
    {
        "source": _S,  # files, qlib, tushare …
        "origin": _S,  # a file's absolute path, a directory's, or of a vendor what was asked but the days
        "arguments": _S,  # JSON of the request
        "fingerprint": _S,  # of a file's content
        "until": _D,  # the last day that came
        "sequence": pl.Int64(),  # which came after which: an update keeps the order in which the later one wins
    },
    key=("source", "origin", "arguments"),
    required=("source", "origin"),
)

TABLES: dict[str, Table] = {
    table.name: table
    for table in (
        BARS,
        SECURITIES,
        INDUSTRY,
        INDEX_BARS,
        MEMBERS,
        NAMES,
        ST,
        SUSPENSIONS,
        LISTINGS,
        CODE_CHANGES,
        CALENDAR,
        QUARANTINE,
        SOURCES,
    )
}

BOOKKEEPING = frozenset({QUARANTINE.name, SOURCES.name})  # tables of what was ingested, not of the market
SPANS: dict[str, SpanOf] = {
    INDUSTRY.name: SpanOf(("taxonomy", "code"), "industry"),
    MEMBERS.name: SpanOf(("index", "code")),
    NAMES.name: SpanOf(("code",), "name"),
    ST.name: SpanOf(("code",)),
    SUSPENSIONS.name: SpanOf(("code",)),
    LISTINGS.name: SpanOf(("code",)),
}
