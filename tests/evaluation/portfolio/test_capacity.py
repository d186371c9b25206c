"""Capacity: what is left of the excess as the account grows, and how much of what was asked for was filled."""

from dataclasses import replace

import numpy as np
import pytest

from evaluation.portfolio.tapes import forbidden, tape_of_closes, terms
from gangru.evaluation.performance import annual_return
from gangru.evaluation.portfolio.account import follow_account
from gangru.evaluation.portfolio.capacity import SIZES_YUAN, capacity_curve, fill_rate
from gangru.evaluation.portfolio.terms import Tape
from gangru.market.rules import cost_rates

ROWS, LAST = np.array([25, 45, 65, 85]), 104
DAYS, STOCKS = 105, 12
HELD = np.ones(4, dtype=bool)


def market(amount: float, price: float = 30.0) -> Tape:
    """Stocks that go up and down, with so many yuan traded a day."""
    rng = np.random.default_rng(2)
    close = price * np.exp(np.cumsum(rng.normal(0.0005, 0.02, (DAYS, STOCKS)), axis=0))
    return tape_of_closes(
        close,
        amount=np.full(close.shape, amount),
        codes=np.array([f"6000{k:02d}.SH" for k in range(STOCKS)]),
    )


def aims() -> np.ndarray:
    chosen = np.random.default_rng(3).random((4, STOCKS)) < 0.4
    chosen[:, 0] = True
    return chosen / chosen.sum(axis=1, keepdims=True)


def charged(**changed: object) -> object:
    dates = np.datetime64("2021-03-01") + np.arange(DAYS)
    buy, sell = cost_rates(dates, 0.0)
    return terms(DAYS, **({"commission": 0.00025, "buy_levy": buy, "sell_levy": sell} | changed))


def curve(tape: Tape, **changed: object):
    arguments = {"impact": 1.0, "max_participation": 0.1} | changed
    benchmark = np.linspace(1, 1.02, LAST - 25 + 1)
    return capacity_curve(tape, ROWS, LAST, aims(), charged(), HELD, benchmark, **arguments)


def test_on_a_thin_market_a_larger_account_has_less() -> None:
    made = curve(market(amount=3e8), max_participation=0.0)
    assert made["account_yuan"].to_list() == list(SIZES_YUAN)
    assert (np.diff(made["net_annual_excess"].to_numpy()) < 0).all()
    assert (np.diff(made["monthly_cost"].to_numpy()) > 0).all()
    bounded = curve(market(amount=3e8))
    assert (np.diff(bounded["fill_rate"].to_numpy()) <= 1e-3).all()  # rounding to lots aside
    assert bounded["fill_rate"][-1] < 0.2 < 0.95 < bounded["fill_rate"][0]
    assert bounded["invested"][-1] < 0.2 < 0.95 < bounded["invested"][0]


def test_on_an_endless_market_every_account_does_what_the_unit_account_does() -> None:
    tape = market(amount=1e30, price=0.5)  # lots of 50 yuan
    unit = follow_account(tape, ROWS, LAST, aims(), charged(), HELD)
    made = curve(tape)
    expected = annual_return(unit.value)
    assert made["net_annual_return"].to_list() == pytest.approx([expected] * len(SIZES_YUAN), abs=2e-4)
    assert made["net_annual_return"][-1] == pytest.approx(expected, abs=1e-6)
    assert made["monthly_cost"][-1] == pytest.approx(np.nanmean(unit.cost), rel=1e-6)
    assert made["fill_rate"][-1] == pytest.approx(fill_rate(unit.orders), abs=1e-4)
    usual = annual_return(np.linspace(1, 1.02, LAST - 25 + 1))
    assert made["net_annual_excess"][-1] == pytest.approx(made["net_annual_return"][-1] - usual)


def test_a_size_brings_the_least_commission_of_the_day() -> None:
    tape = tape_of_closes([[10.0], [10.0]])
    made = capacity_curve(
        tape, np.array([0]), 1, np.ones((1, 1)), terms(2), np.ones(1, dtype=bool), np.ones(2),
        impact=0.0, max_participation=0.0, sizes=(10_005.0,),
    )  # fmt: skip
    assert made["monthly_cost"][0] == pytest.approx(5 / 10_005)
    assert made["net_annual_return"][0] == pytest.approx((1 - 5 / 10_005) ** 242 - 1)


def test_without_a_month_there_is_nothing_to_measure() -> None:
    none = np.zeros(0, dtype=np.int64)
    made = capacity_curve(
        market(1e9), none, 0, np.zeros((0, STOCKS)), charged(), none.astype(bool), np.zeros(0),
        impact=1.0, max_participation=0.1,
    )  # fmt: skip
    assert (
        made.select("net_annual_return", "net_annual_excess", "monthly_cost", "fill_rate").null_count().row(0)
        == (len(SIZES_YUAN),) * 4
    )


def followed(tape: Tape, weights: list[list[float]], rows: list[int], **changed: object):
    days = len(tape.dates)
    weights_MN = np.array(weights, dtype=float)
    return follow_account(tape, np.array(rows), days - 1, weights_MN, terms(days, **changed)).orders


def test_fill_rate_counts_what_the_order_was_for() -> None:
    # Each a third; C is sealed: asked 1/3 of C, and A and B get half of all each: 1 of 4/3.
    tape = tape_of_closes([[10, 10, 10]] * 2, no_buy=forbidden((2, 3), (0, 2)))
    orders = followed(tape, [[1 / 3] * 3], [0])
    assert fill_rate(orders) == pytest.approx(1 / (4 / 3))
    assert fill_rate(orders, side=1) == pytest.approx(3 / 4)
    assert fill_rate(orders, side=-1) is None


def test_a_further_try_asks_for_nothing_new() -> None:
    # 100,000 yuan are asked for; the day takes 30,000 of them, the next day 30,000 more.
    tape = tape_of_closes([[10.0]] * 3, amount=np.full((3, 1), 300_000.0))
    asked = {"account_yuan": 100_000.0, "max_participation": 0.1, "carry": True}
    orders = followed(tape, [[1.0]], [0], **asked)
    assert orders.wanted.tolist() == pytest.approx([100_000, 70_000])
    assert fill_rate(orders) == pytest.approx(0.6)
    assert fill_rate(followed(tape, [[1.0]], [0], **(asked | {"carry": False}))) == pytest.approx(0.3)


def test_a_departure_is_no_order() -> None:
    # A leaves after day 0; all of it goes to B, of which the day takes a fifth.
    tape = tape_of_closes([[10, 10], [np.nan, 10], [np.nan, 10]], amount=np.full((3, 2), 1e6))
    tape = replace(tape, amount=np.array([[1e9, 1e9], [np.nan, 2e5], [np.nan, 2e5]]))
    orders = followed(tape, [[1, 0], [0, 1]], [0, 1], account_yuan=100_000.0, max_participation=0.1)
    assert len(orders.row) == 3
    assert fill_rate(orders) == pytest.approx((100_000 + 20_000) / 200_000)
    assert fill_rate(orders, side=-1) is None
