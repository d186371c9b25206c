"""Ingest: what is good is kept, what is faulty is named, and a failure leaves the store as it was."""

from collections.abc import Callable
from datetime import date
from pathlib import Path

import polars as pl
import pytest

from gangru.errors import InputError
from gangru.market.ingest import IngestReport, ingest
from gangru.market.sources.settings import DataSettings
from gangru.market.store import Change, Store

CALENDAR = "date\n2020-01-02\n2020-01-03\n2020-01-06\n2020-01-07\n"
HEADER = "code,date,open,high,low,close,volume"
GOOD = f"{HEADER}\nSH600000,2020-01-02,10,11,9,10.5,100\nSH600000,2020-01-03,10,11,9,10.5,100\n"
Give = Callable[..., IngestReport]


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store.open(tmp_path / "store")


@pytest.fixture
def give(tmp_path: Path, store: Store) -> Give:
    """Write files into a fresh folder and ingest it."""
    folder = tmp_path / "in"

    def given(
        settings: DataSettings | None = None, kind: str | None = None, **files: str | bytes
    ) -> IngestReport:
        folder.mkdir(exist_ok=True)
        for old in folder.iterdir():
            old.unlink()
        for name, content in files.items():
            data = content.encode() if isinstance(content, str) else content
            (folder / name.replace("__", ".")).write_bytes(data)
        return ingest(folder, store, settings or DataSettings(), kind)

    return given


def faults(store: Store) -> list[tuple[str, int, str, str, str]]:
    """The quarantine as (file's name, row, column, value, reason)."""
    rows = store.read("quarantine").select("file", "row", "column", "value", "reason").rows()
    return [(Path(file).name, *rest) for file, *rest in rows]


FAULTY = [
    ("SH600000,2020-01-06,ten,11,9,10,100", "open", "ten", "not a number"),
    ("SH600000,2020-01-06,10,11,9,,100", "close", "", "missing"),
    ("SH600000,2020-01-06,10,11,0,10,100", "low", "0", "must be a finite number above 0"),
    ("SH600000,2020-01-06,10,inf,9,10,100", "high", "inf", "must be a finite number above 0"),
    ("SH600000,2020-01-06,10,8,9,10,100", "high", "8", "is below the day's low"),
    ("SH600000,2020-01-06,12,11,9,10,100", "open", "12", "lies outside the day's low and high"),
    ("SH600000,2020-01-06,10,11,9,8.99,100", "close", "8.99", "lies outside the day's low and high"),
    ("SH600000,2020-01-06,10,11,9,10,-1", "volume", "-1", "must be a finite number, not below 0"),
    (
        "SH600000,2020-01-03,10,11,9,10,100",
        "date",
        "2020-01-03",
        "repeats the key (date, code) of an earlier row",
    ),
    (
        "SH600000,2020-01-04,10,11,9,10,100",
        "date",
        "2020-01-04",
        "no trading day of the store's calendar (2020-01-02 to 2020-01-07)",
    ),
    (
        "SH600000,2020-01-04,10,11,9,10,100",
        "date",
        "2020-01-04",
        "no trading day of the store's calendar (2020-01-02 to 2020-01-07)",
    ),
    ("SH600000,January,10,11,9,10,100", "date", "January", "not a date (2020-01-31, 20200131 or 2020/1/31)"),
    ("1,2020-01-06,10,11,9,10,100", "code", "1", "cannot be spelled NNNNNN.SH, .SZ or .BJ"),
    ("XX600000,2020-01-06,10,11,9,10,100", "code", "XX600000", "cannot be spelled NNNNNN.SH, .SZ or .BJ"),
    (
        "SH000300,2020-01-06,10,11,9,10,100",
        "code",
        "SH000300",
        "is an index, which belongs in a file of its own",
    ),
]


@pytest.mark.parametrize(("line", "column", "value", "reason"), FAULTY)
def test_a_faulty_row_goes_to_quarantine_and_the_others_are_kept(
    give: Give, store: Store, line: str, column: str, value: str, reason: str
) -> None:
    report = give(cal__csv=CALENDAR, bars__csv=GOOD + line + "\nSH600000,2020-01-07,10,11,9,10,0\n")
    found = [fault for fault in faults(store) if fault[2] == column]
    assert found == [("bars.csv", 4, column, value, reason)]
    assert report.tables["bars"].rows_read == 4
    assert report.tables["bars"].quarantined == 1
    assert report.tables["bars"].change == Change(new=3)
    assert store.read("bars")["date"].to_list() == [date(2020, 1, 2), date(2020, 1, 3), date(2020, 1, 7)]


def test_optional_columns_are_checked_where_they_are(give: Give, store: Store) -> None:
    rows = (
        f"{HEADER},amount,factor,float_shares,is_st\n"
        "SH600000,2020-01-02,10,11,9,10,100,-5,1,1000,0\n"
        "SH600000,2020-01-03,10,11,9,10,100,,0,1000,0\n"
        "SH600000,2020-01-06,10,11,9,10,100,,1,1000,perhaps\n"
        "SH600000,2020-01-07,10,11,9,10,100,,,,\n"
    )
    give(cal__csv=CALENDAR, bars__csv=rows)
    assert [(row, column, value) for _, row, column, value, _ in faults(store)] == [
        (2, "amount", "-5"),
        (3, "factor", "0"),
        (4, "is_st", "perhaps"),
    ]
    assert store.read("bars").select("factor", "float_shares", "is_st").rows() == [(None, None, None)]


def test_rounding_does_not_put_a_price_outside_its_day(give: Give, store: Store) -> None:
    give(cal__csv=CALENDAR, bars__csv=f"{HEADER}\nSH600000,2020-01-02,10.0,10.0,9.0,10.004,100\n")
    assert len(store.read("bars")) == 1


def test_parquet_faults_name_the_zero_based_row(give: Give, store: Store, tmp_path: Path) -> None:
    frame = pl.read_csv(GOOD.encode(), try_parse_dates=True).with_columns(
        high=pl.Series([11.0, float("nan")])
    )
    frame.write_parquet(tmp_path / "bars.parquet")
    give(cal__csv=CALENDAR, bars__parquet=(tmp_path / "bars.parquet").read_bytes())
    assert faults(store) == [("bars.parquet", 1, "high", "", "missing")]


FATAL = [
    (
        {"bars__csv": "code,date,open,high,low,volume\nSH600000,2020-01-02,1,1,1,1\n"},
        "bars.csv has no column close",
    ),
    ({"bars__csv": ""}, "bars.csv is empty"),
    ({"bars__csv": HEADER + "\n"}, "bars.csv has a header, but no rows"),
    ({"bars__parquet": b"PAR1cut"}, "bars.parquet is no whole Parquet file"),
    (
        {"bars__csv": f"{HEADER}\nSH600000,2020-01-02,ten,1,1,1,1\n"},
        r"bars.csv: none of its 1 rows can be used as bars; the first fault: row 2, column open: 'ten' not a number",
    ),
    ({"bars__csv": GOOD, "what__csv": "a,b\n1,2\n"}, "what.csv has no column"),
    (
        {"ind__csv": "code,start,end,industry\nSH600000,2020-01-02,,A\nSH600000,2020-01-03,,B\n"},
        "ind.csv: none of its 2 rows can be used as industry; .*column industry: 'A' contradicts another industry",
    ),
]


@pytest.mark.parametrize(("files", "message"), FATAL)
def test_what_cannot_be_used_at_all_is_refused_before_anything_is_written(
    give: Give, store: Store, files: dict[str, str | bytes], message: str
) -> None:
    give(cal__csv=CALENDAR, bars__csv=GOOD)
    before = store.versions()
    more = {"cal__csv": CALENDAR + "2020-01-08\n", "sec__csv": "code,name\nSH600000,浦发银行\n"}
    with pytest.raises(InputError, match=message):
        give(**more, **files)
    assert store.versions() == before


def test_bars_without_volume_that_are_no_indices_lack_it(give: Give) -> None:
    with pytest.raises(InputError, match=r"x.csv has no column volume, which bars need"):
        give(x__csv="code,date,open,high,low,close\nSH600000,2020-01-02,1,1,1,1\n")


def test_back_adjusted_prices_want_a_factor_and_become_raw(give: Give, store: Store) -> None:
    settings = DataSettings(
        units={"price": "back-adjusted yuan", "volume": "lots", "amount": "thousand yuan"}
    )
    with pytest.raises(InputError, match=r"bars.csv has no factor"):
        give(settings, cal__csv=CALENDAR, bars__csv=GOOD)
    give(
        settings,
        cal__csv=CALENDAR,
        bars__csv=f"{HEADER},factor,amount\nSH600000,2020-01-02,20,22,18,21,3,2,6\n",
    )
    got = store.read("bars", columns=["open", "high", "low", "close", "volume", "amount", "factor"])
    assert got.rows() == [(10.0, 11.0, 9.0, 10.5, 300.0, 6000.0, 2.0)]


def test_other_names_are_read_through_the_mapping_and_slips_are_noted(give: Give, store: Store) -> None:
    settings = DataSettings(
        columns={"code": "代码", "volume": "vol", "amount": "turnovr"}, units={"volume": "shares"}
    )
    report = give(
        settings,
        cal__csv=CALENDAR,
        b__csv="代码,date,open,high,low,close,vol,pe\n600000,20200102,1,1,1,1,7,9\n",
    )
    assert store.read("bars", columns=["code", "volume"]).rows() == [("600000.SH", 7.0)]
    assert list(report.ignored.values()) == [("pe",)]
    assert report.notes == ("[data.columns] amount = 'turnovr': no file has this column",)


def test_the_same_files_again_change_nothing_and_say_so(give: Give, store: Store) -> None:
    files = {
        "cal__csv": CALENDAR,
        "bars__csv": GOOD + "SH600000,2020-01-06,10,11,9,ten,100\n",
        "sec__csv": "code,name\nSH600000,浦发银行\n",
        "ind__csv": "code,start_date,sw_l1\nSH600000,2010-01-01,银行\nSH600000,2021-07-30,银行\n",
        "mem__csv": "index,code,start,end\ncsi300,SH600000,2019-01-01,2019-06-30\ncsi300,SH600000,2019-07-01,2019-12-31\n",
    }
    first = give(**files)
    second = give(**files)
    assert second.versions_before == second.versions_after == first.versions_after
    for name, table in second.tables.items():
        assert table.change == Change(unchanged=first.tables[name].change.new)


def test_a_revision_is_counted_and_a_mended_file_leaves_the_quarantine(give: Give, store: Store) -> None:
    give(cal__csv=CALENDAR, bars__csv=GOOD + "SH600000,2020-01-06,10,11,9,ten,100\n")
    assert len(faults(store)) == 1
    report = give(
        cal__csv=CALENDAR, bars__csv=GOOD.replace("10.5", "10.6") + "SH600000,2020-01-06,10,11,9,10,100\n"
    )
    assert report.tables["bars"].change == Change(new=1, changed=2)
    assert faults(store) == []


def test_faults_of_other_files_stay_in_quarantine(give: Give, store: Store) -> None:
    give(cal__csv=CALENDAR, one__csv=GOOD + "SH600000,2020-01-06,10,11,9,ten,100\n")
    give(two__csv=GOOD.replace("600000", "600001"))
    assert [fault[0] for fault in faults(store)] == ["one.csv"]


def test_an_index_is_told_by_its_codes_and_never_enters_the_bars(give: Give, store: Store) -> None:
    report = give(cal__csv=CALENDAR, i__csv=f"{HEADER}\nSH000300,2020-01-02,4000,4001,3999,4000,100\n")
    assert set(report.tables) == {"calendar", "index_bars"}
    assert store.read("index_bars")["code"].to_list() == ["000300.SH"]
    assert store.read("bars").is_empty()


def test_codes_absent_from_securities_are_kept_and_counted(give: Give, store: Store) -> None:
    report = give(
        cal__csv=CALENDAR, bars__csv=GOOD, sec__csv="code,name,list_date\nSZ000001,平安银行,1991-04-03\n"
    )
    assert report.unknown_codes == ("600000.SH",)
    assert len(store.read("bars")) == 2
    assert store.read("securities").row(0) == ("000001.SZ", "平安银行", date(1991, 4, 3), None)


def test_industries_end_where_the_next_begins_across_files(give: Give, store: Store) -> None:
    report = give(
        a__csv="code,start_date,sw_l1\nSH600000,2010-01-01,银行\nSZ000001,2010-01-01,银行\n",
        b__csv="code,start_date,sw_l1\nSH600000,2015-01-01,钢铁\n",
    )
    assert store.read("industry", columns=["code", "start", "end", "taxonomy", "industry"]).rows() == [
        ("000001.SZ", date(2010, 1, 1), None, "sw", "银行"),
        ("600000.SH", date(2010, 1, 1), date(2015, 1, 1), "sw", "银行"),
        ("600000.SH", date(2015, 1, 1), None, "sw", "钢铁"),
    ]
    assert report.tables["industry"].rows_read == 3
    later = give(c__csv="code,start_date,sw_l1\nSH600000,2020-01-01,传媒\n")
    assert later.tables["industry"].change == Change(new=1, changed=1, unchanged=2)
    assert store.read("industry")["end"].to_list() == [None, date(2015, 1, 1), date(2020, 1, 1), None]


def test_contradictory_industries_are_refused_with_their_rows(give: Give, store: Store) -> None:
    give(
        i__csv="code,start,end,industry\nSH600000,2010-01-01,2012-01-01,A\nSZ000001,2010-01-01,,A\n"
        "SH600000,2011-01-01,2013-01-01,B\n"
    )
    assert [(row, column, value) for _, row, column, value, _ in faults(store)] == [
        (2, "industry", "A"),
        (4, "industry", "B"),
    ]
    assert store.read("industry")["code"].to_list() == ["000001.SZ"]


MEMBERS = "index,code,start,end\ncsi300,SH600000,2019-01-01,{}\ncsi300,SH600000,2019-07-01,{}\n"


def test_ends_that_precede_the_next_start_by_a_day_are_last_days(give: Give, store: Store) -> None:
    report = give(m__csv=MEMBERS.format("2019-06-30", "2019-12-31"))
    assert store.read("members").rows() == [("csi300", "600000.SH", date(2019, 1, 1), date(2020, 1, 1))]
    assert report.tables["members"].merged == 1
    assert report.notes[0].endswith(
        "m.csv: ends read as inclusive (0 ends are the next start, 1 the day before it)"
    )


def test_ends_that_are_the_next_start_are_days_after(give: Give, store: Store) -> None:
    report = give(m__csv=MEMBERS.format("2019-07-01", ""))
    assert report.notes[0].endswith(
        "m.csv: ends read as exclusive (1 ends are the next start, 0 the day before it)"
    )
    assert store.read("members").rows() == [("csi300", "600000.SH", date(2019, 1, 1), None)]


def test_ends_of_both_conventions_are_asked_about(give: Give, store: Store) -> None:
    mixed = MEMBERS.format("2019-06-30", "2019-12-31") + "csi300,SH600000,2019-12-31,\n"
    with pytest.raises(
        InputError, match=r"m.csv: 1 ends are the next start, 1 the day before it; say in study.toml"
    ):
        give(m__csv=mixed)
    give(DataSettings(interval_ends="exclusive"), m__csv=mixed)
    assert store.read("members")["end"].to_list() == [date(2019, 6, 30), None]


def test_an_end_before_its_start_is_a_fault(give: Give, store: Store) -> None:
    give(m__csv=MEMBERS.format("2018-01-01", "2019-12-31"))
    assert [(fault[1], fault[2], fault[4]) for fault in faults(store)] == [
        (2, "end", "is not after its start")
    ]


def test_without_any_calendar_the_exchange_s_is_taken(give: Give, store: Store) -> None:
    line = "SH600000,{},10,11,9,10,100\n"
    beyond = "".join(line.format(day) for day in ("2020-01-27", "2099-01-05", "2099-01-04"))
    give(bars__csv=GOOD + beyond)
    # A Monday of the spring festival, and a Sunday; which weekdays of 2099 are holidays nobody knows yet.
    assert [fault[1] for fault in faults(store)] == [4, 6]
    assert "Shanghai exchange's calendar" in faults(store)[0][4]
    assert store.read("bars")["date"].max() == date(2099, 1, 5)


def test_files_of_other_suffixes_are_skipped_and_named_and_progress_is_told(
    store: Store, tmp_path: Path
) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "README.md").write_text("notes")
    (tmp_path / "in" / "bars.csv").write_text(GOOD)
    told: list[tuple[str, float]] = []
    report = ingest(
        tmp_path / "in", store, DataSettings(), on_progress=lambda stage, share: told.append((stage, share))
    )
    assert report.skipped == (str(tmp_path / "in" / "README.md"),)
    assert told[0] == ("reading bars.csv", 0.0)
    assert told[-1] == ("writing", 1.0)
    assert all(0 <= share <= 1 for _, share in told)


def test_a_kill_between_two_tables_is_mended_by_the_rerun(
    give: Give, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = {"cal__csv": CALENDAR, "bars__csv": GOOD, "sec__csv": "code,name\nSH600000,浦发银行\n"}
    whole = Store.upsert

    def dying(self: Store, table: object, frame: pl.DataFrame) -> Change:
        if getattr(table, "name", "") == "bars":
            raise KeyboardInterrupt
        return whole(self, table, frame)  # type: ignore[arg-type]

    monkeypatch.setattr(Store, "upsert", dying)
    with pytest.raises(KeyboardInterrupt):
        give(**files)
    monkeypatch.undo()
    assert store.versions()["securities"] == 0
    assert store.versions()["bars"] is None
    report = give(**files)
    assert report.tables["bars"].change == Change(new=2)
    assert report.tables["securities"].change == Change(unchanged=1)


def test_later_intervals_survive_a_file_about_earlier_times(give: Give, store: Store) -> None:
    early = "code,st_start,st_end\n600000.SH,2020-01-06,2021-01-04\n"
    late = "code,st_start,st_end\n600000.SH,2024-05-06,2025-05-06\n"
    give(st1__csv=early, st2__csv=late)
    give(st1__csv=early.replace("2021-01-04", "2021-02-01"))
    assert [str(day) for day in store.read("st")["end"]] == ["2021-02-01", "2025-05-06"]


def test_a_file_of_prices_that_lacks_a_column_is_no_calendar(give: Give, store: Store) -> None:
    raw = "ts_code,trade_date,open,high,low,close,vol\n600000.SH,20200106,1,1,1,1,7\n"
    with pytest.raises(InputError, match="has no column code, volume, which bars need"):
        give(raw__csv=raw)
    assert store.read("calendar").is_empty()


def test_days_that_a_calendar_calls_closed_are_no_trading_days(give: Give, store: Store) -> None:
    text = "exchange,cal_date,is_open,pretrade_date\nSSE,20200102,1,20191231\nSSE,20200103,0,20200102\nSSE,20200106,1,20200102\n"
    report = give(c__csv=text)
    assert [str(day) for day in store.read("calendar")["date"]] == ["2020-01-02", "2020-01-06"]
    assert "1 days that are not open were left out" in report.notes[0]


def test_bars_past_the_calendar_s_end_are_taken_with_a_note_but_not_on_holidays(
    give: Give, store: Store
) -> None:
    bars = "code,date,open,high,low,close,volume\n" + "".join(
        f"600000.SH,{day},1,1,1,1,7\n" for day in ("2026-12-31", "2027-01-01", "2027-01-02", "2027-01-04")
    )
    report = give(calendar__csv="date\n2026-12-30\n2026-12-31\n", bars__csv=bars)
    assert [str(day) for day in store.read("bars")["date"]] == ["2026-12-31", "2027-01-04"]
    assert "1 later weekdays, 2027-01-04 to 2027-01-04, are taken as trading days" in report.notes[0]


def test_rows_that_say_the_same_are_merged_and_a_copy_of_a_file_is_no_fault(give: Give, store: Store) -> None:
    text = "code,date,open,high,low,close,volume\n600000.SH,2020-01-06,1,1,1,1,7\n"
    report = give(a__csv=text, b__csv=text)
    part = report.tables["bars"]
    assert (part.rows_read, part.merged, part.quarantined, part.change.new) == (2, 1, 0, 1)
    assert len(store.read("quarantine")) == 0


@pytest.mark.real
def test_the_real_files_are_read_as_they_are(real_data: Path, store: Store) -> None:
    names = [
        "bars/2020.parquet",
        "securities.csv",
        "calendar.csv",
        "indices.parquet",
        "industry_sw.csv",
        "index_members.csv",
    ]
    report = ingest([real_data / name for name in names], store, DataSettings())
    assert sum(table.quarantined for table in report.tables.values()) == 0
    assert len(report.unknown_codes) == 5
    moutai = store.read("bars", start=date(2020, 12, 31), end=date(2020, 12, 31)).filter(
        pl.col("code") == "600519.SH"
    )
    assert moutai["close"].to_list() == [1998.0]
    index = store.read("index_bars", start=date(2021, 2, 10), end=date(2021, 2, 10))
    assert index.filter(pl.col("code") == "000300.SH")["close"].to_list() == [5807.719]
    assert report.tables["members"].merged == 51_009
    assert store.read("industry")["industry"].n_unique() == 32


@pytest.mark.real
def test_the_real_bars_hold_223_codes_that_securities_lack(real_data: Path) -> None:
    files = [*sorted((real_data / "bars").glob("*.parquet")), real_data / "bars_delisted.parquet"]
    codes = pl.scan_parquet(files, missing_columns="insert").select(pl.col("code").unique()).collect()["code"]
    named = pl.read_csv(real_data / "securities.csv")["code"]
    assert (~codes.is_in(named.implode())).sum() == 223
