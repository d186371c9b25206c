"""One security under several codes: its identity is the newest of them, whatever code it traded under on a day.

The store keeps every row under the code it was delivered with. On reading for the stages codes become identities;
a report of an earlier day asks for the code of that day.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise

import polars as pl

from gangru.errors import MarketError
from gangru.market.intervals import FOREVER, end_or_null
from gangru.market.schema import CODE_CHANGES

# A source that ends the old code's listing so near its change means the change, not a delisting.
CHANGE_NOT_DELISTING = timedelta(days=10)


@dataclass(frozen=True)
class CodeChange:
    """From `date` on the security that traded as `old` trades as `code`; `source` says how that is known."""

    old: str
    code: str
    date: date
    source: str


# Each date is the first trading day under the new code. They agree with free daily data: the old series' last bar, the
# first trade after the halt, or the first class of the new code. The Beijing exchange's move to 920xxx in 2025 is not
# here: its pairs are a table to ingest (kind code_changes).
KNOWN_CHANGES = (
    CodeChange(
        "601313.SH", "601360.SH", date(2018, 2, 28), "SJEC becomes 360 Security: trades again that day"
    ),
    CodeChange(
        "000022.SZ",
        "001872.SZ",
        date(2018, 12, 26),
        "Chiwan Wharf becomes China Merchants Port: trades again",
    ),
    CodeChange(
        "000043.SZ", "001914.SZ", date(2019, 12, 16), "AVIC Sunda becomes CMPO: old bars end on the 13th"
    ),
    CodeChange(
        "300114.SZ", "302132.SZ", date(2025, 2, 17), "ZEMIC becomes AVIC Chengdu Aircraft: classed that day"
    ),
)


@dataclass(frozen=True)
class Identities:
    """Which codes are one security: `newest` gives each old code's last one, `changes` are in order of date."""

    changes: pl.DataFrame
    newest: dict[str, str]

    def of(self, codes: pl.Series) -> pl.Series:
        """Each code's identity; a code that never changed is its own."""
        return codes.replace(self.newest) if self.newest else codes

    def chain(self, identity: str) -> list[tuple[str, date]]:
        """The codes of an identity, oldest first, each with the day from which it is in force."""
        before = {new: (old, day) for old, new, day in self.changes.iter_rows()}
        codes = []
        while identity in before:
            old, day = before[identity]
            codes.append((identity, day))
            identity = old
        return [(identity, date.min), *reversed(codes)]

    def code_as_of(self, identity: str, day: date) -> str:
        """The code that a security traded under on a day."""
        return [code for code, start in self.chain(identity) if start <= day][-1]

    def codes_as_of(self, identities: pl.Series, day: date) -> pl.Series:
        """The codes of that day, in the place of identities."""
        then = {new: self.code_as_of(new, day) for new in set(self.newest.values())}
        return identities.replace(then) if then else identities


def identities_of(changes: pl.DataFrame, known: Sequence[CodeChange] = KNOWN_CHANGES) -> Identities:
    """Resolve code changes, chains among them; a row of `changes` goes before a known one of the same old code.

    `changes` has the columns of the table code_changes. Raises MarketError where codes go round in a circle, two
    become one, or a chain's dates do not ascend.
    """
    told = set(changes["old"])
    rows = [(row.old, row.code, row.date) for row in known if row.old not in told]
    rows += list(changes.select("old", "code", "date").iter_rows())
    after = {old: (new, day) for old, new, day in rows}
    merged = [
        code
        for code in {new for new, _ in after.values()}
        if sum(new == code for new, _ in after.values()) > 1
    ]
    if merged:
        raise MarketError(
            f"code_changes: several codes become {min(merged)}, which is a merger, no change of code; "
            "ingest the one that the security had"
        )
    frame = pl.DataFrame(rows, schema=CODE_CHANGES.columns, orient="row").sort("date", "old")
    return Identities(frame, {old: last_code(old, after) for old in after})


def last_code(old: str, after: dict[str, tuple[str, date]]) -> str:
    """Where the chain of changes from `old` ends; raises MarketError for a circle or dates that do not ascend."""
    seen = [old]
    code, day = after[old]
    while code in after:
        if code in seen:
            raise MarketError(f"code_changes go round in a circle: {' → '.join([*seen, code])}")
        following, later = after[code]
        if later <= day:
            raise MarketError(
                f"code_changes: {code} ends on {later}, but begins on {day}; expected it to begin first"
            )
        seen.append(code)
        code, day = following, later
    return code


def unified_intervals(
    frame: pl.DataFrame, key: Sequence[str], value: str | None, identities: Identities
) -> pl.DataFrame:
    """The intervals with identities for codes; of two codes that speak of one day, the day's own code is heard.

    `frame` is normalised: columns `key` (code among them), `value` (None where being there is all), start, end. The
    result is, too. Codes that never changed keep their rows as they are.
    """
    whole = [identities.chain(new) for new in set(identities.newest.values())]
    chains = {code: chain for chain in whole for code, _ in chain}
    touched = pl.col("code").is_in(list(chains))
    moved = frame.filter(touched)
    if moved.is_empty():
        return frame
    groups: dict[tuple[str, ...], list[tuple[date, date, str, str | None]]] = {}
    for row in moved.iter_rows(named=True):
        new = identities.newest.get(row["code"], row["code"])
        place = tuple(new if name == "code" else row[name] for name in key)
        span = (row["start"], row["end"] or FOREVER, row["code"], row[value] if value else None)
        groups.setdefault(place, []).append(span)
    rows = [
        (*place, *([said] if value else []), start, end)
        for place, spans in groups.items()
        for start, end, said in swept(spans, chains[spans[0][2]])
    ]
    columns = [*key, *([value] if value else []), "start", "_end"]
    schema = {name: pl.Date() if name in ("start", "_end") else frame.schema[name] for name in columns}
    unified = pl.DataFrame(rows, schema=schema, orient="row").with_columns(end_or_null("_end"))
    return pl.concat([frame.filter(~touched), unified.select(frame.columns)]).sort([*key, "start"])


def swept(
    spans: list[tuple[date, date, str, str | None]], chain: list[tuple[str, date]]
) -> list[tuple[date, date, str | None]]:
    """What the spans (start, end, code, value) of one security say together, ascending, equal neighbours joined."""
    edges = sorted({edge for start, end, _, _ in spans for edge in (start, end)} | {day for _, day in chain})
    said: list[tuple[date, date, str | None]] = []
    for start, end in pairwise(edges):
        order = [code for code, day in chain if day <= start][::-1] + [
            code for code, day in chain if day > start
        ]
        there = [span for span in spans if span[0] <= start and span[1] >= end]
        if not there:
            continue
        spoken = min(there, key=lambda span: order.index(span[2]))[3]
        if said and said[-1][1] == start and said[-1][2] == spoken:
            said[-1] = (said[-1][0], end, spoken)
        else:
            said.append((start, end, spoken))
    return said


def unified_listings(listings: pl.DataFrame, identities: Identities) -> pl.DataFrame:
    """Listings with identities for codes; a listing that ends when its code changes goes on under the new one."""
    if listings.is_empty():
        return listings
    changed = listings.join(
        identities.changes.select("old", change="date"), left_on="code", right_on="old", how="left"
    )
    near = pl.col("end").is_null() | (pl.col("end") > pl.col("change") - CHANGE_NOT_DELISTING)
    through = changed.with_columns(
        pl.when(near & (pl.col("start") < pl.col("change"))).then("change").otherwise("end").alias("end")
    )
    kept = through.filter(pl.col("change").is_null() | (pl.col("start") < pl.col("change")))
    return unified_intervals(kept.select(listings.columns), ["code"], None, identities)


def unified_securities(securities: pl.DataFrame, identities: Identities) -> pl.DataFrame:
    """One row a security: the newest code's name and delisting, the earliest listing of all its codes."""
    if securities.is_empty() or not identities.newest:
        return securities
    age = dict.fromkeys(identities.newest, 1)
    rows = securities.with_columns(
        pl.Series("_new", identities.of(securities["code"])),
        pl.col("code").replace_strict(age, default=0, return_dtype=pl.Int8).alias("_old"),
    ).sort("_new", "_old", maintain_order=True)
    # An old code's delisting is its change: the security went on.
    alive = pl.col("delist_date").filter(pl.col("_old") == 0).first()
    return (
        rows.group_by("_new", maintain_order=True)
        .agg(pl.col("name").drop_nulls().first(), pl.col("list_date").min(), alive)
        .select(pl.col("_new").alias("code"), "name", "list_date", "delist_date")
    )
