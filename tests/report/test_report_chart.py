"""Single charts: any of an edition by its name, on white, as SVG or as PNG of twice the pixels."""

import re
from dataclasses import replace
from io import BytesIO

import pytest
from made_up_edition import empty_evaluation, make_contents
from PIL import Image

from gangru.errors import ReportError
from gangru.report.charts.single import chart_picture, charts_of
from gangru.report.languages import language

EN = language("en")


def width_of(svg: bytes) -> float:
    return float(re.search(rb'<svg[^>]* width="([\d.]+)"', svg)[1])


def test_every_figure_has_a_name_and_every_panel_of_several(contents):
    names = [one.name for one in charts_of(contents, EN)]
    assert len(names) == len(set(names))
    assert {figure.key for figure in contents.figures()} <= set(names)
    assert {"ic", "net_value", "net_value-excess", "net_value-drawdown", "gan-losses"} <= set(names)
    assert "ic-ic" not in names
    assert all(re.fullmatch(r"[\w.-]+", name) for name in names)


def test_every_name_gives_a_picture_on_white_with_its_caption(contents):
    for one in charts_of(contents, EN):
        if one.figure.kind in ("ic", "net_value", "deciles"):
            svg = chart_picture(contents, one.name, EN)
            assert svg.startswith(b"<svg")
            assert b'fill="white"' in svg
            assert EN.words(one.figure.caption).encode() in svg
            assert b"NaN" not in svg


def test_a_panel_is_that_panel_alone(contents):
    whole = chart_picture(contents, "net_value", EN).decode()
    panel = chart_picture(contents, "net_value-drawdown", EN).decode()
    assert "Net value" in whole
    assert "Drawdown of the long portfolio" in whole
    assert "Drawdown of the long portfolio" in panel
    assert "Long, after costs" not in panel


def test_the_width_is_the_one_asked_for_and_png_has_twice_as_many_pixels(contents):
    assert width_of(chart_picture(contents, "deciles", EN, "svg", 500)) == 500
    picture = Image.open(BytesIO(chart_picture(contents, "deciles", EN, "png", 500)))
    assert picture.format == "PNG"
    assert picture.width == 1000
    assert picture.convert("RGB").getpixel((2, 2)) == (255, 255, 255)


def test_a_chart_speaks_chinese(contents):
    assert "多头" in chart_picture(contents, "net_value", language("zh")).decode()


def test_an_unknown_name_is_told_with_those_that_there_are(contents):
    with pytest.raises(ReportError, match=r"no chart is called 'ics'; this edition has ic, ic_calendar"):
        chart_picture(contents, "ics", EN)


def test_an_empty_figure_says_why():
    bare = make_contents(empty_evaluation(), month="2019-02", folds=[])
    with pytest.raises(ReportError, match=r"chart ic has nothing to show: "):
        chart_picture(bare, "ic", EN)


def test_an_edition_without_charts_says_so(contents):
    with pytest.raises(ReportError, match="this edition has none"):
        chart_picture(replace(contents, sections=()), "ic", EN)
