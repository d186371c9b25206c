"""Compares real prices with the limits of the dated rules; prints the tables of docs/rules.md as Markdown.

`run.py DATA`, DATA being a folder laid out as the shared real data are: bars/*.parquet, securities.csv, calendar.csv.
Forward-adjusted bars (bars_delisted.parquet) have no raw prices to compare and are left out.
"""

import sys
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

from gangru.market.codes import board, canonical_codes
from gangru.market.daily import Bools, DailyMarket, carried
from gangru.market.loading import daily_market
from gangru.market.rules import limit_prices, market_limits, reference_price, to_cents
from gangru.market.rules_table import BOARDS
from gangru.market.universe import listed_days

PRICES = ("open", "high", "low", "close")
EX_CHANGE = 1e-6  # factors are single precision, good for 1e-7
MISDATED, INFERRED = "dates 1,456 trading days too early", "inferred ST that was none"
RELISTED, REFORMED = "first day of a relisting", "first day after the share reform"
LATE, STRAY, RECODED = "factor days too late", "factor without an event", "factor of a changed code"
UNEXPLAINED = "unexplained"
# Days told apart one by one, by the bars around them and what is publicly known of the stock; everything else has to
# fall into the two classes that the data's own columns tell.
EVENTS = {
    RELISTED: (
        "000629.SZ 2018-08-24", "000950.SZ 2018-08-28", "600610.SH 2020-08-17",
        "000995.SZ 2020-12-16", "000792.SZ 2021-08-10", "000670.SZ 2022-08-22",
    ),
    REFORMED: ("600733.SH 2018-09-27",),
    LATE: (
        "002166.SZ 2019-04-18", "300715.SZ 2019-12-30", "300715.SZ 2020-01-02", "002466.SZ 2020-01-02",
        "000981.SZ 2022-02-25", "000981.SZ 2022-02-28", "003038.SZ 2022-03-29", "003038.SZ 2022-03-30",
    ),
    STRAY: (
        "600633.SH 2020-11-25", "600654.SH 2020-11-25", "600655.SH 2020-11-25",
        "000001.SZ 2020-12-31", "600313.SH 2021-01-18",
    ),
    RECODED: (
        "302132.SZ 2017-05-26", "001872.SZ 2018-07-10", "001872.SZ 2018-12-26",
        "001914.SZ 2019-06-06", "302132.SZ 2025-02-18",
    ),
}  # fmt: skip
CLASSES = (MISDATED, INFERRED, *EVENTS, UNEXPLAINED)


@dataclass(frozen=True)
class Check:
    """Real days against their limits; all (D, N) but the market.

    `checked` traded and limited; `ex` checked on a day whose factor changed; `close_beyond` and `any_beyond`
    checked days on which the close, or any of the four prices, lies beyond; `kind` index into CLASSES of those.
    """

    market: DailyMarket
    checked: Bools
    ex: Bools
    close_beyond: Bools
    any_beyond: Bools
    kind: NDArray[np.int8]


def load(data: Path) -> tuple[DailyMarket, Bools, Bools]:
    """The bars as arrays, where ST was not observed, (D, N), and which stocks no list of securities knows, (N,)."""
    bars = pl.concat([pl.read_parquet(path) for path in sorted((data / "bars").glob("*.parquet"))])
    # Single precision: the decimal that was written, to a tenth of a cent, so that a price off the cent would show.
    bars = bars.with_columns(
        canonical_codes(bars["code"]), *(pl.col(name).cast(pl.Float64).round(3) for name in PRICES)
    )
    securities = pl.read_csv(data / "securities.csv", try_parse_dates=True)
    securities = securities.with_columns(
        canonical_codes(securities["code"]), pl.lit(None, dtype=pl.Date).alias("delist_date")
    )
    days = pl.read_csv(data / "calendar.csv", try_parse_dates=True).to_series().sort()
    market = daily_market(bars, securities, days.to_numpy().astype("datetime64[D]"))
    guessed = bars.filter("st_inferred")
    row = np.searchsorted(market.dates, guessed["date"].to_numpy().astype("datetime64[D]"))
    column = np.searchsorted(market.codes, guessed["code"].to_numpy().astype(str))
    inferred = np.zeros(market.close.shape, dtype=bool)
    inferred[row, column] = True
    return market, inferred, ~np.isin(market.codes, securities["code"].to_numpy().astype(str))


def check(market: DailyMarket, inferred: Bools, unlisted: Bools) -> Check:
    """Find what lies beyond its limits and tell why."""
    lower, upper = market_limits(market)
    checked = market.traded & ~np.isnan(upper)
    low, high = to_cents(lower), to_cents(upper)

    def beyond(name: str) -> Bools:
        cents = to_cents(getattr(market, name))
        return checked & ((cents > high) | (cents < low))

    close_beyond = beyond("close")
    any_beyond = close_beyond | beyond("open") | beyond("high") | beyond("low")
    kind = classes(market, any_beyond, inferred, unlisted)
    return Check(market, checked, checked & factor_changed(market), close_beyond, any_beyond, kind)


def factor_changed(market: DailyMarket) -> Bools:
    """Whether a traded day's factor is another than that of the last day traded, (D, N)."""
    before = np.full(market.close.shape, np.nan)
    before[1:] = carried(np.where(market.traded, market.factor, np.nan))[:-1]
    return market.traded & (np.abs(market.factor / before - 1) > EX_CHANGE)


def classes(market: DailyMarket, beyond: Bools, inferred: Bools, unlisted: Bools) -> NDArray[np.int8]:
    """The class of every day beyond its limits, (D, N); −1 elsewhere."""
    kind = np.where(beyond, CLASSES.index(UNEXPLAINED), -1).astype(np.int8)
    kind[beyond & inferred & (market.is_st == 1) & within_regular_limits(market)] = CLASSES.index(INFERRED)
    kind[beyond & unlisted] = CLASSES.index(MISDATED)
    for name, days in EVENTS.items():
        for day in days:
            code, when = day.split()
            at = np.searchsorted(market.dates, np.datetime64(when)), np.searchsorted(market.codes, code)
            kind[at] = CLASSES.index(name) if beyond[at] else -1
    return kind


def within_regular_limits(market: DailyMarket) -> Bools:
    """Whether all prices of a day keep the limits of a stock that is not ST, (D, N)."""
    base = reference_price(market.close, market.factor)
    age = listed_days(market, market.dates)
    lower, upper = limit_prices(market.codes, market.dates, base, np.zeros_like(market.is_st), age)
    return (to_cents(market.high) <= to_cents(upper)) & (to_cents(market.low) >= to_cents(lower))


def with_relistings(market: DailyMarket) -> DailyMarket:
    """The market as a store would give it that knows the relistings of EVENTS."""
    relisted = np.full((1, len(market.codes)), np.datetime64("NaT", "D"))
    for day in EVENTS[RELISTED]:
        code, when = day.split()
        relisted[0, np.searchsorted(market.codes, code)] = np.datetime64(when)
    return replace(market, relisted=relisted)


def table(head: list[str], rows: list[list[str]]) -> str:
    """A Markdown table."""
    lines = [head, ["---", *["---:"] * (len(head) - 1)], *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines) + "\n"


def shares(found: Check) -> list[list[str]]:
    """Days checked and closes beyond, of all days and of ex days."""
    rows = []
    for name, among in (("all days", found.checked), ("ex days", found.ex)):
        days, closes, prices = (
            int(x.sum()) for x in (among, found.close_beyond & among, found.any_beyond & among)
        )
        rows.append(
            [name, f"{days:,}", f"{closes:,}", f"{closes / days:.4%}", f"{prices:,}", f"{prices / days:.4%}"]
        )
    return rows


def by_class(found: Check) -> list[list[str]]:
    """Closes and days beyond by class, apart for ex days."""
    rows = []
    for k, name in enumerate(CLASSES):
        here = found.kind == k
        counts = (here & found.close_beyond & ~found.ex, here & found.close_beyond & found.ex, here)
        rows.append([name, *(f"{int(x.sum()):,}" for x in counts), str(int(here.any(axis=0).sum()))])
    return rows


def by_board_and_year(found: Check) -> list[list[str]]:
    """Closes beyond and days checked, a board a row and a year a column."""
    years = found.market.dates.astype("datetime64[Y]")
    boards = board(found.market.codes)
    rows = []
    for name in (b for b in BOARDS if (boards == b).any()):
        cells = [
            f"{int(found.close_beyond[years == y][:, boards == name].sum())}"
            f" of {int(found.checked[years == y][:, boards == name].sum()):,}"
            for y in np.unique(years)
        ]
        rows.append([name, *cells])
    return rows


def closeness(found: Check) -> list[list[str]]:
    """How many closes lie on the limit, and a cent or two beside it: a limit that is a cent off would show."""
    lower, upper = (to_cents(x) for x in market_limits(found.market))
    close = to_cents(found.market.close)
    rows = []
    for name, above in (("upper limit", close - upper), ("lower limit", lower - close)):
        for among, days in (("all days", found.checked), ("ex days", found.ex)):
            counts = (int(((above == cents) & days).sum()) for cents in range(-2, 3))
            rows.append([f"{name}, {among}", *(f"{count:,}" for count in counts)])
    return rows


def limitless(found: Check) -> list[list[str]]:
    """Why traded days have no limit."""
    market = found.market
    without = market.traded & ~found.checked
    first = without & np.isnan(reference_price(market.close, market.factor))
    return [
        ["first bar of a stock in the data", f"{int(first.sum()):,}"],
        ["second to fifth day of a listing", f"{int((without & ~first).sum()):,}"],
    ]


def misdated(market: DailyMarket, unlisted: Bools) -> list[list[str]]:
    """For stocks that no list knows: the correlation with the market's day, and with the market of other days."""
    adjusted = market.adjusted("close")
    returns = np.full(adjusted.shape, np.nan)
    returns[1:] = adjusted[1:] / adjusted[:-1] - 1
    pooled = np.nanmedian(returns[1:], axis=1)
    rows = []
    for stock in np.flatnonzero(unlisted):
        own = returns[1:, stock]
        last = int(np.flatnonzero(~np.isnan(own))[-1]) + 1
        found = {}
        for shift in range(len(pooled) - 500):  # 500 days are enough for a correlation
            span = min(last, len(pooled) - shift)
            a, b = own[:span], pooled[shift : shift + span]
            known = ~np.isnan(a)
            found[shift] = float(np.corrcoef(a[known], b[known])[0, 1])
        best, second = sorted(found, key=found.__getitem__, reverse=True)[:2]
        figures = (f"{found[0]:.2f}", f"{best:,}", f"{found[best]:.2f}", f"{found[second]:.2f}")
        rows.append([str(market.codes[stock]), *figures])
    return rows


def missed_st(market: DailyMarket, inferred: Bools) -> list[list[str]]:
    """Closes around 5 % limits of main-board days inferred not to be ST: what stands out at 0 is ST unseen."""
    base = to_cents(reference_price(market.close, market.factor))
    here = market.traded & inferred & (market.is_st == 0) & (board(market.codes) == "main") & (base > 100)
    close = to_cents(market.close)
    sides = (("5 % above", close - (base * 105 + 50) // 100), ("5 % below", (base * 95 + 50) // 100 - close))
    return [
        [name, *(f"{int(((beside == cents) & here).sum()):,}" for cents in range(-2, 3))]
        for name, beside in sides
    ]


def main() -> None:
    """Print all tables."""
    market, inferred, unlisted = load(Path(sys.argv[1]))
    found = check(market, inferred, unlisted)
    known = check(with_relistings(market), inferred, unlisted)
    years = [str(y) for y in np.unique(market.dates.astype("datetime64[Y]"))]
    counted = ["", "days", "closes beyond", "share", "any price beyond", "share"]
    missed = missed_st(market, inferred)
    parts = [
        ("Days without a limit", table(["", "days"], limitless(found))),
        ("Closes beyond the limits", table(counted, shares(found))),
        ("By class", table(["class", "closes", "closes, ex days", "any price", "stocks"], by_class(found))),
        ("By board and year", table(["closes beyond", *years], by_board_and_year(found))),
        (
            "Closes on and beside the limit",
            table(["cents beyond", "−2", "−1", "0", "+1", "+2"], closeness(found)),
        ),
        ("Days inferred not to be ST", table(["cents beyond", "−2", "−1", "0", "+1", "+2"], missed)),
        (
            "Stocks that no list of securities knows",
            table(
                ["code", "same day", "best shift, days", "there", "second best"], misdated(market, unlisted)
            ),
        ),
        ("Where the store knows the relistings", table(counted, shares(known))),
    ]
    span = f"{market.dates[0]} to {market.dates[-1]}"
    head = f"{len(market.codes):,} stocks, {span}, {int(market.traded.sum()):,} traded days"
    sys.stdout.write(head + "\n\n" + "\n".join(f"### {title}\n{text}" for title, text in parts))


if __name__ == "__main__":
    main()
