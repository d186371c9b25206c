"""What a chart says to readers who cannot see it."""

from dataclasses import replace

import polars as pl
import pytest
from made_up_edition import make_contents

from gangru.report.blocks import Figure, text
from gangru.report.charts.alternative import alternative
from gangru.report.charts.draw import chart_specs
from gangru.report.languages import language


@pytest.fixture(scope="module")
def figures() -> dict[str, Figure]:
    contents = make_contents()
    return {b.kind: b for s in contents.sections for b in s.blocks if isinstance(b, Figure)}


def test_a_series_is_told_by_its_ends_and_its_extremes():
    data = pl.DataFrame(
        {"horizon_days": [1, 5, 20], "rank_ic": [0.02, -0.03, 0.01], "ic": [0.01, 0.05, 0.02]}
    )
    figure = Figure("decay", "decay", text("IC"), data)
    (spec,) = chart_specs(figure, language("en"))
    assert alternative(spec, language("en")) == (
        "Rank IC: first 2.00% (1), last 1.00% (20); lowest −3.00% (5), highest 2.00% (1). "
        "Pearson IC: first 1.00% (1), last 2.00% (20); lowest 1.00% (1), highest 5.00% (5)."
    )
    (chinese,) = chart_specs(figure, language("zh"))
    assert alternative(chinese, language("zh")).startswith(
        "秩IC：起始2.00%（1），末期1.00%（20）；最低−3.00%（5）"
    )


def test_what_is_not_known_is_passed_over():
    data = pl.DataFrame(
        {"horizon_days": [1, 5, 20], "rank_ic": [float("nan"), -0.03, None], "ic": [None] * 3},
        schema_overrides={"ic": pl.Float64},
    )
    (spec,) = chart_specs(Figure("decay", "decay", text("IC"), data), language("en"))
    assert alternative(spec, language("en")) == (
        "Rank IC: first −3.00% (5), last −3.00% (5); lowest −3.00% (5), highest −3.00% (5)."
    )


def test_days_are_written_as_days(figures):
    spec = chart_specs(figures["net_value"], language("en"))[0]
    said = alternative(spec, language("en"))
    assert said.count("first") == 3
    assert "(2019-02-01)" in said
    assert "/" not in said


def test_every_chart_of_an_edition_says_something(figures):
    for figure in figures.values():
        for spec in chart_specs(figure, language("zh")):
            assert "起始" in alternative(spec, language("zh")), figure.kind


def test_the_place_within_a_window_is_no_series(figures):
    said = alternative(chart_specs(figures["windows"], language("en"))[0], language("en"))
    assert not said.startswith("Day")
    assert "600000.SH −39" in said.replace("-39", "−39")


def test_a_chart_without_data_says_nothing(figures):
    empty = replace(figures["decay"], data=figures["decay"].data.clear())
    assert alternative(chart_specs(empty, language("en"))[0], language("en")) == ""
