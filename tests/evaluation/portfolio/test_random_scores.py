"""Random scores earn nothing and cost what trading costs, and each planted mistake of the engine shows.

What they cannot show stands here too: they know nothing, so that a mistake which favours no stock over another passes.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pytest

from gangru.evaluation.months import ENTRY_LAG, return_months
from gangru.evaluation.portfolio import account, filling, random_scores
from gangru.evaluation.portfolio.account import Account, follow_account
from gangru.evaluation.portfolio.filling import Day, Filled
from gangru.evaluation.portfolio.path import AccountPath
from gangru.evaluation.portfolio.random_scores import RandomScores, monthly_excess, random_score_test
from gangru.evaluation.portfolio.terms import Tape, Terms, tape_of, terms_of
from gangru.evaluation.settings import PortfolioSettings
from gangru.market.simulate import SimulateSettings, simulate
from gangru.market.universe import UniverseSettings, universe
from simulated import read_market

FIFTH = PortfolioSettings(fraction=0.2, commission=0.001)
SAMPLES = 40


@dataclass(frozen=True)
class Setting:
    """A market in which random portfolios are followed."""

    tape: Tape
    rows: np.ndarray
    last: int
    universe: np.ndarray
    terms: Terms

    def test(self, settings: PortfolioSettings = FIFTH, **changed: Any) -> RandomScores:
        return random_score_test(
            self.tape,
            self.rows,
            self.last,
            self.universe,
            self.terms,
            settings,
            **({"samples": SAMPLES} | changed),
        )


def setting_of(execution: str = "close", **changed: Any) -> Setting:
    made = simulate(SimulateSettings(stocks=90, first="2018-01-02", last="2020-03-31", **changed))
    market = read_market(made)
    eligible = universe(market, market.dates, UniverseSettings()).eligible
    months = return_months(market.dates, market.dates[0], market.dates[-1])
    begin = int(eligible[months.start].any(axis=1).argmax())
    start, last = months.start[begin:], int(months.end[-1]) + ENTRY_LAG
    market = market.first_days(last + 1)
    return Setting(
        tape_of(market, execution, obey_rules=True),
        start + ENTRY_LAG,
        last,
        eligible[start],
        terms_of(replace(FIFTH, execution=execution), market.dates),
    )


@pytest.fixture(scope="module")
def usual() -> Setting:
    return setting_of()


@pytest.mark.parametrize("execution", ["close", "open", "vwap"])
def test_random_scores_earn_nothing_and_cost_what_trading_costs(execution: str) -> None:
    result = setting_of(execution).test()
    assert result.earns_nothing
    assert result.costs_what_it_costs
    assert result.obeys_rules
    # Four fifths of the book are sold and bought each month: 0.8 · (0.1 % + 0.1 % + 0.1 % stamp duty + transfer fees).
    assert result.cost == pytest.approx(0.8 * (0.002 + 0.001 + 0.00004), rel=0.1)
    assert result.drag == pytest.approx(result.gross_ruled - result.gross_free)
    assert 0 < result.error < 0.01


@pytest.mark.parametrize(
    "settings",
    [
        PortfolioSettings(stocks=7, weighting="score"),
        PortfolioSettings(fraction=0.1, hold_until=0.5, max_turnover=0.3),
        PortfolioSettings(fraction=0.3, max_weight=0.05, unfilled="carry", industry_neutral=True),
        PortfolioSettings(fraction=0.1, account_yuan=1e6),  # followed as the unit account
    ],
)  # fmt: skip
def test_so_they_do_under_other_settings(usual: Setting, settings: PortfolioSettings) -> None:
    result = replace(usual, terms=terms_of(settings, usual.tape.dates)).test(settings)
    assert result.earns_nothing
    assert result.costs_what_it_costs
    assert result.obeys_rules


def test_the_same_seed_gives_the_same_figures_and_progress_is_told(usual: Setting) -> None:
    told: list[tuple[int, int]] = []
    once = usual.test(samples=3, seed=7, on_sample=lambda done, of: told.append((done, of)))
    assert told == [(1, 3), (2, 3), (3, 3)]
    assert usual.test(samples=3, seed=7) == once
    assert usual.test(samples=3, seed=8) != once


def test_the_error_is_that_of_monthly_means_over_the_samples(usual: Setting) -> None:
    few, many = usual.test(samples=10), usual.test(samples=160)
    assert many.error == pytest.approx(few.error / 4, rel=0.5)  # months share what the samples do not


def replaced(patch: pytest.MonkeyPatch, change: Callable[[Tape], Tape]) -> None:
    """Let the portfolios, not the benchmark, trade on another tape."""

    def follow(tape: Tape, *arguments: Any) -> AccountPath:
        return follow_account(change(tape), *arguments)

    patch.setattr(random_scores, "follow_account", follow)


def purchases_at(patch: pytest.MonkeyPatch, price: Callable[[np.ndarray, np.ndarray], np.ndarray]) -> None:
    """Let the portfolios buy at a price made of yesterday's close and today's."""
    real = filling.buy

    def follow(tape: Tape, *arguments: Any) -> AccountPath:
        def buy(wish: Any, day: Day, *rest: Any) -> Any:
            before = tape.held[max(day.row - 1, 0), day.stock]
            paid = np.where(np.isnan(before), day.price, price(before, day.price))
            return real(wish, replace(day, price=paid), *rest)

        with pytest.MonkeyPatch.context() as inner:
            inner.setattr(filling, "buy", buy)
            return follow_account(tape, *arguments)

    patch.setattr(random_scores, "follow_account", follow)


def test_purchases_at_the_better_of_two_closes_are_caught(
    usual: Setting, monkeypatch: pytest.MonkeyPatch
) -> None:
    purchases_at(
        monkeypatch, np.fmin
    )  # who waits for the close and buys at the one before where that was cheaper
    result = usual.test()
    assert not result.earns_nothing
    assert result.gross_free > 0.003


def rising(usual: Setting) -> Setting:
    """The same market where every stock gains a percent a day beside."""
    gain = 1.01 ** np.arange(len(usual.tape.dates))[:, None]
    tape = usual.tape
    close = tape.close * gain
    return replace(usual, tape=replace(tape, close=close, price=close, held=tape.held * gain))


def test_purchases_at_the_previous_close_are_caught_in_a_market_that_rises(
    usual: Setting, monkeypatch: pytest.MonkeyPatch
) -> None:
    up = rising(usual)
    assert up.test(samples=20).earns_nothing
    purchases_at(monkeypatch, lambda before, _now: before)
    assert not up.test(samples=20).earns_nothing


def test_survivors_alone_are_caught(usual: Setting, monkeypatch: pytest.MonkeyPatch) -> None:
    # Who will fall by a tenth within the month is not aimed at.
    real = random_scores.target_weights
    ends = np.append(usual.rows[1:], usual.last)
    fell = usual.tape.held[ends] / usual.tape.held[usual.rows] < 0.9

    def aims(scores: np.ndarray, *rest: Any) -> np.ndarray:
        return real(np.where(fell, np.nan, scores), *rest)

    monkeypatch.setattr(random_scores, "target_weights", aims)
    assert not usual.test().earns_nothing


@pytest.mark.parametrize("times", [0, 2])
def test_costs_that_are_charged_once_and_not_taken_or_taken_twice_are_caught(
    usual: Setting, monkeypatch: pytest.MonkeyPatch, times: int
) -> None:
    take = Account.take

    def wrongly(self: Account, day: Day, done: Filled) -> None:
        take(self, day, replace(done, cash=done.cash + (1 - times) * done.cost))

    monkeypatch.setattr(Account, "take", wrongly)
    result = usual.test()
    assert result.earns_nothing
    assert result.cost > 0.001
    assert not result.costs_what_it_costs


def test_costs_that_are_taken_and_not_charged_are_caught(
    usual: Setting, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = account.fill

    def fill(*arguments: Any, **named: Any) -> Filled:
        return replace(real(*arguments, **named), cost=0.0)

    monkeypatch.setattr(account, "fill", fill)
    result = usual.test()
    assert result.earns_nothing
    assert result.net < -0.001
    assert not result.costs_what_it_costs


def test_purchases_at_the_limit_and_sales_at_the_other_are_caught(
    usual: Setting, monkeypatch: pytest.MonkeyPatch
) -> None:
    random = np.random.default_rng(0)
    sealed = random.random(usual.tape.close.shape) < 0.02
    absent = np.isnan(usual.tape.close)
    tape = replace(
        usual.tape, no_buy=absent | sealed, no_sell=absent | ~sealed & (random.random(sealed.shape) < 0.02)
    )
    market = replace(usual, tape=tape)
    assert market.test().obeys_rules
    # Nothing is earned by it where a seal says nothing of tomorrow: only the count of such orders shows it.
    nothing = np.zeros_like(sealed)
    for broken in ({"no_buy": nothing}, {"no_sell": nothing}):
        with monkeypatch.context() as patch:
            replaced(patch, lambda tape, broken=broken: tape if tape.free else replace(tape, **broken))
            result = market.test()
        assert result.earns_nothing
        assert result.costs_what_it_costs
        assert result.forbidden > 0
        assert not result.obeys_rules


def test_one_price_for_all_a_day_early_cannot_be_seen(
    usual: Setting, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Sales and purchases alike at yesterday's close favour no stock: the account kept by hand catches it, not this test.
    def early(tape: Tape) -> Tape:
        def back(values: np.ndarray) -> np.ndarray:
            return np.vstack([values[:1], values[:-1]])

        return replace(
            tape,
            close=back(tape.close),
            price=back(tape.price),
            held=back(tape.held),
            factor=back(tape.factor),
        )

    replaced(monkeypatch, early)
    assert usual.test().earns_nothing


def test_net_and_cost_are_kept_apart(usual: Setting, monkeypatch: pytest.MonkeyPatch) -> None:
    honest = usual.test(samples=5)

    def follow(*arguments: Any) -> AccountPath:
        path = follow_account(*arguments)
        return replace(path, cost=path.cost * 3, month_return=path.month_return + 9)

    monkeypatch.setattr(random_scores, "follow_account", follow)
    told = usual.test(samples=5)
    assert (told.net, told.gross_free, told.gross_ruled) == (
        honest.net,
        honest.gross_free,
        honest.gross_ruled,
    )
    assert told.cost == pytest.approx(3 * honest.cost)
    assert not told.costs_what_it_costs


def test_monthly_excess_runs_from_close_to_close_the_first_from_before_any_trade() -> None:
    none = np.zeros(2)
    path = AccountPath(
        np.arange(4, 9), np.array([1, 0.9, 1.1, 1.2, 1.32]), none, none, none, account.joined([])
    )
    usual = np.array([1, 1, 1.1, 1.1, 1.1])
    excess = monthly_excess(path, usual, np.array([4, 6]), 8)
    assert excess.tolist() == pytest.approx([1.1 / 1 - 1.1 / 1, 1.32 / 1.1 - 1])
    # at the open the first row is the day before the first execution
    early = monthly_excess(path, usual, np.array([5, 7]), 8)
    assert early.tolist() == pytest.approx([1.2 - 1.1, 1.32 / 1.2 - 1])


@pytest.mark.parametrize(
    ("gross", "error", "cost", "net", "earns_nothing", "costs"),
    [(0.003, 0.001, 0.002, -0.0018, True, True), (-0.0031, 0.001, 0.002, -0.0022, False, True),
     (0.0, 0.001, 0.002, -0.0017, True, False), (0.0, 0.001, 0.002, -0.0023, True, False),
     (0.0, 0.001, 0.0, 0.0, True, True), (0.0, 0.001, 0.0, 1e-6, True, False)],
)  # fmt: skip
def test_verdicts(
    gross: float, error: float, cost: float, net: float, earns_nothing: bool, costs: bool
) -> None:
    result = RandomScores(10, 10, gross, error, 0.0, cost, net, 0)
    assert (result.earns_nothing, result.costs_what_it_costs, result.obeys_rules) == (
        earns_nothing,
        costs,
        True,
    )
    assert not replace(result, forbidden=1).obeys_rules
