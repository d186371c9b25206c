"""The trading side of a whole evaluation against its own net value, its orders and hand cases."""

import datetime

import numpy as np
import polars as pl
import pytest

from evaluation.whole_markets import EVALUATION, FIFTH, Planted, evaluated, labels, planted
from gangru.evaluation.calendar_returns import month_figures
from gangru.evaluation.performance import performance
from gangru.evaluation.portfolio import micro_caps
from gangru.evaluation.portfolio.path import (
    CASH,
    DEPARTED,
    FILLED,
    LOT,
    NO_TRADE,
    PARTICIPATION,
    UPPER_LIMIT,
    Orders,
)
from gangru.evaluation.result import Evaluation
from gangru.evaluation.settings import PortfolioSettings
from gangru.evaluation.trading import ORDERS, order_table, stress, unfilled

NONE = np.zeros(0)


@pytest.fixture(scope="module")
def market() -> Planted:
    return planted(0.2, seed=2)


@pytest.fixture(scope="module")
def result(market: Planted) -> Evaluation:
    return evaluated(market, market.signal)


def orders(*rows: tuple[int, int, int, float, float, float, int, bool]) -> Orders:
    """Orders from row, stock, side, wanted, filled, cost, reason, retry."""
    columns = list(zip(*rows, strict=True)) if rows else [[]] * 8
    kinds = (np.int64, np.int64, np.int8, float, float, float, np.int8, bool)
    return Orders(*(np.array(column, dtype=kind) for column, kind in zip(columns, kinds, strict=True)))


SOME = orders(
    (1, 0, -1, 10.0, 0.0, 0.0, NO_TRADE, False),
    (1, 1, 1, 20.0, 0.0, 0.0, UPPER_LIMIT, False),
    (1, 2, 1, 30.0, 6.0, 0.1, PARTICIPATION, False),
    (1, 0, 1, 5.0, 5.0, 0.2, FILLED, False),
    (2, 1, 1, 20.0, 0.0, 0.0, LOT, True),
    (2, 2, 1, 24.0, 24.0, 0.3, FILLED, True),
    (3, 1, 1, 7.0, 3.0, 0.1, CASH, False),
    (3, 0, 1, 2.0, 0.0, 0.0, UPPER_LIMIT, False),
    (3, 2, -1, 9.0, 9.0, 0.1, DEPARTED, False),
)


def test_what_was_cut_is_summed_by_side_and_reason_first_tries_alone() -> None:
    assert unfilled(SOME).rows(named=True) == [
        {"side": "buy", "reason": "beyond its share of the day", "orders": 1, "wanted": 30, "filled": 6},
        {"side": "buy", "reason": "no cash", "orders": 1, "wanted": 7, "filled": 3},
        {"side": "buy", "reason": "sealed at the upper limit", "orders": 2, "wanted": 22, "filled": 0},
        {"side": "sell", "reason": "left the market", "orders": 1, "wanted": 9, "filled": 9},
        {"side": "sell", "reason": "no trade", "orders": 1, "wanted": 10, "filled": 0},
    ]
    assert unfilled(orders()).is_empty()
    assert unfilled(orders()).schema == unfilled(SOME).schema


def test_every_order_has_its_date_code_and_reason_in_words() -> None:
    dates = np.datetime64("2021-03-01") + np.arange(4)
    table = order_table(SOME, dates, np.array(["600000.SH", "600001.SH", "600002.SH"]))
    assert len(table) == 9
    assert dict(table.schema) == ORDERS
    assert table.row(1) == (
        datetime.date(2021, 3, 2), "600001.SH", "buy", 20, 0, 0, "sealed at the upper limit", False
    )  # fmt: skip
    assert table.row(5) == (datetime.date(2021, 3, 3), "600002.SH", "buy", 24, 24, 0.3, "", True)
    assert dict(order_table(orders(), dates, np.array(["600000.SH"])).schema) == ORDERS


def test_a_span_of_stress_is_told_only_where_all_of_it_was_lived_through() -> None:
    days = np.arange(np.datetime64("2023-12-01"), np.datetime64("2024-04-01"))
    value = np.full(len(days), 1.0)
    value[days >= np.datetime64("2024-01-01")] = 0.9
    value[days >= np.datetime64("2024-02-05")] = 0.6
    value[days >= np.datetime64("2024-02-20")] = 0.75
    value[days >= np.datetime64("2024-03-01")] = 5.0  # after it
    flat = np.linspace(1, 2, len(days))
    row = stress(days, value, flat).row(0, named=True)
    assert row["value_return"] == pytest.approx(-0.25)
    assert row["max_drawdown"] == pytest.approx(0.4)
    assert (row["base"], row["last"]) == (datetime.date(2023, 12, 31), datetime.date(2024, 2, 29))
    assert row["excess"] == pytest.approx(-0.25 - row["benchmark_return"])
    for first, last in (
        ("2024-01-01", "2024-03-31"),  # nothing before it
        ("2023-12-01", "2024-02-28"),
        ("2023-12-01", "2023-12-31"),
        ("2024-03-01", "2024-03-31"),
    ):
        part = (days >= np.datetime64(first)) & (days <= np.datetime64(last))
        assert stress(days[part], value[part], flat[part]).is_empty(), (first, last)
    assert stress(days[:0], value[:0], flat[:0]).schema == stress(days, value, flat).schema


def test_its_figures_are_those_of_its_net_value(result: Evaluation) -> None:
    part, value = result.trading, result.net_value
    long, net, usual = (value[name].to_numpy() for name in ("long", "long_net", "benchmark"))
    assert part.gross == performance(long, usual)
    assert part.net == performance(net, usual)
    assert part.gross.annual_return == result.headline.annual_return
    assert part.net.annual_excess == result.headline.net_annual_excess
    assert part.benchmark.annual_return == pytest.approx(usual[-1] ** (242 / (len(usual) - 1)) - 1)
    assert part.long_short.annual_return == pytest.approx(
        part.daily["long_short"][-1] ** (242 / (len(usual) - 1)) - 1
    )
    assert part.daily["date"].to_list() == value["date"].to_list()
    assert part.daily["excess_by_ratio"].to_numpy() == pytest.approx(net / usual)


def test_months_and_years_compound_to_the_net_value(result: Evaluation) -> None:
    part, value = result.trading, result.net_value
    for table in (part.monthly, part.yearly):
        for name in ("long", "long_net", "benchmark"):
            assert float((1 + table[name]).product()) == pytest.approx(value[name][-1])
        assert table["days"].sum() == len(value) - 1
        assert table["long_net_excess"].to_list() == pytest.approx(
            (table["long_net"] - table["benchmark"]).to_list()
        )
    # A calendar month by hand: the last values of two successive months.
    last = value.group_by(pl.col("date").dt.strftime("%Y-%m")).agg(pl.col("long_net").last()).sort("date")
    at = last["date"].to_list().index("2019-03")
    expected = last["long_net"][at] / last["long_net"][at - 1] - 1
    assert part.monthly.filter(pl.col("month") == "2019-03")["long_net"][0] == pytest.approx(expected)
    assert part.months_net == month_figures(part.monthly, "long_net")
    assert part.months_excess == month_figures(part.monthly, "long_net_excess")
    assert part.months_net.months == len(part.monthly)
    assert part.months_net.win_rate == pytest.approx((part.monthly["long_net"] > 0).mean())
    assert part.months_excess.best_return == pytest.approx(part.monthly["long_net_excess"].max())


def test_its_falls_are_the_deepest_of_the_net_value(result: Evaluation) -> None:
    part, net = result.trading, result.net_value["long_net"].to_numpy()
    deepest = 1 - (net / np.maximum.accumulate(net)).min()
    assert part.drawdowns["depth"][0] == pytest.approx(deepest)
    assert part.drawdowns["depth"][0] == pytest.approx(part.net.max_drawdown)
    excess = net / result.net_value["benchmark"].to_numpy()
    assert part.excess_drawdowns["depth"][0] == pytest.approx(
        1 - (excess / np.maximum.accumulate(excess)).min()
    )
    assert len(part.drawdowns) == 5


def test_long_and_short_together_earn_what_the_extremes_differ_by(result: Evaluation) -> None:
    # Without costs its months are about those of the top fifth less the bottom fifth, that is of the spread of 5 groups.
    assert result.trading.long_short.annual_return == pytest.approx(12 * result.anatomy.spread.mean, rel=0.35)


def test_orders_and_costs_are_those_of_the_account(result: Evaluation) -> None:
    part = result.trading
    first = part.orders.filter(pl.col("date") == part.orders["date"].min())
    assert (first["side"] == "buy").all()
    assert len(first) == 32  # a fifth of 160
    assert float(first["filled"].sum() + first["cost"].sum()) == pytest.approx(1)
    assert 0.9 < part.fill_rate <= 1
    real = part.orders.filter(pl.col("reason") != "left the market")
    assert part.fill_rate == pytest.approx(real["filled"].sum() / real["wanted"].sum())
    assert part.unfilled["orders"].sum() == (part.orders["reason"] != "").sum()


def test_an_account_with_a_size_trades_yuan(market: Planted) -> None:
    sized = PortfolioSettings(fraction=0.2, account_yuan=1e7)
    part = evaluated(market, market.signal, portfolio=sized).trading
    first = part.orders.filter(pl.col("date") == part.orders["date"].min())
    assert 0.9e7 < first["filled"].sum() < 1e7
    assert (first["cost"].filter(first["filled"] > 0) >= 5).all()
    row = part.capacity.filter(pl.col("account_yuan") == 1e7).row(0, named=True)
    assert row["net_annual_return"] == pytest.approx(part.net.annual_return)  # the same account
    assert row["net_annual_excess"] == pytest.approx(part.net.annual_excess)
    assert row["fill_rate"] == pytest.approx(part.fill_rate)


def test_without_micro_caps_is_the_evaluation_of_a_table_without_them(
    market: Planted, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(micro_caps, "SMALLEST", 40)
    eligible = ~np.isnan(market.market.close)
    result = evaluated(market, market.signal)
    # Float shares never change here and prices do, so that the 40 smallest are asked anew at each month-end.
    scores, rest = market.signal.copy(), eligible.copy()
    for k, end in enumerate(market.ends):
        value = market.market.float_shares[end] * last_closes(market.market.close, end)
        small = sorted((value[i], i) for i in range(len(value)) if eligible[end, i])[:40]
        for i in [i for _, i in small] + [i for i in range(len(value)) if value[i] <= small[-1][0]]:
            scores[k, i] = np.nan  # and who is halted that day and no larger
            rest[end, i] = False
    own = evaluated(market, scores, eligible=rest).headline
    row = result.trading.without.row(1, named=True)
    assert row["stocks"] == "without the smallest 400"
    for name in ("ic_mean", "icir", "annual_return", "annual_excess", "net_annual_excess", "turnover"):
        assert row[name] == pytest.approx(getattr(own, name)), name
    for name in ("ic_mean", "annual_excess", "turnover"):
        assert result.trading.without[name][0] == getattr(result.headline, name)
    assert len(set(result.trading.without["annual_return"].to_list())) == 3
    # An equal-weighted fifth of all holds about a quarter of its weight in a quarter of the names.
    weights = result.trading.micro_caps
    assert weights["smallest_400"].mean() == pytest.approx(0.25, abs=0.05)
    assert weights["least_liquid_fifth"].mean() == pytest.approx(0.2, abs=0.05)


def last_closes(close: np.ndarray, row: int) -> np.ndarray:
    """Each stock's close on the row or the last one before."""
    out = []
    for stock in close.T:
        known = stock[: row + 1][~np.isnan(stock[: row + 1])]
        out.append(known[-1] if len(known) else np.nan)
    return np.array(out)


def test_a_universe_of_micro_caps_alone_leaves_nothing_without_them(market: Planted) -> None:
    # 160 stocks are all among the smallest 400.
    result = evaluated(market, market.signal, eligible=np.ones(market.market.close.shape, dtype=bool))
    row = result.trading.without.row(1, named=True)
    assert [value for name, value in row.items() if name != "stocks"] == [None] * 6
    assert (result.trading.micro_caps["smallest_400"] > 0.999).all()


def test_months_out_of_the_market_are_in_no_figure(market: Planted) -> None:
    scores = market.signal.copy()
    scores[10:14] = np.nan
    known = ~np.isnan(scores).all(axis=1)
    table = pl.concat(
        [pl.DataFrame({"date": [market.market.dates[market.ends[k]].item()] * 160, "code": market.market.codes,
                       "factor": scores[k]}, schema_overrides={"date": pl.Date})
         for k in np.flatnonzero(known)]
    )  # fmt: skip
    result = evaluated(market, scores, table=table)
    part, value = result.trading, result.net_value
    assert len(part.daily) == len(value)
    assert float((1 + part.monthly["long_net"]).product()) == pytest.approx(value["long_net"][-1])
    assert part.micro_caps["smallest_400"].null_count() == 4
    gap = [month for month in ("2019-01", "2019-02") if month in part.monthly["month"].to_list()]
    assert len(gap) < 2


def test_an_index_is_the_benchmark_of_all_of_it(market: Planted) -> None:
    dates = market.market.dates
    level = 100 * 1.001 ** np.arange(len(dates))
    index = pl.DataFrame({"date": dates, "close": level}, schema_overrides={"date": pl.Date})
    part = evaluated(
        market, market.signal, index=index, portfolio=PortfolioSettings(fraction=0.2, benchmark="000300.SH")
    ).trading
    assert part.benchmark.annual_return == pytest.approx(1.001**242 - 1)
    assert part.net.annual_excess == pytest.approx(part.net.annual_return - 1.001**242 + 1)
    capacity = part.capacity.drop_nulls()
    difference = capacity["net_annual_return"] - capacity["net_annual_excess"]
    assert difference.to_list() == pytest.approx([1.001**242 - 1] * len(capacity))


def test_labels_of_the_fixture_name_every_stock(market: Planted) -> None:
    assert len(labels(market)["names"](market.market.dates[-1].item())) == len(market.market.codes) == 160
    assert (EVALUATION.groups, FIFTH.fraction) == (5, 0.2)  # what the hand figures above rest on
