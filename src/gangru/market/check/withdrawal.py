"""Bars that break a rule, out of their table and into the quarantine with all they hold; ingests leave them there.

A withdrawn row stands in the quarantine under the file `gangru check CODE` and its day as row, 20200131.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import polars as pl

from gangru.market.quality import row_contents
from gangru.market.release import released_faults, rows_of_contents, without_released
from gangru.market.schema import BARS, QUARANTINE
from gangru.market.store import Change, Store
from gangru.market.store_commit import insist
from gangru.market.store_rows import paired

if TYPE_CHECKING:
    from deltalake import DeltaTable

    from gangru.market.check.check import CheckReport

ORIGIN = "gangru check "


def withdraw(store: Store, report: "CheckReport") -> Change:
    """Move the rows of error rules from the bars to the quarantine; rows once released stay.

    The quarantine is written first: killed in between, rows stand in both, and the same call finishes it. Gives what
    became of the bars. Raises StoreError where a table cannot be written.
    """
    faults = without_released(withdrawn_faults(report), released_faults(store))
    keys = faults.select("code", "date").unique()
    if keys.is_empty():
        return Change()
    rows = pl.concat(bars_of(store, keys))
    contents = rows.select("code", "date", content=row_contents(rows, pl.int_range(len(rows), eager=True)))
    held = faults.join(contents, on=["code", "date"]).with_columns(released=pl.lit(value=False))
    if held.is_empty():
        return Change()
    store.upsert(QUARANTINE, held.select(list(QUARANTINE.columns)))
    return remove_bars(store, rows)


def bars_of(store: Store, keys: pl.DataFrame) -> Iterator[pl.DataFrame]:
    """The bars of these codes and dates, a year at a time."""
    for _, part in keys.group_by(pl.col("date").dt.year()):
        days = part.select(first=pl.col("date").min(), last=pl.col("date").max()).row(0)
        bars = store.scan(BARS.name).filter(pl.col("date").is_between(*days))
        yield bars.join(part.lazy(), on=["code", "date"], how="semi").collect()


def withdrawn_faults(report: "CheckReport") -> pl.DataFrame:
    """What the report's withdrawing rules found, as faults with the code and date they are of."""
    parts = [
        finding.found.rows.with_columns(reason=pl.lit(finding.rule.name))
        for finding in report.findings
        if finding.rule.withdraws and finding.found is not None and finding.found.rows is not None
    ]
    empty = pl.DataFrame(
        schema={
            "code": pl.String(),
            "date": pl.Date(),
            "column": pl.String(),
            "value": pl.String(),
            "reason": pl.String(),
        }
    )
    return pl.concat([empty, *(part.select(empty.columns) for part in parts)]).with_columns(
        kind=pl.lit(BARS.name),
        file=ORIGIN + pl.col("code"),
        row=pl.col("date").dt.strftime("%Y%m%d").cast(pl.Int64),
    )


def remove_bars(store: Store, rows: pl.DataFrame) -> Change:
    """Take rows out of the bars by key, in one commit; none where none is there."""
    store.refuse_if_pinned(BARS)
    years = sorted(rows["date"].dt.year().unique())

    def attempt(delta: "DeltaTable | None") -> Change:
        if delta is None:
            return Change()
        there = sum(
            old.join(gone, on=BARS.key, how="semi").height for _, old, gone in paired(delta, BARS, rows)
        )
        change = Change(removed=there)
        if there:
            left = (
                old.join(gone, on=BARS.key, how="anti")
                for _, old, gone in paired(delta, BARS, rows, whole=True)
            )
            store.put(BARS, delta, left, "withdraw", change, years)
        return change

    return insist(f"{store.uri}/{BARS.name}", attempt)


def withheld(quarantine: pl.DataFrame) -> pl.DataFrame:
    """The bars that a check withdrew and nobody released, as they were."""
    held = quarantine.filter(
        pl.col("file").str.starts_with(ORIGIN) & ~pl.col("released").fill_null(value=False)
    )
    return rows_of_contents(held["content"], BARS).unique(BARS.key, keep="first", maintain_order=True)


def without_withheld(rows: pl.DataFrame, held: pl.DataFrame) -> pl.DataFrame:
    """Bars on their way in without those that were withdrawn, as long as they say what they said then.

    A corrected row differs from the withdrawn one in a value that both have, and passes.
    """
    if held.is_empty():
        return rows
    values = [name for name in BARS.columns if name not in BARS.key and name in rows.columns]
    known = rows.join(held, on=BARS.key, how="inner", suffix="_held")
    same = pl.all_horizontal(
        (pl.col(name) == pl.col(f"{name}_held")).fill_null(value=True) for name in values
    )
    again = known.filter(same).select(BARS.key)
    return rows if again.is_empty() else rows.join(again, on=BARS.key, how="anti", maintain_order="left")
