"""Bad files of every sort: none ends in anything but a clear error, none changes the store wrongly."""

import io
import os
import re
import shutil
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from gangru.errors import GangruError
from gangru.market.ingest import IngestReport, ingest
from gangru.market.sources.settings import DataSettings
from gangru.market.store import Store

FILES = int(os.environ.get("EXPLORE") or (2000 if os.environ.get("GANGRU_TEST_FULL") else 200))
SECONDS_A_FILE = 20

DAYS = ["2019-03-04", "2019-03-05", "2019-03-06", "2019-03-07", "2019-03-08"]
CODES = ["600000.SH", "000001.SZ", "300001.SZ"]
TABLE_OF = {"index": "index_bars"}
GOOD: dict[str, list[dict[str, str]]] = {
    "bars": [
        {
            "code": code, "date": day, "open": "10.1", "high": "10.5", "low": "9.9", "close": f"10.{k}", "volume": "1000",
            "factor": "2", "amount": "10200", "float_shares": "1000000", "is_st": "false", "suspended": "false",
        }
        for code in CODES
        for k, day in enumerate(DAYS)
    ],
    "index": [
        {"code": "000300.SH", "date": day, "open": "3000", "high": "3100", "low": "2900", "close": "3050"} for day in DAYS
    ],
    "securities": [{"code": code, "name": f"Company {code}", "list_date": "2010-01-04"} for code in CODES],
    "industry": [
        {"code": code, "start": "2015-01-05", "end": "2018-01-02", "industry": "Banks"} for code in CODES
    ] + [{"code": code, "start": "2018-01-02", "end": "", "industry": "Steel"} for code in CODES],
    "members": [{"index": "csi300", "code": code, "start": "2015-01-05", "end": "2020-01-02"} for code in CODES],
    "names": [{"code": code, "start": "2015-01-05", "end": "", "name": "Old name"} for code in CODES],
    "st": [{"code": code, "st_start": "2015-01-05", "st_end": "2016-01-05"} for code in CODES],
    "code_changes": [{"old": "300002.SZ", "code": "302002.SZ", "date": "2019-03-06"}],
    "calendar": [{"date": day} for day in DAYS],
}  # fmt: skip

NASTY = st.one_of(
    st.sampled_from(
        [
            "", " ", "nan", "NaN", "inf", "-inf", "Infinity", "1e308", "1e999", "-1e308", "9" * 400, "-1", "0", "-0", "1,5",
            "1.5.2", "0x10", "１２", "ten", "None", "null", "N/A", "--", "#REF!", "=1+1", '=HYPERLINK("http://x","y")',
            "@SUM(A1)", "+cmd|' /C calc'!A0", "2019-02-30", "2019-13-01", "0001-01-01", "9999-12-31", "20190304", "03/04/2019",
            "2019-03-09", "1551657600", "SH600000", "600000", "1", "600000.XX", "sh.600000", "000300.SH", "ABCDEF.SH",
            "\x00", "\u202e", "<script>alert(1)</script>", "'; drop table bars; --", "🙂", "true", "maybe", "a" * 5000,
        ]
    ),
    st.text(max_size=12),
    st.floats(width=64).map(repr),
    st.integers(-(10**30), 10**30).map(str),
)  # fmt: skip


@dataclass(frozen=True)
class BadFile:
    """A file's bytes and name, and the positions of the rows that nothing was done to; None where no row can be told."""

    kind: str
    suffix: str
    content: bytes = field(repr=False)
    untouched: tuple[int, ...] | None


def csv_of(rows: list[dict[str, str]], columns: list[str], delimiter: str, ends: str) -> str:
    """Rows as CSV; text with a quote, a delimiter or a line break is quoted."""

    def cell(text: str) -> str:
        return '"' + text.replace('"', '""') + '"' if re.search(r'["\r\n,]', text) else text

    lines = [
        delimiter.join(columns),
        *(delimiter.join(cell(row.get(name, "")) for name in columns) for row in rows),
    ]
    return ends.join(lines) + ends


@st.composite
def edited(draw: st.DrawFn) -> tuple[str, list[dict[str, str]], tuple[int, ...]]:
    """A kind, its good rows with some cells replaced and some rows doubled, and the rows left alone."""
    kind = draw(st.sampled_from(sorted(GOOD)))
    rows = [dict(row) for row in GOOD[kind]]
    cells = st.tuples(st.integers(0, len(rows) - 1), st.sampled_from(sorted(rows[0])), NASTY)
    touched = set()
    for row, column, value in draw(st.lists(cells, max_size=6)):
        rows[row][column] = value
        touched.add(row)
    if draw(st.booleans()):
        rows.append(dict(rows[0]))
    return kind, rows, tuple(i for i in range(len(GOOD[kind])) if i not in touched)


@st.composite
def bad_csv(draw: st.DrawFn) -> BadFile:
    """A CSV file with faults in its cells, its columns, its encoding or its end."""
    kind, rows, untouched = draw(edited())
    columns = list(GOOD[kind][0])
    whole: tuple[int, ...] | None = untouched
    match draw(
        st.sampled_from([*["none"] * 9, "drop", "twice", "shuffle", "shuffle", "extra", "extra", "nonsense"])
    ):
        case "drop":
            columns.remove(draw(st.sampled_from(columns)))
            whole = None
        case "twice":
            columns.append(columns[0])
            whole = None
        case "shuffle":
            columns = draw(st.permutations(columns))
        case "extra":
            columns.append("=cmd()")
        case "nonsense":
            columns[0] = draw(st.text(max_size=5))
            whole = None
    delimiter = draw(st.sampled_from([*[","] * 14, ";", "\t"]))
    text = csv_of(rows, columns, delimiter, draw(st.sampled_from(["\n", "\n", "\r\n"])))
    encoding = draw(st.sampled_from([*["utf-8"] * 12, *["utf-8-sig"] * 4, "gb18030", "utf-16", "latin-1"]))
    content = text.encode(encoding, errors="replace")
    if delimiter != "," or encoding not in {"utf-8", "utf-8-sig"}:
        whole = None
    match draw(
        st.sampled_from([*["whole"] * 9, "cut", "noise", "empty", "header", "blank lines", "blank lines"])
    ):
        case "cut":
            content, whole = content[: draw(st.integers(0, len(content)))], None
        case "noise":
            place = draw(st.integers(0, len(content)))
            content, whole = content[:place] + draw(st.binary(max_size=8)) + content[place:], None
        case "empty":
            content, whole = b"", None
        case "header":
            content, whole = content.split(b"\n")[0] + b"\n", None
        case "blank lines":
            content += b"\n\n"
    return BadFile(kind, ".csv", content, whole)


@st.composite
def bad_parquet(draw: st.DrawFn) -> BadFile:
    """A Parquet file with odd types in its columns, or cut short."""
    kind, rows, untouched = draw(edited())
    frame = pl.DataFrame(rows)
    whole: tuple[int, ...] | None = untouched
    for name in frame.columns:
        changed = draw(st.sampled_from([*[None] * 60, *ODD]))
        if changed is not None:
            frame, whole = ODD[changed](frame, name), None
    buffer = io.BytesIO()
    frame.write_parquet(buffer)
    content = buffer.getvalue()
    if draw(st.integers(0, 5)) == 0:
        content, whole = content[: draw(st.integers(0, len(content)))], None
    return BadFile(kind, ".parquet", content, whole)


ODD: dict[str, Any] = {
    "list": lambda f, n: f.with_columns(pl.concat_list(n).alias(n)),
    "struct": lambda f, n: f.with_columns(pl.struct(n).alias(n)),
    "binary": lambda f, n: f.with_columns(pl.col(n).cast(pl.Binary)),
    "category": lambda f, n: f.with_columns(pl.col(n).cast(pl.Categorical)),
    "float": lambda f, n: f.with_columns(pl.col(n).cast(pl.Float32, strict=False)),
    "nan": lambda f, n: f.with_columns(pl.lit(float("nan")).alias(n)),
    "huge": lambda f, n: f.with_columns(pl.lit(2**62).alias(n)),
    "decimal": lambda f, n: f.with_columns(pl.col(n).cast(pl.Float64, strict=False).cast(pl.Decimal(20, 2), strict=False)),
    "zoned": lambda f, n: f.with_columns(
        pl.lit("2019-03-04").str.to_datetime(time_zone="UTC", time_unit="ms").alias(n)
    ),
    "time": lambda f, n: f.with_columns(pl.time(9, 30).alias(n)),
    "duration": lambda f, n: f.with_columns(pl.duration(days=1).alias(n)),
    "null": lambda f, n: f.with_columns(pl.lit(None).alias(n)),
    "flag": lambda f, n: f.with_columns(pl.lit(value=True).alias(n)),
    "gone": lambda f, n: f.drop(n),
}  # fmt: skip


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A store with a calendar and one stock's bars, which no bad file may touch without right."""
    folder = tmp_path_factory.mktemp("base")
    (folder / "c.csv").write_text("date\n" + "\n".join(DAYS) + "\n")
    day = "601398.SH,2019-03-04,5,5.2,4.9,5.1,1000\n"
    (folder / "b.csv").write_text("code,date,open,high,low,close,volume\n" + day)
    ingest([folder / "c.csv", folder / "b.csv"], Store.open(folder / "store"), DataSettings())
    return folder / "store"


outcomes: Counter[str] = Counter()


@settings(
    max_examples=FILES,
    deadline=SECONDS_A_FILE * 1000,
    suppress_health_check=[
        HealthCheck.too_slow,
        HealthCheck.function_scoped_fixture,
        HealthCheck.data_too_large,
    ],
    database=None,
    derandomize=not os.environ.get("EXPLORE"),
)
@given(bad=st.one_of(bad_csv(), bad_csv(), bad_parquet()), forced=st.booleans())
def test_a_bad_file_is_refused_by_name_or_taken_in_part(
    bad: BadFile, forced: bool, base: Path, tmp_path: Path
) -> None:
    place = tmp_path / "store"
    shutil.rmtree(place, ignore_errors=True)
    shutil.copytree(base, place)
    store, path = Store.open(place), tmp_path / f"in{bad.suffix}"
    path.write_bytes(bad.content)
    before = {name: store.read(name) for name in ("bars", "calendar")}
    versions = store.versions()
    told = ""
    try:
        report = ingest(path, store, DataSettings(), bad.kind if forced else None)
    except GangruError as error:
        told = str(error)
    event("refused" if told else "taken")
    outcomes["refused" if told else "taken"] += 1
    if told:
        assert "in" + bad.suffix in told, "an error names its file"
        assert len(told) < 2000
        assert store.versions() == versions, "a refused file leaves the store as it was"
        return
    counts_add_up(report)
    nothing_known_is_lost(store, before)
    stored_rows_are_sound(store)
    if bad.untouched is not None:
        untouched_rows_are_there(store, bad)


def counts_add_up(report: IngestReport) -> None:
    for name, part in report.tables.items():
        change = part.change
        stored = change.new + change.changed + change.unchanged
        assert part.rows_read >= part.quarantined >= 0
        if name in {"bars", "index_bars", "securities", "calendar"}:  # whose rows are the file's own
            assert part.rows_read == part.quarantined + part.merged + stored
        assert stored <= part.rows_read + 10


def nothing_known_is_lost(store: Store, before: dict[str, pl.DataFrame]) -> None:
    for name, rows in before.items():
        assert len(rows.join(store.read(name), on=rows.columns, how="anti", nulls_equal=True)) == 0


def stored_rows_are_sound(store: Store) -> None:
    """Every stored row is one that a person would let pass, looked at one by one."""
    days = {str(day) for day in store.read("calendar")["date"]}
    spelled = re.compile(r"\d{6}\.(SH|SZ|BJ)")
    for row in store.read("bars").iter_rows(named=True):
        prices = [row[name] for name in ("open", "high", "low", "close")]
        assert all(0 < price < float("inf") for price in prices)
        assert row["high"] >= row["low"]
        assert 0 <= row["volume"] < float("inf")
        assert row["factor"] is None or 0 < row["factor"] < float("inf")
        assert str(row["date"]) in days
    for name in ("bars", "index_bars", "securities", "industry", "members", "names", "st"):
        frame = store.read(name)
        assert all(spelled.fullmatch(code) for code in frame["code"])
    for old in store.read("code_changes")["old"]:
        assert spelled.fullmatch(old)
    for name in ("industry", "members", "names", "st"):
        for row in store.read(name).iter_rows(named=True):
            assert row["end"] is None or row["end"] > row["start"]


def untouched_rows_are_there(store: Store, bad: BadFile) -> None:
    """Rows to which nothing was done are in the store: bars value for value, securities and index bars by their keys."""
    if bad.kind in {"securities", "index"}:
        table, key = {"securities": ("securities", ["code"]), "index": ("index_bars", ["code", "date"])}[
            bad.kind
        ]
        there = {tuple(map(str, row)) for row in store.read(table).select(key).iter_rows()}
        rows = [GOOD[bad.kind][position] for position in bad.untouched or ()]
        assert {tuple(row[name] for name in key) for row in rows} <= there
    if bad.kind != "bars":
        return
    stored = {(row["code"], str(row["date"])): row for row in store.read("bars").iter_rows(named=True)}
    for position in bad.untouched or ():
        good = GOOD["bars"][position]
        row = stored[good["code"], good["date"]]
        assert [row[name] for name in ("open", "high", "low", "close", "volume")] == [
            float(good[name]) for name in ("open", "high", "low", "close", "volume")
        ]


def test_the_files_were_of_both_sorts() -> None:
    """Runs after the one above: files that are all refused, or all taken, would have tested half of it."""
    if sum(outcomes.values()) < FILES:
        pytest.skip("runs after the bad files")
    print(f"{sum(outcomes.values())} bad files: {dict(outcomes)}")
    assert min(outcomes["refused"], outcomes["taken"]) > FILES / 10
