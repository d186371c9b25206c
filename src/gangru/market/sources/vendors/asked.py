"""What a vendor is asked for: which tables, which days, which codes."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, timezone

from gangru.errors import InputError
from gangru.market.sources.protocol import Span
from gangru.market.sources.vendors.spool import Spool

SHANGHAI = timezone(timedelta(hours=8))  # no summer time since 1991
SETTLED = time(
    20, 0
)  # the vendors have a day's prices, factors and basics by then; theirs say 15 to 19 o'clock
OPENING = date(1990, 12, 19)  # of the Shanghai exchange
ORDER = (  # kinds in the order in which they come: what others are checked against first
    "calendar",
    "securities",
    "code_changes",
    "listings",
    "names",
    "st",
    "suspensions",
    "industry",
    "members",
    "index",
    "bars",
)
INDICES = (
    "000300.SH",
    "000905.SH",
    "000852.SH",
    "000906.SH",
    "399317.SZ",
    "000001.SH",
    "399001.SZ",
)


@dataclass(frozen=True)
class Asked:
    """The kinds (None: all that the vendor has), days, stocks (None: all) and indices asked of a vendor."""

    kinds: tuple[str, ...] | None = None
    span: Span = Span()
    codes: tuple[str, ...] | None = None
    indices: tuple[str, ...] = INDICES

    def wanted(self, has: Sequence[str], vendor: str) -> tuple[str, ...]:
        """The kinds to fetch, in order; raises InputError for one that the vendor does not have."""
        foreign = sorted(set(self.kinds or ()) - set(has))
        if foreign:
            raise InputError(
                f"{vendor} has no {', '.join(foreign)}: it has {', '.join(k for k in ORDER if k in has)}"
            )
        return tuple(kind for kind in ORDER if kind in has and (self.kinds is None or kind in self.kinds))

    def named(self, settled: date) -> str:
        """The request as one line: equal for equal requests, in whatever order and spelled however.

        A last day after `settled`, the last one that can be had, is as none: an update names the day on which it is
        made, and goes on with what one stopped the day before has fetched.
        """
        until = self.span.until if self.span.until is not None and self.span.until <= settled else None
        kinds, codes = (sorted(set(names)) if names else None for names in (self.kinds, self.codes))
        return json.dumps(
            [kinds, str(self.span.since), str(until), codes, sorted(self.indices)], ensure_ascii=False
        )


@dataclass(frozen=True)
class Days:
    """The days of a fetch, both included, and the day on which it is made; none where `first` is after `last`."""

    first: date
    last: date
    today: date

    @property
    def any(self) -> bool:
        """Whether there is a day to fetch: one of those asked for that is settled."""
        return self.first <= self.last


def limits(asked: Asked, days: Days, clock: Callable[[], datetime]) -> list[str]:
    """What a person should know of the last day: that it is not the one asked for, or an older fetch's."""
    until, settled = asked.span.until, settled_day(clock())
    if until is not None and until > settled:
        return [
            f"asked up to {until}, fetched up to {days.last}: a day is fetched once its figures are settled"
        ]
    if until is None and days.last < settled:
        return [f"goes on with a fetch that was begun for the days up to {days.last}; update for those since"]
    return []


def now_in_shanghai() -> datetime:
    """The present moment by the exchanges' clock."""
    return datetime.now(UTC).astimezone(SHANGHAI)


def settled_day(now: datetime) -> date:
    """The last day whose figures no longer change at the moment `now`, which knows its zone."""
    local = now.astimezone(SHANGHAI)
    return local.date() if local.time() >= SETTLED else local.date() - timedelta(days=1)


def days_asked(asked: Asked, spool: Spool, clock: Callable[[], datetime] = now_in_shanghai) -> Days:
    """The days to fetch: never one whose figures are not settled, whatever was asked.

    A request that goes as far as possible and comes again after it was stopped keeps the last day that it had.
    Where nothing has settled since, there are no days. Raises InputError for a span that ends before it begins.
    """
    now, since, until = clock(), asked.span.since, asked.span.until
    if since is not None and until is not None and since > until:
        raise InputError(f"asked from {since} to {until}: the first day has to come before the last")
    settled = settled_day(now)
    last = until if until is not None and until <= settled else spool.until(asked.named(settled), settled)
    return Days(since or OPENING, last, now.astimezone(SHANGHAI).date())
