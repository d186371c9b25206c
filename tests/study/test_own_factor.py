"""Factor tables of any make: files and frames that are read, and errors that say what was expected."""

import datetime
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import polars as pl
import pytest

from gangru.errors import EvaluationError
from gangru.evaluation.columns import typed
from gangru.market.identity import identities_of
from gangru.market.schema import CODE_CHANGES
from gangru.study.own_factor import as_identities, factor_table, read_factor_file

DAYS = [datetime.date(2020, 1, 31), datetime.date(2020, 2, 28)]
FRAME = pl.DataFrame({"date": DAYS, "code": ["600519.SH", "000001.SZ"], "factor": [1.5, 2.0]})
WANTED = typed(FRAME)
PANDAS = pd.DataFrame(
    {
        "date": pd.to_datetime(["2020-01-31", "2020-02-28"]),
        "code": ["600519.SH", "000001.SZ"],
        "factor": [1.5, 2.0],
    }
)


@pytest.mark.parametrize(
    "make",
    [
        lambda f: f,
        lambda f: f.set_index(["date", "code"]),
        lambda f: f.set_index(["date", "code"])["factor"],
        lambda f: f.set_index(["date", "code"])["factor"].rename("momentum"),
        lambda f: f.set_index(["date", "code"])["factor"].rename(None),
        lambda f: f.set_index("date"),
        lambda f: f.astype({"code": "category"}),
        lambda f: f.assign(date=f.date.dt.tz_localize("Asia/Shanghai")),
        lambda f: f.assign(date=f.date + pd.Timedelta(hours=15)),
        lambda f: f.assign(date=f.date.dt.date),
        lambda f: f.assign(date=f.date.astype(object)),
        lambda f: f.assign(date=f.date.dt.to_period("D")),
        lambda f: f.assign(date=f.date.dt.strftime("%Y%m%d").astype(int)),
        lambda f: f.assign(factor=f.factor.astype("Float64")),
        lambda f: f.assign(factor=f.factor.astype(object)),
        lambda f: f.assign(code=["SH600519", "sz.000001"]),
        lambda f: f[["factor", "code", "date"]].assign(note=[[1], {}]),
        type("Mine", (pd.DataFrame,), {}),
    ],
)
def test_a_pandas_table_of_any_form_is_the_same_table(make: Callable[[Any], Any]) -> None:
    assert typed(factor_table(make(PANDAS))).equals(WANTED)


def test_polars_tables_are_read_lazy_or_not() -> None:
    assert typed(factor_table(FRAME)).equals(WANTED)
    assert typed(factor_table(FRAME.lazy().filter(pl.col("factor") > 0))).equals(WANTED)


def test_codes_as_whole_numbers_keep_what_is_sure() -> None:
    for codes in ([600519, 1], pd.Categorical([600519, 1]), [600519, None]):
        read = typed(factor_table(PANDAS.assign(code=codes)))
        assert read["code"].to_list() == ["600519.SH", None]


def test_rows_of_mixed_objects_are_read_one_by_one() -> None:
    mixed = PANDAS.assign(factor=[1.5, "high"], code=[600519, "000001"], date=["2020-01-31", PANDAS.date[1]])
    read = typed(factor_table(mixed))
    assert read.rows() == [(DAYS[0], "600519.SH", 1.5, None, False), (DAYS[1], "000001.SZ", None, None, True)]


def test_a_value_of_another_name_is_taken_and_the_raw_prediction_stays() -> None:
    frame = FRAME.rename({"factor": "momentum"}).with_columns(factor=pl.lit(9.0), pret=pl.lit(0.1))
    table = factor_table(frame, "momentum")
    assert table.columns == ["date", "code", "factor", "pret"]
    assert table["factor"].to_list() == [1.5, 2.0]
    assert factor_table(frame, "pret").columns == ["date", "code", "factor"]
    assert typed(factor_table(PANDAS.rename(columns={"factor": 7}), "7")).equals(WANTED)


@pytest.mark.parametrize(
    ("frame", "column", "says"),
    [
        ({"date": DAYS}, "factor", "expected a Polars or pandas table of date, code, factor; got dict"),
        (None, "factor", "got NoneType"),
        (PANDAS.to_numpy(), "factor", "got ndarray"),
        (FRAME["factor"], "factor", "got Series"),
        (FRAME, "date", "date is no value"),
        (
            FRAME,
            "momentum",
            r"lacks momentum: expected date, code, momentum; got date, code, factor.*--column NAME",
        ),
        (pl.DataFrame(), "factor", "lacks date, code, factor.*got no column"),
        (pd.DataFrame(), "factor", "lacks date, code, factor.*got no column"),
        (FRAME.drop("code"), "factor", "lacks code"),
        (
            PANDAS.pivot(index="date", columns="code", values="factor"),
            "factor",
            "column for each stock.*stacked",
        ),
        (
            PANDAS.set_index(["date", "code"]).rename_axis([None, None]),
            "factor",
            "index needs the names date and code",
        ),
        (PANDAS.set_index("date", drop=False), "factor", "cannot insert date, already exists"),
        (pd.concat([PANDAS, PANDAS[["factor"]]], axis=1), "factor", "the column factor is there twice"),
        (PANDAS.assign(factor=[1 + 2j, 0j]), "factor", "cannot be read as date, code, factor"),
        (FRAME.lazy().select("no"), "factor", "cannot be computed"),
        (pl.scan_csv("/nowhere.csv"), "factor", "cannot be computed.*nowhere"),
    ],
)
def test_what_is_no_such_table_is_an_error_that_says_what_to_do(frame: Any, column: str, says: str) -> None:
    with pytest.raises(EvaluationError, match=f"^mine.*{says}"):
        factor_table(frame, column, "mine")


def write(path: Path, text: str | bytes) -> Path:
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


@pytest.mark.parametrize(
    "text",
    [
        "date,code,factor\n2020-01-31,600519.SH,1.5\n2020-02-28,000001.SZ,2\n",
        "\ufeffdate,code,factor\r\n20200131,600519,1.5\r\n20200228,000001,2.0\r\n",
        ",date,code,factor\n0,2020-01-31 15:00:00,SH600519,1.5\n1,2020/2/28,sz.000001,2e0\n",
        "date,code,name,factor\n2020-01-31,600519.SH,贵州茅台,1.5\n2020-02-28,000001.SZ,平安银行,2\n".encode(
            "gbk"
        ),
    ],
)
def test_csv_files_are_read_column_by_column(tmp_path: Path, text: str | bytes) -> None:
    assert typed(read_factor_file(write(tmp_path / "f[1].csv", text))).equals(WANTED)


def test_parquet_and_packed_files_are_read(tmp_path: Path) -> None:
    import gzip

    FRAME.write_parquet(tmp_path / "f*.parquet")
    PANDAS.set_index(["date", "code"]).to_parquet(tmp_path / "p.PARQUET")
    (tmp_path / "f.csv.gz").write_bytes(gzip.compress(FRAME.write_csv().encode()))
    for name in ("f*.parquet", "p.PARQUET", "f.csv.gz"):
        assert typed(read_factor_file(tmp_path / name)).equals(WANTED), name


def test_an_error_that_says_nothing_is_called_by_its_type(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise OSError

    monkeypatch.setattr(pl, "read_csv", fail)
    with pytest.raises(EvaluationError, match=r"cannot be read as CSV \(OSError\)"):
        read_factor_file(tmp_path / "f.csv")


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("f.csv", "", "is empty: expected the columns date, code, factor"),
        ("f.csv", "date,code\n1,2\n", "lacks factor: expected date, code, factor; got date, code"),
        ("f.csv", "date\tcode\tfactor\n1\t2\t3\n", "lacks date, code, factor"),
        ("f.csv", "date,code,factor,factor\n1,2,3,4\n", "has the column factor twice"),
        ("f.csv", "date,code,factor\n1,2,3,4\n", "cannot be read as CSV"),
        ("f.parquet", "PAR1 and no more", "cannot be read as Parquet"),
        ("f.parquet", "", "cannot be read as Parquet"),
        ("f.csv.gz", b"\x1f\x8b\x08\x00broken", "cannot be read as CSV"),
        ("f.xlsx", "PK", r"expected a .parquet or .csv file with the columns date, code, factor"),
    ],
)
def test_files_that_are_no_factor_are_named_with_what_was_expected(
    tmp_path: Path, name: str, text: str | bytes, says: str
) -> None:
    path = write(tmp_path / name, text)
    with pytest.raises(EvaluationError, match=says) as caught:
        read_factor_file(path)
    assert str(caught.value).startswith(str(path))


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    for name in ("f.csv", "f.parquet"):
        with pytest.raises(EvaluationError, match="is not there: expected a file of date, code, value"):
            read_factor_file(tmp_path / name, "value")


def test_a_changed_code_becomes_its_newest_and_an_unreadable_one_stays() -> None:
    identities = identities_of(pl.DataFrame(schema=CODE_CHANGES.columns))
    frame = pl.DataFrame({"code": ["SZ300114", "300114", "302132.SZ", "600519", "1", None]})
    assert as_identities(frame, identities)["code"].to_list() == [
        "302132.SZ", "302132.SZ", "302132.SZ", "600519.SH", "1", None,
    ]  # fmt: skip
    with pytest.raises(EvaluationError, match="mine: column code is of type Date"):
        as_identities(pl.DataFrame({"code": DAYS}), identities, "mine")
