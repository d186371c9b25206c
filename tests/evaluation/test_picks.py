"""The list of stocks that the factor likes."""

import numpy as np
import polars as pl
import pytest

from gangru.evaluation.picks import described, percentiles, pick_table
from gangru.evaluation.portfolio.targets import target_weights
from gangru.evaluation.settings import PortfolioSettings

NAN = np.nan
CODES = np.array(["000001.SZ", "000002.SZ", "600000.SH", "600001.SH"])


def test_picks_are_best_first_with_their_change():
    scores = np.array([0.5, NAN, 2.0, 1.0])
    previous = np.array([3.0, 2.0, 1.0, NAN])
    table = pick_table(
        CODES,
        scores,
        previous,
        buyable=np.array([True, True, False, True]),
        portfolio=PortfolioSettings(fraction=0.34),
    )
    assert table["code"].to_list() == ["600000.SH", "600001.SH", "000001.SZ"]
    assert table["rank"].to_list() == [1, 2, 3]
    assert table["score"].to_list() == [2.0, 1.0, 0.5]
    assert table["percentile"].to_list() == [1, 0.5, 0]
    assert table["previous_percentile"].to_list() == [0, None, 1]
    assert table["change"].to_list() == [1, None, -1]
    assert table["tradable"].to_list() == [False, True, True]
    assert table["in_long_list"].to_list() == [True, False, False]


def test_without_a_previous_date_the_change_is_unknown():
    table = pick_table(
        CODES, np.arange(4.0), None, buyable=np.ones(4, dtype=bool), portfolio=PortfolioSettings()
    )
    assert table["change"].null_count() == table["previous_percentile"].null_count() == 4
    assert table["in_long_list"].to_list() == [True, False, False, False]


def test_equal_scores_share_a_percentile():
    assert percentiles(np.array([1.0, 1.0, 3.0])).tolist() == [0.25, 0.25, 1]
    assert percentiles(np.array([NAN, 4.0]))[1] == pytest.approx(1)


def test_names_and_industries_that_are_unknown_are_null():
    table = pick_table(
        CODES, np.arange(4.0), None, buyable=np.ones(4, dtype=bool), portfolio=PortfolioSettings()
    )
    names = pl.DataFrame({"code": ["600001.SH", "999999.SH"], "name": ["<b>Steel</b>", "Nobody"]})
    industry = (np.array([[0, -1, 1, 1]], dtype=np.int16), ["Banks", "Steel"])
    out = described(table, CODES, industry, names)
    assert out["name"].to_list() == ["<b>Steel</b>", None, None, None]
    assert out["industry"].to_list() == ["Steel", "Steel", None, "Banks"]
    assert out["rank"].to_list() == [1, 2, 3, 4]


def test_no_industries_at_all_leave_the_column_empty():
    table = pick_table(
        CODES, np.arange(4.0), None, buyable=np.ones(4, dtype=bool), portfolio=PortfolioSettings()
    )
    nothing = (np.full((1, 4), -1, dtype=np.int16), [])
    out = described(table, CODES, nothing, pl.DataFrame(schema={"code": pl.String, "name": pl.String}))
    assert out["industry"].null_count() == 4


@pytest.mark.parametrize(
    "portfolio", [PortfolioSettings(stocks=2), PortfolioSettings(stocks=9), PortfolioSettings(fraction=0.5)]
)
def test_the_long_list_is_what_a_portfolio_without_a_buffer_aims_at(portfolio: PortfolioSettings):
    scores = np.array([0.5, NAN, 2.0, 1.0])
    table = pick_table(CODES, scores, None, buyable=np.ones(4, dtype=bool), portfolio=portfolio)
    weights = target_weights(
        scores[None], np.zeros((1, 4), dtype=np.int16), np.ones((1, 4), dtype=bool), portfolio
    )
    assert set(table.filter(pl.col("in_long_list"))["code"]) == set(CODES[weights[0] > 0])
