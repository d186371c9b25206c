"""What is exported to a Qlib directory comes back whole, but for single precision."""

from pathlib import Path

import polars as pl
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from gangru.market.export_qlib import export_qlib
from gangru.market.schema import BARS, TABLES
from gangru.market.sources.columns import typed
from gangru.market.sources.qlib import QlibSource
from gangru.market.sources.reading import checked
from gangru.market.sources.settings import DataSettings
from market.qlib_directories import CALENDAR_ROWS, Frames, bar, table
from market.qlib_directories import LATER as DAYS

FLAGS = ("is_st", "suspended", "amount_est", "shares_est", "st_inferred")
EXACT = 2.0**-24  # relative error of rounding to single precision
cents = st.integers(1, 1_000_000).map(lambda n: n / 100)
maybe = st.one_of(st.none(), st.booleans())


@st.composite
def bars_of_one(draw: st.DrawFn, code: str) -> list[dict[str, object]]:
    with_factor = draw(st.booleans())
    rows = []
    for day in draw(st.lists(st.sampled_from(DAYS), unique=True, max_size=8)):
        close, volume = draw(cents), draw(st.one_of(st.just(0), st.integers(1, 10**10)))
        factor = draw(st.one_of(st.none(), st.floats(0.01, 20_000))) if with_factor else None
        row = bar(code, day, close, factor, volume, **{name: draw(maybe) for name in FLAGS})
        row["open"] = draw(st.floats(0.01, 1.0)) * close  # of more digits than a price has
        row["low"] = min(row["open"], close) / 2  # type: ignore[type-var, operator]
        row["amount"] = draw(st.one_of(st.none(), st.just(0.0), st.floats(0.01, 1e12)))
        row["float_shares"] = draw(st.one_of(st.none(), st.floats(1, 1e12)))
        rows.append(row)
    return rows


@st.composite
def stores(draw: st.DrawFn) -> Frames:
    rows = [row for code in ("600519.SH", "000001.SZ", "920819.BJ") for row in draw(bars_of_one(code))]
    rows += [bar("688981.SH", DAYS[draw(st.integers(0, 11))], draw(cents), draw(st.floats(0.1, 9)), 100)]
    members = [
        {
            "index": "csi300",
            "code": "600519.SH",
            "start": DAYS[0],
            "end": draw(st.sampled_from([None, *DAYS[1:]])),
        }
    ]
    listings = [{"code": "600519.SH", "start": DAYS[0], "end": draw(st.sampled_from([None, *DAYS[1:]]))}]
    names = [
        {
            "code": "600519.SH",
            "start": DAYS[0],
            "end": None,
            "name": draw(st.text("ST*贵州茅台", min_size=1, max_size=4)),
        }
    ]
    frames = {"bars": rows, "members": members, "listings": listings, "names": names}
    return Frames(
        "memory",
        frames={name: table(name, part) for name, part in frames.items()} | {"calendar": CALENDAR_ROWS},
    )


def brought_back(root: Path) -> dict[str, pl.DataFrame]:
    """Every table of a directory, typed but not judged, sorted by key."""
    parts: dict[str, list[pl.DataFrame]] = {}
    for piece in QlibSource(root, DataSettings()).pieces(lambda _stage, _share: None):
        loaded = checked(piece, None)
        assert loaded.faults.is_empty()
        parts.setdefault(loaded.table.name, []).append(loaded.rows.select(list(loaded.table.columns)))
    return {name: pl.concat(found).sort(TABLES[name].key) for name, found in parts.items()}


@settings(
    max_examples=60, deadline=None, phases=[Phase.explicit, Phase.generate]
)  # shrinking writes for minutes
@given(stores())
def test_what_is_exported_comes_back_but_for_single_precision(
    tmp_path_factory: pytest.TempPathFactory, store: Frames
) -> None:
    root = tmp_path_factory.mktemp("q") / "q"
    export_qlib(store, root)
    back = brought_back(root)
    for name in ("members", "listings", "names", "calendar"):
        assert back[name].equals(store.read(name)), name
    bars, got = store.read("bars").sort(BARS.key), back["bars"]
    assert got.select("code", "date", *FLAGS).equals(bars.select("code", "date", *FLAGS))
    roundings = {"open": 6, "low": 6, "volume": 6, "factor": 2, "amount": 2, "float_shares": 2}
    for name, times in roundings.items():
        error = (got[name] - bars[name]).abs() / bars[name].abs()
        assert got[name].is_null().equals(bars[name].is_null()), name
        assert (error.fill_nan(0) <= times * EXACT * 1.001).all(), name
    assert got["close"].equals(bars["close"])  # whole cents up to 10,000 yuan
    kept = bars["suspended"].fill_null(value=False) | (bars["volume"] == 0)
    assert got.filter(kept).equals(bars.filter(kept))  # these lie beside the files, whole


@pytest.mark.real
def test_real_prices_and_factors_come_back_bit_for_bit(real_data: Path, tmp_path: Path) -> None:
    bars = pl.scan_parquet(real_data / "bars" / "2020.parquet").filter(pl.col("code") < "SH600100").collect()
    bars = typed(bars, BARS).sort(BARS.key)
    store = Frames("memory", frames={"bars": bars})
    export_qlib(store, tmp_path / "q")
    got = brought_back(tmp_path / "q")["bars"]
    assert len(got) > 10_000
    exact = ["code", "date", "open", "high", "low", "close", "factor", *FLAGS]
    assert got.select(exact).equals(bars.select(exact))
