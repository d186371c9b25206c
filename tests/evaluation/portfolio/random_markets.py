"""Small markets full of accidents, with terms and wanted weights, drawn from a seed.

D days × N stocks, M execution days.
"""

from dataclasses import dataclass

import numpy as np

from gangru.evaluation.portfolio.terms import Tape, Terms
from gangru.market.daily import Bools, Codes, Floats, carried
from gangru.market.rules import cost_rates

CODES = np.array(
    ["000001.SZ", "002415.SZ", "300750.SZ", "301001.SZ", "430047.BJ", "600000.SH", "600519.SH", "603000.SH",
     "688001.SH", "688981.SH", "689009.SH", "830799.BJ", "835185.BJ", "920001.BJ"]
)  # fmt: skip
FIRST_DAYS = ("2022-04-18", "2023-08-14", "2020-03-02")  # levies change within the first two


@dataclass(frozen=True)
class Case:
    """All that an account is followed with: arguments of `follow_account` and of `simulate`."""

    tape: Tape
    rows: list[int]
    last: int
    weights: Floats
    terms: Terms
    held: Bools


def random_case(seed: int) -> Case:
    """A market, its terms, its execution days and what is wanted on each."""
    rng = np.random.default_rng(seed)
    days, stocks = int(rng.integers(15, 61)), int(rng.integers(2, 13))
    account = float(rng.choice([0.0, 20_000, 100_000, 1_000_000, 50_000_000]))
    tape = random_tape(rng, days, stocks, account or 1e6)
    months = int(rng.integers(1, max(days // 4, 2)))
    begun = np.sort(rng.choice(np.arange(1, days - 1), size=min(months, days - 2), replace=False))
    last = int(rng.integers(begun[-1] + 1, days))
    weights, held = random_aims(rng, len(begun), stocks)
    return Case(tape, begun.tolist(), last, weights, random_terms(rng, tape, account), held)


def random_tape(rng: np.random.Generator, days: int, stocks: int, yuan: float) -> Tape:
    """Prices from cents to a thousand yuan; halts, seals, splits, dividends, late listings, stocks that end.

    A stock's daily amount is from a thirtieth of `yuan` to some times as much: participation binds, and impact stays
    below the order that pays it.
    """
    busy = bool(rng.random() < 0.5)  # a market of many accidents, or of few
    start = np.exp(rng.uniform(np.log(0.8), np.log(1500), stocks))
    moves = rng.normal(0, rng.choice([0.005, 0.02, 0.05]), (days, stocks))
    factor = random_factor(rng, days, stocks)
    close = np.round(start * np.exp(np.cumsum(moves, axis=0)) / factor, 2).clip(0.01)
    close[random_gaps(rng, days, stocks, busy)] = np.nan
    traded = ~np.isnan(close)
    for i in range(stocks):
        factor[: traded[:, i].argmax() if traded[:, i].any() else days, i] = np.nan
    at_close = bool(rng.random() < 0.5)
    other = np.round(close * np.exp(rng.normal(0, 0.02, close.shape)), 2).clip(0.01)
    amount = np.where(traded, yuan * np.exp(rng.normal(rng.uniform(-3, 2, stocks), 0.7, close.shape)), np.nan)
    seals = 0.15 if busy else 0.03
    rules = rng.random() < 0.85
    return Tape(
        dates=np.busday_offset(str(rng.choice(FIRST_DAYS)), np.arange(days), roll="forward").astype(
            "datetime64[D]"
        ),
        codes=random_codes(rng, stocks),
        close=close,
        price=close if at_close else other,
        factor=factor,
        amount=amount,
        no_buy=(~traded | (rng.random(close.shape) < seals)) & rules,
        no_sell=(~traded | (rng.random(close.shape) < seals)) & rules,
        held=carried(close * factor),
        at_close=at_close,
    )


def random_codes(rng: np.random.Generator, stocks: int) -> Codes:
    """Different codes in ascending order, of all boards."""
    return np.sort(rng.choice(CODES, size=stocks, replace=False))


def random_factor(rng: np.random.Generator, days: int, stocks: int) -> Floats:
    """Factors that now and then rise by a dividend or a split."""
    dividends = 1 + (rng.random((days, stocks)) < 0.03) * rng.uniform(0.001, 0.05, (days, stocks))
    splits = np.where(rng.random((days, stocks)) < 0.01, rng.choice([1.1, 1.4, 2.0], (days, stocks)), 1.0)
    return np.asarray(np.cumprod(dividends * splits, axis=0))


def random_gaps(rng: np.random.Generator, days: int, stocks: int, busy: bool) -> Bools:
    """Where nothing trades, (D, N): single days, spans, before a listing, after an end, a stock that never trades."""
    gaps = rng.random((days, stocks)) < (0.1 if busy else 0.02)
    for i in range(stocks):
        fate = rng.random()
        if fate < 0.2:
            gaps[: rng.integers(1, days), i] = True
        elif fate < (0.5 if busy else 0.3):
            gaps[rng.integers(1, days) :, i] = True
        elif fate < 0.65:
            begin = int(rng.integers(1, days))
            gaps[begin : begin + int(rng.integers(2, 12)), i] = True
        elif fate < 0.67:
            gaps[:, i] = True
    return gaps


def random_terms(rng: np.random.Generator, tape: Tape, account: float) -> Terms:
    """Any setting, alone or together, for an account of so many yuan; 0 is the unit account."""
    buy_levy, sell_levy = cost_rates(tape.dates, 0.0)
    sized = account > 0
    free = bool(rng.random() < 0.15)
    nothing = np.zeros(len(tape.dates))
    return Terms(
        commission=0.0 if free else float(rng.choice([0.00025, 0.003, 0.0])),
        buy_levy=nothing if free else buy_levy,
        sell_levy=nothing if free else sell_levy,
        least=np.full(len(tape.dates), 5.0) if sized and not free else nothing,
        slippage=0.0 if free else float(rng.choice([0.0, 0.001, 0.01])),
        account_yuan=account,
        impact=float(rng.choice([0.0, 1.0, 0.3])) if sized and not free else 0.0,
        max_participation=float(rng.choice([0.0, 0.1, 0.01, 0.5])) if sized else 0.0,
        max_turnover=float(rng.choice([1.0, 1.0, 0.5, 0.2, 0.05])),
        carry=bool(rng.random() < 0.5),
    )


def random_aims(rng: np.random.Generator, months: int, stocks: int) -> tuple[Floats, Bools]:
    """Wanted weights (M, N), sometimes of a sum below 1, and the months that the account is in the market (M,)."""
    aimed = rng.random((months, stocks)) < rng.uniform(0.2, 0.9)
    aimed[np.arange(months), rng.integers(0, stocks, months)] = True
    equal = rng.random() < 0.5
    raw = aimed * (np.ones((months, stocks)) if equal else rng.uniform(0.05, 1, (months, stocks)))
    weights = raw / raw.sum(axis=1, keepdims=True)
    if rng.random() < 0.3:
        weights *= rng.uniform(0.3, 1, (months, 1))
    scored = rng.random(months) > float(rng.choice([0.0, 0.15, 0.4]))
    weights[~scored] = 0.0
    held = np.array(
        [bool(scored[m]) or not ((m > 0 and not scored[m - 1]) or (m + 1 < months and not scored[m + 1]))
         for m in range(months)],
        dtype=bool,
    )  # fmt: skip
    return weights, held
