"""A Qlib directory as a source: what its files say, in our units, and what is asked or refused."""

import math
import os
import struct
from datetime import date
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gangru.errors import InputError
from gangru.market.ingest import ingest_source
from gangru.market.schema import SOURCES
from gangru.market.sources import qlib
from gangru.market.sources.protocol import Span
from gangru.market.sources.qlib import QlibSource
from gangru.market.sources.qlib_directory import read_series
from gangru.market.sources.settings import DataSettings
from gangru.market.store import Store
from market.qlib_directories import DAYS, MOUTAI, NAN, Series, pieces, rows, without, write_directory


def test_prices_are_divided_by_the_factor_and_volumes_multiplied(tmp_path: Path) -> None:
    found, _ = pieces(write_directory(tmp_path / "q", {"sh600519": MOUTAI}))
    bars = rows(found, "bars")
    assert bars.select("code", "date", "open", "close", "volume", "factor").rows() == [
        ("600519.SH", date(2020, 1, 2), 10.21, 10.21, 1200, 2),
        ("600519.SH", date(2020, 1, 3), 10.40, 10.40, 800, 2),
        ("600519.SH", date(2020, 1, 7), 5.30, 5.30, 3000, 4),
        ("600519.SH", date(2020, 1, 8), 5.35, 5.35, 500, 4),
    ]
    assert bars["amount"].to_list() == pytest.approx([12252, 8320, 15900, 2675], rel=2e-7)
    assert bars["is_st"].is_null().all()  # no such file: not known


def test_indices_are_index_bars_even_without_a_factor(tmp_path: Path) -> None:
    index = {name: (1, [4000.125, 4100.5]) for name in ("open", "high", "low", "close")} | {
        "volume": (1, [NAN, 7e9])
    }
    found, _ = pieces(write_directory(tmp_path / "q", {"sh000300": index, "sh600519": MOUTAI}))
    assert rows(found, "index").select("code", "date", "close").rows() == [
        ("000300.SH", date(2020, 1, 3), 4000.125),
        ("000300.SH", date(2020, 1, 6), 4100.5),
    ]
    assert rows(found, "bars")["code"].unique().to_list() == ["600519.SH"]


def test_days_ahead_are_trading_days_too(tmp_path: Path) -> None:
    found, _ = pieces(write_directory(tmp_path / "q", {"sh600519": MOUTAI}, ahead=["2020-01-09"]))
    assert found[0].kind == "calendar"
    assert found[0].frame["date"].to_list() == [date.fromisoformat(day) for day in (*DAYS, "2020-01-09")]


def test_members_that_overlap_become_one_and_those_of_the_last_day_last(tmp_path: Path) -> None:
    lines = [
        "SH600519\t2019-01-02\t2019-12-31",
        "SH600519\t2019-06-03\t2020-01-03",
        "SZ000001\t2019-01-02\t2020-01-08",
        "SZ000002\t2019-01-02\t2099-12-31",
    ]
    root = write_directory(tmp_path / "q", {"sh600519": MOUTAI}, lists={"csi300": lines})
    store = Store.open(tmp_path / "store")
    report = ingest_source(QlibSource(root, DataSettings()), store)
    assert store.read("members").rows() == [
        ("csi300", "000001.SZ", date(2019, 1, 2), None),
        ("csi300", "000002.SZ", date(2019, 1, 2), None),
        ("csi300", "600519.SH", date(2019, 1, 2), date(2020, 1, 4)),
    ]
    assert report.tables["members"].merged == 1


def test_a_stock_of_the_market_that_ends_before_the_calendar_has_left(tmp_path: Path) -> None:
    lines = [
        "SH600519\t2020-01-02\t2020-01-08",  # from the first day to the last: says nothing
        "SZ000001\t2020-01-02\t2020-01-06",
        "SZ000002\t2020-01-03\t2020-01-08",
        "SH000300\t2020-01-03\t2020-01-06",  # an index is not listed
    ]
    stocks = {"sh600519": MOUTAI, "sz000001": MOUTAI, "sz000002": MOUTAI}
    found, source = pieces(write_directory(tmp_path / "q", stocks, lists={"all": lines}))
    listings = next(piece for piece in found if piece.kind == "listings")
    assert listings.ends == "inclusive"
    assert listings.frame.rows() == [
        ("SZ000001", "2020-01-02", "2020-01-06"),
        ("SZ000002", "2020-01-03", None),
    ]
    assert listings.places(pl.Series([0, 1])).to_list() == [2, 3]  # lines of all.txt
    assert "1 stocks end before 2020-01-08" in listings.notes[0]
    assert "SH000300 (line 4)" in source.skipped[0]  # it has no features either


def test_folders_that_are_no_stock_of_ours_are_named_and_passed_over(tmp_path: Path) -> None:
    root = write_directory(
        tmp_path / "q", {"sh600519": MOUTAI, "aapl": MOUTAI, "_qlib_con": MOUTAI, "sz000001": {}}
    )
    found, source = pieces(root)
    assert rows(found, "bars")["code"].unique().to_list() == ["600519.SH"]
    assert [part.split(": ", 1)[1] for part in source.skipped] == [
        "2 folders no code of ours: con, aapl",
        "1 folders without any *.day.bin: sz000001",
    ]


def test_a_row_in_quarantine_names_its_stock_and_day(tmp_path: Path) -> None:
    wrong = dict(MOUTAI) | {"volume": (0, [600, -400, NAN, 750, 125])}
    root = write_directory(tmp_path / "q", {"sh600519": wrong})
    store = Store.open(tmp_path / "store")
    ingest_source(QlibSource(root, DataSettings()), store)
    fault = store.read("quarantine").row(0, named=True)
    assert (fault["column"], fault["row"]) == ("volume", 600519_000001)
    assert len(store.read("bars")) == 3


def test_a_price_without_a_factor_is_quarantined_and_counted(tmp_path: Path) -> None:
    holed = dict(MOUTAI) | {"factor": (0, [2, NAN, NAN, 4, 4])}
    root = write_directory(tmp_path / "q", {"sh600519": holed})
    store = Store.open(tmp_path / "store")
    report = ingest_source(QlibSource(root, DataSettings()), store)
    assert len(store.read("bars")) == 3
    assert any("1 rows have a close, but no factor" in note for note in report.notes)


def test_only_the_days_asked_for_are_read(tmp_path: Path) -> None:
    root = write_directory(tmp_path / "q", {"sh600519": MOUTAI})
    found, _ = pieces(root, span=Span(date(2020, 1, 3), date(2020, 1, 7)))
    assert rows(found, "bars")["date"].to_list() == [date(2020, 1, 3), date(2020, 1, 7)]
    with pytest.raises(InputError, match="no day from 2021-01-01"):
        pieces(root, span=Span(date(2021, 1, 1)))


def test_a_directory_that_has_not_changed_is_passed_over(tmp_path: Path) -> None:
    root = write_directory(tmp_path / "q", {"sh600519": MOUTAI})
    _, source = pieces(root)
    remembered = source.remembered()
    assert remembered.schema == pl.Schema(SOURCES.columns)
    assert remembered["until"].item() == date(2020, 1, 8)
    seen = remembered["fingerprint"].item()
    again, passed = pieces(root, seen=seen)
    assert again == []
    assert "as it was" in passed.notes[0]
    assert passed.remembered().is_empty()
    assert not ingest_source(passed, Store.open(tmp_path / "store")).changed
    (root / "calendars" / "day.txt").write_text("".join(f"{day}\n" for day in (*DAYS, "2020-01-09")))
    assert pieces(root, seen=seen)[0]


def test_pieces_hold_some_stocks_each_and_together_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = write_directory(tmp_path / "q", {f"sh60000{i}": MOUTAI for i in range(5)})
    whole = rows(pieces(root)[0], "bars")
    monkeypatch.setattr(qlib, "GROUP", 2)
    found = [piece for piece in pieces(root)[0] if piece.kind == "bars"]
    assert [piece.frame["code"].n_unique() for piece in found] == [2, 2, 1]
    assert rows(found, "bars").equals(whole)


# What is refused


def packed(first: float, *numbers: float) -> bytes:
    return struct.pack(f"<{1 + len(numbers)}f", first, *numbers)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (packed(0, 1, 2)[:-1], "truncated: 11 bytes, cut at byte 8"),
        (b"", "truncated: 0 bytes"),
        (packed(5, 1), "byte 0: begins on day 5; expected a whole number from 0 to 4"),
        (packed(-1, 1), "byte 0: begins on day -1"),
        (packed(0.5, 1), "byte 0: begins on day 0.5"),
        (packed(NAN, 1), "byte 0: begins on day nan"),
        (packed(3, 1, 2, 3), "byte 12: day 5 of a calendar of 5 days"),
    ],
)
def test_a_broken_series_names_its_file_and_byte(tmp_path: Path, content: bytes, message: str) -> None:
    root = write_directory(tmp_path / "q", {"sh600519": MOUTAI})
    path = root / "features" / "sh600519" / "low.day.bin"
    path.write_bytes(content)
    with pytest.raises(InputError) as error:
        pieces(root)
    assert str(error.value).startswith(str(path))
    assert message in str(error.value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is empty"),
        ("2020-01-02\nsoon\n", "line 2: 'soon' is no day"),
        ("2020-01-03\n2020-01-02\n", "line 2: 2020-01-02 after 2020-01-03; days must ascend"),
        ("2020-01-03\n2020-01-03\n", "line 2: 2020-01-03 after 2020-01-03"),
    ],
)
def test_a_broken_calendar_names_its_line(tmp_path: Path, text: str, message: str) -> None:
    root = write_directory(tmp_path / "q", {"sh600519": MOUTAI})
    (root / "calendars" / "day.txt").write_text(text)
    with pytest.raises(InputError, match=message):
        pieces(root)


def test_a_directory_that_is_none_of_qlibs_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="Expected a Qlib data directory"):
        pieces(tmp_path)
    (tmp_path / "calendars").mkdir()
    (tmp_path / "calendars" / "1min.txt").write_text("2020-01-02 09:30:00\n")
    with pytest.raises(InputError, match="only daily data are read"):
        pieces(tmp_path)


def test_a_stock_without_one_of_its_prices_is_refused(tmp_path: Path) -> None:
    root = write_directory(tmp_path / "q", {"sh600519": without(MOUTAI, "high")})
    with pytest.raises(InputError, match=r"sh600519 has no high\.day\.bin"):
        pieces(root)


def test_a_directory_of_another_market_is_refused(tmp_path: Path) -> None:
    root = write_directory(tmp_path / "q", {"aapl": MOUTAI})
    with pytest.raises(InputError, match="no stock of Shanghai, Shenzhen or Beijing, but aapl"):
        pieces(root)


def test_one_stock_in_two_folders_is_refused(tmp_path: Path) -> None:
    root = write_directory(tmp_path / "q", {"sh600519": MOUTAI, "600519.sh": MOUTAI})
    with pytest.raises(InputError, match=r"are both 600519\.SH"):
        pieces(root)


# Against the obvious way to read it

numbers = st.one_of(st.just(NAN), st.floats(0.5, 99.5, width=32))
fields = ("open", "high", "low", "close", "volume", "factor", "amount")


@st.composite
def one_series(draw: st.DrawFn) -> Series:
    first = draw(st.integers(0, 4))
    return first, draw(st.lists(numbers, max_size=5 - first))


@settings(max_examples=100, deadline=None)
@given(
    st.dictionaries(
        st.sampled_from(["sh600000", "sz000001", "sz300750"]),
        st.fixed_dictionaries(dict.fromkeys(fields, one_series())),
        min_size=1,
    ),
    st.integers(0, 4),
    st.integers(1, 5),
)
def test_every_number_is_where_a_slow_reader_finds_it(
    tmp_path_factory: pytest.TempPathFactory, stocks: dict[str, dict[str, Series]], since: int, length: int
) -> None:
    root = write_directory(tmp_path_factory.mktemp("q") / "q", stocks)
    directory = qlib.open_directory(root)
    past = min(since + length, 5)
    block = qlib.read_block(directory, sorted(stocks), {name: name for name in fields}, since, past)
    got = [
        (block.names[name], day, [float(block.fields[field][i]) for field in fields])
        for i, (name, day) in enumerate(zip(block.name.tolist(), block.day.tolist(), strict=True))
    ]
    expected = []
    for name in sorted(stocks):
        for day in range(since, past):
            found = []
            for field in fields:
                content = (root / "features" / name / f"{field}.day.bin").read_bytes()
                first = int(struct.unpack("<f", content[:4])[0])
                place = 4 * (1 + day - first)
                inside = first <= day and place < len(content)
                found.append(struct.unpack("<f", content[place : place + 4])[0] if inside else NAN)
            if not all(math.isnan(price) for price in found[:4]):
                expected.append((name, day, found))
    np.testing.assert_equal(got, expected)


def test_a_series_that_is_not_there_is_none(tmp_path: Path) -> None:
    assert read_series(tmp_path / "vwap.day.bin", 5) is None


@pytest.mark.parametrize("other", ["SH600519", "_qlib_sh600519", "600519.SH"])
def test_two_folders_of_one_stock_are_refused_by_name(tmp_path: Path, other: str) -> None:
    root = write_directory(tmp_path / "q", {"sh600519": MOUTAI, other: MOUTAI})
    with pytest.raises(InputError, match=r"keep one of them") as told:
        pieces(root)
    assert f"features/{other}" in str(told.value)
    assert "features/sh600519" in str(told.value)


@pytest.mark.parametrize("path", ["features/sh600519/close.day.bin", "instruments/csi300.txt"])
def test_what_is_no_regular_file_is_refused_and_not_waited_for(tmp_path: Path, path: str) -> None:
    for place, make in enumerate((os.mkfifo, os.mkdir, lambda one: one.symlink_to("nowhere"))):
        root = write_directory(tmp_path / str(place), {"sh600519": MOUTAI}, lists={"csi300": []})
        (root / path).unlink()
        make(root / path)
        with pytest.raises(InputError, match=rf"{path} is no regular file"):
            pieces(root)


def test_a_broken_link_that_nobody_reads_stops_nothing(tmp_path: Path) -> None:
    root = write_directory(tmp_path / "q", {"sh600519": MOUTAI})
    (root / "features" / "sh600519" / "mood.day.bin").symlink_to("nowhere")
    assert len(rows(pieces(root)[0], "bars")) == 4


@pytest.mark.parametrize("name", ["bars", "calendar", "securities"])
@pytest.mark.parametrize(
    "frame",
    [
        pl.DataFrame({"a": [1]}),
        pl.DataFrame({"code": ["600519.SH"], "date": ["2020-01-02"], "name": ["x"]}),
        pl.DataFrame({"code": [{"a": 1}], "date": [[1]], "name": [b"x"]}),
    ],
)
def test_tables_beside_the_files_that_are_not_ours_are_refused(
    tmp_path: Path, name: str, frame: pl.DataFrame
) -> None:
    root = write_directory(tmp_path / "q", {"sh600519": MOUTAI})
    (root / "gangru").mkdir()
    (root / "gangru" / "export.json").write_text('{"format": 1, "indices": {}}')
    frame.with_columns(pl.lit(1).alias("list_date")).write_parquet(root / "gangru" / f"{name}.parquet")
    with pytest.raises(InputError, match=rf"gangru/{name}\.parquet.*export again"):
        pieces(root)


@pytest.mark.parametrize("indices", ['["csi300"]', '{"csi300": 5}', "null"])
def test_a_manifest_that_names_no_indices_is_refused(tmp_path: Path, indices: str) -> None:
    root = write_directory(tmp_path / "q", {"sh600519": MOUTAI})
    (root / "gangru").mkdir()
    (root / "gangru" / "export.json").write_text(f'{{"format": 1, "indices": {indices}}}')
    with pytest.raises(InputError, match=r"export\.json is no manifest of an export"):
        pieces(root)
