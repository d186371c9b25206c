"""The exchange's dated rules: price limits, the first days of a listing, and what a trade costs.

The rules are rows of `RULES`; a later change of the law is one more row, and a user's own rules are a
`TradingRules` handed to the functions. Prices are compared in integer cents.

Shapes: D trading days × N stocks. Source: trading rules of SSE, SZSE and BSE as summed up in the method, §7.
"""

from dataclasses import dataclass
from datetime import date
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from gangru.market.codes import board
from gangru.market.daily import Bools, Codes, DailyMarket, Dates, Floats, carried
from gangru.market.universe import listed_days

Cents = NDArray[np.int64]
Days = NDArray[np.int64]
OrderPrice = Literal["open", "close", "vwap"]

COMMISSION = 0.00025  # a side; what brokers commonly ask
LONG_LISTED = -1  # days since listing where the day is not known


@dataclass(frozen=True)
class LimitRule:
    """The day's limits on a board from `start` on, in whole percent of the reference price."""

    board: str
    start: date
    percent: int
    st_percent: int


@dataclass(frozen=True)
class ListingRule:
    """The first days of stocks that are listed on a board from `start` on.

    `free_days` have no limit. Without any, the first day lies within `first_day` percent of the issue price.
    """

    board: str
    start: date
    free_days: int
    first_day: tuple[int, int] | None = None


@dataclass(frozen=True)
class CostRule:
    """A levy from `start` on, as fractions of the amount bought and sold."""

    name: str
    start: date
    buy: float
    sell: float


@dataclass(frozen=True)
class TradingRules:
    """All dated rules; a date before a board's or a levy's first row takes the first row."""

    limits: tuple[LimitRule, ...]
    listings: tuple[ListingRule, ...]
    costs: tuple[CostRule, ...]


RULES = TradingRules(
    limits=(
        LimitRule("main", date(1996, 12, 16), 10, 5),
        LimitRule("main", date(2026, 7, 6), 10, 10),
        LimitRule("star", date(2019, 7, 22), 20, 20),
        LimitRule("chinext", date(2009, 10, 30), 10, 10),
        LimitRule("chinext", date(2020, 8, 24), 20, 20),
        LimitRule("beijing", date(2021, 11, 15), 30, 30),
    ),
    listings=(
        ListingRule("main", date(1996, 12, 16), 0, (64, 144)),
        ListingRule("main", date(2023, 4, 10), 5),
        ListingRule("star", date(2019, 7, 22), 5),
        ListingRule("chinext", date(2009, 10, 30), 0, (64, 144)),
        ListingRule("chinext", date(2020, 8, 24), 5),
        ListingRule("beijing", date(2021, 11, 15), 1),
    ),
    costs=(
        CostRule("stamp duty", date(2008, 9, 19), 0.0, 0.001),
        CostRule("stamp duty", date(2023, 8, 28), 0.0, 0.0005),
        CostRule("transfer fee", date(2015, 8, 1), 0.00002, 0.00002),
        CostRule("transfer fee", date(2022, 4, 29), 0.00001, 0.00001),
    ),
)


def limit_prices(
    codes: Codes,
    dates: Dates,
    base: Floats,
    is_st: NDArray[np.int8],
    days_since_listing: Days,
    *,
    free: Bools | None = None,
    rules: TradingRules = RULES,
) -> tuple[Floats, Floats]:
    """The lowest and the highest price of each day in yuan, both (D, N); NaN on a day without a limit.

    `base` is the reference price in yuan, on a held first day the issue price; NaN gives NaN. `is_st` other
    than 1 is not ST. `days_since_listing` is 0 on the first trading day; a negative number counts as listed long
    ago. `free` marks further days without a limit, such as the first of a delisting period. Each day sees its own
    row alone.
    """
    boards = board(codes)
    regular, special = _limit_percents(dates, rules)
    column = np.array([_board_names(rules).index(name) for name in boards.tolist()], dtype=np.int64)
    percent = np.where(is_st == 1, special[:, column], regular[:, column])
    low, high = 100 - percent, 100 + percent
    listed = _listing_index(dates, days_since_listing)
    unlimited = np.isnan(base) if free is None else np.isnan(base) | free
    for span, rule in _listing_rules(dates, rules):
        young = (listed >= span.start) & (listed < span.stop) & (boards == rule.board)
        unlimited |= young & (days_since_listing < rule.free_days)
        if rule.first_day is not None:
            first = young & (days_since_listing == 0)
            low, high = np.where(first, rule.first_day[0], low), np.where(first, rule.first_day[1], high)
    cents = to_cents(base)
    lower = np.maximum(np.minimum((cents * low + 50) // 100, cents - 1), 1)
    upper = np.maximum((cents * high + 50) // 100, cents + 1)
    return np.where(unlimited, np.nan, lower / 100), np.where(unlimited, np.nan, upper / 100)


def reference_price(close: Floats, factor: Floats) -> Floats:
    """The price that a day's limits are counted from, yuan rounded to the cent, (D, N).

    The close of the last day traded before × factor then / factor now; NaN before a stock's first trade.
    `close` is NaN where nothing traded, and there the factor last known counts. Sees closes before the day,
    and the day's factor.
    """
    known = carried(np.where(np.isnan(close), np.nan, factor))
    adjusted = carried(close * factor)
    reference = np.full(close.shape, np.nan)
    reference[1:] = adjusted[:-1] / known[1:]
    return np.where(np.isnan(reference), np.nan, to_cents(reference) / 100)


def market_limits(market: DailyMarket, rules: TradingRules = RULES) -> tuple[Floats, Floats]:
    """Every day's lowest and highest price in yuan, both (D, N); sees earlier closes and the day's factor."""
    base = reference_price(market.close, market.factor)
    return limit_prices(
        market.codes, market.dates, base, market.is_st, listed_days(market, market.dates), rules=rules
    )


def cannot_buy(market: DailyMarket, *, price: OrderPrice = "close", rules: TradingRules = RULES) -> Bools:
    """Whether an order to buy at the day's price would have failed, (D, N): no trading, or sealed above.

    At vwap only a day that traded at nothing but its upper limit counts as sealed.
    """
    _, upper = market_limits(market, rules)
    paid = market.low if price == "vwap" else _order_price(market, price)
    return ~market.traded | (_limited(upper) & (to_cents(paid) >= to_cents(upper)))


def cannot_sell(market: DailyMarket, *, price: OrderPrice = "close", rules: TradingRules = RULES) -> Bools:
    """Whether an order to sell at the day's price would have failed, (D, N): no trading, or sealed below.

    At vwap only a day that traded at nothing but its lower limit counts as sealed.
    """
    lower, _ = market_limits(market, rules)
    paid = market.high if price == "vwap" else _order_price(market, price)
    return ~market.traded | (_limited(lower) & (to_cents(paid) <= to_cents(lower)))


def cost_rates(
    dates: Dates, commission: float = COMMISSION, rules: TradingRules = RULES
) -> tuple[Floats, Floats]:
    """What buying and selling cost on each date, two arrays (D,), as fractions of the amount traded."""
    buy, sell = np.full(len(dates), commission), np.full(len(dates), commission)
    for name in dict.fromkeys(rule.name for rule in rules.costs):
        rows = [rule for rule in rules.costs if rule.name == name]
        row = _row_in_force(dates, [rule.start for rule in rows])
        buy += np.array([rule.buy for rule in rows])[row]
        sell += np.array([rule.sell for rule in rows])[row]
    return buy, sell


def to_cents(yuan: Floats) -> Cents:
    """Prices in integer cents, rounded half up; NaN becomes 0, which is no price.

    A float just under a half cent, as a division leaves it, counts as the half.
    """
    return np.floor(np.nan_to_num(yuan) * 100 + 0.5 + 1e-6).astype(np.int64)


def _board_names(rules: TradingRules) -> list[str]:
    return list(dict.fromkeys(rule.board for rule in rules.limits))


def _limit_percents(dates: Dates, rules: TradingRules) -> tuple[NDArray[np.int16], NDArray[np.int16]]:
    """Percent of a regular and of an ST stock, both (D, boards)."""
    regular, special = [], []
    for name in _board_names(rules):
        rows = [rule for rule in rules.limits if rule.board == name]
        row = _row_in_force(dates, [rule.start for rule in rows])
        regular.append(np.array([rule.percent for rule in rows], dtype=np.int16)[row])
        special.append(np.array([rule.st_percent for rule in rows], dtype=np.int16)[row])
    return np.stack(regular, axis=1), np.stack(special, axis=1)


def _listing_index(dates: Dates, age: Days) -> Days:
    """Position on the date axis of each stock's listing, (D, N); −1 where it was listed long ago."""
    return np.where(age < 0, -1, np.maximum(np.arange(len(dates))[:, None] - age, 0))


def _listing_rules(dates: Dates, rules: TradingRules) -> list[tuple[slice, ListingRule]]:
    """Each listing rule with the positions of the dates on which a listing falls under it."""
    found = []
    for name in _board_names(rules):
        rows = sorted((rule for rule in rules.listings if rule.board == name), key=lambda rule: rule.start)
        later = [int(np.searchsorted(dates, np.datetime64(rule.start))) for rule in rows[1:]]
        edges = [0, *later, len(dates)]
        found += [(slice(edges[k], edges[k + 1]), rule) for k, rule in enumerate(rows)]
    return found


def _row_in_force(dates: Dates, starts: list[date]) -> NDArray[np.int64]:
    """Position of the last row that began on or before each date, (D,); the first row before that."""
    begun = np.searchsorted(np.array(starts, dtype="datetime64[D]"), dates, side="right") - 1
    return np.maximum(begun, 0)


def _order_price(market: DailyMarket, price: OrderPrice) -> Floats:
    return market.open if price == "open" else market.close


def _limited(limit: Floats) -> Bools:
    return ~np.isnan(limit)
