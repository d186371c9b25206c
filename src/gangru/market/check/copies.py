"""Rules on identity: one security that is there twice, and codes that changed."""

import polars as pl

from gangru.errors import MarketError
from gangru.market.check.evidence import Evidence
from gangru.market.check.findings import EXAMPLES, CheckRule, Found, listed_words
from gangru.market.check.series import ends_of
from gangru.market.identity import identities_of

SAME_DAYS = 60  # common days of equal volume and return: never by chance
SAME_RETURN = 0.002  # adjusted and raw prices round differently
CROWD = 20  # stocks of one volume on one day: made up or cut off, and no sign of anything
SUCCESSION = 10  # trading days between an old code's last bar and the new one's first


def twins(evidence: Evidence) -> pl.DataFrame:
    """Pairs of codes that share volume and return on many days: code, other, days, start, end, first the smaller."""
    moves = (
        evidence.bars.lazy()
        .filter(pl.col("traded") & pl.col("prior_close").is_not_null())
        .select("code", "date", "volume", change=pl.col("close") / pl.col("prior_close") - 1)
    )
    crowds = (
        moves.group_by("date", "volume").agg(stocks=pl.len()).filter(pl.col("stocks").is_between(2, CROWD))
    )
    shared = moves.join(crowds.select("date", "volume"), on=["date", "volume"], how="semi").collect()
    shared = shared.with_columns(pl.col("code").cast(pl.String))
    pairs = shared.join(shared, on=["date", "volume"], suffix="_other").filter(
        (pl.col("code") < pl.col("code_other"))
        & ((pl.col("change") - pl.col("change_other")).abs() < SAME_RETURN)
    )
    return (
        pairs.group_by("code", other=pl.col("code_other"))
        .agg(days=pl.len(), start=pl.col("date").min(), end=pl.col("date").max())
        .filter(pl.col("days") >= SAME_DAYS)
        .sort("days", "code", descending=[True, False])
    )


def duplicates(evidence: Evidence) -> Found:
    """Two codes with the same bars on many days."""
    found = twins(evidence)
    linked = evidence.changes.select("old", "code")
    both = pl.concat(
        [
            found.join(linked, left_on=["code", "other"], right_on=["old", "code"], how="semi"),
            found.join(linked, left_on=["other", "code"], right_on=["old", "code"], how="semi"),
        ]
    )
    return Found(
        count=len(found),
        of=evidence.bars["code"].n_unique(),
        unit="pairs",
        detail=f"{paired_words(found)}; {len(both):,} of them are known changes of code"
        if len(found)
        else "",
        examples=found.head(EXAMPLES),
    )


def contradictions(evidence: Evidence) -> Found:
    """Whether the changes of code can be followed from the first code to the last."""
    changes = evidence["code_changes"]
    try:
        identities_of(changes)
    except MarketError as error:
        return Found(1, len(changes), "pairs", str(error), changes.head(EXAMPLES))
    return Found(0, len(changes), "pairs")


def paired_words(pairs: pl.DataFrame) -> str:
    """The pairs by their codes."""
    return listed_words([f"{code} and {other}" for code, other in pairs.select("code", "other").iter_rows()])


def both_codes(evidence: Evidence) -> Found:
    """Days on which a security has bars under its old code and its new one."""
    keys = evidence.bars.select(pl.col("code").cast(pl.String), "date", "close")
    changes = evidence.changes.select("old", "code", change=pl.col("date"))
    old = changes.join(keys.rename({"code": "old", "close": "old_close"}), on="old")
    both = old.join(keys, on=["code", "date"])
    per_pair = (
        both.group_by("old", "code", "change")
        .agg(days=pl.len(), start=pl.col("date").min(), end=pl.col("date").max())
        .sort("days", descending=True)
    )
    return Found(
        count=int(per_pair["days"].sum()),
        of=len(old),
        unit="days",
        detail=f"{len(per_pair):,} of {len(changes):,} changes of code" if len(per_pair) else "",
        examples=per_pair.head(EXAMPLES),
    )


def unlinked_codes(evidence: Evidence) -> Found:
    """Pairs of codes that look like one security's old and new code, and that the store does not link.

    Either both hold the same bars, or one ends where another, listed long before its first bar, begins at about the
    same price.
    """
    changes = evidence["code_changes"]
    linked = pl.concat(
        [
            changes.select(code=pl.col("old"), other=pl.col("code")),
            changes.select("code", other=pl.col("old")),
        ]
    )
    same = (
        twins(evidence)
        .with_columns(sign=pl.lit("the same bars"))
        .select("code", "other", "sign", "start", "end")
    )
    follow = successions(evidence)
    pairs = pl.concat([same, follow]).join(linked, on=["code", "other"], how="anti")
    known = evidence.changes.select(
        code=pl.min_horizontal("old", "code"), other=pl.max_horizontal("old", "code")
    )
    followed = pairs.join(known, on=["code", "other"], how="semi").height
    return Found(
        count=len(pairs),
        of=evidence.bars["code"].n_unique(),
        unit="pairs",
        detail=f"{paired_words(pairs)}; reading follows {followed:,} that this package knows"
        if len(pairs)
        else "",
        examples=pairs.head(EXAMPLES),
    )


def successions(evidence: Evidence) -> pl.DataFrame:
    """Codes that end where another begins at about the same price: code, other, sign, start and end of the seam."""
    ends = ends_of(evidence)
    closes = evidence.bars.select(pl.col("code").cast(pl.String), "date", "close")
    listed = evidence["securities"].select("code", "list_date").unique("code", keep="first")
    ended = ends.filter("ended").select("code", end="end").join(
        closes, left_on=["code", "end"], right_on=["code", "date"]
    )  # fmt: skip
    begun = (
        ends.filter(pl.col("start") > evidence.first)
        .select(other="code", start="start")
        .join(closes, left_on=["other", "start"], right_on=["code", "date"])
        .join(listed, left_on="other", right_on="code")
        .filter(pl.col("list_date") < pl.col("start"))
    )
    seams = ended.join(begun, how="cross", suffix="_other").filter(
        (pl.col("start") > pl.col("end"))
        & ((pl.col("start") - pl.col("end")).dt.total_days() <= 2 * SUCCESSION)
        & ((pl.col("close_other") / pl.col("close") - 1).abs() <= 0.11)
    )
    return seams.select(
        "code", "other", sign=pl.lit("ends where the other begins"), start=pl.col("end"), end=pl.col("start")
    )


COPY_CHECKS = (
    CheckRule(
        "duplicated-stocks",
        "warning",
        f"Two codes with the same volume and return on {SAME_DAYS} days or more",
        "One security is there twice and counts twice. Keep the code under which it traded, or say by a change of "
        "code that they are one.",
        ("bars",),
        duplicates,
    ),
    CheckRule(
        "code-change-under-both",
        "warning",
        "Days that a security has under its old code and its new one",
        "Keep the better of the two: before the date of the change the old code is the one that traded.",
        ("bars",),
        both_codes,
    ),
    CheckRule(
        "code-changes-contradict",
        "error",
        "Changes of code that go round in a circle, merge two codes, or do not ascend in time",
        "Correct the table of code_changes: until then no study can read this store.",
        ("code_changes",),
        contradictions,
    ),
    CheckRule(
        "codes-not-linked",
        "warning",
        "Codes that look like one security's old and new code, and are not linked",
        "Ingest a table of code_changes (old, code, date) that names them.",
        ("bars",),
        unlinked_codes,
    ),
)
