"""Two ingests into one store at once: both land, as if one had come after the other."""

import subprocess
import sys
from datetime import date
from pathlib import Path

import polars as pl
import pytest

from gangru.market.ingest import ingest
from gangru.market.schema import TABLES, Table
from gangru.market.sources.settings import DataSettings
from gangru.market.store import Store

ROUNDS = 4
DAYS = pl.date_range(date(2020, 1, 1), date(2020, 2, 28), eager=True)
INGESTS = f"""
import sys
from gangru.market.ingest import ingest
from gangru.market.sources.settings import DataSettings
from gangru.market.store import Store
print("ready", flush=True)
sys.stdin.readline()
for round in range({ROUNDS}):
    ingest(f"{{sys.argv[1]}}/{{round}}", Store.open(sys.argv[2]), DataSettings())
"""


def write_files(folder: Path, me: int, number: int) -> None:
    """A round's files of one process: stocks of its own, one that both have, and a faulty row."""
    folder.mkdir(parents=True)
    codes = pl.DataFrame({"code": [f"60{me}{number:03d}.SH", f"609{number:03d}.SH"]})
    pl.DataFrame({"date": DAYS}).write_csv(folder / "calendar.csv")
    codes.with_columns(name=pl.lit("x")).write_csv(folder / "securities.csv")
    codes.with_columns(start=pl.lit("2020-01-01"), end=pl.lit("2020-02-01"), industry=pl.lit("a")).write_csv(
        folder / "industry.csv"
    )
    bars = codes.join(pl.DataFrame({"date": DAYS}), how="cross").with_columns(volume=pl.lit(1.0))
    prices = {name: pl.lit(10.0) for name in ("open", "high", "low", "close")}
    faulty = bars.head(1).with_columns(date=pl.lit(date(2020, 3, 1)))
    pl.concat([bars, faulty]).with_columns(**prices).write_csv(folder / "bars.csv")


def test_two_ingests_at_once_lose_and_double_nothing(tmp_path: Path) -> None:
    uri = str(tmp_path / "store")
    for me in (1, 2):
        for number in range(ROUNDS):
            write_files(tmp_path / str(me) / str(number), me, number)
    children = [
        subprocess.Popen(
            [sys.executable, "-c", INGESTS, str(tmp_path / str(me)), uri],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for me in (1, 2)
    ]
    for child in children:
        assert child.stdout
        assert child.stdout.readline() == "ready\n"
    for child in children:
        assert child.stdin
        child.stdin.write("go\n")
        child.stdin.flush()
    assert [child.wait(60) for child in children] == [0, 0]
    store = Store.open(uri)
    stocks = 3 * ROUNDS
    for name, rows in {
        "calendar": len(DAYS),
        "securities": stocks,
        "industry": stocks,
        "bars": stocks * len(DAYS),
        "quarantine": 2 * ROUNDS,
    }.items():
        found = store.read(name)
        assert len(found) == rows, name
        assert found.select(TABLES[name].key).is_unique().all(), name


@pytest.mark.parametrize("table", ["calendar", "securities", "industry", "bars", "quarantine"])
def test_an_ingest_that_another_overtakes_at_a_table_adds_to_what_it_wrote(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, table: str
) -> None:
    store = Store.open(tmp_path / "store")
    folders = [tmp_path / str(number) for number in range(3)]
    for number, folder in enumerate(folders):
        write_files(folder, me=1, number=number)
    pl.DataFrame({"date": pl.concat([DAYS, pl.Series([date(2020, 3, 2)])])}).write_csv(
        folders[2] / "calendar.csv"
    )
    ingest(folders[0], store, DataSettings())
    whole, overtaken = Store.put, []

    def put(self: Store, target: Table, *arguments: object, **named: object) -> None:
        if target.name == table and not overtaken:
            overtaken.append(True)
            ingest(folders[1], store, DataSettings())
        whole(self, target, *arguments, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(Store, "put", put)
    ingest(folders[2], store, DataSettings())
    assert overtaken
    counts = {name: len(store.read(name)) for name in ("securities", "industry", "bars", "quarantine")}
    assert counts == {"securities": 6, "industry": 6, "bars": 6 * len(DAYS), "quarantine": 3}
