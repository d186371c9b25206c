"""What the numbers of a Qlib directory are taken to mean, and when that is asked."""

from pathlib import Path

import numpy as np
import pytest

from gangru.errors import InputError
from gangru.market.sources.qlib_rows import shortest
from gangru.market.sources.settings import DataSettings
from market.qlib_directories import MOUTAI, NAN, adjusted, pieces, rows, scaled, without, write_directory


def test_units_that_the_numbers_do_not_show_are_asked_for(tmp_path: Path) -> None:
    root = write_directory(tmp_path / "q", {"sh600519": scaled(MOUTAI, volume=0.01, amount=0.001)})
    with pytest.raises(InputError, match='volume = "lots" with amount = "thousand yuan"'):
        pieces(root)


@pytest.mark.parametrize("declared", [{"volume": "lots"}, {"amount": "thousand yuan"}], ids=str)
def test_one_declared_unit_shows_the_other(tmp_path: Path, declared: dict[str, str]) -> None:
    root = write_directory(tmp_path / "q", {"sh600519": scaled(MOUTAI, volume=0.01, amount=0.001)})
    found, source = pieces(root, DataSettings(units=declared))
    bars = rows(found, "bars")
    assert bars["volume"].to_list() == pytest.approx([1200, 800, 3000, 500])
    assert bars["amount"].to_list() == pytest.approx([12252, 8320, 15900, 2675])
    assert len(source.notes) == 1


def test_a_declared_unit_that_the_numbers_contradict_is_refused(tmp_path: Path) -> None:
    root = write_directory(tmp_path / "q", {"sh600519": MOUTAI})
    with pytest.raises(InputError, match="does not fit"):
        pieces(root, DataSettings(units={"volume": "lots", "amount": "yuan"}))


def test_the_volumes_unit_is_asked_for_where_no_amount_shows_it(tmp_path: Path) -> None:
    root = write_directory(tmp_path / "q", {"sh600519": without(MOUTAI, "amount")})
    with pytest.raises(InputError, match=r'volume = "shares" .* or "lots"'):
        pieces(root)
    found, _ = pieces(root, DataSettings(units={"volume": "shares"}))
    bars = rows(found, "bars")
    assert bars["volume"].to_list() == [1200, 800, 3000, 500]
    assert bars["amount"].to_list() == pytest.approx([12252, 8320, 15900, 2675])  # volume × vwap


def test_an_amount_that_neither_file_has_is_not_known(tmp_path: Path) -> None:
    root = write_directory(tmp_path / "q", {"sh600519": without(MOUTAI, "amount", "vwap")})
    found, _ = pieces(root, DataSettings(units={"volume": "shares"}))
    assert rows(found, "bars")["amount"].is_nan().all()


def test_a_volume_that_was_never_divided_is_taken_as_it_is(tmp_path: Path) -> None:
    factors = [1, 10, 1, 10, 1]
    stock = adjusted([10.21, 10.40, 10.5, 5.30, 5.35], factors, [1200, 800, 900, 3000, 500])
    stock["volume"] = (0, [1200, 800, 900, 3000, 500])
    found, source = pieces(write_directory(tmp_path / "q", {"sh600519": stock}))
    assert rows(found, "bars")["volume"].to_list() == [1200, 800, 900, 3000, 500]
    assert "not divided by the factor" in source.notes[0]


def test_raw_prices_are_taken_where_they_are_declared_and_asked_about_where_not(tmp_path: Path) -> None:
    raw = adjusted([10.21, 10.43, 10.51, 5.33, 5.37], [1.7, 1.7, 1.7, 2.3, 2.3], [1200, 800, 900, 3000, 500])
    raw |= {name: (0, [10.21, 10.43, 10.51, 5.33, 5.37]) for name in ("open", "high", "low", "close")}
    root = write_directory(tmp_path / "q", {"sh600519": raw})
    with pytest.raises(InputError, match="its prices seem raw"):
        pieces(root)
    found, _ = pieces(root, DataSettings(units={"price": "yuan"}))
    bars = rows(found, "bars")
    assert bars["close"].to_list() == [10.21, 10.43, 10.51, 5.33, 5.37]
    assert bars["factor"].to_list() == [1.7, 1.7, 1.7, 2.3, 2.3]


def test_prices_declared_raw_that_are_adjusted_are_refused(tmp_path: Path) -> None:
    stock = adjusted(
        [10.21, 10.43, 10.51, 5.33, 5.37], [1.7, 1.7, 1.7, 2.3, 2.3], [1200, 800, 900, 3000, 500]
    )
    root = write_directory(tmp_path / "q", {"sh600519": stock})
    with pytest.raises(InputError, match="take that out"):
        pieces(root, DataSettings(units={"price": "yuan"}))


def test_without_factors_raw_prices_have_to_be_declared(tmp_path: Path) -> None:
    root = write_directory(tmp_path / "q", {"sh600519": without(scaled(MOUTAI), "factor")})
    with pytest.raises(InputError, match=r"no factor\.day\.bin"):
        pieces(root)
    found, _ = pieces(root, DataSettings(units={"price": "yuan", "volume": "shares", "amount": "yuan"}))
    assert rows(found, "bars")["factor"].is_nan().all()


def test_prices_that_are_whole_cents_in_neither_way_are_noted(tmp_path: Path) -> None:
    stock = adjusted([10.2137, 10.4031, 10.5113, 5.3317, 5.3719], [1.7] * 5, [1200, 800, 900, 3000, 500])
    _, source = pieces(write_directory(tmp_path / "q", {"sh600519": stock}))
    assert "is not the price that was traded" in source.notes[0]


def test_other_names_of_fields_are_those_of_the_settings(tmp_path: Path) -> None:
    stock = {("money" if name == "amount" else name): series for name, series in MOUTAI.items()}
    found, _ = pieces(
        write_directory(tmp_path / "q", {"sh600519": stock}), DataSettings(columns={"amount": "money"})
    )
    assert rows(found, "bars")["amount"].to_list() == pytest.approx([12252, 8320, 15900, 2675])


@pytest.mark.parametrize(
    ("value", "expected"),
    [(10.2100003, 10.21), (10.215, 10.215), (5807.715, 5807.715), (30000.004, 30000.004), (NAN, NAN)],
)
def test_a_price_gets_its_cents_back_only_where_single_precision_has_them(
    value: float, expected: float
) -> None:
    assert shortest(np.array([value]), (2, 3, 4)).tolist() == pytest.approx([expected], rel=0, nan_ok=True)
