"""gangru help: every page is there, in the checkout and in the wheel's list."""

import tomllib
from pathlib import Path

import pytest
from typer.testing import CliRunner

from gangru.cli.app import app
from gangru.cli.help import FILES, TOPICS, page

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("topic", TOPICS)
def test_a_topic_shows_its_page(topic: str) -> None:
    title = page(topic).read_text("utf-8").lstrip("<").split("# ", 1)[1].splitlines()[0]
    shown = CliRunner().invoke(app, ["help", topic])
    assert shown.exit_code == 0
    assert title.replace("`", "")[:20] in shown.output


def test_the_wheel_carries_every_page() -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    carried = settings["tool"]["hatch"]["build"]["targets"]["wheel"]["force-include"]
    names = [FILES.get(topic, topic) for topic in TOPICS]
    assert carried == {f"docs/{name}.md": f"gangru/help/{name}.md" for name in names}


def test_without_a_topic_all_are_listed_and_an_unknown_one_is_told() -> None:
    listed = CliRunner().invoke(app, ["help"]).output
    assert all(topic in listed for topic in TOPICS)
    assert "the topics are" in str(CliRunner().invoke(app, ["help", "nothing"]).exception)
