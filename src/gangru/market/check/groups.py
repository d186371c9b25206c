"""Rules on what stocks are grouped by: industries and indices."""

import numpy as np
import polars as pl

from gangru.market.calendar import as_days
from gangru.market.check.evidence import Evidence
from gangru.market.check.findings import EXAMPLES, CheckRule, Found, by_year, listed_words
from gangru.market.industries import foreign_names
from gangru.market.intervals import FOREVER

TAXONOMIES = ("sw", "citic")  # the two that editions of the monthly use


def absent_taxonomies(evidence: Evidence) -> Found:
    """Industry taxonomies that are not there."""
    there = sorted(evidence["industry"]["taxonomy"].drop_nulls().unique())
    absent = [name for name in TAXONOMIES if name not in there]
    return Found(
        count=len(absent),
        of=len(TAXONOMIES),
        unit="taxonomies",
        detail=f"no {', no '.join(absent)}; there is {', '.join(there) or 'none'}" if absent else "",
    )


def foreign_industries(evidence: Evidence) -> Found:
    """Industry intervals whose name is not one of the edition in force."""
    industry = evidence["industry"]
    if evidence.first is not None:
        industry = industry.filter(pl.col("end").is_null() | (pl.col("end") > evidence.first))
    names = foreign_names(industry).sort("intervals", descending=True)
    reasons = names.group_by("reason").agg(pl.col("intervals").sum()).sort("intervals", descending=True)
    return Found(
        count=int(names["intervals"].sum()),
        of=max(len(industry), int(names["intervals"].sum())),  # one that spans two editions is judged by both
        unit="intervals",
        detail=listed_words([f"{reason}: {count:,}" for reason, count in reasons.iter_rows()]),
        examples=names.head(EXAMPLES),
    )


def wavering_members(evidence: Evidence) -> Found:
    """Days on which an index has another number of members than it usually has."""
    members = evidence["members"]
    days = evidence.days[
        (evidence.days >= np.datetime64(str(evidence.first)))
        & (evidence.days <= np.datetime64(str(evidence.last)))
    ]
    lines, off = [], pl.Series("date", [], dtype=pl.Date)
    for (name,), spans in members.group_by("index", maintain_order=True):
        steps = np.zeros(len(days) + 1, dtype=np.int64)
        np.add.at(steps, np.searchsorted(days, as_days(spans["start"])), 1)
        np.add.at(steps, np.searchsorted(days, as_days(spans["end"].fill_null(FOREVER))), -1)
        sizes = np.cumsum(steps)[:-1]
        if not sizes.any():
            continue
        usual = int(np.bincount(sizes[sizes > 0]).argmax())
        wrong = (sizes != usual) & (np.maximum.accumulate(sizes) > 0)
        off = pl.concat([off, pl.Series("date", days[wrong]).cast(pl.Date)])
        lines.append(
            (name, usual, int(sizes.min()), int(sizes.max()), int(wrong.sum()), int((sizes == 0).sum()))
        )
    names = ("index", "members", "least", "most", "days", "days_without")
    table = pl.DataFrame(lines, schema=list(names), orient="row") if lines else pl.DataFrame()
    return Found(
        count=len(off),
        of=len(days) * len(lines),
        unit="days",
        detail=f"of {len(lines):,} indices",
        examples=table.sort("days", descending=True).head(EXAMPLES) if lines else table,
        years=by_year(off),
    )


def index_basis(evidence: Evidence) -> Found:
    """Indices of which it cannot be told whether dividends are in them."""
    codes = evidence["index_bars"].group_by("code").agg(
        start=pl.col("date").min(), end=pl.col("date").max(), rows=pl.len()
    ).sort("code")  # fmt: skip
    return Found(
        count=len(codes),
        of=len(codes),
        unit="indices",
        detail="a level says nothing of dividends; codes of the exchanges' main series are price indices",
        examples=codes.head(EXAMPLES),
    )


GROUP_CHECKS = (
    CheckRule(
        "taxonomies-absent",
        "note",
        "Industry taxonomies that are not there",
        "Industry tables and neutralisation by them are not available.",
        (),
        absent_taxonomies,
    ),
    CheckRule(
        "industry-edition",
        "warning",
        "Industries by a name that the edition in force does not have",
        "The table mixes editions, or ends an edition on the wrong day: industry means and dummies split a class.",
        ("industry",),
        foreign_industries,
    ),
    CheckRule(
        "members-waver",
        "warning",
        "Days on which an index has another number of members than usual",
        "A change of members is half there: compare with the index provider's lists.",
        ("members", "bars"),
        wavering_members,
    ),
    CheckRule(
        "index-basis",
        "note",
        "Indices of which it cannot be told whether they are with dividends",
        "Take them for price indices: an excess over them is overstated by their dividend yield.",
        ("index_bars",),
        index_basis,
    ),
)
