"""The page as it opens: charts with marks, hostile names as text, no script needed to read it."""

from dataclasses import replace

import pytest
from drawing import wait_until_drawn
from hostile_edition import INDUSTRY, NAMES, PUBLISHER, make_hostile_contents

from gangru.report.blocks import Figure
from gangru.report.render.html import render_html

MARKS = """panels => panels.map(panel => ({
  drawn: panel.classList.contains('drawn'),
  marks: Array.from(panel.querySelectorAll('svg .role-mark path, svg .role-mark text'))
    .filter(mark => mark.getAttribute('d') !== '' ).length,
  width: panel.querySelector('svg') ? panel.querySelector('svg').getBoundingClientRect().width : 0,
  inside: panel.getBoundingClientRect().width,
}))"""


@pytest.fixture(scope="module")
def page(open_lasting_page):
    """The page with the charts of both languages drawn, English shown."""
    page = open_lasting_page()
    wait_until_drawn(page)
    page.get_by_role("button", name="English").click()
    wait_until_drawn(page)
    return page


def test_every_chart_is_drawn_with_marks_in_either_language(page):
    for language in ("en", "zh"):
        found = page.locator(f".version[data-language={language}] .panel").evaluate_all(MARKS)
        assert len(found) == 21
        assert all(panel["drawn"] and panel["marks"] > 0 for panel in found), found
        if language == "en":  # the other one is hidden, and so without a width
            assert all(200 < panel["width"] <= panel["inside"] + 1 for panel in found), found


def test_a_chart_says_in_words_what_it_shows(page):
    chart = page.locator("#en-exhibit-deciles")
    assert chart.locator("[role=img]").get_attribute("aria-label") == chart.locator(".live").get_attribute(
        "data-label"
    )
    assert "Mean monthly excess return" in chart.locator("[role=img]").get_attribute("aria-label")
    said = chart.locator(".unseen").text_content()
    assert (
        said
        == "Excess a month: first −0.45% (1), last 0.45% (10); lowest −0.45% (1), highest 0.45% (10). "
        + ("Return a month: first −0.40% (1), last 0.50% (10); lowest −0.40% (1), highest 0.50% (10).")
    )
    assert page.locator(".panel").count() == page.locator(".panel .unseen").count()


def test_hostile_names_are_text_and_run_nothing(page):
    page.locator(".version:not([hidden]) details").evaluate_all("all => all.forEach(one => one.open = true)")
    names = page.locator("#exhibit-top tbody tr td:nth-child(3)").all_text_contents()
    assert tuple(names[:4]) == NAMES
    assert page.locator("#exhibit-top tbody tr").nth(1).locator("td").nth(2).text_content() == INDUSTRY
    assert page.locator(".masthead .line span").first.text_content() == PUBLISHER
    assert page.locator("table img, table script, table b, .masthead img").count() == 0
    assert (
        page.evaluate("getComputedStyle(document.querySelector('#exhibit-top tbody td')).display")
        == "table-cell"
    )


def test_the_first_pages_own_tables_stand_before_the_sections(page):
    order = "document.querySelector('.strip').compareDocumentPosition(document.querySelector('#exhibit-front_made_up'))"
    assert page.evaluate(order) == 4  # follows
    assert page.evaluate(order.replace(".strip", "section.part")) == 2  # precedes
    caption = page.locator("#exhibit-front_made_up figcaption").text_content()
    assert "0" not in caption


def test_without_scripts_the_first_language_is_read_and_nothing_is_offered_that_does_not_work(
    open_page, tmp_path
):
    contents = make_hostile_contents(static_charts=True)
    sections = tuple(with_one_chart(section) for section in contents.sections if section.key != "training")
    path = tmp_path / "stills.html"
    path.write_text(render_html(replace(contents, sections=sections), static_charts=True), encoding="utf-8")
    page = open_page(path, theme="dark", java_script_enabled=False)
    assert page.get_by_role("heading", level=1).count() == 1
    assert page.locator("html").get_attribute("lang") == "zh-CN"
    assert page.get_by_text("机器学习因子选股").first.is_visible()
    assert not page.get_by_text("Machine-learning factor stock selection").first.is_visible()
    assert page.locator("button:visible").count() == 0
    assert page.locator("input").count() == 0
    assert page.locator(".still:visible").count() == page.locator(".version:not([hidden]) .still").count() > 1
    page.locator("summary").first.click()
    assert page.locator("details table").first.is_visible()


def with_one_chart(section):
    """The section with its first chart alone."""
    charts = [block for block in section.blocks if isinstance(block, Figure)]
    return replace(section, blocks=tuple(block for block in section.blocks if block not in charts[1:]))
