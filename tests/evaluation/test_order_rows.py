"""The rules are looked up on the days of orders alone: that changes no figure, and on other days nothing is dealt."""

import json
from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from gangru.evaluation import conventions
from gangru.evaluation.conventions import order_rows
from gangru.evaluation.document import to_json
from gangru.evaluation.months import return_months
from gangru.evaluation.portfolio.terms import tape_of
from gangru.evaluation.settings import EvaluationSettings, PortfolioSettings
from gangru.evaluation.summary import Beyond, evaluate_factor
from gangru.market.rules import can_buy, can_sell, reference_price

from markets import random_market

NAN = np.nan


@pytest.fixture(scope="module")
def market():
    """Random prices, of which one in six is at its upper or lower limit."""
    calm = random_market(days=200, stocks=60, gaps=0.05)
    draw = np.random.default_rng(1).random(calm.close.shape)
    limit = reference_price(calm.close, calm.factor) * np.where(draw < 0.1, 1.1, 0.9)
    struck = (draw < 0.17) & ~np.isnan(calm.close) & ~np.isnan(limit)
    close = np.where(struck, np.round(limit, 2), calm.close)
    low, high = np.where(struck, close, calm.low), np.where(struck, close, calm.high)
    return replace(calm, close=close, open=np.where(struck, close, calm.open), low=low, high=high)


@pytest.fixture(scope="module")
def factor(market):
    rng = np.random.default_rng(2)
    month = market.dates.astype("datetime64[M]")
    ends = np.flatnonzero(month[1:] != month[:-1])
    rows, stocks = np.repeat(ends, len(market.codes)), np.tile(np.arange(len(market.codes)), len(ends))
    return pl.DataFrame(
        {"date": market.dates[rows], "code": market.codes[stocks], "factor": rng.normal(size=len(rows))}
    )


def document(factor, market, **portfolio) -> str:
    nothing = dict.fromkeys(("code", "taxonomy", "industry", "index"), pl.String) | {
        "start": pl.Date,
        "end": pl.Date,
    }
    empty = pl.DataFrame(schema=nothing)
    evaluation = evaluate_factor(
        factor,
        market,
        calendar=market.dates,
        industry=empty,
        names=lambda _: pl.DataFrame(schema={"code": pl.String, "name": pl.String}),
        eligible=None,
        settings=EvaluationSettings(min_stocks=3, bootstrap_samples=100),
        portfolio=PortfolioSettings(**portfolio),
        beyond=Beyond(members=empty),
    )
    return json.dumps(to_json(evaluation)) + str(evaluation.trading.orders.rows())


@pytest.mark.parametrize("unfilled", ["drop", "carry"])
@pytest.mark.parametrize("execution", ["close", "open", "vwap"])
def test_looking_at_all_days_changes_no_figure(market, factor, monkeypatch, unfilled, execution):
    portfolio = {"unfilled": unfilled, "execution": execution, "account_yuan": 1e7}
    lean = document(factor, market, **portfolio)
    monkeypatch.setattr(conventions, "order_rows", lambda _months, _portfolio: None)
    assert document(factor, market, **portfolio) == lean
    assert "sealed at the upper limit" in lean
    assert "sealed at the lower limit" in lean


def test_orders_are_dealt_at_the_entries_or_whenever_one_is_open(market):
    months = return_months(market.dates, market.dates[0], market.dates[-1])
    at_entries = order_rows(months, PortfolioSettings())
    assert at_entries.tolist() == sorted({*months.start.tolist(), *(months.start + 1).tolist()})
    open_days = order_rows(months, PortfolioSettings(unfilled="carry"))
    assert open_days.tolist() == list(range(months.start[0], months.end[-1] + 2))
    none = return_months(market.dates[:3], market.dates[0], market.dates[0])
    assert len(order_rows(none, PortfolioSettings(unfilled="carry"))) == 0


def test_nothing_is_dealt_on_a_day_that_was_not_looked_at(market):
    rows = np.array([3, 4, 90])
    tape = tape_of(market, "close", obey_rules=True, rows=rows)
    others = np.setdiff1d(np.arange(len(market.dates)), rows)
    assert tape.no_buy[others].all()
    assert tape.no_sell[others].all()
    np.testing.assert_array_equal(tape.no_buy[rows], ~can_buy(market)[rows])
    np.testing.assert_array_equal(tape.no_sell[rows], ~can_sell(market)[rows])
    whole = tape_of(market, "close", obey_rules=True)
    np.testing.assert_array_equal(whole.no_buy, ~can_buy(market))
