"""Unscaled windows against slices of the panel."""

import numpy as np
import pytest

from gangru.errors import MarketError
from gangru.features.gathering import by_stock, gather_windows

D, N, F, T = 60, 300, 3, 10
RANDOM = np.random.default_rng(1)
PANEL = RANDOM.normal(size=(D, N, F)).astype(np.float32)
PANEL[RANDOM.random((D, N)) < 0.05] = np.nan


def test_windows_of_a_date_are_slices_of_the_panel() -> None:
    stocks = np.array([7, 3, 299, 3])
    np.testing.assert_array_equal(
        gather_windows(PANEL, 30, stocks, T), PANEL[21:31][:, stocks].transpose(1, 0, 2)
    )


def test_each_window_may_end_on_a_row_of_its_own() -> None:
    rows, stocks = RANDOM.integers(T - 1, D, 1000), RANDOM.integers(0, N, 1000)
    made = gather_windows(PANEL, rows, stocks, T)
    for x, row, stock in zip(made, rows, stocks, strict=True):
        np.testing.assert_array_equal(x, PANEL[row - T + 1 : row + 1, stock])


def test_memory_is_used_again() -> None:
    out = np.empty((2, T, F), dtype=np.float32)
    assert gather_windows(PANEL, 30, np.array([0, 1]), T, out) is out
    assert np.array_equal(out[1], PANEL[21:31, 1], equal_nan=True)


@pytest.mark.parametrize("out", [np.empty((2, T, F)), np.empty((T, 2, F), np.float32).transpose(1, 0, 2)])
def test_memory_of_another_kind_is_an_error(out: np.ndarray) -> None:
    with pytest.raises(MarketError, match=r"float32 array \(2, 10, 3\) in C order"):
        gather_windows(PANEL, 30, np.array([0, 1]), T, out)


@pytest.mark.parametrize(
    ("row", "stock", "told"),
    [(8, 0, "rows 9 to 59"), (60, 0, "rows 9 to 59"), (30, 300, "300"), (30, -1, "-1")],
)
def test_a_window_outside_the_panel_is_an_error(row: int, stock: int, told: str) -> None:
    with pytest.raises(MarketError, match=told):
        gather_windows(PANEL, row, np.array([1, stock]), T)


def test_no_stock_has_no_windows() -> None:
    assert gather_windows(PANEL, 30, np.zeros(0, dtype=np.int64), T).shape == (0, T, F)


def test_windows_of_days_put_by_stock_are_the_same() -> None:
    held = by_stock(PANEL, 11, 50)
    rows, stocks = RANDOM.integers(11 + T - 1, 51, 500), RANDOM.integers(0, N, 500)
    rows[:2], stocks[:2] = (20, 50), (0, N - 1)  # the first place and the last
    np.testing.assert_array_equal(held.windows(rows, stocks, T), gather_windows(PANEL, rows, stocks, T))
    np.testing.assert_array_equal(held.windows(30, stocks, T), gather_windows(PANEL, 30, stocks, T))


@pytest.mark.parametrize(("row", "stock"), [(19, 5), (51, 5), (30, N), (30, -1)])
def test_a_window_outside_the_days_put_by_stock_is_an_error(row: int, stock: int) -> None:
    with pytest.raises(MarketError):
        by_stock(PANEL, 11, 50).windows(row, np.array([stock]), T)


def test_days_put_by_stock_are_left_alone_by_who_takes_windows() -> None:
    held = by_stock(PANEL, 0, D - 1)
    held.windows(30, np.array([3]), T)[:] = 0
    np.testing.assert_array_equal(held.windows(30, np.array([3]), T), PANEL[21:31, [3]].transpose(1, 0, 2))
