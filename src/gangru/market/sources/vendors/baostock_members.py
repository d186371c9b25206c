"""Who was in an index when, from lists of single days: asked for month by month, and closer where they differ."""

from collections.abc import Callable, Sequence
from datetime import date
from itertools import pairwise

import polars as pl

from gangru.errors import InputError

MembersOn = Callable[[date], frozenset[str]]


def memberships(days: Sequence[date], members_on: MembersOn) -> pl.DataFrame:
    """Intervals code, start, end (half open, null = on the last day still so) over ascending trading days.

    A membership starts and ends on the first day whose list differs from that of the day before. The lists of the
    first day, of each month's first and of the last are asked for; between two that differ the day is found by
    halving, so a stock that joins and leaves within a month is not seen. Raises InputError where a list is empty that
    was not before: an index does not lose all its members, a server may lose its list.
    """
    spans: list[tuple[str, date, date | None]] = []
    since: dict[str, date] = {}
    for day, members in changes(days, members_on):
        if since and not members:
            raise InputError(
                f"the list of members on {day} is empty, and was not the day before: try again later"
            )
        for code in sorted(since.keys() - members):
            spans.append((code, since.pop(code), day))
        since |= dict.fromkeys(members - since.keys(), day)
    spans += [(code, start, None) for code, start in since.items()]
    schema = {"code": pl.String, "start": pl.Date, "end": pl.Date}
    return pl.DataFrame(spans, schema=schema, orient="row").sort("code", "start")


def changes(days: Sequence[date], members_on: MembersOn) -> list[tuple[date, frozenset[str]]]:
    """The first day and those whose list differs from the day before, with the lists."""
    if not days:
        return []
    found = [(days[0], members_on(days[0]))]
    marks = sampled(days)
    for low, high in pairwise(marks):
        found += between(days, low, high, members_on)
    return found


def sampled(days: Sequence[date]) -> list[int]:
    """Positions of the first day, of each month's first and of the last day."""
    starts = [k for k in range(1, len(days)) if days[k].month != days[k - 1].month]
    return sorted({0, *starts, len(days) - 1})


def between(
    days: Sequence[date], low: int, high: int, members_on: MembersOn
) -> list[tuple[date, frozenset[str]]]:
    """The changes after position `low` up to `high`."""
    if members_on(days[low]) == members_on(days[high]):
        return []
    if high == low + 1:
        return [(days[high], members_on(days[high]))]
    middle = (low + high) // 2
    return between(days, low, middle, members_on) + between(days, middle, high, members_on)
