"""An edition is issued once: the same figures change nothing, others are refused, revised or drafted."""

import json
import stat
from dataclasses import replace
from pathlib import Path

import pytest
from made_up_archive import FIRST, LATER, inputs, make_made, with_rank_ic
from made_up_edition import HOSTILE, make_evaluation, make_headline, make_provenance

from gangru.errors import EditionError
from gangru.study.editions.archive import edition_directory, issued_editions, revisions
from gangru.study.editions.issuing import publish, write_draft
from gangru.study.editions.verifying import verify


def files(root: Path) -> dict[str, bytes]:
    return {p.relative_to(root).as_posix(): p.read_bytes() for p in sorted(root.rglob("*")) if p.is_file()}


CHANGED = with_rank_ic("2020-07", 0.0123)


def test_the_first_time_it_is_issued_and_archived_read_only(tmp_path: Path) -> None:
    published = publish(tmp_path, make_made(), at=FIRST)
    assert published.paths == [tmp_path / "2020-07.html", tmp_path / "2020-07.json"]
    assert published.notes == []
    folder = tmp_path / "issued" / "2020-07" / "001"
    assert sorted(p.name for p in folder.iterdir()) == [
        "2020-07.html", "2020-07.json", "edition.json", "figures.json"
    ]  # fmt: skip
    assert all(not p.stat().st_mode & (stat.S_IWUSR | stat.S_IWGRP | stat.S_IWOTH) for p in folder.iterdir())
    assert (folder / "2020-07.html").read_bytes() == published.paths[0].read_bytes()
    record = json.loads((folder / "edition.json").read_text())
    assert record["issued_at"] == "2020-08-05T09:30:00Z"
    assert (record["month"], record["revision"], record["reason"]) == ("2020-07", 1, None)
    assert record["as_of"] == "2020-08-03"
    assert len(record["picks"]) == 40
    assert record["picks"][0] == {"rank": 1, "code": "600000.SH", "score": 3.0}
    assert record["headline"]["ic_mean"] == 0.1011
    assert record["month_figures"]["month"] == "2020-07"
    assert record["inputs"]["settings"] == json.loads(json.dumps(make_provenance().settings))
    assert revisions(tmp_path, "2020-07") == [published.edition]


def test_the_same_figures_again_change_no_byte_whenever_and_with_whatever_code(tmp_path: Path) -> None:
    publish(tmp_path, make_made(), at=FIRST)
    before = files(tmp_path)
    other_code = inputs(replace(make_provenance(), commit="fffffffffff", code_version="9.9", packages={}))
    again = publish(tmp_path, make_made(made_from=other_code), at=LATER)
    assert files(tmp_path) == before
    assert again.edition is not None
    assert again.edition.issued_at == "2020-08-05T09:30:00Z"
    assert again.paths == [tmp_path / "2020-07.html", tmp_path / "2020-07.json"]


def test_words_names_and_counts_of_rows_are_no_figures(tmp_path: Path) -> None:
    publish(tmp_path, make_made(), at=FIRST)
    whole = make_evaluation()
    renamed = replace(
        whole,
        notes=["another sentence"],
        drops=whole.drops.clear(),
        picks=whole.picks.with_columns(name=whole.picks["name"].str.reverse()),
    )
    before = files(tmp_path)
    publish(tmp_path, make_made(renamed), at=LATER)
    assert files(tmp_path) == before


def test_the_last_bits_of_a_sum_are_no_difference_but_a_thousandth_is(tmp_path: Path) -> None:
    publish(tmp_path, make_made(), at=FIRST)
    whole = make_evaluation()
    row = whole.series.filter(whole.series["month"] == "2020-07").row(0, named=True)
    publish(tmp_path, make_made(with_rank_ic("2020-07", row["rank_ic"] * (1 + 1e-12))), at=LATER)
    with pytest.raises(EditionError, match="series 2020-07 rank_ic"):
        publish(tmp_path, make_made(with_rank_ic("2020-07", row["rank_ic"] * 1.001)), at=LATER)


def test_a_figure_that_a_newer_version_adds_is_no_difference_and_one_that_is_gone_is(tmp_path: Path) -> None:
    whole = make_evaluation()
    with_less = replace(whole, series=whole.series.drop("blocked_buys"))
    publish(tmp_path, make_made(with_less), at=FIRST)
    publish(tmp_path, make_made(whole), at=LATER)
    with pytest.raises(EditionError, match=r"series 2019-02 n: 3000 issued, not listed now"):
        publish(tmp_path, make_made(replace(with_less, series=with_less.series.drop("n"))), at=LATER)


def test_other_figures_are_refused_with_what_differs_and_why_and_nothing_is_touched(tmp_path: Path) -> None:
    publish(tmp_path, make_made(), at=FIRST)
    before = files(tmp_path)
    settings = {"portfolio": {"fraction": 0.2}}
    then = inputs(replace(make_provenance(), settings={"portfolio": {"fraction": 0.1}}))
    now = inputs(replace(make_provenance(), settings=settings))
    with pytest.raises(EditionError) as told:
        publish(tmp_path, make_made(CHANGED, made_from=now), at=LATER)
    assert files(tmp_path) == before
    message = str(told.value)
    assert "2020-07 was issued on 2020-08-05 (revision 1) with other figures; 1 differ" in message
    assert "series 2020-07 rank_ic: " in message
    assert "0.0123 now" in message
    assert "--revise" in message
    assert "--draft" in message
    other = tmp_path / "other"
    publish(other, make_made(made_from=then), at=FIRST)
    with pytest.raises(EditionError, match=r"settings: portfolio.fraction was 0.1, is 0.2"):
        publish(other, make_made(CHANGED, made_from=now), at=LATER)


def test_a_revision_stands_beside_what_was_issued_and_becomes_the_published_one(tmp_path: Path) -> None:
    publish(tmp_path, make_made(), at=FIRST)
    first = files(tmp_path / "issued")
    published = publish(tmp_path, make_made(CHANGED), at=LATER, reason="ST dates corrected")
    after = files(tmp_path / "issued")
    assert {name: after[name] for name in first} == first
    assert published.edition is not None
    assert (published.edition.revision, published.edition.reason) == (2, "ST dates corrected")
    assert (tmp_path / "2020-07.html").read_bytes() == b"html of revision 2, 0.1011"
    assert [one.revision for one in issued_editions(tmp_path)] == [1, 2]
    assert verify(tmp_path) == (8, [])


def test_a_revision_says_which_earlier_ones_differ_and_in_what(tmp_path: Path) -> None:
    publish(tmp_path, make_made(), at=FIRST)
    marks = []
    made = make_made(CHANGED)
    publish(
        tmp_path,
        replace(made, render=lambda mark: marks.append(mark) or made.render(mark)),
        at=LATER,
        reason="because",
    )
    (mark,) = marks
    assert (mark.revision, mark.issued_on, mark.reason) == (2, "2020-09-04", "because")
    (earlier,) = mark.earlier
    assert (earlier.revision, earlier.issued_on, earlier.figures) == (1, "2020-08-05", 1)
    assert (earlier.changes[0].where, earlier.changes[0].now) == ("series 2020-07 rank_ic", "0.0123")


def test_the_same_revision_twice_is_one_and_another_reason_is_another(tmp_path: Path) -> None:
    publish(tmp_path, make_made(), at=FIRST)
    publish(tmp_path, make_made(CHANGED), at=LATER, reason="because")
    before = files(tmp_path)
    publish(tmp_path, make_made(CHANGED), at=LATER, reason="because")
    publish(tmp_path, make_made(CHANGED), at=LATER)
    assert files(tmp_path) == before
    publish(tmp_path, make_made(CHANGED), at=LATER, reason="a new layout, the same figures")
    assert [one.revision for one in revisions(tmp_path, "2020-07")] == [1, 2, 3]


def test_a_format_that_the_last_revision_lacks_is_not_left_from_an_older_one(tmp_path: Path) -> None:
    publish(tmp_path, make_made(formats=("html", "xlsx")), at=FIRST)
    (tmp_path / "2020-07.pdf").write_bytes(b"somebody's own")
    publish(tmp_path, make_made(CHANGED, formats=("html",)), at=LATER, reason="because")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["2020-07.html", "2020-07.pdf", "issued"]


def test_another_rendering_of_the_same_figures_is_added_and_recorded(tmp_path: Path) -> None:
    publish(tmp_path, make_made(formats=("html",)), at=FIRST)
    first = files(tmp_path / "issued")
    published = publish(tmp_path, make_made(formats=("html", "zh.html", "pdf")), at=LATER)
    assert [p.name for p in published.paths] == ["2020-07.html", "2020-07.zh.html", "2020-07.pdf"]
    assert all(p.is_file() for p in published.paths)
    after = files(tmp_path / "issued")
    assert {name: after[name] for name in first} == first
    added = json.loads(after["2020-07/001/added-001/added.json"])
    assert sorted(added["files"]) == ["2020-07.pdf", "2020-07.zh.html"]
    assert added["added_at"] == "2020-09-04T09:30:00Z"
    (edition,) = issued_editions(tmp_path)
    assert "added-001/2020-07.pdf" in edition.files
    assert verify(tmp_path) == (5, [])
    before = files(tmp_path)
    publish(tmp_path, make_made(formats=("html", "zh.html", "pdf")), at=LATER)
    assert files(tmp_path) == before


def test_a_draft_issues_nothing_and_a_run_that_meets_other_figures_writes_one(tmp_path: Path) -> None:
    drafted = write_draft(tmp_path, make_made())
    assert drafted.edition is None
    assert drafted.paths[0].read_bytes() == b"html of revision None, 0.1011"
    assert issued_editions(tmp_path) == []
    publish(tmp_path, make_made(), at=FIRST)
    published = files(tmp_path / "issued")
    met = publish(tmp_path, make_made(CHANGED), at=LATER, otherwise="draft")
    assert met.paths == [tmp_path / "draft" / "2020-07.html", tmp_path / "draft" / "2020-07.json"]
    assert met.edition is None
    assert "2020-07 was issued on 2020-08-05 (revision 1) with other figures, 1 differ" in met.notes[0]
    assert files(tmp_path / "issued") == published
    assert (tmp_path / "2020-07.html").read_bytes() == b"html of revision 1, 0.1011"


@pytest.mark.parametrize(
    ("reason", "says"), [(" ", "say why"), ("because", "has not been issued yet: leave --revise out")]
)
def test_a_revision_needs_a_reason_and_something_to_revise(tmp_path: Path, reason: str, says: str) -> None:
    with pytest.raises(EditionError, match=says):
        publish(tmp_path, make_made(), at=FIRST, reason=reason)
    assert list(tmp_path.iterdir()) == []


def test_a_copy_that_was_edited_or_deleted_is_put_back_and_that_is_said(tmp_path: Path) -> None:
    publish(tmp_path, make_made(), at=FIRST)
    (tmp_path / "2020-07.html").write_text("edited by hand")
    (tmp_path / "2020-07.json").unlink()
    again = publish(tmp_path, make_made(), at=LATER)
    assert (tmp_path / "2020-07.html").read_bytes() == b"html of revision 1, 0.1011"
    assert (tmp_path / "2020-07.json").is_file()
    assert again.notes == [f"{tmp_path / '2020-07.html'} was not what was issued and was put back"]


def test_a_moment_without_a_time_zone_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="time zone"):
        publish(tmp_path, make_made(), at=FIRST.replace(tzinfo=None))


def test_what_comes_from_data_is_kept_as_it_is(tmp_path: Path) -> None:
    """A hostile industry and reason go through the archive and back unharmed, and lead nowhere."""
    whole = make_evaluation()
    names = ["<script>alert(1)</script>", '=HYPERLINK("http://x","y")', "a, b\u202e"]
    renamed = dict(zip(whole.industries["industry"][:3], names, strict=True))
    industries = whole.industries.with_columns(whole.industries["industry"].replace(renamed))
    hostile = replace(whole, industries=industries, headline=make_headline(ic_mean=None))
    publish(tmp_path, make_made(hostile), at=FIRST)
    before = files(tmp_path)
    publish(tmp_path, make_made(hostile), at=LATER)
    assert files(tmp_path) == before
    publish(tmp_path, make_made(hostile), at=LATER, reason=f"../{HOSTILE}\u202e")
    assert revisions(tmp_path, "2020-07")[-1].reason == f"../{HOSTILE}\u202e"
    assert edition_directory(tmp_path, "2020-07", 2).is_dir()
