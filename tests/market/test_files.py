"""Files: found in a fixed order, told apart by their columns, every row traceable to its line."""

import bz2
import csv
import gzip
import io
import lzma
import os
import zlib
from datetime import date, datetime
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gangru.errors import InputError, SettingsError
from gangru.market.schema import BARS
from gangru.market.sources.columns import read_dates, read_flags, read_numbers, typed
from gangru.market.sources.kinds import plan_file
from gangru.market.sources.raw import column_names, find_files, read_columns, record_lines
from gangru.market.sources.settings import DataSettings

BAR_COLUMNS = list(BARS.required)


def test_a_folder_is_walked_in_order_and_other_suffixes_are_named(tmp_path: Path) -> None:
    for name in ("b.csv", "a/z.parquet", "a/B.CSV", "README.md", ".hidden.csv", ".git/x.csv"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("x")
    found = find_files([tmp_path])
    assert [str(f.relative_to(tmp_path)) for f in found.files] == ["a/B.CSV", "a/z.parquet", "b.csv"]
    assert found.skipped == (str(tmp_path / "README.md"),)


def test_patterns_and_repeated_paths_give_each_file_once(tmp_path: Path) -> None:
    for name in ("2.csv", "1.csv", "3.txt"):
        (tmp_path / name).write_text("x")
    found = find_files([tmp_path / "2.csv", str(tmp_path / "*.csv"), tmp_path])
    assert [f.name for f in found.files] == ["2.csv", "1.csv"]


def test_a_path_that_is_not_there_or_holds_nothing_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"nowhere\.csv does not exist"):
        find_files([tmp_path / "nowhere.csv"])
    (tmp_path / "notes.txt").write_text("x")
    with pytest.raises(InputError, match=r"no \.csv or \.parquet file.*skipped .*notes\.txt"):
        find_files([tmp_path])


@pytest.mark.parametrize(
    ("columns", "kind"),
    [
        (BAR_COLUMNS, "bars"),
        ([*BAR_COLUMNS, "name", "industry"], "bars"),
        (["code", "trade_date", "open", "high", "low", "close"], "index"),
        (["code", "name", "list_date"], "securities"),
        (["code", "start_date", "sw_l1"], "industry"),
        (["code", "start", "end", "taxonomy", "industry"], "industry"),
        (["index", "code", "start", "end"], "members"),
        (["trade_date"], "calendar"),
    ],
)
def test_the_columns_tell_the_kind(columns: list[str], kind: str) -> None:
    assert plan_file(Path("f.csv"), columns, DataSettings()).kind.name == kind


def test_bars_with_names_that_lack_a_price_are_not_taken_for_securities() -> None:
    with pytest.raises(
        InputError, match=r"f\.csv has no column close, which bars need; it has code, name, date"
    ):
        plan_file(Path("f.csv"), ["code", "name", "date", "open", "high", "low", "volume"], DataSettings())


def test_a_forced_kind_says_what_it_lacks() -> None:
    with pytest.raises(InputError, match="no column date, which calendar need"):
        plan_file(Path("f.csv"), ["code", "name"], DataSettings(), "calendar")
    with pytest.raises(InputError, match="kind 'prices': expected one of bars, index"):
        plan_file(Path("f.csv"), ["code", "name"], DataSettings(), "prices")


def test_declared_names_win_and_a_column_s_name_tells_its_taxonomy() -> None:
    declared = DataSettings(columns={"volume": "vol", "code": "ts_code", "close": "收盘"})
    plan = plan_file(Path("f"), ["ts_code", "date", "open", "high", "low", "收盘", "close", "vol"], declared)
    assert (plan.columns["volume"], plan.columns["code"], plan.columns["close"]) == ("vol", "ts_code", "收盘")
    assert plan_file(Path("f"), ["code", "start", "citic_l1"], DataSettings()).taxonomy == "citic"
    assert (
        plan_file(Path("f"), ["code", "start", "industry"], DataSettings(taxonomy="gics")).taxonomy == "gics"
    )


@pytest.mark.parametrize(
    ("made", "message"),
    [
        ({"units": {"volume": "bushels"}}, "units.volume = 'bushels': expected one of shares, lots"),
        ({"units": {"weight": "kg"}}, "units.weight: expected one of volume"),
        ({"columns": {"colse": "x"}}, "columns.colse: expected one of amount"),
    ],
)
def test_unknown_columns_and_units_are_refused(made: dict, message: str) -> None:
    with pytest.raises(SettingsError, match=message):
        DataSettings(**made)


def written(path: Path, data: bytes) -> Path:
    path.write_bytes(data)
    return path


@pytest.mark.parametrize(
    ("name", "data", "message"),
    [
        ("a.csv", b"", "a.csv is empty"),
        ("a.parquet", b"", "a.parquet is empty"),
        ("a.csv", b"\n\n", "a.csv is empty"),
        ("a.parquet", b"PAR1 and then nothing", "a.parquet is no whole Parquet file"),
        ("a.csv", "代码\n银行\n".encode("gbk"), "a.csv is not UTF-8"),
        ("a.csv", b"code,code\na,b\n", "a.csv has the column code twice"),
    ],
)
def test_unreadable_headers_are_refused_by_name(tmp_path: Path, name: str, data: bytes, message: str) -> None:
    with pytest.raises(InputError, match=message):
        column_names(written(tmp_path / name, data))


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"code,name\n", "a.csv has a header, but no rows"),
        (b"code,name\n\n\n", "a.csv has a header, but no rows"),
        (b"code,name\na,b\na,1,234\n", "a.csv, line 3: 3 fields under 2 columns"),
        (b'code,name\na,b\na,"cut', "a.csv, line 3: unexpected end of data; close the quotes"),
        (b"code,name\na,b\n\xff\xfe,c\n", "a.csv is not UTF-8"),
    ],
)
def test_unreadable_rows_are_refused_by_line(tmp_path: Path, data: bytes, message: str) -> None:
    with pytest.raises(InputError, match=message):
        read_columns(written(tmp_path / "a.csv", data), {"code": "code", "name": "name"})


def test_a_truncated_parquet_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "cut.parquet"
    pl.DataFrame({"code": ["a"] * 1000}).write_parquet(path)
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(InputError, match=r"cut\.parquet is no whole Parquet file"):
        column_names(path)


def test_lines_are_told_through_quotes_blanks_and_carriage_returns(tmp_path: Path) -> None:
    data = b'\xef\xbb\xbfcode,name\r\n1,one\r\n\r\n2,"two\r\nlines, ""quoted"""\r\n3,three\r\n\r\n4,four'
    raw = read_columns(written(tmp_path / "a.csv", data), {"code": "code"})
    assert raw.frame["code"].to_list() == ["1", "2", "3", "4"]
    assert raw.blank == 2
    assert raw.places(pl.Series([0, 1, 2, 3])).to_list() == [2, 4, 6, 8]


fields = st.text(alphabet='ab,"\n 1', max_size=5)


@given(st.lists(st.tuples(fields, fields), min_size=1, max_size=8), st.sets(st.integers(0, 7)), st.booleans())
@settings(max_examples=150, deadline=None)
def test_every_row_is_found_on_the_line_where_it_was_written(
    tmp_path_factory: pytest.TempPathFactory,
    rows: list[tuple[str, str]],
    blanks_before: set[int],
    last_break: bool,
) -> None:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n", quoting=csv.QUOTE_ALL)
    writer.writerow(["key", "text", "more"])
    lines = []
    for i, row in enumerate(rows):
        if i in blanks_before:
            out.write("\n")
        lines.append(out.getvalue().count("\n") + 1)
        writer.writerow([f"k{i}", *row])
    text = out.getvalue() if last_break else out.getvalue()[:-1]
    path = tmp_path_factory.mktemp("csv") / "a.csv"
    path.write_text(text, newline="")
    raw = read_columns(path, {"code": "key"})
    assert raw.frame["code"].to_list() == [f"k{i}" for i in range(len(rows))]
    assert raw.places(pl.Series(np.arange(len(rows)))).to_list() == lines


def test_lines_are_counted_from_the_header_though_blank_ones_precede_it(tmp_path: Path) -> None:
    assert record_lines(written(tmp_path / "a.csv", b"\n\na\n1\n2\n"))[:2].tolist() == [2, 3]


def test_parquet_rows_are_counted_from_zero(tmp_path: Path) -> None:
    pl.DataFrame({"code": ["a", "b"]}).write_parquet(tmp_path / "a.parquet")
    raw = read_columns(tmp_path / "a.parquet", {"code": "code"})
    assert raw.places(pl.Series([1], dtype=pl.UInt32)).to_list() == [1]


def test_dates_are_read_in_every_spelling_and_never_guessed() -> None:
    day = date(2020, 1, 31)
    texts = ["2020-01-31", "20200131", "2020/1/31", "2020-01-31 00:00:00", "2020-1-31"]
    assert read_dates(pl.Series(texts)).to_list() == [day] * 5
    assert read_dates(pl.Series(["2020111", "31/01/2020", "2020-02-30", "x", None])).to_list() == [None] * 5
    assert read_dates(pl.Series([20200131])).to_list() == [day]
    assert read_dates(pl.Series([datetime(2020, 1, 31, 15)])).to_list() == [day]
    utc = pl.Series([datetime(2020, 1, 30, 16)]).dt.replace_time_zone("UTC")
    assert read_dates(utc).to_list() == [day]  # midnight in Shanghai
    assert read_dates(pl.Series([None], dtype=pl.String)).to_list() == [None]


def test_single_precision_prices_become_the_decimals_they_stand_for() -> None:
    cents = pl.Series(np.round(np.arange(1, 300_000) / 100, 2))
    assert read_numbers(cents.cast(pl.Float32)).to_list() == cents.to_list()
    assert read_numbers(pl.Series([5807.719], dtype=pl.Float32)).to_list() == [5807.719]


@given(st.lists(st.floats(width=32, allow_nan=False), max_size=20))
def test_single_precision_numbers_keep_their_bits(values: list[float]) -> None:
    single = pl.Series(values, dtype=pl.Float32)
    assert read_numbers(single).cast(pl.Float32).to_list() == single.to_list()


def test_flags_are_read_from_words_and_numbers() -> None:
    assert read_flags(pl.Series(["True", "f", "1", "0", "no", "maybe", None])).to_list() == [
        True, False, True, False, False, None, None,
    ]  # fmt: skip
    assert read_flags(pl.Series([1, 0, 2])).to_list() == [True, False, None]
    assert read_flags(pl.Series([1.0, 0.0])).to_list() == [True, False]


def test_columns_a_file_lacks_are_null_and_not_false_or_zero() -> None:
    rows = typed(pl.DataFrame({"code": ["SH600000"], "date": ["2020-01-02"], "close": ["1.5"]}), BARS)
    assert rows.schema == pl.Schema(BARS.columns)
    assert rows.select("code", "close", "amount", "is_st", "suspended").row(0) == (
        "600000.SH",
        1.5,
        None,
        None,
        None,
    )


def test_types_that_hold_no_single_value_are_refused_and_categories_are_text(tmp_path: Path) -> None:
    pl.DataFrame({"code": [["a"]]}).write_parquet(tmp_path / "list.parquet")
    with pytest.raises(InputError, match=r"list\.parquet: column code is of type List"):
        read_columns(tmp_path / "list.parquet", {"code": "code"})
    prices = pl.DataFrame({"close": pl.Series(["7", "5"], dtype=pl.Categorical)})
    prices.write_parquet(tmp_path / "category.parquet")
    assert read_columns(tmp_path / "category.parquet", {"close": "close"}).frame["close"].to_list() == [
        "7",
        "5",
    ]


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("gzip", gzip.compress(b"code,date\na,b\n", mtime=0)),
        ("zlib", zlib.compress(b"code,date\na,b\n")),
        ("zlib at its best", zlib.compress(b"code,date\na,b\n", 9)),
        ("bzip2", bz2.compress(b"code,date\na,b\n")),
        ("xz", lzma.compress(b"code,date\na,b\n")),
        ("zstandard", bytes.fromhex("28b52ffd2400")),
        ("zip", b"PK\x03\x04\x14\x00"),
    ],
    ids=str,
)
def test_a_compressed_file_is_refused_whatever_its_suffix(tmp_path: Path, name: str, data: bytes) -> None:
    for suffix in ("csv", "parquet"):
        with pytest.raises(InputError, match=rf"{name}\.{suffix} is compressed: unpack it"):
            column_names(written(tmp_path / f"{name}.{suffix}", data))


def test_a_header_that_begins_like_a_compressed_file_is_read(tmp_path: Path) -> None:
    assert column_names(written(tmp_path / "a.csv", b"BZh,x^,PK\n1,2,3\n")) == ["BZh", "x^", "PK"]


def test_what_is_no_regular_file_is_refused_where_it_is_asked_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.csv")
    (tmp_path / "loop.csv").symlink_to("loop.csv")
    (tmp_path / "broken.csv").symlink_to("nowhere.csv")
    for name in ("pipe.csv", "loop.csv", "broken.csv"):
        with pytest.raises(InputError, match=rf"{name} is no regular file"):
            find_files([tmp_path / name])


def test_links_that_are_not_followed_are_named_among_the_skipped(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    for name in ("in/a.csv", "elsewhere/b.csv", "in/.hidden/c.csv"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("x")
    (folder / "broken.csv").symlink_to("nowhere.csv")
    (folder / "linked.csv").symlink_to(tmp_path / "elsewhere" / "b.csv")
    (folder / "sub").symlink_to(tmp_path / "elsewhere")
    (folder / ".sub").symlink_to(tmp_path / "elsewhere")
    (folder / "up").symlink_to(folder)
    os.mkfifo(folder / "pipe.csv")
    found = find_files([folder])
    assert [file.name for file in found.files] == ["a.csv", "linked.csv"]
    assert found.skipped == (
        f"{folder}/broken.csv (no regular file)",
        f"{folder}/pipe.csv (no regular file)",
        f"{folder}/sub (a link to a folder: name the folder itself)",
        f"{folder}/up (a link to a folder: name the folder itself)",
    )
    matched = find_files([folder / "*"])  # what a pattern names is read, as if the shell had named it
    assert [file.name for file in matched.files] == ["a.csv", "linked.csv"]
    assert f"{folder}/broken.csv (no regular file)" in matched.skipped


def test_a_csv_cut_in_the_midst_of_a_row_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "b.csv"
    columns = {name: name for name in BAR_COLUMNS}
    whole = ",".join(BAR_COLUMNS) + "\n600000.SH,2020-01-02,1,1,1,1,100\n600000.SH,2020-01-03,1,1,1,1,100"
    path.write_text(whole)
    assert len(read_columns(path, columns).frame) == 2
    path.write_text(whole[:-8])
    with pytest.raises(InputError, match=r"b\.csv is cut off: its last line has 4 of 7 fields"):
        read_columns(path, columns)


def test_other_encodings_and_separators_are_named(tmp_path: Path) -> None:
    text = "code,name\n600000.SH,浦发银行\n"
    for encoding, says in (
        ("gb18030", "GB18030: iconv -f GB18030 -t UTF-8 s.csv"),
        ("utf-16", "UTF-16: iconv"),
    ):
        (tmp_path / "s.csv").write_bytes(text.encode(encoding))
        with pytest.raises(InputError, match=f"is not UTF-8.*seems to be {says}"):
            read_columns(tmp_path / "s.csv", {name: name for name in column_names(tmp_path / "s.csv")})
    (tmp_path / "s.csv").write_text(text.replace(",", ";"))
    with pytest.raises(InputError, match="is separated by ';': expected commas"):
        column_names(tmp_path / "s.csv")
