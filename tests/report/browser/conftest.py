"""One browser and one rendered file for all tests of the page; every page must stay silent and fetch nothing."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from hostile_edition import make_hostile_contents

from chromium import launched, why_not
from gangru.report.render.html import render_html


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What lies in this folder needs a browser."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """Chromium; skips with the reason where there is none.

    A file's own: while Playwright is started its event loop runs in this thread, and no other test could run one.
    """
    reason = why_not()
    if reason:
        pytest.skip(reason)
    with launched() as running:
        yield running


@pytest.fixture(scope="session")
def page_file(tmp_path_factory) -> Path:
    """The made-up edition in both languages, its charts without stills."""
    if reason := why_not():
        pytest.skip(reason)
    path = tmp_path_factory.mktemp("page") / "2020-07.html"
    path.write_text(render_html(make_hostile_contents(), static_charts=False), encoding="utf-8")
    return path


@dataclass
class Watched:
    """A page and all that it must not do."""

    page: Any
    said: list[str] = field(default_factory=list)
    fetched: list[str] = field(default_factory=list)

    def listen(self) -> None:
        self.page.on("console", lambda message: self.said.append(message.text))
        self.page.on("pageerror", lambda error: self.said.append(str(error)))
        self.page.on("dialog", lambda dialog: (self.said.append(dialog.message), dialog.dismiss()))
        self.page.on("request", lambda request: self.fetched.append(request.url))

    def check(self) -> None:
        assert self.said == []
        assert [url for url in self.fetched if not url.startswith(("file:", "data:"))] == []
        assert len([url for url in self.fetched if url.startswith("file:")]) >= 1


Open = Callable[..., Any]
PATIENCE = 90_000  # milliseconds: a busy machine is no failure


@contextmanager
def watching(browser: Any, page_file: Path) -> Iterator[Open]:
    """Gives what opens the file in a page of its own; at the end all must have been silent."""
    watched: list[Watched] = []

    def opened(path: Path = page_file, *, width=1280, theme="light", init=None, anchor="", **options):
        context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=theme, **options)
        context.set_default_timeout(PATIENCE)
        context.set_default_navigation_timeout(PATIENCE)
        if init:
            context.add_init_script(init)
        page = context.new_page()
        watched.append(Watched(page))
        watched[-1].listen()
        page.goto(path.as_uri() + anchor)
        return page

    yield opened
    for one in watched:
        one.check()
        one.page.context.close()


@pytest.fixture
def open_page(browser, page_file) -> Iterator[Open]:
    """Opens the file: `open_page(width=…, theme=…, init=…)`."""
    with watching(browser, page_file) as opened:
        yield opened


@pytest.fixture(scope="module")
def open_lasting_page(browser, page_file) -> Iterator[Open]:
    """Likewise, for a page that several tests look at."""
    with watching(browser, page_file) as opened:
        yield opened
