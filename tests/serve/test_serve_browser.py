"""The pages in a real browser: no error, no request to anywhere else, charts with marks, nobody left out."""

import os
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest
from small_site import Site, settled

from chromium import launched, why_not
from gangru.serve.app import make_app
from gangru.serve.desk import Desk
from gangru.serve.server import loopback_socket

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.browser

WIDTHS = (390, 820, 1440)


@pytest.fixture(scope="module")
def browser() -> Iterator["Browser"]:
    reason = why_not()
    if reason:
        pytest.skip(reason)
    with launched() as running:
        yield running


@pytest.fixture(scope="module")
def served(desk: Desk) -> Iterator[str]:
    """The pages' address while a server runs."""
    import uvicorn

    settled(desk)
    own = loopback_socket(0)
    port = own.getsockname()[1]
    server = uvicorn.Server(uvicorn.Config(make_app(desk, port), log_level="error", lifespan="off"))
    thread = threading.Thread(target=lambda: server.run(sockets=[own]), daemon=True)
    thread.start()
    yield f"http://localhost:{port}"
    server.should_exit = True
    thread.join(20)


class Watched:
    """A page whose errors and requests are written down."""

    def __init__(self, browser: "Browser", served: str, **options: Any) -> None:
        self.context = browser.new_context(**options)
        self.page: Page = self.context.new_page()
        self.faults: list[str] = []
        self.served = served
        self.page.on(
            "console",
            lambda message: (
                self.faults.append(message.text) if message.type in ("error", "warning") else None
            ),
        )
        self.page.on("pageerror", lambda error: self.faults.append(str(error)))
        self.page.on("request", self.requested)

    def requested(self, request: Any) -> None:
        if not request.url.startswith((self.served, "data:")):
            self.faults.append(f"asked {request.url}")

    def open(self, path: str) -> "Page":
        self.page.goto(self.served + path)
        for _ in range(20):
            if not self.page.locator(".coming").count():
                return self.page
            self.page.wait_for_timeout(500)
            self.page.reload()
        raise AssertionError(f"{path} is still coming")


@pytest.fixture
def watched(browser: "Browser", served: str) -> Iterator[Watched]:
    made = Watched(browser, served)
    yield made
    made.context.close()
    assert made.faults == []


def paths_of(site: Site) -> dict[str, str]:
    newest = site.factor["date"].max()
    code = site.factor.filter(pl.col("date") == newest)["code"][5]
    return {
        "first": "/",
        "stock": f"/stock/{code}",
        "industry": "/industry/Food%2C%20drink%20%26%20%3Cb%3Emore%3C%2Fb%3E%2Ftea",
        "date": f"/date/{newest}",
        "comparison": "/compare?a=main&b=other",
        "search": "/search?q=60",
        "unknown": "/stock/999999.SH",
    }


def test_pages_load_without_an_error_and_ask_nobody_else(site: Site, watched: Watched) -> None:
    for name, path in paths_of(site).items():
        page = watched.open(path)
        assert page.locator("h1").count() == 1, name
        sheet = page.evaluate("getComputedStyle(document.querySelector('.brand')).fontWeight")
        assert sheet == "700", "the style sheet is there"
        watched.faults[:] = [
            fault for fault in watched.faults if "status of 404" not in fault or name != "unknown"
        ]


def test_charts_have_marks_and_say_what_is_under_the_pointer(site: Site, watched: Watched) -> None:
    for name, marks in (
        ("stock", "path.line"),
        ("date", "rect.bar"),
        ("industry", "rect.bar"),
        ("comparison", "rect.bar"),
    ):
        page = watched.open(paths_of(site)[name])
        chart = page.locator("svg.chart").first
        assert page.locator(f"svg.chart {marks}").count() >= 1, name
        chart.scroll_into_view_if_needed()
        box = chart.bounding_box()
        page.mouse.move(box["x"] + box["width"] * 0.6, box["y"] + box["height"] * 0.5)
        assert page.locator(".tip").is_visible()
        assert page.locator(".tip").inner_text().strip()


def test_a_table_is_sorted_and_filtered(site: Site, watched: Watched) -> None:
    page = watched.open(paths_of(site)["date"])
    page.locator("table.grid thead a", has_text="Code").click()
    codes = page.locator("table.grid tbody th").all_inner_texts()
    assert codes == sorted(codes)
    page.locator("table.grid thead a", has_text="Factor").click()
    assert page.locator("table.grid th[aria-sort=descending]").inner_text().startswith("Factor")
    page.fill("#only", codes[3])
    page.press("#only", "Enter")
    assert page.locator("table.grid tbody th").all_inner_texts() == [codes[3]]


def test_the_search_box_leads_to_the_stock(site: Site, watched: Watched) -> None:
    code = paths_of(site)["stock"].rpartition("/")[2]
    page = watched.open("/")
    page.fill("input[name=q]", code[:6])
    page.press("input[name=q]", "Enter")
    page.wait_for_url(f"**/stock/{code}")


def test_another_language_and_study_are_a_choice_away(site: Site, watched: Watched) -> None:
    page = watched.open("/")
    page.get_by_text("中文").click()
    page.wait_for_url("**lang=zh**", wait_until="load")  # before, nothing listens to the choice of a study
    assert page.locator("html").get_attribute("lang") == "zh-CN"
    page.select_option("#study", "other")
    page.wait_for_url("**study=other**")
    assert page.locator("html").get_attribute("lang") == "zh-CN"


def test_a_report_opens_and_its_script_runs(watched: Watched) -> None:
    page = watched.open("/")
    page.goto(watched.served + "/files/main/2019-07.html")
    assert page.title() == "ran"
    assert page.evaluate("window.origin") == "null"  # cut off from the pages


def test_nobody_is_kept_out(site: Site, watched: Watched) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe is not installed").Axe()
    for name, path in paths_of(site).items():
        page = watched.open(path)
        found = axe.run(page).response["violations"]
        serious = [one for one in found if one["impact"] in ("serious", "critical")]
        assert not serious, (name, [(one["id"], one["nodes"][0]["html"][:200]) for one in serious])
    watched.faults[:] = [fault for fault in watched.faults if "status of 404" not in fault]


def test_every_page_fits_three_widths_in_two_themes(
    site: Site, browser: "Browser", served: str, tmp_path: Path
) -> None:
    folder = Path(os.environ.get("GANGRU_SCREENSHOTS", tmp_path))
    folder.mkdir(parents=True, exist_ok=True)
    for width in WIDTHS:
        for theme in ("light", "dark"):
            seen = Watched(browser, served, viewport={"width": width, "height": 900}, color_scheme=theme)
            for name, path in paths_of(site).items():
                page = seen.open(path)
                assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), (
                    name,
                    width,
                )
                page.screenshot(path=folder / f"serve-{name}-{width}-{theme}.png", full_page=True)
            seen.context.close()
    assert len(list(folder.glob("serve-*.png"))) == len(WIDTHS) * 2 * len(paths_of(site))
