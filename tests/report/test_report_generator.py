"""What the monthly shows of a generator: its windows, its health, and what is said where a part is missing."""

from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from made_up_edition import make_contents, make_fold, make_provenance, make_windows

from gangru.report.blocks import Callout, Contents, Figure, Prose, Table
from gangru.report.charts.draw import chart_specs, sheet_svg, still_svg
from gangru.report.charts.training import log_ticks
from gangru.report.languages import language
from gangru.report.render.html import render_html

EN = language("en")


def blocks(contents: Contents) -> tuple:
    return next(s for s in contents.sections if s.key == "training").blocks


def figure(contents: Contents, key: str) -> Figure:
    return next(b for b in blocks(contents) if isinstance(b, Figure) and b.key == key)


def table(contents: Contents, key: str) -> Table:
    return next(b for b in blocks(contents) if isinstance(b, Table) and b.key == key)


def newest_row(contents: Contents, key: str) -> dict[str, object]:
    shown = table(contents, key)
    return dict(zip([c.key for c in shown.columns], shown.rows[0], strict=True))


def with_loss(name: str):
    provenance = make_provenance()
    return replace(provenance, settings=dict(provenance.settings) | {"gan": {"loss": name}})


def drawn(windows: pl.DataFrame) -> list[str]:
    specs = chart_specs(Figure("w", "windows", "windows", windows), EN)
    return [still_svg(spec, 600) for spec in specs]


def test_the_windows_of_the_fold_in_force_are_shown(contents):
    shown = figure(contents, "gan_windows")
    assert shown.empty is None
    assert "31 December 2019" in EN.words(shown.caption)
    assert "29 November 2019" in EN.words(shown.notes[0])
    assert shown.data["feature"].unique(maintain_order=True).to_list() == ["close", "volume", "return_1d"]


def test_features_that_are_not_among_the_telling_are_shown_in_their_order():
    windows = make_windows().with_columns(feature=pl.lit("x_") + pl.col("feature"))
    contents = make_contents(folds=[replace(make_fold(), gan_windows=windows)])
    names = figure(contents, "gan_windows").data["feature"].unique(maintain_order=True).to_list()
    assert names == ["x_open", "x_close", "x_volume", "x_return_1d"]


@pytest.mark.parametrize("tag", ["en", "zh"])
def test_both_pictures_and_the_way_to_read_them_stand_on_the_page(contents, tag):
    page = render_html(contents, tag, static_charts=False)
    assert 'id="exhibit-gan_windows"' in page
    assert 'id="exhibit-gan"' in page
    assert 'data-key="gan_health"' in page
    assert ("How to read it." if tag == "en" else "如何阅读") in page
    assert f'"title":"{language(tag).gettext("Generated")}"' in page


def test_a_fold_that_kept_no_windows_is_reported_without_them():
    old = replace(make_fold(), gan_windows=None, windows_on=None)
    contents = make_contents(folds=[old])
    assert (
        EN.words(figure(contents, "gan_windows").empty) == "Empty: this training kept no windows to be shown."
    )
    assert "kept no windows" in render_html(contents, "en", static_charts=True)


def test_a_plain_gru_has_neither_windows_nor_a_table_of_generators():
    contents = make_contents(folds=[make_fold(gan=False)], provenance=make_provenance("none"))
    keys = [b.key for b in blocks(contents) if isinstance(b, Figure | Table)]
    assert keys == ["predictor", "gan", "folds"]
    assert not any(isinstance(b, Prose) for b in blocks(contents))


def test_an_untrained_generator_shows_its_windows_alone():
    fold = replace(make_fold(), gan_curves=None)
    contents = make_contents(folds=[fold], provenance=make_provenance("untrained"))
    keys = [b.key for b in blocks(contents) if isinstance(b, Figure | Table)]
    assert keys == ["predictor", "gan", "gan_windows", "folds"]


def test_an_autoencoder_is_called_one_and_has_its_errors_drawn():
    fold = make_fold()
    curves = fold.gan_curves.select(
        "epoch", "correlation", reconstruction_loss=1 / pl.col("epoch"), valid_error=1.1 / pl.col("epoch")
    )
    contents = make_contents(folds=[replace(fold, gan_curves=curves)], provenance=make_provenance("ae"))
    shown = figure(contents, "gan")
    assert EN.words(shown.caption).startswith("Autoencoder")
    assert [s["usermeta"]["name"] for s in chart_specs(shown, EN)] == ["errors", "likeness"]
    assert newest_row(contents, "gan_health").keys() == {
        "nominal", "gan_epoch", "reconstruction_loss", "valid_error",
    }  # fmt: skip
    assert newest_row(contents, "gan_likeness").keys() == {"nominal", "gan_epoch", "correlation"}
    assert not any(isinstance(b, Callout) for b in blocks(contents))


def test_the_table_holds_the_figures_of_the_epoch_kept():
    fold = replace(make_fold(), best_gan_epoch=10)
    contents = make_contents(folds=[fold])
    row = newest_row(contents, "gan_health") | newest_row(contents, "gan_likeness")
    assert row["gan_epoch"] == 10
    assert row["distance_moments"] == pytest.approx(0.05)
    assert row["d_real_accuracy"] == pytest.approx(0.605)
    assert row["d_gradient_norm"] == pytest.approx(0.01 * 1.5**10)


@pytest.mark.parametrize(
    ("loss", "level", "says"),
    [("standard", 1.386, "where 1.39 is"), ("hinge", 2.0, "where 2.00 is"), ("wgan-gp", None, None)],
)
def test_a_discriminators_loss_is_judged_by_its_own_coin_toss(loss, level, says):
    contents = make_contents(folds=[make_fold(d_loss=0.04)], provenance=with_loss(loss))
    sentences = [EN.words(w) for b in blocks(contents) if isinstance(b, Callout) for w in b.sentences]
    assert figure(contents, "gan").level == (None if level is None else pytest.approx(level, abs=1e-3))
    if says is None:
        assert sentences == [
            "No GAN collapsed. The loss of a Wasserstein critic has no value of a coin toss to be compared with."
        ]
    else:
        assert says in sentences[0]


@pytest.mark.parametrize("value", [float("nan"), 3.0, None, float("inf")])
def test_windows_that_do_not_vary_or_are_no_numbers_are_drawn(value):
    windows = make_windows().with_columns(generated=pl.lit(value, pl.Float64))
    for svg in drawn(windows):
        assert svg.startswith("<svg")
        assert "NaN" not in svg
        assert "r –" in svg


def test_the_correlation_of_the_two_lines_is_written_over_each_stock():
    windows = make_windows()
    turned = pl.when(pl.col("code") == "600001.SH").then(-pl.col("real")).otherwise("generated")
    svg = drawn(windows.with_columns(generated=turned))[0]
    assert svg.count("r 1.00</text>") == 3
    assert svg.count("r −1.00</text>") == 1


def test_one_stock_and_one_day_can_be_drawn():
    windows = make_windows().filter(pl.col("code") == "600000.SH", pl.col("day") == 0)
    assert len(drawn(windows)) == 4


@pytest.mark.parametrize("value", [float("nan"), 0.0, -1.0, 1e12, float("inf")])
def test_health_that_is_constant_or_no_number_is_drawn(value):
    curves = make_fold().gan_curves
    odd = curves.with_columns(pl.lit(value, pl.Float64).alias(c) for c in curves.columns if c != "epoch")
    specs = chart_specs(Figure("gan", "gan", "health", odd, mark=3, level=1.386), EN)
    svg = sheet_svg(specs, "health", columns=2, width=300)
    assert svg.startswith("<svg")
    assert "NaN" not in svg


def test_gradients_far_apart_have_a_logarithmic_axis_and_others_a_plain_one():
    specs = chart_specs(Figure("gan", "gan", "health", make_fold().gan_curves), EN)
    scales = {s["usermeta"]["name"]: s["layer"][0]["encoding"]["y"]["scale"] for s in specs}
    assert scales["gradients"]["type"] == "log"
    assert scales["ratios"] == {"zero": True}
    assert scales["likeness"] == {"domain": [-1.0, 1.0]}


def test_logarithmic_ticks_lie_within_the_axis():
    assert np.allclose(log_ticks(0.2, 40), [0.3, 1, 3, 10, 30])
    assert np.allclose(log_ticks(0.02, 4000), [0.1, 1, 10, 100, 1000])


def test_a_sheet_holds_every_panel_under_one_title():
    specs = chart_specs(Figure("w", "windows", "windows", make_windows()), EN)
    svg = sheet_svg(specs, "Some windows", columns=1, width=500)
    assert svg.count("Some windows") >= 1
    assert all(name in svg for name in ("open", "close", "volume", "return_1d"))
