"""On paper: light, whole, without controls."""

import unicodedata
from io import BytesIO

import pytest
from drawing import wait_for_colour

from gangru.report.charts.theme import BLUE, DARK

FILLS = "() => Array.from(document.querySelectorAll('#exhibit-ic svg .mark-rect path'), bar => bar.getAttribute('fill'))"


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_paper_is_light_and_without_controls(open_page, theme):
    page = open_page(theme=theme)
    page.emulate_media(media="print")
    assert (
        page.evaluate("getComputedStyle(document.querySelector('main')).backgroundColor")
        == "rgb(255, 255, 255)"
    )
    assert page.evaluate("getComputedStyle(document.body).color") == "rgb(34, 39, 46)"
    for control in (".bar", ".tools", ".filter", ".skip"):
        assert page.locator(control).count() > 0
        assert page.locator(f"{control}:visible").count() == 0, control


def test_the_printed_page_has_every_section_and_every_folded_row(open_page):
    pypdf = pytest.importorskip("pypdf")
    page = open_page()
    page.get_by_role("button", name="English").click()
    headings = page.locator(".version:not([hidden]) section.part > h2").all_inner_texts()
    codes = page.locator("#en-exhibit-long_list tbody tr td:nth-child(2)").all_text_contents()
    document = pypdf.PdfReader(BytesIO(page.pdf(prefer_css_page_size=True)))
    read = " ".join(sheet.extract_text() for sheet in document.pages)
    text = " ".join(unicodedata.normalize("NFKC", read).split())  # some fonts set fi as one sign
    assert len(headings) == 14
    for heading in headings:
        assert " ".join(heading.split()) in text or heading.split("\t")[-1].lstrip("0123456789 ") in text, (
            heading
        )
    assert len(codes) == 40
    assert all(code in text for code in codes)
    assert "Show the rows" not in text
    assert "Filter rows" not in text
    width, height = (float(side) for side in document.pages[0].mediabox[2:])
    assert (round(width), round(height)) == (595, 842)
    assert page.locator("#en-exhibit-long_list details").get_attribute("open") is None


def test_a_dark_page_prints_its_charts_light_and_takes_them_up_again(open_page):
    page = open_page(theme="dark")
    wait_for_colour(page, "#exhibit-ic", DARK[BLUE])
    page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    assert BLUE in page.evaluate(FILLS)
    assert DARK[BLUE] not in page.evaluate(FILLS)
    page.evaluate("window.dispatchEvent(new Event('afterprint'))")
    wait_for_colour(page, "#exhibit-ic", DARK[BLUE])


def test_heads_that_sort_are_plain_words_on_paper(open_page):
    page = open_page(theme="dark")
    page.emulate_media(media="print")
    look = "one => { const style = getComputedStyle(one); return [style.backgroundColor, style.borderTopWidth, style.color]; }"
    found = page.locator("#exhibit-headline button.sort").evaluate_all(f"all => all.map({look})")
    assert found == [["rgba(0, 0, 0, 0)", "0px", "rgb(93, 103, 115)"]] * 5
    assert page.evaluate("getComputedStyle(document.documentElement).colorScheme") == "light"


def test_nothing_is_wider_than_the_sheet(open_page):
    page = open_page(width=688)  # A4 less its margins
    page.emulate_media(media="print")
    page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    wide = page.locator(".version:not([hidden]) :is(table, .panel svg, .panel img)").evaluate_all(
        "all => all.filter(one => one.getBoundingClientRect().right > 689).map(one => one.dataset.key || one.className)"
    )
    assert wide == []
