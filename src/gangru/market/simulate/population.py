"""The stocks of a simulated market: who they are, before any price is drawn.

Legend: D trading days, N stocks in ascending order of code.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gangru.market.codes import board
from gangru.market.daily import Codes, Dates, Floats
from gangru.market.simulate.settings import SimulateSettings

Ints = NDArray[np.int64]

STAR_START = np.datetime64("2019-07-22")
CHINEXT_START = np.datetime64("2009-10-30")
PREFIXES = {
    "sh": (("600", "601", "603", "605"), "SH"),
    "sz": (("000", "001", "002"), "SZ"),
    "chinext": (("300", "301"), "SZ"),
    "star": (("688", "689"), "SH"),
}
OLD_BOARDS = {"sh": 0.42, "sz": 0.38, "chinext": 0.20}
NEW_BOARDS = {"sh": 0.25, "sz": 0.10, "chinext": 0.15, "star": 0.50}
INDUSTRY_NAMES = (
    "Banks", "Insurance and Brokers", "Real Estate", "Construction", "Building Materials", "Steel",
    "Non-ferrous Metals", "Coal", "Oil and Petrochemicals", "Basic Chemicals", "Utilities", "Transport",
    "Machinery", "Power Equipment", "Defence", "Automobiles", "Home Appliances", "Light Manufacturing",
    "Textiles and Apparel", "Food and Beverage", "Agriculture", "Pharmaceuticals", "Retail", "Consumer Services",
    "Media", "Computers", "Electronics", "Communications",
)  # fmt: skip


@dataclass(frozen=True)
class Population:
    """Every stock's constants, (N,) each; the industry, which may change once, is (D, N)."""

    codes: Codes
    boards: Codes
    list_date: Dates
    first_row: Ints  # position of the listing on the date axis, 0 where it was before
    is_new: NDArray[np.bool_]
    industry: Ints
    industry_names: tuple[str, ...]
    beta: Floats
    volatility: Floats  # daily, of the stock's own return
    log_turnover: Floats  # level of the daily turnover rate
    price: Floats  # first raw close, yuan
    factor: Floats
    shares: Floats  # tradable shares on the first day


def draw_population(settings: SimulateSettings, dates: Dates, rng: np.random.Generator) -> Population:
    """Draw the stocks of a market whose bars are on `dates`."""
    n = settings.stocks
    first_row = np.zeros(n, dtype=np.int64)
    new = np.zeros(n, dtype=bool)
    new[rng.permutation(n)[: round(settings.new_listings * n)]] = True
    latest = max(len(dates) - 60, 2)
    first_row[new] = rng.integers(1, latest, new.sum())
    codes = _draw_codes(dates[first_row], new, rng)
    order = np.argsort(codes)
    codes, new, first_row = codes[order], new[order], first_row[order]
    boards = board(codes)
    log_value = np.log(4e9) + 1.1 * rng.standard_normal(n)
    price = np.exp(np.clip(np.log(14) + 0.55 * rng.standard_normal(n), np.log(4), np.log(150)))
    size = (log_value - np.log(4e9)) / 1.1
    return Population(
        codes=codes,
        boards=boards,
        list_date=np.where(new, dates[first_row], _old_listings(boards, dates[0], rng)),
        first_row=first_row,
        is_new=new,
        industry=_draw_industries(settings, len(dates), rng),
        industry_names=_industry_names(settings.industries),
        beta=np.clip(1 + 0.2 * rng.standard_normal(n), 0.4, 1.6),
        volatility=0.0185 * np.exp(0.22 * rng.standard_normal(n) - 0.08 * size),
        log_turnover=np.log(0.014) + 0.5 * rng.standard_normal(n) - 0.25 * size,
        price=np.round(price, 2),
        factor=np.where(new, 1.0, np.round(np.exp(rng.uniform(0, 1.6, n)), 4)),
        shares=np.maximum(np.round(np.exp(log_value) / price, -4), 1e7),
    )


def _draw_codes(listed: Dates, new: NDArray[np.bool_], rng: np.random.Generator) -> Codes:
    """Distinct codes, (N,), on boards that existed on the listing date."""
    n = len(listed)
    venue = np.where(
        new,
        rng.choice(list(NEW_BOARDS), n, p=list(NEW_BOARDS.values())),
        rng.choice(list(OLD_BOARDS), n, p=list(OLD_BOARDS.values())),
    )
    venue[(venue == "star") & (listed < STAR_START)] = "chinext"
    codes = np.empty(n, dtype="U9")
    for name, (prefixes, exchange) in PREFIXES.items():
        here = venue == name
        pool = np.array([f"{prefix}{k:03d}.{exchange}" for prefix in prefixes for k in range(1, 1000)])
        codes[here] = rng.choice(pool, here.sum(), replace=False)
    return codes


def _old_listings(boards: Codes, first: np.datetime64, rng: np.random.Generator) -> Dates:
    """Listing dates before the span, (N,), weekdays at least a year back."""
    earliest = np.where(boards == "chinext", CHINEXT_START, np.datetime64("1994-01-03"))
    latest = first - np.timedelta64(400, "D")
    span = np.maximum((latest - earliest).astype(np.int64), 1)
    drawn = np.minimum(earliest, latest) + (rng.random(len(boards)) * span).astype(np.int64)
    return np.asarray(np.busday_offset(drawn.astype("datetime64[D]"), 0, roll="backward"))


def _draw_industries(settings: SimulateSettings, days: int, rng: np.random.Generator) -> Ints:
    """Industry numbers, (D, N): unequal sizes, a tiny last one, and one stock in thirty that changes once."""
    n, k = settings.stocks, settings.industries
    weights = np.exp(0.4 * rng.standard_normal(k - 1))
    industry = rng.choice(k - 1, n, p=weights / weights.sum())
    industry[rng.permutation(n)[: max(2, round(0.006 * n))]] = k - 1
    later = np.where(industry < k - 1, rng.integers(0, k - 1, n), industry)
    change_row = np.where(rng.random(n) < 1 / 30, rng.integers(1, days, n), days)
    return np.where(np.arange(days)[:, None] < change_row, industry, later)


def _industry_names(count: int) -> tuple[str, ...]:
    more = (f"Industry {k}" for k in range(len(INDUSTRY_NAMES) + 1, count + 1))
    return (*INDUSTRY_NAMES, *more)[:count]
