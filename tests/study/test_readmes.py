"""The two front pages say the same: commands, figures, links."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ENGLISH = (ROOT / "README.md").read_text("utf-8")
CHINESE = (ROOT / "README.zh-CN.md").read_text("utf-8")


def commands(page: str) -> list[str]:
    """Lines of the code blocks without their comments."""
    blocks = re.findall(r"```\n(.*?)```", page, re.DOTALL)
    return [line.split("#")[0].rstrip() for block in blocks for line in block.splitlines()]


def table_figures(page: str) -> list[list[str]]:
    """The numbers of every table row that has any."""
    rows = [re.findall(r"−?\d+(?:[.,]\d+)*", line) for line in page.splitlines() if line.startswith("| ")]
    return [row for row in rows if row]


def links(page: str) -> list[str]:
    """Where the page points to, but for its own other language and the pictures of each."""
    found = re.findall(r"(?<!\!)\[[^\]]*\]\(([^)]+)\)", page)
    return sorted({link for link in found if not link.startswith(("README", "docs/glossary"))})


def test_commands_figures_and_links_are_the_same() -> None:
    assert commands(ENGLISH) == commands(CHINESE)
    assert len(table_figures(ENGLISH)) >= 6
    assert table_figures(ENGLISH) == table_figures(CHINESE)
    assert links(ENGLISH) == links(CHINESE)
    inline = re.compile(r"`([^`\n]+)`")
    assert sorted(set(inline.findall(ENGLISH))) == sorted(set(inline.findall(CHINESE)))


@pytest.mark.parametrize("page", [ENGLISH, CHINESE])
def test_every_link_leads_somewhere_and_the_page_is_short(page: str) -> None:
    for link in re.findall(r"\]\(([^)#]+)", page):
        assert (ROOT / link).exists(), link
    assert len(page.splitlines()) <= 80
