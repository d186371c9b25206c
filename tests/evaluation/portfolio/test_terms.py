"""The tape and the terms that settings ask for: prices, dated rules, dated costs."""

import dataclasses

import numpy as np
import pytest

from gangru.errors import SettingsError
from gangru.evaluation.portfolio.account import follow_account
from gangru.evaluation.portfolio.terms import execution_price, free_terms, tape_of, terms_of
from gangru.evaluation.settings import PortfolioSettings
from gangru.market.daily import DailyMarket
from gangru.market.rules import cost_rates

NAN = np.nan


def bars(tiny, **prices: list[list[float]]) -> DailyMarket:
    """A market of these opens, highs, lows and closes, whose amounts fit their mean."""
    arrays = {name: np.array(values, dtype=float) for name, values in prices.items()}
    market = tiny(arrays["close"])
    mean = sum(arrays[name] for name in ("open", "high", "low", "close")) / 4
    return dataclasses.replace(market, **arrays, amount=mean * 1e6)


@pytest.fixture
def market(tiny) -> DailyMarket:
    """Three stocks from a first close of 10, limits 9 and 11.

    On day 1 A opens sealed at 11 and closes below; B opens at 10 and closes sealed; C trades at 11 alone. On day 2, from
    10.50, 11 and 11, A opens sealed at its lower limit of 9.45, B closes at its lower of 9.90, C trades at 9.90 alone.
    """
    return bars(
        tiny,
        open=[[10, 10, 10], [11, 10, 11], [9.45, 10.5, 9.9]],
        high=[[10, 10, 10], [11, 11, 11], [10, 10.5, 9.9]],
        low=[[10, 10, 10], [10.4, 10, 11], [9.45, 9.9, 9.9]],
        close=[[10, 10, 10], [10.5, 11, 11], [9.8, 9.9, 9.9]],
    )


@pytest.mark.parametrize(
    ("execution", "no_buy", "no_sell"),
    [
        ("close", [False, True, True], [False, True, True]),
        ("open", [True, False, True], [True, False, True]),
        ("vwap", [False, False, True], [False, False, True]),
    ],
)
def test_who_is_sealed_depends_on_the_price(market, execution, no_buy, no_sell) -> None:
    tape = tape_of(market, execution, obey_rules=True)
    assert tape.no_buy[1].tolist() == no_buy
    assert tape.no_sell[2].tolist() == no_sell
    assert not tape.no_sell[:2].any()
    assert not tape.no_buy[[0, 2]].any()
    assert (tape.at_close, tape.free) == (execution == "close", False)


def test_limits_are_those_of_the_date(tiny) -> None:
    # ChiNext goes from 10 % to 20 % on 2020-08-24: the same rise is a seal on one day and none on the next.
    closes = np.array([[10.0], [11.0], [12.1]])
    market = tiny(closes, first="2020-08-20")
    market = dataclasses.replace(market, codes=np.array(["300001.SZ"]))
    for execution in ("close", "open", "vwap"):
        assert tape_of(market, execution, obey_rules=True).no_buy[:, 0].tolist() == [False, True, False]


def test_a_stock_sealed_at_the_open_is_bought_at_the_close(market) -> None:
    filled = {}
    for execution in ("close", "open", "vwap"):
        tape = tape_of(market, execution, obey_rules=True)
        path = follow_account(tape, np.array([1]), 2, np.array([[1.0, 0, 0]]), free_terms(3))
        filled[execution] = float(path.orders.filled[0])
    assert filled == {"close": 1, "open": 0, "vwap": 1}


def test_prices_of_an_order(tiny) -> None:
    prices = {
        "open": [[10, 10, NAN]],
        "high": [[12, 12, NAN]],
        "low": [[9, 9, NAN]],
        "close": [[11, 11, NAN]],
    }
    market = dataclasses.replace(
        bars(tiny, **prices), amount=np.array([[10.2e6, 2e6, NAN]]), volume=np.array([[1e6, 1e6, NAN]])
    )
    assert execution_price(market, "close")[0, :2].tolist() == [11, 11]
    assert execution_price(market, "open")[0, :2].tolist() == [10, 10]
    # 10.2 is within the day; 2 is not: prices and amounts are of different kinds, and the mean of the four is taken.
    assert execution_price(market, "vwap")[0, :2].tolist() == pytest.approx([10.2, 10.5])
    bare = dataclasses.replace(market, amount=np.full((1, 3), NAN), volume=np.full((1, 3), NAN))
    assert execution_price(bare, "vwap")[0, :2].tolist() == pytest.approx([10.5, 10.5])
    for execution in ("close", "open", "vwap"):
        assert np.isnan(execution_price(market, execution)[0, 2])
        assert tape_of(market, execution, obey_rules=True).no_buy[0, 2]  # who does not trade cannot be bought


def test_holdings_are_worth_adjusted_closes_at_any_price(tiny) -> None:
    market = tiny(np.array([[10.0], [5.0], [NAN]]), factor=np.array([[1.0], [2.0], [2.0]]))
    for execution in ("close", "open", "vwap"):
        assert tape_of(market, execution, obey_rules=True).held[:, 0].tolist() == [10, 10, 10]


def test_without_rules_nothing_is_forbidden(market) -> None:
    free = tape_of(market, "close", obey_rules=False)
    ruled = tape_of(market, "close", obey_rules=True).without_rules()
    for tape in (free, ruled):
        assert tape.free
        assert not tape.no_buy.any()
        assert not tape.no_sell.any()
        assert tape.no_buy.shape == tape.close.shape


DATES = np.array(["2022-04-28", "2022-04-29", "2023-08-25", "2023-08-28"], dtype="datetime64[D]")


def test_levies_are_those_of_the_date() -> None:
    made = terms_of(PortfolioSettings(commission=0.0003), DATES)
    assert made.commission == 0.0003  # not in the levies too
    assert made.buy_levy.tolist() == pytest.approx([0.00002, 0.00001, 0.00001, 0.00001])
    assert made.sell_levy.tolist() == pytest.approx([0.00102, 0.00101, 0.00101, 0.00051])
    buy, sell = cost_rates(DATES, 0.0003)
    assert (made.commission + made.buy_levy).tolist() == pytest.approx(buy.tolist())
    assert (made.commission + made.sell_levy).tolist() == pytest.approx(sell.tolist())


def test_a_basis_point_is_a_ten_thousandth() -> None:
    assert terms_of(PortfolioSettings(slippage_bps=5), DATES).slippage == pytest.approx(0.0005)


def test_lots_least_commission_impact_and_participation_come_with_a_size_alone() -> None:
    unit = terms_of(PortfolioSettings(impact=2, max_participation=0.2), DATES)
    assert (unit.account_yuan, unit.impact, unit.max_participation, unit.least.any()) == (0, 0, 0, False)
    sized = terms_of(PortfolioSettings(impact=2, max_participation=0.2, account_yuan=1e6), DATES)
    assert (sized.account_yuan, sized.impact, sized.max_participation) == (1e6, 2, 0.2)
    assert sized.least.tolist() == [5, 5, 5, 5]
    carried = terms_of(PortfolioSettings(unfilled="carry", max_turnover=0.3), DATES)
    assert (carried.carry, carried.max_turnover, unit.carry, unit.max_turnover) == (True, 0.3, False, 1)


@pytest.mark.parametrize(
    "changed",
    [{"commission": 0.001}, {"slippage": 0.001}, {"impact": 1.0}, {"least": np.full(3, 5.0)},
     {"buy_levy": np.full(3, 0.1)}, {"sell_levy": np.full(3, 0.1)}],
)  # fmt: skip
def test_gross_is_without_any_of_the_costs(changed: dict) -> None:
    terms = dataclasses.replace(free_terms(3), account_yuan=1e5, max_participation=0.1, **changed)
    gross = terms.without_costs()
    assert (gross.commission, gross.slippage, gross.impact) == (0, 0, 0)
    for charged in (gross.least, gross.buy_levy, gross.sell_levy):
        assert not charged.any()
    assert (gross.account_yuan, gross.max_participation) == (1e5, 0.1)  # what cuts orders is no cost
    assert gross.without_costs() is gross


def test_settings_that_do_not_go_together_are_refused() -> None:
    with pytest.raises(SettingsError, match=r"hold_until = 0.1: expected 0 or at least fraction = 0.2"):
        PortfolioSettings(fraction=0.2, hold_until=0.1)
    for fine in ({"hold_until": 0.0}, {"hold_until": 0.2}, {"hold_until": 0.1, "stocks": 10}):
        PortfolioSettings(fraction=0.2, **fine)


@pytest.mark.parametrize(
    "wrong",
    [{"fraction": 0}, {"fraction": 1.1}, {"stocks": -1}, {"max_weight": 0}, {"max_turnover": 0}, {"commission": -0.1},
     {"slippage_bps": -1}, {"account_yuan": -1}, {"impact": -1}, {"max_participation": 1.5}, {"execution": "noon"},
     {"unfilled": "forget"}, {"weighting": "value"}],
)  # fmt: skip
def test_settings_out_of_range_are_refused(wrong: dict) -> None:
    with pytest.raises(SettingsError, match=next(iter(wrong))):
        PortfolioSettings(**wrong)
