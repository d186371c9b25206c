"""Past editions: what older ones said when they were issued, what is computed now in its place, and why it differs."""

from collections.abc import Mapping

from gangru.report.blocks import (
    Block,
    Callout,
    Cell,
    Column,
    Section,
    Table,
    Text,
    integer,
    month_of,
    percent,
    text,
)
from gangru.report.inputs import Material
from gangru.report.issued import Kind, PastEdition, moved
from gangru.report.sections.revisions import KINDS, revision_blocks

AND_MORE: Mapping[Kind, Text] = {
    "settings": text("settings and more"),
    "data": text("data and more"),
    "training": text("training and more"),
    "packages": text("packages and more"),
    "code": text("code and more"),
    "factor": text("factor and more"),
}
UNDEFINED = text("–: not defined, or not computed any more.")


def editions(material: Material) -> Section:
    """This edition's own revisions, then every older edition: as issued, as recomputed, and the difference.

    Names editions of earlier months alone.
    """
    title = text("Past editions")
    past = [one for one in material.issued if one.month < material.month]
    blocks: list[Block] = [*revision_blocks(material.mark)]
    if not past:
        none = text("No edition of an earlier month has been issued: there is nothing yet to look back on.")
        return Section("editions", title, (*blocks, Callout("note", (none,))))
    blocks += [verdict(past), figures_table(past), lists_table(past)]
    blocks += [inputs_table(past)] if any(one.changes for one in past) else []
    return Section("editions", title, tuple(blocks))


def verdict(past: list[PastEdition]) -> Callout:
    """How many older editions would say something else today, and which the most."""
    current = [one for one in past if not one.superseded]
    changed = [one for one in current if one.changed]
    count = integer(len(current))
    if not changed:
        words = text(
            "Past editions: {count}. Each would say the same today as when it was issued.", count=count
        )
        return Callout("good", (words,))
    sentences = [
        text(
            "{changed} of {count} past editions would say something else today than when issued.",
            changed=integer(len(changed)),
            count=count,
        )
    ]
    known = [one for one in changed if moved(one.rank_ic, one.rank_ic_now)]
    both = [one for one in known if one.rank_ic is not None and one.rank_ic_now is not None]
    if both:
        most = max(both, key=lambda one: abs((one.rank_ic_now or 0) - (one.rank_ic or 0)))
        sentences.append(
            text(
                "The largest change of a month's rank IC is that of {month}: {issued} as issued, {now} today.",
                month=month_of(most.month),
                issued=percent(most.rank_ic),
                now=percent(most.rank_ic_now),
            )
        )
    elif not known:
        sentences.append(text("No month's rank IC is among what changed."))
    return Callout("warning", tuple(sentences))


def figures_table(past: list[PastEdition]) -> Table:
    """One row a revision: the month's figures as issued and now; those that changed are marked."""
    columns = (
        Column("month", text("Month"), "day"),
        Column("revision", text("Revision"), "integer"),
        Column("issued_on", text("Issued on"), "day"),
        Column("rank_ic", text("Rank IC, as issued"), "percent"),
        Column("rank_ic_now", text("Rank IC, now"), "percent"),
        Column("rank_ic_change", text("Difference"), "percent"),
        Column("excess", text("Long excess, as issued"), "percent"),
        Column("excess_now", text("Long excess, now"), "percent"),
        Column("ic_mean", text("IC mean, as issued"), "percent"),
        Column("ic_mean_now", text("IC mean, now"), "percent"),
        Column("why", text("Changed since")),
    )
    rows = tuple(
        (
            one.month,
            one.revision,
            one.issued_on,
            one.rank_ic,
            one.rank_ic_now,
            apart(one),
            one.excess,
            one.excess_now,
            one.ic_mean,
            one.ic_mean_now,
            why(one),
        )
        for one in past
    )
    return Table(
        "past_editions",
        text("Past editions: as issued, and as recomputed now"),
        columns,
        rows,
        notes=(
            text(
                "Now: computed for this edition, with what it may know. IC mean: over all months up to that one. "
                "Changed since: which of the things that the edition was made of are others now."
            ),
        ),
        undefined=UNDEFINED,
        marked=frozenset(i for i, one in enumerate(past) if one.changed),
        look="scroll",
    )


def apart(one: PastEdition) -> float | None:
    """The recomputed rank IC less the issued one."""
    if one.rank_ic is None or one.rank_ic_now is None:
        return None
    return one.rank_ic_now - one.rank_ic


def why(one: PastEdition) -> Cell:
    """The first kind of thing that is another now, of an edition whose figures changed."""
    kinds = {change.kind for change in one.changes}
    for kind, words in KINDS.items():
        if kind in kinds:
            return words if len(kinds) == 1 else AND_MORE[kind]
    return text("not known") if one.changed else ""


def lists_table(past: list[PastEdition]) -> Table:
    """One row a revision: how much of its long list stands, and what list and list of today earned."""
    columns = (
        Column("month", text("Edition"), "day"),
        Column("revision", text("Revision"), "integer"),
        Column("list_date", text("List of"), "day"),
        Column("stocks", text("Stocks, as issued"), "integer"),
        Column("stocks_now", text("Stocks, now"), "integer"),
        Column("kept", text("In both"), "integer"),
        Column("kept_share", text("Share kept"), "share"),
        Column("list_return", text("Next month: list as issued"), "percent"),
        Column("list_return_now", text("Next month: list of today"), "percent"),
        Column("usual_return", text("Next month: all ranked"), "percent"),
    )
    rows = tuple(
        (
            one.month,
            one.revision,
            one.list_date,
            one.stocks,
            one.stocks_now,
            one.kept,
            None if one.kept is None or not one.stocks else one.kept / one.stocks,
            one.list_return,
            one.list_return_now,
            one.usual_return,
        )
        for one in past
    )
    return Table(
        "past_lists",
        text("The long lists of past editions, by the prices known now"),
        columns,
        rows,
        notes=(
            text(
                "Mean return in equal weights, before costs, from the close of the day after the list's date to the "
                "close of the day after the next month's end; list of today: the long list of the same date by the "
                "factor as it is now."
            ),
        ),
        undefined=UNDEFINED,
        marked=frozenset(i for i, one in enumerate(past) if one.list_changed),
        look="scroll",
    )


def inputs_table(past: list[PastEdition]) -> Table:
    """What the changed editions were made of, and what stands in its place now."""
    columns = (
        Column("month", text("Month"), "day"),
        Column("revision", text("Revision"), "integer"),
        Column("kind", text("Kind")),
        Column("item", text("Item")),
        Column("then", text("Then")),
        Column("now", text("Now")),
    )
    rows = tuple(
        (one.month, one.revision, KINDS[change.kind], change.item, change.then, change.now)
        for one in past
        for change in one.changes
    )
    return Table(
        "past_inputs",
        text("Inputs that changed since those editions were issued"),
        columns,
        rows,
        look="folded",
    )
