"""The whole evaluation, anatomy and trading included, finds what was planted, nothing in noise, and sees no future."""

import dataclasses
import datetime
import json
from typing import Any

import numpy as np
import polars as pl
import pytest

from evaluation.whole_markets import (
    EVALUATION,
    FIFTH,
    Planted,
    evaluated,
    factor_table,
    intervals,
    labels,
    planted,
)
from gangru.evaluation.document import to_json
from gangru.evaluation.result import Evaluation
from gangru.evaluation.settings import PortfolioSettings
from gangru.evaluation.summary import Beyond

IC = 0.25
MONTHS = 30
RANK_IC = 6 / np.pi * np.arcsin(IC / 2)  # Spearman's of a bivariate normal


@pytest.fixture(scope="module")
def strong() -> Planted:
    return planted(IC)


@pytest.fixture(scope="module")
def found(strong: Planted) -> Evaluation:
    return evaluated(strong, strong.signal)


def figure(table: pl.DataFrame, name: str, **where: Any) -> Any:
    return table.row(by_predicate=pl.all_horizontal(pl.col(k) == v for k, v in where.items()), named=True)[
        name
    ]


def test_a_planted_signal_is_found(found: Evaluation) -> None:
    months = found.headline.months
    error = 1 / np.sqrt(160 * months)
    assert months == MONTHS
    assert found.headline.ic_mean == pytest.approx(RANK_IC, abs=3 * error)
    assert found.headline_pearson.ic_mean == pytest.approx(IC, abs=3 * error)
    assert found.headline.ic_t > 10
    assert found.headline.annual_excess > 0.3
    assert found.headline.net_annual_excess < found.headline.annual_excess


def test_it_is_not_known_styles(found: Evaluation) -> None:
    table = found.anatomy.purified
    assert figure(table, "rank_ic", removed="all") == pytest.approx(RANK_IC, abs=0.05)
    assert figure(table, "share_left", removed="all") > 0.9
    assert figure(table, "explained", removed="all") < 0.1
    for exposure in found.anatomy.style_ics.iter_rows(named=True):
        assert exposure["style"] == "size" or abs(exposure["rank_ic"]) < 0.06, exposure


def test_its_groups_rise(found: Evaluation) -> None:
    rise = found.anatomy.monotonicity
    assert rise.rank_correlation == pytest.approx(1)
    assert rise.adjacent.p_value < 0.05
    assert rise.up.p_value < 0.01
    assert rise.down.p_value > 0.5
    assert found.anatomy.spread.mean > 0.03
    assert found.anatomy.spread.t > 5


def test_it_is_everywhere_and_gone_a_month_later(found: Evaluation) -> None:
    tables = (found.anatomy.by_size, found.anatomy.by_liquidity, found.anatomy.by_index)
    for table in tables:
        assert len(table) > 1
        assert table["rank_ic"].to_list() == pytest.approx([RANK_IC] * len(table), abs=0.09)
        assert (table["long_excess"] > 0).all()
    # What is drawn anew each month has no memory: its horizon is the month, half of which has half of it.
    first, half = (figure(found.anatomy.horizons, "rank_ic_mean", horizon_days=h) for h in (20, 5))
    assert first == pytest.approx(RANK_IC, abs=0.05)
    assert half == pytest.approx(RANK_IC / 2, abs=0.05)
    assert abs(figure(found.anatomy.autocorrelation, "rank_autocorrelation", lag=1)) < 0.05


def test_pure_noise_finds_nothing() -> None:
    made = planted(0.0)
    result = evaluated(made, made.signal)
    error = 1 / np.sqrt(160 * MONTHS)
    assert abs(result.headline.ic_mean) < 3 * error
    assert result.headline.ic_low < 0 < result.headline.ic_high
    assert abs(result.headline.ic_t) < 3
    assert abs(result.anatomy.spread.t) < 3
    assert min(result.anatomy.monotonicity.adjacent.p_value, result.anatomy.monotonicity.up.p_value) > 0.05
    assert abs(figure(result.anatomy.purified, "rank_ic", removed="all")) < 3 * error
    assert result.trading.without["net_annual_excess"].drop_nulls().to_list() != []
    more = [planted(0.0, seed=seed) for seed in range(10, 16)]
    ics = [evaluated(one, one.signal, beyond=None).headline.ic_mean for one in more]
    assert abs(np.mean(ics)) < 3 * error / np.sqrt(len(ics))


def test_a_style_that_hides_the_signal_is_taken_out(strong: Planted) -> None:
    size = np.log(strong.market.float_shares[0])
    mixed = strong.signal + 3 * (size - size.mean()) / size.std()
    table = evaluated(strong, mixed).anatomy.purified
    assert figure(table, "rank_ic_before", removed="all") < 0.15
    assert figure(table, "rank_ic", removed="all") == pytest.approx(RANK_IC, abs=0.06)
    assert figure(table, "rank_ic", removed="momentum") < 0.15
    assert figure(table, "explained", removed="size") > 0.8


def test_other_factors_are_compared(strong: Planted, found: Evaluation) -> None:
    rng = np.random.default_rng(4)
    own = labels(strong)["beyond"]
    others = {
        "twin": factor_table(strong, np.exp(strong.signal)),
        "noise": factor_table(strong, rng.normal(size=strong.signal.shape)),
    }
    result = evaluated(strong, strong.signal, beyond=Beyond(own.members, others))
    table = result.anatomy.correlations
    assert table["other"].to_list() == ["twin", "noise"]
    assert figure(table, "rank_correlation", other="twin") == pytest.approx(1)
    assert figure(table, "rank_correlation", other="noise") == pytest.approx(0, abs=0.05)
    assert figure(table, "residual_rank_ic", other="noise") == pytest.approx(RANK_IC, abs=0.05)
    assert contents(dataclasses.replace(result.anatomy, correlations=found.anatomy.correlations)) == contents(
        found.anatomy
    )
    assert contents(result.trading) == contents(found.trading)


def contents(part: Any) -> Any:
    """All of a result in comparable form: tables and arrays to the last bit."""
    if isinstance(part, pl.DataFrame):
        return (part.schema, [contents(list(row)) for row in part.rows()])
    if isinstance(part, np.ndarray):
        return part.tobytes()
    if dataclasses.is_dataclass(part):
        return {field.name: contents(getattr(part, field.name)) for field in dataclasses.fields(part)}
    if isinstance(part, list | tuple):
        return [contents(one) for one in part]
    return part.hex() if isinstance(part, float) else part


LAST_MONTH, SEEN_TO = "2019-06", np.datetime64("2019-07-01")  # the first trading day after the month
SPLIT = datetime.date(2019, 7, 2)


def another_future(made: Planted) -> Planted:
    """Everything of the market after the last day that may be seen replaced by noise."""
    rng = np.random.default_rng(9)
    market = made.market
    later = market.dates > SEEN_TO
    moved = np.exp(rng.normal(0, 0.3, market.close.shape))
    prices = np.where(
        rng.random(market.close.shape) < 0.2, np.nan, np.nan_to_num(market.close, nan=7.0) * moved
    )
    changed = {
        name: np.where(later[:, None], prices, getattr(market, name))
        for name in ("open", "high", "low", "close")
    }
    changed |= {
        name: np.where(later[:, None], getattr(market, name) * moved, getattr(market, name))
        for name in ("volume", "amount", "float_shares")
    }
    factor = np.where(later[:, None], np.cumprod(1 + 0.01 * rng.random(market.close.shape), axis=0), 1.0)
    is_st = np.where(later[:, None], np.int8(1), market.is_st).astype(np.int8)
    status = np.where(later[:, None], np.int8(3), market.status).astype(np.int8)
    return dataclasses.replace(
        made, market=dataclasses.replace(market, **changed, factor=factor, is_st=is_st, status=status)
    )


@pytest.mark.parametrize(
    "portfolio",
    [
        FIFTH,
        PortfolioSettings(fraction=0.1, hold_until=0.3, industry_neutral=True, execution="vwap", unfilled="carry"),
        PortfolioSettings(stocks=20, weighting="score", execution="open", account_yuan=5e7, slippage_bps=5),
        PortfolioSettings(obey_rules=False, benchmark="000300.SH"),
    ],
)  # fmt: skip
def test_no_table_up_to_a_month_sees_anything_later(strong: Planted, portfolio: PortfolioSettings) -> None:
    rng = np.random.default_rng(3)
    signal = np.where(
        strong.market.dates[strong.ends][:, None] > SEEN_TO,
        rng.normal(size=strong.signal.shape),
        strong.signal,
    )
    scores = [strong.signal, signal]
    markets = [strong, another_future(strong)]
    facts = [labels(strong), labels(strong)]
    moved = intervals(strong, "industry", ["Later"] * len(strong.market.codes)).with_columns(
        start=pl.lit(SPLIT)
    )
    own = facts[1]["industry"].with_columns(end=pl.lit(SPLIT))
    facts[1]["industry"] = pl.concat([own, moved.with_columns(taxonomy=pl.lit("sw")).select(own.columns)])
    members = facts[1]["beyond"].members
    left = members.with_columns(end=pl.when(pl.int_range(pl.len()) % 2 == 0).then(pl.lit(SPLIT)))
    index = pl.DataFrame(
        {
            "date": strong.market.dates,
            "close": 100 * np.exp(np.cumsum(rng.normal(0, 0.01, len(strong.market.dates)))),
        },
        schema_overrides={"date": pl.Date},
    )
    later = index.with_columns(close=pl.when(pl.col("date") >= SPLIT).then(5.0).otherwise("close"))
    made = []
    for k in range(2):
        other = factor_table(strong, np.exp(scores[k]))
        made.append(
            evaluated(
                markets[k],
                scores[k],
                eligible=~np.isnan(markets[k].market.close),
                beyond=Beyond((members, left)[k], {"other": other}),
                industry=facts[k]["industry"],
                index=None if portfolio.benchmark == "universe" else (index, later)[k],
                portfolio=portfolio,
                last_month=LAST_MONTH,
                settings=EVALUATION,
            )
        )
    first, second = (contents(one) for one in made)
    assert first["last_month"] == LAST_MONTH
    for name, value in first.items():
        if isinstance(value, dict):
            for inner, part in value.items():
                assert part == second[name][inner], (name, inner)
        assert value == second[name], name
    assert len(made[0].trading.orders) > 100
    # The other future is another one: a month later nothing agrees.
    after = [
        evaluated(markets[k], scores[k], portfolio=portfolio if portfolio.benchmark == "universe" else FIFTH)
        for k in range(2)
    ]
    assert after[0].headline.ic_mean != after[1].headline.ic_mean


def test_the_document_of_a_whole_evaluation_is_json_without_orders(found: Evaluation) -> None:
    document = to_json(found)
    json.dumps(document, allow_nan=False)
    assert document["anatomy"].keys() == {field.name for field in dataclasses.fields(found.anatomy)}
    assert "orders" not in document["trading"]
    assert document["trading"].keys() | {"orders"} == {
        field.name for field in dataclasses.fields(found.trading)
    }


def test_one_month_alone_and_none_at_all_are_whole_evaluations_too(strong: Planted) -> None:
    for last in ("2018-02", "2018-01"):
        result = evaluated(strong, strong.signal, last_month=last)
        json.dumps(to_json(result), allow_nan=False)
        assert result.trading.stress.is_empty()
        assert len(result.trading.micro_caps) == result.headline.months
