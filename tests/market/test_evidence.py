"""Units and adjustment are said or evident, or the error asks."""

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from gangru.errors import InputError
from gangru.market.ingest import ingest
from gangru.market.sources.settings import DataSettings
from gangru.market.store import Store


def bars(days: int = 80, stocks: int = 6, seed: int = 0) -> pl.DataFrame:
    """Raw bars in shares and yuan, in whole cents, with a factor that rises by a fifth every tenth day."""
    random = np.random.default_rng(seed)
    dates = np.busday_offset("2019-03-04", np.arange(days)).astype("datetime64[D]")
    dates = dates[
        ~np.isin(
            dates,
            np.array(["2019-04-05", "2019-05-01", "2019-05-02", "2019-05-03", "2019-06-07"], "datetime64[D]"),
        )
    ]
    frames = []
    for stock in range(stocks):
        factor = 1.2 ** np.floor(np.arange(len(dates)) / 10)
        close = np.round(20 * np.exp(np.cumsum(random.normal(0, 0.01, len(dates)))) * 5 / factor, 2)
        volume = np.round(np.exp(random.normal(12, 0.5, len(dates)))) * 100
        frames.append(
            pl.DataFrame(
                {
                    "code": f"{600000 + stock}.SH", "date": dates, "open": close, "high": close, "low": close,
                    "close": close, "factor": factor, "volume": volume, "amount": np.round(volume * close, 2),
                    "float_shares": np.full(len(dates), 1e9),
                }
            )
        )  # fmt: skip
    return pl.concat(frames)


def stored(tmp_path: Path, frame: pl.DataFrame, settings: DataSettings | None = None) -> pl.DataFrame:
    """What the store holds after the frame was ingested as a file."""
    frame.write_csv(tmp_path / "b.csv")
    store = Store.open(tmp_path / "store")
    ingest(tmp_path / "b.csv", store, settings or DataSettings())
    return store.read("bars")


def test_shares_yuan_and_raw_prices_are_evident(tmp_path: Path) -> None:
    frame = bars()
    assert stored(tmp_path, frame)["volume"].sum() == frame["volume"].sum()


@pytest.mark.parametrize(
    ("volume", "amount", "says"),
    [
        (100, 1, 'volume = "lots"'),
        (1, 1e3, 'amount = "thousand yuan"'),
        (100, 1e3, 'volume = "lots" and amount = "thousand yuan"'),
    ],
)
def test_numbers_that_contradict_our_units_are_asked_about_and_taken_once_said(
    tmp_path: Path, volume: float, amount: float, says: str
) -> None:
    frame = bars()
    other = frame.with_columns(pl.col("volume") / volume, pl.col("amount") / amount)
    with pytest.raises(InputError, match="say in study") as asked:
        stored(tmp_path, other)
    assert says in str(asked.value)
    assert "b.csv" in str(asked.value)
    assert not (tmp_path / "store").exists()
    units = {
        name: unit
        for name, scale, unit in (("volume", volume, "lots"), ("amount", amount, "thousand yuan"))
        if scale != 1
    }
    assert stored(tmp_path, other, DataSettings(units=units))["amount"].sum() == pytest.approx(
        frame["amount"].sum()
    )


def test_a_volume_of_another_name_needs_its_unit_where_no_amount_shows_it(tmp_path: Path) -> None:
    frame = bars().rename({"volume": "vol"})
    named = DataSettings(columns={"volume": "vol"})
    assert len(stored(tmp_path, frame, named))
    with pytest.raises(InputError, match=r'column vol is read as volume.*volume = "shares" or "lots"'):
        stored(tmp_path, frame.drop("amount"), named)


def test_more_volume_than_shares_is_asked_about(tmp_path: Path) -> None:
    frame = bars().with_columns(pl.col("float_shares") / 1e4)
    with pytest.raises(InputError, match="float_shares"):
        stored(tmp_path, frame)
    said = DataSettings(units={"float_shares": "ten thousand shares"})
    assert stored(tmp_path, frame, said)["float_shares"].unique().to_list() == [1e9]


def test_a_turnover_rate_gives_the_shares_once_its_unit_is_said(tmp_path: Path) -> None:
    frame = bars()
    percent = frame.with_columns(turn=pl.col("volume") / pl.col("float_shares") * 100).drop("float_shares")
    named = {"turnover": "turn"}
    with pytest.raises(InputError, match=r"percent or a fraction"):
        stored(tmp_path, percent, DataSettings(columns=named))
    read = stored(tmp_path, percent, DataSettings(columns=named, units={"turnover": "percent"}))
    np.testing.assert_allclose(read["float_shares"], 1e9, rtol=1e-9)


def test_prices_that_ignore_their_factor_would_be_adjusted_twice_and_are_asked_about(tmp_path: Path) -> None:
    frame = bars()
    prices = ["open", "high", "low", "close"]
    adjusted = frame.with_columns(pl.col(prices) * pl.col("factor")).drop("amount")
    with pytest.raises(InputError, match="would be adjusted twice"):
        stored(tmp_path, adjusted)
    back = stored(tmp_path, adjusted, DataSettings(units={"price": "back-adjusted yuan"}))
    np.testing.assert_allclose(back["close"], frame.sort("date", "code")["close"], rtol=1e-12)


def test_forward_adjusted_prices_are_taken_with_a_factor_of_one(tmp_path: Path) -> None:
    frame = bars()
    last = pl.col("factor").last().over("code")
    forward = frame.with_columns(pl.col("open", "high", "low", "close") * pl.col("factor") / last).drop(
        "amount"
    )
    read = stored(tmp_path, forward, DataSettings(units={"price": "forward-adjusted yuan"}))
    assert read["factor"].unique().to_list() == [1.0]
    np.testing.assert_allclose(read["close"], forward.sort("date", "code")["close"])


def test_prices_of_broken_cents_without_a_factor_are_asked_about(tmp_path: Path) -> None:
    frame = bars().with_columns(pl.col("open", "high", "low", "close") * 1.23457).drop("factor", "amount")
    with pytest.raises(InputError, match="not whole cents and there is no factor"):
        stored(tmp_path, frame)
    assert len(stored(tmp_path, frame, DataSettings(units={"price": "yuan"})))


def test_single_precision_cents_are_whole_cents(tmp_path: Path) -> None:
    frame = bars().drop("factor").cast(dict.fromkeys(("open", "high", "low", "close"), pl.Float32))
    frame.write_parquet(tmp_path / "b.parquet")
    store = Store.open(tmp_path / "store")
    ingest(tmp_path / "b.parquet", store, DataSettings())
    assert len(store.read("bars")) == len(frame)


def test_codes_that_lost_their_zeros_are_read_as_numbers_only_where_that_is_said(tmp_path: Path) -> None:
    frame = bars(stocks=1).with_columns(code=pl.lit(1))
    with pytest.raises(InputError, match="cannot be spelled"):
        stored(tmp_path, frame)
    assert stored(tmp_path, frame, DataSettings(codes="numbers"))["code"].unique().to_list() == ["000001.SZ"]


def test_a_bare_number_in_index_bars_names_no_exchange(tmp_path: Path) -> None:
    frame = bars(stocks=1).drop("factor", "float_shares").with_columns(code=pl.lit("000300"))
    frame.write_csv(tmp_path / "i.csv")
    with pytest.raises(InputError, match="cannot be spelled"):
        ingest(tmp_path / "i.csv", Store.open(tmp_path / "store"), DataSettings(), "index")


PRICES = ["open", "high", "low", "close"]


@pytest.mark.parametrize("level", [10.0, 100.0])
def test_declared_back_adjusted_prices_are_held_against_amounts_as_raw_ones(
    tmp_path: Path, level: float
) -> None:
    frame = bars().with_columns(pl.col("factor") * level)
    adjusted = frame.with_columns(pl.col(PRICES) * pl.col("factor"))
    read = stored(tmp_path, adjusted, DataSettings(units={"price": "back-adjusted yuan"}))
    assert read["volume"].sum() == frame["volume"].sum()
    np.testing.assert_allclose(read["close"], frame.sort("date", "code")["close"], rtol=1e-12)


@pytest.mark.parametrize("one", ["stock", "day"])
def test_adjusted_prices_are_found_in_files_of_one_stock_or_of_one_day(tmp_path: Path, one: str) -> None:
    frame = bars(stocks=30).with_columns(pl.col("factor") * 1.2345)
    part = frame.filter(
        pl.col("code") == "600003.SH" if one == "stock" else pl.col("date") == pl.col("date").max()
    )
    assert len(stored(tmp_path, part)) == len(part)
    adjusted = part.with_columns(pl.col(PRICES) * pl.col("factor"))
    with pytest.raises(InputError, match="not whole cents"):
        stored(tmp_path, adjusted)


def test_fractions_of_cents_with_a_factor_of_one_are_taken_and_remarked_on(tmp_path: Path) -> None:
    frame = bars().with_columns(pl.col(PRICES) * 1.2345, factor=pl.lit(1.0)).drop("amount")
    frame.write_csv(tmp_path / "b.csv")
    report = ingest(tmp_path / "b.csv", Store.open(tmp_path / "store"), DataSettings())
    assert "taken as adjusted already" in report.notes[0]


def test_units_that_are_said_are_held_against_the_numbers_too(tmp_path: Path) -> None:
    said = DataSettings(units={"volume": "lots", "amount": "thousand yuan"})
    with pytest.raises(InputError, match="its units are not lots and thousand yuan"):
        stored(tmp_path, bars(), said)


def test_few_rows_of_another_name_are_asked_about_unless_their_numbers_fit(tmp_path: Path) -> None:
    named = DataSettings(columns={"volume": "vol"})
    few = bars().head(5).rename({"volume": "vol"})
    assert len(stored(tmp_path, few, named)) == 5
    with pytest.raises(InputError, match="vol"):
        stored(tmp_path, few.with_columns(pl.col("vol") / 100, pl.col("amount") / 1000), named)
    with pytest.raises(InputError, match="vol"):
        stored(tmp_path, few.drop("amount"), named)


def test_few_rows_that_contradict_our_units_with_one_voice_are_asked_about(tmp_path: Path) -> None:
    with pytest.raises(InputError, match='volume = "lots"'):
        stored(tmp_path, bars().head(4).with_columns(pl.col("volume") / 100))


def test_index_volumes_of_another_name_need_their_unit(tmp_path: Path) -> None:
    frame = (
        bars(stocks=1)
        .drop("factor", "float_shares")
        .with_columns(code=pl.lit("000300.SH"))
        .rename({"volume": "vol"})
    )
    frame.write_csv(tmp_path / "i.csv")
    with pytest.raises(InputError, match="column vol is read as volume"):
        ingest(tmp_path / "i.csv", Store.open(tmp_path / "store"), DataSettings(columns={"volume": "vol"}))
