"""Theme and language: chosen, remembered, and right where nothing can be remembered."""

import pytest
from drawing import wait_for_colour

from gangru.report.charts.theme import BLUE, DARK

FORGETFUL = "Object.defineProperty(window, 'localStorage', { get() { throw new DOMException('no', 'SecurityError'); } });"
BACKGROUND = "getComputedStyle(document.querySelector('main')).backgroundColor"
CHART = "#exhibit-ic"


def shown(page) -> str:
    return page.locator(".version:not([hidden])").get_attribute("data-language")


def test_the_theme_follows_the_system_until_one_is_chosen(open_page):
    page = open_page(theme="dark")
    switch = page.get_by_role("button", name="深色")
    assert page.evaluate(BACKGROUND) == "rgb(27, 32, 39)"
    assert switch.get_attribute("aria-pressed") == "true"
    wait_for_colour(page, CHART, DARK[BLUE])
    page.emulate_media(color_scheme="light")
    page.wait_for_function(f"{BACKGROUND} === 'rgb(255, 255, 255)'")
    assert switch.get_attribute("aria-pressed") == "false"
    wait_for_colour(page, CHART, BLUE)
    assert page.locator(f"{CHART} svg [fill='{DARK[BLUE]}']").count() == 0


def test_a_chosen_theme_stays_and_charts_follow(open_page):
    page = open_page()
    page.get_by_role("button", name="深色").click()
    assert page.evaluate(BACKGROUND) == "rgb(27, 32, 39)"
    wait_for_colour(page, CHART, DARK[BLUE])
    page.reload()
    assert page.evaluate(BACKGROUND) == "rgb(27, 32, 39)"
    assert page.get_by_role("button", name="深色").get_attribute("aria-pressed") == "true"
    page.get_by_role("button", name="深色").click()
    page.reload()
    assert page.evaluate(BACKGROUND) == "rgb(255, 255, 255)"


def test_a_language_is_switched_with_title_tags_and_place_and_remembered(open_page):
    page = open_page()
    assert (shown(page), page.locator("html").get_attribute("lang")) == ("zh", "zh-CN")
    assert page.title() == "机器学习因子选股 · 2020年7月"
    page.locator("nav.contents a", has_text="选股").first.click()
    page.wait_for_function("Math.abs(document.querySelector('#picks').getBoundingClientRect().top) < 120")
    page.get_by_role("button", name="English").click()
    assert (shown(page), page.locator("html").get_attribute("lang")) == ("en", "en")
    assert page.title() == "Machine-learning factor stock selection · July 2020"
    assert page.url.endswith("#en-picks")
    assert abs(page.evaluate("document.querySelector('#en-picks').getBoundingClientRect().top")) < 120
    assert page.evaluate("document.activeElement.textContent") == "English"
    assert page.get_by_role("button", name="English").get_attribute("aria-pressed") == "true"
    assert not page.get_by_text("机器学习因子选股").first.is_visible()
    page.goto(page.url.partition("#")[0] + "?again")
    assert shown(page) == "en"
    assert page.title() == "Machine-learning factor stock selection · July 2020"


def test_the_two_languages_share_no_anchor_and_each_link_stays_in_its_own(open_page):
    page = open_page()
    ids = page.locator("[id]").evaluate_all("all => all.map(one => one.id)")
    assert len(ids) == len(set(ids))
    foreign = """links => links.filter(link => {
      const target = document.getElementById(link.hash.slice(1));
      return !target || target.closest('.version') !== link.closest('.version');
    }).length"""
    assert page.locator("a").evaluate_all(foreign) == 0
    assert page.locator("[aria-labelledby]").evaluate_all(
        "all => all.every(one => document.getElementById(one.getAttribute('aria-labelledby')))"
    )


def test_an_address_with_an_anchor_opens_the_language_that_has_it(open_page):
    page = open_page(anchor="#en-industries")
    assert shown(page) == "en"
    assert page.evaluate("document.documentElement.lang") == "en"
    page.wait_for_function(
        "Math.abs(document.querySelector('#en-industries').getBoundingClientRect().top) < 200"
    )


def test_where_nothing_can_be_remembered_the_switches_still_switch(open_page):
    page = open_page(init=FORGETFUL)
    page.get_by_role("button", name="English").click()
    page.get_by_role("button", name="Dark").click()
    assert shown(page) == "en"
    assert page.evaluate(BACKGROUND) == "rgb(27, 32, 39)"


@pytest.mark.parametrize("width", [360, 1280])
def test_the_contents_stay_in_sight_and_mark_the_section(open_page, width):
    page = open_page(width=width)
    link = page.locator("nav.contents a[href='#training']")
    link.click()
    page.wait_for_function(
        "document.querySelector('nav.contents a[href=\"#training\"]').hasAttribute('aria-current')"
    )
    box = link.bounding_box()
    assert 0 <= box["y"] < 900
    assert 0 <= box["x"] < width
    assert page.locator("nav.contents a[aria-current]").count() >= 1
