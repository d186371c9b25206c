"""Against pyqlib itself: it reads what we write, and we read what it writes. It lives in an environment of its own."""

import subprocess
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from numpy.typing import NDArray

from gangru.market.export_qlib import export_qlib
from gangru.market.sources.qlib import QlibSource
from gangru.market.sources.reading import checked
from gangru.market.sources.settings import DataSettings
from market.qlib_directories import Frames, table

PEER = Path(__file__).parent.parent.parent / ".venv-peers" / "bin" / "python"
CODES = ("000001.SZ", "300750.SZ", "600519.SH", "688981.SH", "920819.BJ")
D = 60

pytestmark = [
    pytest.mark.full,
    pytest.mark.skipif(not PEER.exists(), reason="no .venv-peers with pyqlib: make peers"),
]


def ask_peer(*words: str | Path) -> None:
    """Run the script that speaks with pyqlib."""
    script = Path(__file__).parent / "peer_qlib.py"
    done = subprocess.run([PEER, script, *words], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def market() -> Frames:
    """Five stocks and an index over 60 weekdays: late listings, an early end, gaps, suspensions, dividends, no volume."""
    rng = np.random.default_rng(7)
    days = np.busday_offset("2020-01-02", np.arange(D + 10))
    rows = []
    for n, code in enumerate(CODES):
        factor, close = 1.5 + n, 10.0 * (n + 1)
        for day in range(3 * n, D - 2 * n):
            if rng.random() < 0.05:
                continue
            close = round(close * (1 + 0.03 * rng.standard_normal()), 2)
            factor *= 1.02 if rng.random() < 0.04 else 1
            suspended = rng.random() < 0.06
            volume = 0 if suspended else int(rng.integers(1, 10**7))
            prices = {
                "open": round(close * 0.99, 2),
                "high": round(close * 1.02, 2),
                "low": round(close * 0.98, 2),
            }
            rows.append(
                {
                    "code": code,
                    "date": days[day].item(),
                    "close": close,
                    **prices,
                    "factor": factor,
                    "volume": volume,
                }
                | {
                    "amount": volume * close * 1.001,
                    "float_shares": 1e8,
                    "is_st": day % 7 == 0,
                    "suspended": suspended,
                }
            )
    index = [
        {
            "code": "000300.SH",
            "date": day.item(),
            "open": p,
            "high": p + 9,
            "low": p - 9,
            "close": p + 1,
            "volume": 1e9,
        }
        for day, p in zip(days[:D], 4000 + rng.standard_normal(D).cumsum(), strict=True)
    ]
    members = [
        {"index": "csi300", "code": CODES[0], "start": days[0].item(), "end": days[9].item()},
        {"index": "csi300", "code": CODES[2], "start": days[4].item(), "end": None},
    ]
    frames = {
        "bars": rows,
        "index_bars": index,
        "members": members,
        "calendar": [{"date": d.item()} for d in days],
    }
    return Frames("memory", frames={name: table(name, part) for name, part in frames.items()})


@pytest.fixture(scope="module")
def store() -> Frames:
    return market()


@pytest.fixture(scope="module")
def seen(store: Frames, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What pyqlib gives of our export, as CSV files."""
    place = tmp_path_factory.mktemp("peer")
    export_qlib(store, place / "q")
    ask_peer("read", place / "q", place / "seen")
    return place / "seen"


def test_qlib_reads_our_calendars(store: Frames, seen: Path) -> None:
    days = store.read("calendar")["date"]
    assert (
        pl.read_csv(seen / "days.csv", try_parse_dates=True)["day"].dt.date().to_list() == days[:D].to_list()
    )
    assert (
        pl.read_csv(seen / "days_ahead.csv", try_parse_dates=True)["day"].dt.date().to_list()
        == days.to_list()
    )


def test_qlib_reads_our_instruments(store: Frames, seen: Path) -> None:
    def spans(name: str) -> list[tuple[object, ...]]:
        read = pl.read_csv(seen / f"instruments_{name}.csv", try_parse_dates=True)
        return read.select("instrument", pl.col("start", "end").cast(pl.Date)).rows()

    by_code = store.read("bars").group_by("code").agg(pl.col("date").min(), pl.col("date").max().alias("end"))
    expected = by_code.sort(pl.col("code").str.tail(2) + pl.col("code")).rows()
    assert spans("all") == [(code[-2:] + code[:6], first, last) for code, first, last in expected]
    days = store.read("calendar")["date"]
    assert spans("csi300") == [  # Qlib cuts them to its calendar
        ("SH600519", days[4], days[D - 1]),
        ("SZ000001", days[0], days[8]),
    ]


def on_axis(store: Frames, code: str) -> dict[str, NDArray[np.float64]]:
    """What each feature has to be on every day of the calendar, NaN where there is none, by plain loops."""
    days = store.read("calendar")["date"][:D].to_list()
    name = "index_bars" if code == "000300.SH" else "bars"
    rows = {row["date"]: row for row in store.read(name).filter(pl.col("code") == code).iter_rows(named=True)}
    out: dict[str, NDArray[np.float64]] = {}

    def put(feature: str, day: int, value: float) -> None:
        out.setdefault(feature, np.full(D, np.nan))[day] = value

    last, closes = np.nan, np.full(D, np.nan)
    for i, day in enumerate(days):
        row = rows.get(day)
        if row is None:
            continue
        factor = row.get("factor") or 1.0
        put("$factor", i, factor)
        for field in ("float_shares", "is_st", "suspended"):
            if row.get(field) is not None:
                put(f"${field}", i, float(row[field]))
        if row["volume"] == 0:
            continue
        for field in ("open", "high", "low", "close"):
            put(f"${field}", i, row[field] * factor)
        put("$volume", i, row["volume"] / factor)
        put("$close/$factor", i, row["close"])
        put("$change", i, row["close"] * factor / last - 1)
        last = closes[i] = row["close"] * factor
        if row["amount"] is not None:
            put("$amount", i, row["amount"])
            put("$vwap", i, row["amount"] / row["volume"] * factor)
    first = min(days.index(day) for day in rows)
    past = max(days.index(day) for day in rows) + 1
    for i in range(first, past):
        if i > first:
            put("Ref($close,1)", i, closes[i - 1])
        window = closes[max(first, i - 4) : i + 1]
        if not np.isnan(window).all():
            put("Mean($close,5)", i, float(np.nanmean(window)))
    return out


@pytest.mark.parametrize("code", [*CODES, "000300.SH"])
def test_qlib_reads_our_features(store: Frames, seen: Path, code: str) -> None:
    days = store.read("calendar")["date"][:D].to_list()
    read = pl.read_csv(seen / "features.csv", try_parse_dates=True).filter(instrument=code[-2:] + code[:6])
    place = [days.index(day) for day in read["datetime"].dt.date()]
    expected = on_axis(store, code)
    assert len(expected) >= (10 if code == "000300.SH" else 15)
    for name in (name for name in read.columns if name not in {"instrument", "datetime"}):
        got = np.full(D, np.nan)
        got[place] = read[name].cast(pl.Float64).fill_null(np.nan).to_numpy()
        wanted = expected.get(name, np.full(D, np.nan))
        np.testing.assert_allclose(got, wanted, rtol=2e-6, atol=3e-7, err_msg=name)


def test_we_read_what_qlib_writes(store: Frames, tmp_path: Path) -> None:
    bars = store.read("bars").filter(pl.col("volume") > 0)
    factor = pl.col("factor")
    kept = bars.select(
        (pl.col("code").str.tail(2) + pl.col("code").str.head(6)).alias("instrument"),
        pl.col("date").alias("day"),
        *[(pl.col(name) * factor).alias(name) for name in ("open", "high", "low", "close")],
        (pl.col("volume") / factor).alias("volume"),
        "amount",
        "factor",
    )
    (tmp_path / "in").mkdir()
    kept.write_csv(tmp_path / "in" / "bars.csv")
    store.read("calendar").select(pl.col("date").alias("day"))[:D].write_csv(tmp_path / "in" / "days.csv")
    ask_peer("write", tmp_path / "q", tmp_path / "in")
    pieces = list(QlibSource(tmp_path / "q", DataSettings()).pieces(lambda _stage, _share: None))
    got = pl.concat([checked(piece, None).rows for piece in pieces if piece.kind == "bars"]).sort(
        "date", "code"
    )
    assert got.select("code", "date").equals(bars.select("code", "date"))
    for name in ("open", "high", "low", "close"):
        assert got[name].equals(bars[name]), name
    for name in ("volume", "amount", "factor"):
        np.testing.assert_allclose(got[name], bars[name], rtol=4e-7, err_msg=name)
    listings = next(piece for piece in pieces if piece.kind == "listings")
    assert sorted(checked(listings, None).rows["code"]) == sorted(set(CODES) - {CODES[0]})
