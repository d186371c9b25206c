"""Colours of page and charts: readable in both themes, and the same in both places."""

import json
import re
from importlib.resources import files
from itertools import product

import pytest
from made_up_edition import make_contents

from gangru.report.blocks import Figure
from gangru.report.charts import theme
from gangru.report.charts.draw import chart_specs
from gangru.report.languages import language

TEMPLATES = files("gangru.report") / "templates"
TEXTS = ("ink", "soft", "navy")
GROUNDS = ("paper", "ground", "tint", "warn-tint", "bad-tint", "good-tint")
MARKS = (theme.NAVY, theme.BLUE, theme.GREY, theme.AMBER, theme.RED, theme.TEAL)


def variables(name: str) -> dict[str, str]:
    return dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6});", (TEMPLATES / name).read_text(encoding="utf-8")))


LIGHT, DARK = variables("style.css"), variables("dark.css")


def luminance(colour: str) -> float:
    """Relative luminance, WCAG 2.2."""
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def test_contrast_is_that_of_the_definition():
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#767676", "#ffffff") == pytest.approx(4.54, abs=0.01)


@pytest.mark.parametrize(("name", "ground"), list(product(TEXTS, GROUNDS)))
def test_text_is_readable_on_every_ground_in_both_themes(name, ground):
    for colours in (LIGHT, DARK):
        assert contrast(colours[name], colours[ground]) >= 4.5


@pytest.mark.parametrize("colour", MARKS)
def test_marks_stand_out_from_the_paper_in_both_themes(colour):
    assert contrast(colour, LIGHT["paper"]) >= 3
    assert contrast(theme.DARK[colour], DARK["paper"]) >= 3


def test_every_colour_of_the_light_page_has_its_dark_one():
    assert set(LIGHT) == set(DARK)


def test_charts_and_page_have_the_same_colours_in_both_themes():
    for name in ("navy", "blue", "amber", "red", "teal", "ink", "soft", "paper"):
        colour = getattr(theme, name.upper())
        assert LIGHT[name] == colour
        assert DARK[name] == theme.DARK[colour]


def test_no_chart_has_a_colour_without_a_dark_one():
    contents = make_contents()
    figures = [b for s in contents.sections for b in s.blocks if isinstance(b, Figure)]
    specs = [spec for figure in figures for spec in chart_specs(figure, language("en"))]
    assert len(specs) >= 16
    for spec in specs:
        spec.pop("datasets")
        found = set(re.findall(r'"(#[0-9a-fA-F]{3,8})"', json.dumps(spec)))
        assert found
        assert found <= set(theme.DARK), spec["usermeta"]


def test_different_series_stay_different_in_the_dark():
    assert len({theme.DARK[colour] for colour in MARKS}) == len(MARKS)
