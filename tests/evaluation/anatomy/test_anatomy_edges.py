"""Every table has a defined answer where there is next to nothing to measure."""

import numpy as np
import polars as pl
import pytest

from gangru.evaluation.anatomy.breakdown import breakdown_table, thirds
from gangru.evaluation.anatomy.correlations import correlation_table
from gangru.evaluation.anatomy.dated_ic import dated_ics, horizon_table, ic_table
from gangru.evaluation.anatomy.monotonicity import monotonicity, top_minus_bottom
from gangru.evaluation.anatomy.persistence import (
    autocorrelation_table,
    coverage_table,
    half_life,
    turnover_table,
)
from gangru.evaluation.anatomy.purified import purified_table
from gangru.evaluation.anatomy.styles import exposure_table, style_ic_table
from gangru.evaluation.groups import group_means, group_numbers

NAN = np.nan
N, D, GROUPS, MIN = 40, 30, 5, 5


def everything(scores: np.ndarray) -> dict:
    """All tables of a factor (M, N) on random returns and styles."""
    m = len(scores)
    rng = np.random.default_rng(0)
    returns, style = rng.normal(size=(2, m, N))
    prices = np.exp(rng.normal(0, 0.02, (D, N)).cumsum(axis=0))
    traded = np.ones((D, N), dtype=bool)
    everyone = np.ones((m, N), dtype=bool)
    rows = np.arange(m) * 2
    number = group_numbers(scores, GROUPS)
    means, _ = group_means(number, returns, GROUPS)
    auto = autocorrelation_table(scores, MIN)
    ics = dated_ics(scores, rows, prices, traded, lag=1, min_stocks=MIN)
    dates = np.datetime64("2020-01-01") + np.arange(D)
    thirds_ = thirds(style, scores)
    names = ["low", "middle", "high"]
    return {
        "auto": auto,
        "half_life": half_life(auto),
        "coverage": coverage_table(dates[rows], scores, everyone),
        "turnover": turnover_table(number, GROUPS),
        "monotonicity": monotonicity(means, samples=50, block=3.0, seed=0),
        "spread": top_minus_bottom(means),
        "dated": ic_table(dates, ics, 5),
        "horizons": horizon_table(ics),
        "classes": breakdown_table(scores, returns, everyone, thirds_, names, fraction=0.2, min_stocks=3),
        "exposures": exposure_table(scores, {"s": style}, MIN),
        "style_ics": style_ic_table({"s": style}, scores, returns, MIN),
        "purified": purified_table(scores, {"s": style, "t": style**2}, returns, MIN),
        "others": correlation_table(scores, {"s": style}, returns, MIN),
    }


def test_no_months_at_all_give_tables_of_nulls_with_the_usual_columns():
    nothing, usual = everything(np.zeros((0, N))), everything(np.random.default_rng(1).normal(size=(8, N)))
    for name, table in nothing.items():
        if isinstance(table, pl.DataFrame):
            assert table.schema == usual[name].schema, name
    assert nothing["auto"]["rank_autocorrelation"].null_count() == 12
    assert nothing["half_life"] is None
    assert nothing["coverage"].is_empty()
    assert nothing["turnover"]["turnover"].null_count() == GROUPS
    assert nothing["monotonicity"].months == nothing["spread"].months == 0
    assert nothing["horizons"]["rank_ic_mean"].null_count() == 11
    assert nothing["horizons"]["ic_dates"].sum() == 0
    assert nothing["classes"]["rank_ic"].null_count() == 3
    assert nothing["exposures"]["rank_correlation"].to_list() == [None]
    assert nothing["style_ics"]["rank_ic"].to_list() == [None]
    assert nothing["purified"]["rank_ic"].null_count() == 3
    assert nothing["others"]["residual_rank_ic"].to_list() == [None]


@pytest.mark.parametrize("few", [0, 1, 3])
def test_a_month_with_next_to_no_stock_is_left_out_and_counted(few):
    scores = np.random.default_rng(1).normal(size=(8, N))
    scores[4, few:] = NAN
    tables = everything(scores)
    assert tables["auto"]["dates"][0] == 5
    assert tables["coverage"]["scored"][4] == few
    assert tables["monotonicity"].left_out == tables["spread"].left_out == 1
    assert tables["dated"]["rank_ic"][4] is None
    assert tables["dated"]["n"][4] == few
    assert tables["classes"]["months_too_few"].to_list() == [1, 1, 1]
    assert tables["exposures"]["months"][0] == 7
    assert tables["purified"]["months"].to_list() == [7, 7, 7]
    assert tables["others"]["residual_months"][0] == 7
    for table in tables.values():
        if isinstance(table, pl.DataFrame):
            assert not table.select((pl.selectors.float().is_nan()).any()).transpose().to_series().any()


def test_a_constant_factor_has_no_correlation_with_anything():
    tables = everything(np.full((8, N), 0.1))
    assert tables["auto"]["dates"].sum() == 0
    assert tables["half_life"] is None
    assert tables["horizons"]["ic_dates"].sum() == tables["horizons"]["rank_ic_dates"].sum() == 0
    assert tables["exposures"]["months"][0] == 0
    assert tables["classes"]["months"].sum() == 0
    assert tables["purified"]["months"].sum() == 0
    assert tables["purified"]["explained"].null_count() == 3
    assert tables["others"]["months"][0] == tables["others"]["residual_months"][0] == 0
    assert tables["turnover"]["turnover"].to_list() == [0.0] * GROUPS  # ties keep the order of the columns


def test_a_factor_of_two_values_is_measured_with_its_ties():
    scores = (np.random.default_rng(2).random((8, N)) < 0.5).astype(float)
    tables = everything(scores)
    assert tables["horizons"]["rank_ic_dates"][0] == 8
    assert tables["exposures"]["months"][0] == 8
    assert tables["purified"]["months"].to_list() == [8, 8, 8]


def test_one_month_has_means_and_no_t():
    tables = everything(np.random.default_rng(3).normal(size=(1, N)))
    row = tables["horizons"].row(0, named=True)
    assert row["ic_dates"] == 1
    assert row["ic_mean"] is not None
    assert (row["ic_std"], row["ic_icir"], row["ic_icir_annual"], row["ic_t"]) == (None,) * 4
    assert tables["monotonicity"].rank_correlation is not None
    assert tables["monotonicity"].adjacent.p_value is None
    assert tables["spread"].t is None
    assert tables["purified"]["t"].null_count() == 3
