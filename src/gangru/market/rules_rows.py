"""The dated rules as rows that a person reads: every kind of rule in one list."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import polars as pl

from gangru.errors import InputError
from gangru.market.codes import board, canonical_codes, is_index_code
from gangru.market.rules_table import (
    BOARDS,
    RULES,
    CommissionRule,
    CostRule,
    FreeDayRule,
    LimitRule,
    ListingRule,
    LotRule,
    Row,
    TradingRules,
    rule_on,
)


@dataclass(frozen=True)
class RuleRow:
    """One rule in words: its kind, what it is of (a board, a levy, an event), from when on, and where it stands."""

    rule: str
    of: str
    start: date
    says: str
    source: str


def rule_rows(
    *, day: date | None = None, board: str | None = None, rules: TradingRules = RULES
) -> list[RuleRow]:
    """The rules in words, ordered by kind, subject and start; of one day those in force, of one board its own.

    Rows that hold on every board are part of any board's.
    """
    boards = BOARDS if board is None else (board,)
    rows: list[RuleRow] = []
    for name in boards:
        rows += worded("limit", name, [row for row in rules.limits if row.board == name], day, limit_words)
    for name in boards:
        rows += worded(
            "listing", name, [row for row in rules.listings if row.board == name], day, listing_words
        )
    for event in dict.fromkeys(row.event for row in rules.free_days):
        rows += worded("first day", event, [r for r in rules.free_days if r.event == event], day, free_words)
    for levy in dict.fromkeys(row.name for row in rules.costs):
        rows += worded("cost", levy, [row for row in rules.costs if row.name == levy], day, cost_words)
    rows += worded("cost", "commission", list(rules.commissions), day, commission_words)
    for name in boards:
        rows += worded("lot", name, [row for row in rules.lots if row.board == name], day, lot_words)
    return rows


def worded(
    kind: str, of: str, rows: Sequence[Row], day: date | None, words: Callable[[Row], str]
) -> list[RuleRow]:
    """Rows of one subject in words, by start; of one day the row in force, none before the first."""
    if not rows:
        return []
    shown = sorted(rows, key=lambda row: row.start) if day is None else [rule_on(rows, day)]
    shown = [row for row in shown if day is None or row.start <= day]
    return [RuleRow(kind, of, row.start, words(row), row.source) for row in shown]


def limit_words(row: LimitRule) -> str:
    """What a limit rule says."""
    st = "" if row.st_percent == row.percent else f", ST ±{row.st_percent} %"
    return f"±{row.percent} %{st}, rounded {row.rounding}"


def listing_words(row: ListingRule) -> str:
    """What a rule of first days says."""
    if row.first_day is not None:
        return f"first day {row.first_day[0]} % to {row.first_day[1]} % of the issue price"
    return days_words(row.free_days)


def free_words(row: FreeDayRule) -> str:
    """What a rule of free days says."""
    return days_words(row.days)


def days_words(days: int) -> str:
    """How many days have no limit."""
    return {0: "limits as on any day", 1: "first day without a limit"}.get(
        days, f"first {days} days without a limit"
    )


def cost_words(row: CostRule) -> str:
    """What a levy takes."""
    return f"{row.buy:.3%} of a purchase, {row.sell:.3%} of a sale"


def commission_words(row: CommissionRule) -> str:
    """What an order costs at least."""
    return f"at least {row.least_yuan:g} yuan an order"


def lot_words(row: LotRule) -> str:
    """What sizes an order to buy may have."""
    return f"at least {row.least} shares, in steps of {row.step}"


def board_of(code: str) -> str:
    """The board of one stock, in any spelling; raises InputError where it is no stock's code."""
    return str(board(np.array([stock_code(code)]))[0])


def stock_code(code: str) -> str:
    """One stock's canonical code; raises InputError where the text names no single stock."""
    spelled = canonical_codes(pl.Series([code]))
    if spelled[0] is None or is_index_code(spelled)[0]:
        raise InputError(f"{code!r} is no stock code: expected one like 600519.SH, 300750.SZ or 920002.BJ")
    return str(spelled[0])
