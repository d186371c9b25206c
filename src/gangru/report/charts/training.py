"""Charts of a training: the predictor's IC by epoch, and the GAN's health in four panels."""

import math

import altair as alt
import polars as pl

from gangru.report.blocks import Figure
from gangru.report.charts import theme
from gangru.report.charts.theme import AMBER, BLUE, GREY, NAVY, TEAL, Series, Spec
from gangru.report.languages import Language

COIN_TOSS_LOSS = 2 * math.log(2)


def predictor_curves(figure: Figure, language: Language) -> list[Spec]:
    """Training and validation IC by epoch, an upright at the epoch kept."""
    say = language.gettext
    series = {"train_ic": (say("Training IC"), GREY), "valid_ic": (say("Validation IC"), NAVY)}
    return [panel(figure, series, say("IC"), language, height=230, name="predictor", number_format=".1%")]


def gan_health(figure: Figure, language: Language) -> list[Spec]:
    """Losses, D's accuracies, likeness of generated and real windows, and the distance that ends it."""
    say = language.gettext
    losses = {"d_loss": (say("D loss"), NAVY), "g_loss": (say("G loss"), AMBER)}
    accuracies = {
        "d_real_accuracy": (say("D right on real"), NAVY),
        "d_fake_accuracy": (say("D right on generated"), AMBER),
    }
    likeness = {
        "correlation": (say("Correlation of G(x) with x"), NAVY),
        "variance_ratio": (say("Variance ratio"), TEAL),
        "dispersion_ratio": (say("Dispersion ratio"), AMBER),
    }
    distance = {"distance": (say("Distance"), BLUE)}
    panels = (
        (losses, say("Loss"), COIN_TOSS_LOSS, "losses", None),
        (accuracies, say("Accuracy"), 0.5, "accuracies", (0.0, 1.0)),
        (likeness, say("Ratio"), 1.0, "likeness", None),
        (distance, say("Distance"), None, "distance", None),
    )
    return [
        panel(figure, known, title, language, height=170, name=name, level=level, bounds=bounds)
        for series, title, level, name, bounds in panels
        if (known := {column: shown for column, shown in series.items() if column in figure.data.columns})
    ]


def panel(
    figure: Figure,
    series: Series,
    title: str,
    language: Language,
    *,
    height: int,
    name: str,
    level: float | None = None,
    bounds: tuple[float, float] | None = None,
    number_format: str = ".3f",
) -> Spec:
    """Lines by epoch with a legend; a level to compare with and the epoch kept where they are known."""
    say = language.gettext
    x = alt.X(
        "epoch:Q", title=say("Epoch"), axis=alt.Axis(tickMinStep=1, format="d"), scale=alt.Scale(nice=False)
    )
    tip = [alt.Tooltip("epoch:Q", title=say("Epoch"))]
    tip += [
        alt.Tooltip(f"{column}:Q", format=number_format, title=label) for column, (label, _) in series.items()
    ]
    axis = alt.Axis(tickCount=5, format="~%") if number_format.endswith("%") else alt.Axis(tickCount=5)
    y = alt.Y(
        title=title, axis=axis, scale=alt.Scale(domain=list(bounds)) if bounds else alt.Scale(zero=True)
    )
    drawn = [theme.lines(series, x=x, y=y, tooltip=tip, strokeWidth=1.8, point=alt.OverlayMarkDef(size=14))]
    if level is not None:
        drawn.append(theme.rule(level, dash=(1, 3)))
    if figure.mark is not None:
        drawn.append(theme.upright(say("Epoch"), figure.mark))
    frame: pl.DataFrame = figure.data.select("epoch", *series)
    return theme.finished(alt.layer(*drawn, data=theme.values(frame)), height=height, name=name)
