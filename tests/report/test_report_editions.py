"""What a report says of editions: its own revision, what older ones said and say now, and nothing of later ones."""

import json
from dataclasses import replace

import pytest
from made_up_edition import FORMULA, HOSTILE, make_contents, make_evaluation

from gangru.report.blocks import Callout, Contents, Table
from gangru.report.issued import EarlierRevision, EditionMark, FigureChange, InputChange, PastEdition
from gangru.report.languages import language
from gangru.report.render.html import render_html
from gangru.report.render.json import render_json
from gangru.report.render.xlsx import render_xlsx

EN = language("en")
MARK = EditionMark(1, "2020-08-05", "3f2a91c0b7de" + "0" * 52)
SAME = PastEdition(
    "2020-05", 1, "2020-06-03", 0.1, 0.1, 0.01, 0.01, 0.09, 0.09, "2020-05-29", 40, 40, 40, 0.02, 0.02, 0.01
)
MOVED = PastEdition(
    "2020-06", 1, "2020-07-03", 0.12, 0.02, 0.01, -0.01, 0.09, 0.08, "2020-06-30", 40, 41, 30, 0.02, 0.03, 0.01,
    changes=(InputChange("settings", "portfolio.fraction", "0.1", "0.2"), InputChange("data", "bars", "3", "5")),
)  # fmt: skip
LATER = replace(MOVED, month="2020-09", issued_on="2020-10-09")
OF_NOW = replace(MOVED, month="2020-07", issued_on="2020-08-05")


def blocks(contents: Contents) -> tuple:
    return next(s for s in contents.sections if s.key == "editions").blocks


def said(contents: Contents) -> list[str]:
    return [EN.words(w) for b in blocks(contents) if isinstance(b, Callout) for w in b.sentences]


def table(contents: Contents, key: str) -> Table:
    return next(t for t in contents.tables() if t.key == key)


def box(contents: Contents) -> dict[str, str]:
    rows = contents.edition.rows
    return {EN.words(row[0]): EN.quantity(contents.edition.quantity(i, 1)) for i, row in enumerate(rows)}


def test_a_first_edition_says_that_there_is_nothing_to_look_back_on() -> None:
    contents = make_contents(mark=MARK)
    assert said(contents) == [
        "No edition of an earlier month has been issued: there is nothing yet to look back on."
    ]
    assert box(contents)["Edition"] == "Revision 1"
    assert box(contents)["Issued on"] == "5 August 2020"
    assert box(contents)["Hash of the inputs"] == "3f2a91c0b7de"


def test_without_an_archive_the_box_says_nothing_of_issuing() -> None:
    assert not {"Edition", "Issued on", "Hash of the inputs"} & box(make_contents()).keys()


def test_editions_that_say_the_same_are_said_to() -> None:
    contents = make_contents(mark=MARK, issued=[SAME])
    assert said(contents) == ["Past editions: 1. Each would say the same today as when it was issued."]
    assert table(contents, "past_editions").marked == frozenset()
    assert EN.quantity(table(contents, "past_editions").quantity(0, 10)) == ""


def test_a_changed_edition_is_counted_marked_and_explained() -> None:
    contents = make_contents(mark=MARK, issued=[SAME, MOVED])
    assert said(contents) == [
        "1 of 2 past editions would say something else today than when issued.",
        "The largest change of a month's rank IC is that of June 2020: 12.00% as issued, 2.00% today.",
    ]
    figures = table(contents, "past_editions")
    assert figures.marked == frozenset({1})
    shown = [EN.quantity(figures.quantity(1, j)) for j in range(len(figures.columns))]
    assert shown[:6] == ["2020-06", "1", "2020-07-03", "12.00%", "2.00%", "−10.00%"]
    assert shown[-1] == "settings and more"
    lists = table(contents, "past_lists")
    assert [EN.quantity(lists.quantity(1, j)) for j in range(3, 10)] == [
        "40", "41", "30", "75%", "2.00%", "3.00%", "1.00%"
    ]  # fmt: skip
    assert [row[3:] for row in table(contents, "past_inputs").rows] == [
        ("portfolio.fraction", "0.1", "0.2"),
        ("bars", "3", "5"),
    ]


@pytest.mark.parametrize(
    ("change", "changed"),
    [
        ({"rank_ic_now": 0.10004}, False),
        ({"rank_ic_now": 0.10006}, True),
        ({"rank_ic_now": None}, True),
        ({"excess_now": 0.02}, True),
        ({"kept": 39}, True),
        ({"stocks_now": 41}, True),
        ({"kept": None, "stocks_now": None}, False),
        ({"rank_ic": None, "rank_ic_now": None}, False),
    ],
)
def test_a_change_is_one_that_print_would_show(change: dict, changed: bool) -> None:
    one = replace(SAME, **change)
    assert one.changed is changed
    words = said(make_contents(mark=MARK, issued=[one]))[0]
    assert words.startswith("1 of 1" if changed else "Past editions: 1.")


def test_a_change_in_the_list_alone_says_that_no_ic_moved() -> None:
    assert said(make_contents(mark=MARK, issued=[replace(SAME, kept=20)]))[1] == (
        "No month's rank IC is among what changed."
    )


def test_a_revised_edition_is_counted_once_by_its_last_revision() -> None:
    issued = [replace(MOVED, superseded=True), replace(SAME, month="2020-06", revision=2)]
    contents = make_contents(mark=MARK, issued=issued)
    assert said(contents) == ["Past editions: 1. Each would say the same today as when it was issued."]
    assert len(table(contents, "past_editions").rows) == 2


def test_editions_of_this_month_or_later_are_never_named() -> None:
    contents = make_contents(mark=MARK, issued=[SAME, OF_NOW, LATER])
    with_nothing_later = make_contents(mark=MARK, issued=[SAME])
    assert render_json(contents) == render_json(with_nothing_later)


def test_a_revision_tells_what_it_changes_and_why() -> None:
    changes = tuple(FigureChange(f"series {m} rank_ic", "0.1", "0.2") for m in ("2020-06", "2020-07"))
    earlier = EarlierRevision(1, "2020-08-05", 5, changes, (InputChange("code", "commit", "abc", "def"),))
    mark = replace(MARK, revision=2, issued_on="2020-09-04", reason="ST dates corrected", earlier=(earlier,))
    contents = make_contents(mark=mark)
    assert contents.banner is not None
    assert EN.words(contents.banner.sentences[0]) == (
        "This is revision 2 of this edition, issued on 4 September 2020. Reason: ST dates corrected. What it changes "
        "stands under Past editions."
    )
    assert said(contents)[:1] == [
        "Revision 1, issued on 5 August 2020, differs from it; figures that differ: 5.",
    ]
    assert table(contents, "revision").rows == tuple((c.where, c.issued, c.now) for c in changes)
    assert [EN.words(note) for note in table(contents, "revision").notes] == ["Not shown: 3 more."]
    assert table(contents, "revision_inputs").rows[0][1:] == ("commit", "abc", "def")
    assert box(contents)["Edition"] == "Revision 2"
    assert "Revision 2" in render_html(contents, static_charts=False)


def test_a_draft_says_so_above_everything() -> None:
    contents = make_contents(mark=replace(MARK, revision=None, issued_on=None))
    assert contents.banner is not None
    assert EN.words(contents.banner.sentences[0]).startswith("This is a draft")
    assert box(contents)["Edition"] == "draft, not issued"
    assert "Issued on" not in box(contents)
    simulated = make_contents(mark=replace(MARK, revision=None, issued_on=None), simulated={"best_ic": 0.1})
    assert simulated.banner is not None
    assert len(simulated.banner.sentences) > 1


def test_hostile_reasons_and_names_are_shown_as_text() -> None:
    earlier = EarlierRevision(
        1, "2020-08-05", 1, (FigureChange(f"industries {HOSTILE}", FORMULA, "\u202ex"),),
        (InputChange("settings", HOSTILE, FORMULA, "a, b"),),
    )  # fmt: skip
    mark = replace(MARK, revision=2, reason=HOSTILE, earlier=(earlier,))
    past = replace(MOVED, changes=(InputChange("settings", HOSTILE, FORMULA, "a, b"),))
    contents = make_contents(mark=mark, issued=[past])
    page = render_html(contents, static_charts=False)
    assert HOSTILE not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert json.loads(render_json(contents))["sections"]
    assert render_xlsx(contents)


def test_both_languages_have_every_word_of_it() -> None:
    contents = make_contents(make_evaluation(), mark=MARK, issued=[SAME, MOVED])
    page = render_html(contents, "zh", static_charts=False)
    for words in ("往期回顾", "2期往期报告中，有1期", "参数设置等", "第1版"):
        assert words in page
