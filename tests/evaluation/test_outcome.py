"""What became of a long list."""

import numpy as np
import polars as pl
import pytest

from gangru.evaluation.outcome import Outcome, outcome, outcome_table
from gangru.evaluation.picks import described, pick_table
from gangru.evaluation.settings import PortfolioSettings

CODES = np.array(["000001.SZ", "000002.SZ", "000003.SZ", "000004.SZ", "000005.SZ"])
NAN = np.nan


def picks(fraction=0.6):
    portfolio = PortfolioSettings(fraction=fraction)
    table = pick_table(
        CODES, np.arange(5.0, 0, -1), None, buyable=np.ones(5, dtype=bool), portfolio=portfolio
    )
    nowhere = (np.full((1, 5), -1, dtype=np.int16), [])
    return described(table, CODES, nowhere, pl.DataFrame(schema={"code": pl.String, "name": pl.String}))


def test_the_list_is_scored_by_hand():
    table = outcome_table(picks(), CODES, np.array([0.10, -0.02, 0.04, 0.5, 0.6]), 0.03)
    assert table["code"].to_list() == list(CODES[:3])
    assert table["excess"].to_list() == pytest.approx([0.07, -0.05, 0.01])
    made = outcome(table, 0.03)
    assert (made.stocks, made.known, made.best, made.worst) == (3, 3, CODES[0], CODES[1])
    assert made.mean_return == pytest.approx(0.04)
    assert made.excess == pytest.approx(0.01)
    assert made.hit_rate == pytest.approx(2 / 3)


def test_a_pick_that_could_not_be_bought_counts_as_picked_but_not_as_known():
    table = outcome_table(picks(), CODES, np.array([NAN, -0.02, 0.04, 0.5, 0.6]), 0.03)
    assert table.row(0, named=True)["return"] is None
    assert table.row(0, named=True)["excess"] is None
    made = outcome(table, 0.03)
    assert (made.stocks, made.known, made.best) == (3, 2, CODES[2])
    assert made.mean_return == pytest.approx(0.01)


def test_without_any_return_or_without_a_universe_the_figures_are_undefined():
    nothing = outcome_table(picks(), CODES, np.full(5, NAN), NAN)
    assert outcome(nothing, NAN) == Outcome(stocks=3)
    alone = outcome(outcome_table(picks(), CODES, np.arange(5.0), NAN), NAN)
    assert (alone.mean_return, alone.usual, alone.excess, alone.hit_rate) == (1.0, None, None, None)
    assert outcome(nothing.clear(), 0.1) == Outcome()
