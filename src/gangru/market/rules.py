"""What the exchange's dated rules make of the bars: limit prices, what can be bought and sold, what a trade costs.

The rules are rows of `rules_table.RULES`; a user's own rules are a `TradingRules` handed to the functions. Prices are
compared in integer cents.

Shapes: D trading days × N stocks; M of the days, where only those at some `rows` are asked for. Source: trading rules
of SSE, SZSE and BSE as summed up in the method, §7.
"""

import math
from dataclasses import replace
from datetime import date
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from gangru.errors import InputError
from gangru.market.codes import board
from gangru.market.daily import DELISTING, Bools, Codes, DailyMarket, Dates, Floats, carried_to
from gangru.market.free_days import free_days
from gangru.market.rules_rows import stock_code
from gangru.market.rules_table import BOARDS, RULES, ListingRule, TradingRules, in_force, rule_on
from gangru.market.universe import listed_days

Cents = NDArray[np.int64]
Days = NDArray[np.int64]
OrderPrice = Literal["open", "close", "vwap"]

COMMISSION = 0.00025  # a side; what brokers commonly ask
LONG_LISTED = -1  # days since listing where the day is not known


def limit_prices(
    codes: Codes,
    dates: Dates,
    base: Floats,
    is_st: NDArray[np.int8],
    days_since_listing: Days,
    *,
    free: Bools | None = None,
    rules: TradingRules = RULES,
    rows: Days | None = None,
) -> tuple[Floats, Floats]:
    """The lowest and the highest price of each day in yuan, both (D, N); NaN on a day without a limit.

    `base` is the reference price in yuan, on a held first day the issue price; NaN gives NaN. `is_st` other
    than 1 is not ST. `days_since_listing` is 0 on the first trading day; a negative number counts as listed long
    ago. `free` marks further days without a limit. With `rows` of `dates` all other arrays, and the prices, are of
    those days alone, (M, N). Each day sees its own row alone.
    """
    boards, at = board(codes), np.arange(len(dates)) if rows is None else rows
    percent, inward = _daily_rules(boards, dates[at], is_st, rules)
    low, high = 100 - percent, 100 + percent
    unlimited = np.isnan(base) if free is None else np.isnan(base) | free
    row, stock = np.nonzero((days_since_listing >= 0) & (days_since_listing < _longest_youth(rules)))
    age = days_since_listing[row, stock]
    listed, own = at[row] - age, boards[stock]
    for name in BOARDS:
        for begin, end, rule in _listing_spans(dates, name, rules):
            young = (listed >= begin) & (listed < end) & (own == name)
            unlimited[row, stock] |= young & (age < rule.free_days)
            if rule.first_day is not None:
                first = young & (age == 0)
                low[row[first], stock[first]], high[row[first], stock[first]] = rule.first_day
    cents = to_cents(base)
    # At least one tick of room on either side, as the exchanges have it for the cheapest stocks.
    lower = np.maximum(np.minimum((cents * low + np.where(inward, 99, 50)) // 100, cents - 1), 1)
    upper = np.maximum((cents * high + np.where(inward, 0, 50)) // 100, cents + 1)
    return np.where(unlimited, np.nan, lower / 100), np.where(unlimited, np.nan, upper / 100)


def limit_prices_of(
    code: str,
    day: date,
    reference: float,
    *,
    is_st: bool = False,
    days_since_listing: int = LONG_LISTED,
    free: bool = False,
    rules: TradingRules = RULES,
) -> tuple[float, float] | None:
    """The lowest and the highest price of one stock on one day in yuan, or None where it has no limit.

    `code` in any spelling that names one stock. `reference` is the exchange's reference price in yuan: the last
    close, less what went ex that day; on a held first day the issue price. Raises InputError where the code is no
    stock's or the price is none.
    """
    stock = stock_code(code)
    if not (math.isfinite(reference) and reference > 0):
        raise InputError(f"reference price of {code}: {reference!r}; expected yuan above 0")
    lower, upper = limit_prices(
        np.array([stock]),
        np.array([day], dtype="datetime64[D]"),
        np.array([[reference]], dtype=np.float64),
        np.array([[is_st]], dtype=np.int8),
        np.array([[days_since_listing]]),
        free=np.array([[free]]),
        rules=rules,
    )
    return None if np.isnan(upper[0, 0]) else (float(lower[0, 0]), float(upper[0, 0]))


def reference_price(close: Floats, factor: Floats, rows: Days | None = None) -> Floats:
    """The price that a day's limits are counted from, yuan rounded to the cent, (D, N).

    The close of the last day traded before × factor then / factor now; NaN before a stock's first trade.
    `close` is NaN where nothing traded, and there the factor last known counts. `rows`, ascending, asks for those days
    alone, (M, N). Sees closes before the day, and the day's factor.
    """
    at = np.arange(len(close)) if rows is None else rows
    known = carried_to(at, np.where(np.isnan(close), np.nan, factor))
    before = carried_to(np.maximum(at - 1, 0), close * factor)
    reference = np.where(at[:, None] > 0, before / known, np.nan)
    return np.where(np.isnan(reference), np.nan, to_cents(reference) / 100)


def market_limits(
    market: DailyMarket,
    *,
    free: Bools | None = None,
    rules: TradingRules = RULES,
    rows: Days | None = None,
) -> tuple[Floats, Floats]:
    """Every day's lowest and highest price in yuan, both (D, N); NaN on a day without a limit.

    First days after a relisting and of a delisting period are found by `free_days`; `free` adds others. In its
    delisting period a stock has the limits of one that is not ST. `rows`, ascending, asks for those days alone, (M, N).
    Sees earlier closes, the day's factor and facts that had begun by the day.
    """
    known, at = free_days(market, rules), slice(None) if rows is None else rows
    # A relisting has its own rule; the first days of a new listing are those of the first one.
    first_listing = replace(market, relisted=market.relisted[:0])
    return limit_prices(
        market.codes,
        market.dates,
        reference_price(market.close, market.factor, rows),
        np.where(market.status[at] == DELISTING, np.int8(0), market.is_st[at]),
        listed_days(first_listing, market.dates, rows),
        free=(known if free is None else known | free)[at],
        rules=rules,
        rows=rows,
    )


def fillable(
    market: DailyMarket,
    *,
    price: OrderPrice = "close",
    free: Bools | None = None,
    rules: TradingRules = RULES,
    rows: Days | None = None,
) -> tuple[Bools, Bools]:
    """Whether an order at the day's price could be filled, to buy and to sell, as `can_buy` and `can_sell` say.

    `rows`, ascending, asks for those days alone, both (M, N), at a fraction of the work.
    """
    lower, upper = market_limits(market, free=free, rules=rules, rows=rows)
    at = slice(None) if rows is None else rows
    usual = market.open if price == "open" else market.close
    cheapest, dearest = (market.low, market.high) if price == "vwap" else (usual, usual)
    traded = ~np.isnan(market.close[at])
    sealed_above = ~np.isnan(upper) & (to_cents(cheapest[at]) >= to_cents(upper))
    sealed_below = ~np.isnan(lower) & (to_cents(dearest[at]) <= to_cents(lower))
    return traded & ~sealed_above, traded & ~sealed_below


def can_buy(
    market: DailyMarket,
    *,
    price: OrderPrice = "close",
    free: Bools | None = None,
    rules: TradingRules = RULES,
    rows: Days | None = None,
) -> Bools:
    """Whether an order to buy at the day's price could be filled, (D, N): it trades, and is not sealed above.

    At vwap only a day that traded at nothing but its upper limit counts as sealed. `free` (D, N) marks further days
    without a limit; `rows`, ascending, asks for those days alone, (M, N). Sees bars up to the day's own.
    """
    return fillable(market, price=price, free=free, rules=rules, rows=rows)[0]


def can_sell(
    market: DailyMarket,
    *,
    price: OrderPrice = "close",
    free: Bools | None = None,
    rules: TradingRules = RULES,
    rows: Days | None = None,
) -> Bools:
    """Whether an order to sell at the day's price could be filled, (D, N): it trades, and is not sealed below.

    At vwap only a day that traded at nothing but its lower limit counts as sealed. `free` (D, N) marks further days
    without a limit; `rows`, ascending, asks for those days alone, (M, N). Sees bars up to the day's own.
    """
    return fillable(market, price=price, free=free, rules=rules, rows=rows)[1]


def cost_rates(
    dates: Dates, commission: float = COMMISSION, rules: TradingRules = RULES
) -> tuple[Floats, Floats]:
    """What buying and selling cost on each date, two arrays (D,), as fractions of the amount traded."""
    buy, sell = np.full(len(dates), commission), np.full(len(dates), commission)
    for name in dict.fromkeys(rule.name for rule in rules.costs):
        rows, row = in_force([rule for rule in rules.costs if rule.name == name], dates)
        buy += np.array([rule.buy for rule in rows])[row]
        sell += np.array([rule.sell for rule in rows])[row]
    return buy, sell


def least_commission(day: date, rules: TradingRules = RULES) -> float:
    """What a broker takes at least for an order of the day, in yuan; 0 where the rules name nothing."""
    return rule_on(rules.commissions, day).least_yuan if rules.commissions else 0.0


def buyable_shares(codes: Codes, day: date, wanted: Floats, rules: TradingRules = RULES) -> Floats:
    """The largest order to buy that is no larger than `wanted` shares and of a size allowed, (N,); 0 where none is.

    To sell is freer: what is left of a holding below one lot goes in one order.
    """
    boards = board(codes)
    least, step = np.empty(len(codes)), np.empty(len(codes))
    for name in BOARDS:
        lot = rule_on([rule for rule in rules.lots if rule.board == name], day)
        least[boards == name], step[boards == name] = lot.least, lot.step
    above = np.floor((wanted - least) / step) * step
    return np.asarray(np.where(wanted >= least, least + above, 0.0))


def to_cents(yuan: Floats) -> Cents:
    """Prices in integer cents, rounded half up; NaN becomes 0, which is no price.

    A float just under a half cent, as a division leaves it, counts as the half.
    """
    return np.floor(np.nan_to_num(yuan) * 100 + 0.5 + 1e-6).astype(np.int64)


def _daily_rules(
    boards: NDArray[np.str_], dates: Dates, is_st: NDArray[np.int8], rules: TradingRules
) -> tuple[NDArray[np.int16], Bools]:
    """The percent in force and whether limits are rounded inward, both (D, N)."""
    shape = (len(dates), len(boards))
    percent, inward = np.zeros(shape, dtype=np.int16), np.zeros(shape, dtype=bool)
    for name in BOARDS:
        rows, row = in_force([rule for rule in rules.limits if rule.board == name], dates)
        regular = np.array([rule.percent for rule in rows], dtype=np.int16)[row][:, None]
        special = np.array([rule.st_percent for rule in rows], dtype=np.int16)[row][:, None]
        there = boards == name
        percent[:, there] = np.where(is_st[:, there] == 1, special, regular)
        inward[:, there] = np.array([rule.rounding == "inward" for rule in rows])[row][:, None]
    return percent, inward


def _listing_spans(dates: Dates, name: str, rules: TradingRules) -> list[tuple[float, float, ListingRule]]:
    """Each listing rule of a board, with the positions on the date axis between which a listing falls under it.

    Days before the axis are counted back in weekdays, as listings there are.
    """
    rows = sorted((rule for rule in rules.listings if rule.board == name), key=lambda rule: rule.start)
    starts = [np.datetime64(rule.start) for rule in rows[1:]]
    begun = [
        float(np.searchsorted(dates, start) + min(np.busday_count(dates[0], start), 0)) for start in starts
    ]
    edges = [-math.inf, *begun, math.inf]
    return [(edges[k], edges[k + 1], rule) for k, rule in enumerate(rows)]


def _longest_youth(rules: TradingRules) -> int:
    """Days from the listing on which some listing rule may hold."""
    return max((max(rule.free_days, 1) for rule in rules.listings), default=0)
