"""What a rule of the check is, and what it found."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

import polars as pl

if TYPE_CHECKING:
    from gangru.market.check.evidence import Evidence

Severity = Literal["error", "warning", "note"]
Unit = Literal[
    "rows", "stocks", "days", "stretches", "intervals", "pairs", "names", "boards", "taxonomies", "indices", "years"
]  # fmt: skip

EXAMPLES = 5


@dataclass(frozen=True)
class Found:
    """What a rule found: `count` of `of` in its unit, in words, a few examples, the worst first.

    `years` counts by year, where the rule looks at dated rows. `rows` names the bars that break a rule that can
    take them out of their table: code, date, column, value.
    """

    count: int
    of: int
    unit: Unit
    detail: str = ""
    examples: pl.DataFrame = field(default_factory=pl.DataFrame)
    years: dict[int, int] = field(default_factory=dict)
    rows: pl.DataFrame | None = None


@dataclass(frozen=True)
class CheckRule:
    """One question to the store.

    `needs` names tables and columns, `bars` or `securities.delist_date`; without values in them the rule is not
    checked and says so; `find` too can say why it cannot tell. `withdraws` says that its rows can be moved to the
    quarantine.
    """

    name: str
    severity: Severity
    title: str
    advice: str
    needs: tuple[str, ...]
    find: Callable[["Evidence"], "Found | str"]
    withdraws: bool = False


@dataclass(frozen=True)
class Finding:
    """A rule's answer; `found` is None where it could not be asked, and `lacking` says why."""

    rule: CheckRule
    found: Found | None
    lacking: str = ""

    @property
    def broken(self) -> bool:
        """Whether there is anything to report."""
        return self.found is not None and self.found.count > 0

    @property
    def state(self) -> str:
        """One word for the table: the severity where something was found, else "ok" or "not checked"."""
        if self.found is None:
            return "not checked"
        return self.rule.severity if self.broken else "ok"


def broken_rows(
    bars: pl.DataFrame,
    bad: pl.Expr,
    among: pl.Expr,
    show: Sequence[str | pl.Expr],
    worst: pl.Expr,
    detail: str = "",
    blame: str | None = None,
) -> Found:
    """Count the bars where `bad` holds among those where `among` does; null counts as not.

    Examples are one a stock, those of the largest `worst` first. `blame` is the column that a withdrawn row is
    blamed on.
    """
    mask = bars.select(bad=(bad & among).fill_null(value=False), among=among.fill_null(value=False))
    hits = bars.filter(mask["bad"]).with_columns(pl.col("code").cast(pl.String), _worst=worst)
    first = hits.sort("_worst", "code", "date", descending=[True, False, False], nulls_last=True)
    examples = first.unique("code", keep="first", maintain_order=True).head(EXAMPLES)
    if len(hits):
        said = f"{hits['code'].n_unique():,} stocks, {spanned(hits['date'])}"
        detail = f"{said}; {detail}" if detail else said
    rows = None
    if blame is not None:
        value = pl.col(blame).cast(pl.String).fill_null("")
        rows = hits.select("code", "date", column=pl.lit(blame), value=value)
    return Found(
        count=len(hits),
        of=int(mask["among"].sum()),
        unit="rows",
        detail=detail,
        examples=examples.select("code", "date", *show),
        years=by_year(hits["date"]),
        rows=rows,
    )


def spanned(dates: pl.Series) -> str:
    """The first and the last of some dates in words; nothing where there are none."""
    return f"{dates.min()!s} to {dates.max()!s}" if len(dates) else ""


def by_year(dates: pl.Series) -> dict[int, int]:
    """How many dates lie in each year, ascending."""
    counted = dates.dt.year().value_counts().sort(dates.name)
    return {int(year): int(count) for year, count in counted.iter_rows()}


def percent_words(share: float, digits: int = 0) -> str:
    """A share in percent."""
    return f"{100 * share:.{digits}f} %"


def listed_words(words: Sequence[str], most: int = 8) -> str:
    """Words one after another, the rest of a long list as a number."""
    rest = len(words) - most
    return ", ".join(words[:most]) + (f" and {rest:,} more" if rest > 0 else "")
