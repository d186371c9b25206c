"""The months of an enhanced index, one after the other, in small and in simulated markets."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from gangru.errors import EvaluationError, SettingsError
from gangru.evaluation.enhance.enhanced import (
    SCHEMA,
    EnhanceInputs,
    candidates,
    drifted,
    enhance,
    standardised,
)
from gangru.evaluation.enhance.settings import EnhanceSettings
from gangru.evaluation.groups import places

NAN = np.nan


def market(seed, months=3, stocks=8, *, members=5, skill=0.0, days=60, step=5, trouble=0.0):
    """A market of two factors; scores know the specific returns of the month to come as well as `skill` says."""
    rng = np.random.default_rng(seed)
    rows = days - 1 + step * np.arange(months)
    total = days + step * months
    specific = rng.normal(0, 0.015, (total, stocks))
    exposures = np.column_stack([np.ones(stocks), rng.normal(size=stocks)])
    returns = rng.normal(0, 0.008, (total, 2)) @ exposures.T + specific
    value = np.exp(rng.normal(23, 1, stocks)) * np.cumprod(1 + returns, axis=0)
    index = value[rows] * (np.arange(stocks) < members)
    coming = np.array([specific[row + 1 : row + 1 + step].sum(axis=0) for row in rows])
    noise = rng.normal(size=coming.shape)
    return EnhanceInputs(
        scores=skill * coming / coming.std() + np.sqrt(1 - skill**2) * noise,
        index=index / index.sum(axis=1, keepdims=True),
        industry=np.tile(rng.integers(-1, 3, stocks), (months, 1)).astype(np.int16),
        size=np.log(value[rows]),
        growth=np.array([np.prod(1 + returns[row + 1 : row + 1 + step], axis=0) for row in rows]),
        returns=returns,
        rows=rows,
        no_buy=rng.random(coming.shape) < trouble,
        no_sell=rng.random(coming.shape) < trouble,
    )


LOOSE = EnhanceSettings(
    index="000300.SH",
    tracking_error=0.08,
    industry=0.1,
    size=0.3,
    single=0.15,
    max_weight=0.6,
    turnover=0.3,
    risk_days=60,
    risk_factors=2,
)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 1_000_000))
@example(18362)  # nothing can be bought in the first month
def test_every_month_is_a_long_only_portfolio_within_its_bounds(seed):
    inputs = market(seed, trouble=0.15)
    done = enhance(inputs, LOOSE)
    held = np.zeros(8)
    for m, row in enumerate(done.months.iter_rows(named=True)):
        w, b = done.weights[m], inputs.index[m]
        if row["status"] in ("kept", "cash"):
            np.testing.assert_array_equal(w, held)
        else:
            assert (w >= 0).all()
            assert w.sum() == pytest.approx(1, abs=1e-9)
            assert (w <= held + 1e-6)[inputs.no_buy[m]].all()
            assert (w >= held - 1e-6)[inputs.no_sell[m]].all()
        if row["status"] == "solved":
            x = w - b
            assert not held.any() or np.abs(w - held).sum() / 2 <= 0.3 + 1e-6
            for j in range(-1, 3):
                assert abs(x[inputs.industry[m] == j].sum()) <= 0.1 + 1e-6
            z = (inputs.size[m] - inputs.size[m].mean()) / inputs.size[m].std()
            assert abs(z @ x) <= 0.3 + 1e-6
            stuck = inputs.no_buy[m] | inputs.no_sell[m]
            assert (np.abs(x) <= 0.15 + 1e-6)[~stuck & (b <= 0.6)].all()
            assert (w <= 0.6 + 1e-6)[~stuck].all()
            assert row["tracking_error"] <= 0.08 + 1e-6
        assert row["status"] != "solved" or row["relaxed"] == row["blame"] == ""
        held = w * inputs.growth[m] / (w @ inputs.growth[m]) if w.any() else w


def test_the_table_says_what_the_weights_are():
    inputs = market(3, stocks=8)
    done = enhance(inputs, LOOSE)
    assert dict(done.months.schema) == SCHEMA
    assert done.months["row"].to_list() == inputs.rows.tolist()
    assert done.months["status"].to_list() == ["solved"] * 3
    assert done.months["turnover"][0] is None
    for m in range(3):
        row = done.months.row(m, named=True)
        x = done.weights[m] - inputs.index[m]
        assert row["active_share"] == pytest.approx(np.abs(x).sum() / 2)
        s = inputs.scores[m]
        assert row["expected_alpha"] == pytest.approx(x @ (s - s.mean()) / s.std())
        largest = max(abs(x[inputs.industry[m] == j].sum()) for j in range(-1, 3))
        assert row["industry_deviation"] == pytest.approx(largest)
        z = (inputs.size[m] - inputs.size[m].mean()) / inputs.size[m].std()
        assert row["size_deviation"] == pytest.approx(abs(z @ x))
        assert row["holdings"] == (done.weights[m] > 0).sum()
        assert row["candidates"] == 8
        assert row["binding"]
        if m:
            before = done.weights[m - 1] * inputs.growth[m - 1]
            expected = np.abs(done.weights[m] - before / before.sum()).sum() / 2
            assert row["turnover"] == pytest.approx(expected)


def test_the_same_inputs_give_the_same_bytes_and_the_future_changes_nothing():
    inputs = market(4, months=4, trouble=0.1)
    done = enhance(inputs, LOOSE)
    assert enhance(inputs, LOOSE).weights.tobytes() == done.weights.tobytes()
    rng = np.random.default_rng(0)
    later = {
        name: np.concatenate(
            [getattr(inputs, name)[:2], getattr(market(99, months=4, trouble=0.5), name)[2:]]
        )
        for name in ("scores", "index", "industry", "size", "no_buy", "no_sell")
    }
    growth, returns = inputs.growth.copy(), inputs.returns.copy()
    growth[1:] = rng.uniform(0.5, 2, growth[1:].shape)
    returns[inputs.rows[1] + 1 :] = rng.normal(size=returns[inputs.rows[1] + 1 :].shape)
    other = enhance(replace(inputs, **later, growth=growth, returns=returns), LOOSE)
    assert other.weights[:2].tobytes() == done.weights[:2].tobytes()
    assert other.weights[2].tobytes() != done.weights[2].tobytes()


@pytest.mark.parametrize("sign", [1, -1])
def test_a_planted_signal_earns_an_excess_within_the_tracking_error(sign):
    inputs = market(5, months=14, stocks=80, members=40, skill=0.3, days=120, step=20)
    inputs = replace(inputs, scores=sign * inputs.scores)
    wanted = EnhanceSettings(index="000300.SH", single=0.02, risk_days=120, risk_factors=3, turnover=0.5)
    done = enhance(inputs, wanted)
    assert set(done.months["status"]) <= {"solved", "relaxed"}
    excess = ((done.weights - inputs.index) * inputs.growth).sum(axis=1)
    yearly = excess.mean() * 242 / 20
    assert sign * yearly > 0.05
    assert 0.02 < excess.std(ddof=1) * np.sqrt(242 / 20) < 0.1  # 0.05 was asked


def test_a_month_without_scores_or_index_keeps_the_book_as_it_drifted():
    inputs = market(6, months=4)
    scores, index = inputs.scores.copy(), inputs.index.copy()
    scores[0] = scores[2] = NAN
    index[3] = 0
    done = enhance(replace(inputs, scores=scores, index=index), LOOSE)
    assert done.months["status"].to_list() == ["cash", "solved", "kept", "kept"]
    assert done.months["blame"].to_list() == ["scores", "", "scores", "index"]
    assert not done.weights[0].any()
    moved = done.weights[1] * inputs.growth[1]
    np.testing.assert_allclose(done.weights[2], moved / moved.sum())


def test_a_month_that_the_rules_forbid_keeps_the_book_and_says_so():
    inputs = market(7, months=2)
    no_buy = inputs.no_buy.copy()
    no_buy[0] = True
    done = enhance(replace(inputs, no_buy=no_buy), LOOSE)
    assert done.months["status"][0] == "cash"
    assert done.months["blame"][0] == "rules"
    assert done.months["tracking_error"][0] is None
    assert done.months["status"][1] == "solved"
    assert done.months["turnover"][1] is None
    narrow = replace(LOOSE, max_weight=0.1)
    assert enhance(inputs, narrow).months["blame"].to_list() == ["max_weight", "max_weight"]


def test_a_relaxed_month_names_what_gave_way_in_the_table():
    inputs = market(8, months=2)
    growth = inputs.growth.copy()
    growth[0, 0] *= 30  # one stock is nearly the whole book: back to the index takes far more than 0.1
    row = enhance(replace(inputs, growth=growth), replace(LOOSE, turnover=0.1, industry=0.5)).months.row(
        1, named=True
    )
    assert row["status"] == "relaxed"
    assert row["blame"] == "turnover"
    assert row["relaxed"].startswith("turnover 0.1 dropped (needs 0.")
    assert row["turnover"] > 0.2


def test_candidates_are_members_holdings_and_the_best_that_can_be_bought():
    inputs = market(9, months=1, stocks=8, members=2)
    scores = np.array([[1.0, NAN, 9.0, 8.0, 7.0, 6.0, NAN, 5.0]])
    no_buy = np.zeros((1, 8), dtype=bool)
    no_buy[0, 2] = True
    inputs = replace(inputs, scores=scores, no_buy=no_buy)
    held = np.zeros(8)
    held[6] = 0.1
    chosen = candidates(inputs, places(scores)[0], held, 0, 2)
    assert np.flatnonzero(chosen).tolist() == [0, 1, 3, 4, 6]
    assert np.flatnonzero(candidates(inputs, places(scores)[0], held, 0, 0)).tolist() == [0, 1, 6]


def test_without_a_score_members_are_the_mean_and_others_the_worst():
    got = standardised(np.array([1.0, 3.0, NAN, NAN]), np.array([True, False, True, False]))
    assert got.tolist() == [-1, 1, 0, -1]
    assert standardised(np.array([0.1, 0.1, 0.1, NAN]), np.ones(4, dtype=bool)).tolist() == [0, 0, 0, 0]


def test_weights_drift_with_the_growth_of_what_is_held():
    # ½ · 2 and ½ · 1: 2/3 and 1/3; a stock that is not held may have none
    assert drifted(np.array([0.5, 0.5, 0]), np.array([2.0, 1.0, NAN]), 7).tolist() == pytest.approx(
        [2 / 3, 1 / 3, 0]
    )
    assert drifted(np.zeros(2), np.array([NAN, NAN]), 7).tolist() == [0, 0]
    with pytest.raises(EvaluationError, match="1 of 2 stocks held after row 7 have no growth"):
        drifted(np.array([0.5, 0.5]), np.array([2.0, NAN]), 7)


def test_arrays_that_do_not_fit_are_refused():
    inputs = market(10)
    with pytest.raises(EvaluationError, match=r"size is \(3, 7\): expected the scores' \(3, 8\)"):
        replace(inputs, size=inputs.size[:, 1:])
    with pytest.raises(EvaluationError, match=r"rows are \(2,\)"):
        replace(inputs, rows=inputs.rows[1:])
    with pytest.raises(EvaluationError, match="sum to 1"):
        replace(inputs, index=inputs.index / 2)


def test_settings_out_of_range_are_refused():
    assert EnhanceSettings().index == ""
    for wrong in (
        {"tracking_error": 0.0},
        {"single": 0.0},
        {"outside": 1.1},
        {"max_weight": 0.0},
        {"risk_days": 5},
    ):
        with pytest.raises(SettingsError, match=next(iter(wrong))):
            EnhanceSettings(**wrong)
