"""A small market without a fault, as tables, for one fault at a time to be put in."""

from datetime import date, timedelta
from functools import cache
from pathlib import Path

import numpy as np
import polars as pl

from gangru.market.check.check import FAMILIES, CheckReport, asked, check
from gangru.market.check.evidence import evidence_of
from gangru.market.check.findings import Finding, Found
from gangru.market.schema import TABLES
from gangru.market.store import Store

CODES = (
    "600001.SH",
    "600002.SH",
    "000001.SZ",
    "000002.SZ",
    "688001.SH",
    "300001.SZ",
    "920001.BJ",
    "600009.SH",
)
LEAVER = "600009.SH"  # ends on day 60 with a date of delisting
DAYS = 100
Tables = dict[str, pl.DataFrame]


def trading_days() -> list[date]:
    """Weekdays of 2020 from March on: the market's days, and a year beyond them."""
    first = date(2020, 3, 2)
    return [day for k in range(500) if (day := first + timedelta(days=k)).weekday() < 5]


def day(k: int) -> date:
    """The market's day number k."""
    return trading_days()[k]


def clean_bars(seed: int = 0) -> pl.DataFrame:
    """Random walks in whole cents, well within the limits, with volumes that no two stocks share."""
    random = np.random.default_rng(seed)
    rows = []
    for stock, code in enumerate(CODES):
        close = 10.0 + stock
        for k in range(60 if code == LEAVER else DAYS):
            opened = round(close * (1 + random.uniform(-0.01, 0.01)), 2)
            close = round(close * (1 + random.uniform(-0.015, 0.015)) + 0.01 * (k % 2), 2)
            high, low = round(max(opened, close) + 0.02, 2), round(min(opened, close) - 0.02, 2)
            volume = float(1_000 * random.integers(1_000, 9_000) + stock + 10 * k)
            amount = volume * (low + (high - low) * random.uniform(0.2, 0.8))
            rows.append((code, day(k), opened, high, low, close, 1.0, volume, amount, 1e9, *[False] * 5))
    return pl.DataFrame(rows, schema=TABLES["bars"].columns, orient="row")


@cache
def clean_tables() -> Tables:
    """Everything that the rules look at, in order."""
    bars = clean_bars()
    tables = {name: pl.DataFrame(schema=table.columns) for name, table in TABLES.items()}
    start, gone = date(2020, 1, 1), day(60)

    def frame(name: str, rows: list[tuple[object, ...]]) -> pl.DataFrame:
        return pl.DataFrame(rows, schema=TABLES[name].columns, orient="row")

    tables["bars"] = bars
    tables["calendar"] = pl.DataFrame({"date": trading_days()})
    tables["securities"] = frame(
        "securities", [(code, f"股{code[:6]}", start, gone if code == LEAVER else None) for code in CODES]
    )
    tables["names"] = frame("names", [(code, start, None, f"股{code[:6]}") for code in CODES])
    tables["industry"] = frame(
        "industry", [(code, start, None, taxonomy, "银行") for code in CODES for taxonomy in ("sw", "citic")]
    )
    tables["members"] = frame("members", [("csi300", code, start, None) for code in CODES[:4]])
    return tables


def changed(tables: Tables, code: str, k: int | range, **values: object) -> Tables:
    """The tables with other values in some of a stock's bars; a value may be an expression."""
    days = [day(k)] if isinstance(k, int) else [day(i) for i in k]
    here = (pl.col("code") == code) & pl.col("date").is_in(days)
    new = [
        pl.when(here)
        .then(value if isinstance(value, pl.Expr) else pl.lit(value))
        .otherwise(pl.col(name))
        .alias(name)
        for name, value in values.items()
    ]
    bars = tables["bars"].with_columns(new).cast(TABLES["bars"].columns)  # type: ignore[arg-type]
    return {**tables, "bars": bars}


def stored(tables: Tables, where: Path) -> Store:
    """The tables in a store; empty ones are not written."""
    store = Store.open(where)
    for name, frame in tables.items():
        if len(frame):
            store.replace(TABLES[name], frame)
    return store


def checked(tables: Tables, where: Path) -> CheckReport:
    """What a check of the tables finds."""
    return check(stored(tables, where), lambda _stage, _share: None)


def asked_of(tables: Tables, rule: str) -> Found:
    """What one rule finds in the tables, without a store."""
    facts = {name: tables[name] for name in TABLES if name != "bars"}
    days = np.unique(tables["calendar"]["date"].to_numpy().astype("datetime64[D]"))
    evidence = evidence_of(tables["bars"], facts, days, {}, {}, lambda _stage, _share: None)
    found = asked(
        next(one for family in FAMILIES.values() for one in family if one.name == rule), evidence
    ).found
    assert found is not None
    return found


def finding(report: CheckReport, rule: str) -> Finding:
    """A rule's finding."""
    return next(one for one in report.findings if one.rule.name == rule)


def broken(report: CheckReport) -> set[str]:
    """The rules that found something."""
    return {one.rule.name for one in report.findings if one.broken}
