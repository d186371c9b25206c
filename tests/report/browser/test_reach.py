"""Everyone can use the page: narrow screens, keyboards, screen readers, both themes; pictures of them are kept."""

import os
from itertools import pairwise
from pathlib import Path

import pytest
from drawing import wait_until_drawn

SIDEWAYS = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
ESCAPED = """() => Array.from(document.querySelectorAll('.version:not([hidden]) main *')).filter(one => {
  if (one.closest('.scroller, .panels.windows, .unseen, svg') || !one.checkVisibility()) return false;
  return one.getBoundingClientRect().right > document.documentElement.clientWidth + 1;
}).map(one => one.outerHTML.slice(0, 120))"""


@pytest.fixture(scope="module")
def pictures(tmp_path_factory) -> Path:
    """Where the pictures go: GANGRU_SCREENSHOTS, or a folder of pytest's."""
    named = os.environ.get("GANGRU_SCREENSHOTS")
    folder = Path(named) if named else tmp_path_factory.mktemp("screenshots")
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@pytest.fixture(scope="module", params=[("light", "中文"), ("dark", "English")], ids=["light-zh", "dark-en"])
def seen(request, open_lasting_page):
    """The page in one theme and one language with everything drawn and unfolded."""
    theme, language = request.param
    page = open_lasting_page(theme=theme)
    page.get_by_role("button", name=language).click()
    wait_until_drawn(page)
    return page


@pytest.mark.parametrize("width", [1280, 768, 360])
def test_no_screen_scrolls_sideways(seen, pictures, width):
    seen.set_viewport_size({"width": width, "height": 900})
    root = seen.locator("html")
    picture = (
        pictures
        / f"monthly-{root.get_attribute('data-language')}-{width}-{root.get_attribute('data-theme')}.png"
    )
    seen.screenshot(path=picture, full_page=True)
    assert picture.stat().st_size > 50_000
    seen.locator(".version:not([hidden]) details").evaluate_all("all => all.forEach(one => one.open = true)")
    assert seen.evaluate(SIDEWAYS) <= 0
    assert seen.evaluate(ESCAPED) == []
    seen.locator("details").evaluate_all("all => all.forEach(one => one.open = false)")


def test_axe_finds_nothing_serious(seen):
    axe = pytest.importorskip("axe_playwright_python.sync_playwright")
    seen.locator(".version:not([hidden]) details").first.evaluate("one => one.open = true")
    seen.locator(".version[hidden]").evaluate(
        "one => one.remove()"
    )  # nobody hears it, and axe need not walk it
    found = axe.Axe().run(seen, options={"resultTypes": ["violations", "passes"]}).response
    seen.locator("details").evaluate_all("all => all.forEach(one => one.open = false)")
    checked = {rule["id"] for rule in found["passes"]}
    assert {"color-contrast", "scrollable-region-focusable", "button-name"} <= checked
    grave = [
        (rule["id"], node["html"][:160], node.get("failureSummary", "")[:200])
        for rule in found["violations"]
        if rule["impact"] in ("serious", "critical")
        for node in rule["nodes"]
    ]
    assert grave == []


def test_a_wide_table_scrolls_in_its_own_box(open_page):
    page = open_page(width=360)
    box = page.locator("#exhibit-top .scroller")
    assert box.evaluate("box => box.scrollWidth - box.clientWidth") > 100
    box.focus()
    page.keyboard.press("ArrowRight")
    page.wait_for_function("document.querySelector('#exhibit-top .scroller').scrollLeft > 0")
    assert box.get_attribute("role") == "group"
    assert page.locator(f"#{box.get_attribute('aria-labelledby')}").text_content().startswith("图表")


def test_headings_go_down_one_level_at_a_time(open_page):
    page = open_page()
    levels = page.get_by_role("heading").evaluate_all("all => all.map(one => Number(one.tagName[1]))")
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(deeper - above <= 1 for above, deeper in pairwise(levels))


def test_a_keyboard_alone_reads_sorts_and_switches(open_page):
    page = open_page()
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    assert page.locator(".version:not([hidden]) .skip").bounding_box()["x"] >= 0
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.tagName") == "MAIN"
    reached = tab_until(page, "document.activeElement.matches('.copy')")
    assert reached
    reached = tab_until(page, "document.activeElement.matches('#exhibit-headline button.sort')")
    outline = page.evaluate(
        "getComputedStyle(document.activeElement).outlineStyle + getComputedStyle(document.activeElement).outlineWidth"
    )
    assert outline == "solid2px"
    page.keyboard.press("Enter")
    assert page.locator("#exhibit-headline th[aria-sort]").count() == 1
    for wanted in (".languages button[data-language=en]", "button.theme"):
        tab_until(page, f"document.activeElement.matches('.version:not([hidden]) {wanted}')", back=True)
        page.keyboard.press("Enter")
        if "en" in wanted:
            page.keyboard.press("Tab")
            page.keyboard.press("Tab")
    assert page.locator("html").get_attribute("lang") == "en"
    assert page.locator("html").get_attribute("data-theme") == "dark"


def tab_until(page, condition: str, *, back: bool = False) -> bool:
    """Press Tab until the focus is there."""
    for _ in range(120):
        page.keyboard.press("Shift+Tab" if back else "Tab")
        if page.evaluate(condition):
            return True
    raise AssertionError(f"the keyboard never came to {condition}")


def test_boxes_that_do_not_scroll_are_no_stop_for_the_keyboard(open_page):
    page = open_page()
    assert page.locator("#exhibit-yearly .scroller").get_attribute("tabindex") is None
    assert page.locator("#exhibit-industries .scroller").evaluate(
        "box => box.scrollHeight > box.clientHeight"
    ) == (page.locator("#exhibit-industries .scroller").get_attribute("tabindex") == "0")
