"""The other future of a market after a day: who leaves it, who falls silent, who comes, and on which days it trades."""

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import polars as pl

from gangru.market.daily import Dates
from gangru.market.identity import identities_of
from gangru.market.store import Store

Random = np.random.Generator
RECENT = timedelta(days=30)  # a stock with a bar so shortly before the day is there
LONG_LEAVE = 140  # trading days after the day within which the invented delistings lie
PREFIXES = ("001", "301", "605", "689")
TAIL_DAYS = 60  # trading days of future at least, appended where the data end before


@dataclass(frozen=True)
class Future:
    """One made-up future: `after` the day everything is noise, and what it is has been drawn here.

    `announced` is the next trading day: an end of a listing up to it is public on the day, a later one is not.
    `days` are the trading days after the day, `appended` those of them that the data do not reach. `leaving` gives
    invented delistings, `silent` stocks without another bar, `halted` those without one for a week, `coming` new
    codes, each with the stock whose bars its own are made of. `chained` are codes that change: their listings stay.
    """

    after: date
    announced: date
    days: tuple[date, ...]
    appended: tuple[date, ...]
    leaving: dict[str, date]
    silent: tuple[str, ...]
    halted: tuple[str, ...]
    coming: dict[str, str]
    chained: frozenset[str]
    seed: int

    def random(self, purpose: int) -> Random:
        """The random source of one table."""
        return np.random.default_rng([self.seed, self.after.toordinal(), purpose])

    def some_day(self, random: Random, count: int) -> pl.Series:
        """Days after the announced one, drawn with repetition; the far end of the future where it is short."""
        late = [day for day in self.days if day > self.announced] or [self.days[-1] + timedelta(days=1)]
        return pl.Series(np.array(late, dtype="datetime64[D]")[random.integers(0, len(late), count)])


def draw_future(store: Store, bars: pl.DataFrame, calendar: Dates, day: date, seed: int) -> Future:
    """Draw what happens after `day` in the other market; `calendar` are trading days reaching past the data.

    Leaving are a tenth of the stocks that are there on the day, and at least three; silent a twentieth, halted a
    tenth, coming a twentieth.
    """
    random = np.random.default_rng([seed, day.toordinal()])
    chained = chain_codes(store)
    last = bars["date"].max()
    assert isinstance(last, date)
    upcoming: list[date] = calendar[calendar > np.datetime64(day)].astype("datetime64[D]").tolist()
    known = [d for d in upcoming if d <= last]
    appended = [d for d in upcoming if d > last][: max(0, TAIL_DAYS - len(known))]
    days = known + appended or [day + timedelta(days=k) for k in range(1, TAIL_DAYS)]
    there = bars.filter(pl.col("date").is_between(day - RECENT, day))["code"].unique().sort()
    alive = there.filter(~there.is_in(list(chained))).to_list()
    drawn = [alive[k] for k in random.permutation(len(alive))]
    tenth = max(3, len(alive) // 10)
    late = [d for d in days if d > days[0]] or [days[-1] + timedelta(days=1)]
    leaving = {
        code: late[int(k)]
        for code, k in zip(drawn[:tenth], random.integers(0, min(len(late), LONG_LEAVE), tenth), strict=False)
    }
    for code, soon in zip(drawn[:2], late[:2], strict=False):
        leaving[code] = soon  # the hardest to see: gone almost at once
    rest = drawn[tenth:]
    half = max(1, tenth // 2)
    fresh = new_codes(set(bars["code"].unique()), max(4, half))
    return Future(
        after=day,
        announced=days[0],
        days=tuple(days),
        appended=tuple(appended),
        leaving=leaving,
        silent=tuple(rest[:half]),
        halted=tuple(rest[half : half + tenth]),
        coming={code: drawn[k % len(drawn)] for k, code in enumerate(fresh)},
        chained=chained,
        seed=seed,
    )


def chain_codes(store: Store) -> frozenset[str]:
    """Every code that changes or is changed to."""
    newest = identities_of(store.read("code_changes")).newest
    return frozenset(newest) | frozenset(newest.values())


def new_codes(taken: set[str], count: int) -> list[str]:
    """Codes that no security of the market has, spread over the order of codes."""
    free = (
        f"{prefix}{number:03d}.{'SH' if prefix[0] == '6' else 'SZ'}"
        for number in range(999, -1, -1)
        for prefix in PREFIXES
    )
    found: list[str] = []
    for code in free:
        if code not in taken:
            found.append(code)
        if len(found) == count:
            break
    return found
