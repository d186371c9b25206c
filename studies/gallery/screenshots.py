"""Pictures of an issued edition's page, for docs/gallery: python studies/gallery/screenshots.py PAGE.html OUT.

PAGE.html holds both languages (`gangru report --lang both`). Needs Playwright and Debian's Chromium.
"""

import sys
from pathlib import Path
from typing import Any

from playwright.sync_api import sync_playwright

CHROMIUM = "/usr/bin/chromium"
QUIET = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
)  # fmt: skip
WIDTH = 1120
# name of a picture → language, theme, the element that it begins with, its height
SHOTS = {
    "front-en": ("en", "light", "main", 1240),
    "front-zh": ("zh", "light", "main", 1240),
    "performance-en": ("en", "light", "#en-performance", 1240),
    "trading-zh": ("zh", "dark", "#trading", 1240),
    "industries-en": ("en", "dark", "#en-industries", 1300),
    "exposures-zh": ("zh", "light", "#exposures", 1240),
}


def main() -> None:
    """Write OUT/MONTH-NAME.png of each shot."""
    page_file, out = Path(sys.argv[1]).resolve(), Path(sys.argv[2])
    out.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as running:
        browser = running.chromium.launch(executable_path=CHROMIUM, args=list(QUIET))
        for name, (tag, theme, start, height) in SHOTS.items():
            page = browser.new_page(viewport={"width": WIDTH, "height": 900}, color_scheme=theme)
            page.goto(page_file.as_uri())
            if tag == "en":
                page.get_by_role("button", name="English").first.click()
            page.wait_for_function("document.documentElement.dataset.charts === 'drawn'", timeout=120_000)
            path = out / f"{page_file.stem}-{name}.png"
            page.screenshot(path=path, full_page=True, clip=clip(page, start, height))
            print(path)
            page.close()
        browser.close()


def clip(page: Any, start: str, height: int) -> dict[str, float]:
    """From the top of an element of the language shown, over the whole width of the page's sheet."""
    box = page.locator(f".version:not([hidden]) {start}").first.bounding_box()
    sheet = page.locator(".version:not([hidden]) main").first.bounding_box()
    return {"x": sheet["x"], "y": box["y"], "width": sheet["width"], "height": height}


if __name__ == "__main__":
    main()
