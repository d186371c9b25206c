"""Charts of a training: the predictor's IC by epoch, and the generator's health in panels."""

import math
from dataclasses import dataclass

import altair as alt
import numpy as np
import polars as pl

from gangru.report.blocks import Figure
from gangru.report.charts import theme
from gangru.report.charts.theme import AMBER, GREY, NAVY, TEAL, Series, Spec
from gangru.report.languages import Language

FAR = 30  # largest over smallest value from which an axis is logarithmic


def predictor_curves(figure: Figure, language: Language) -> list[Spec]:
    """Training and validation IC by epoch, an upright at the epoch kept."""
    say = language.gettext
    series = {"train_ic": (say("Training IC"), GREY), "valid_ic": (say("Validation IC"), NAVY)}
    return [panel(figure, series, say("IC"), language, height=230, name="predictor", number_format=".1%")]


def gan_health(figure: Figure, language: Language) -> list[Spec]:
    """Losses, D's accuracies, likeness, ratios, distances and gradients; what the curves lack is left out."""
    found = []
    for one in health_panels(language, figure.level):
        series = {column: shown for column, shown in one.series.items() if column in figure.data.columns}
        if series:
            found.append(
                panel(
                    figure,
                    series,
                    one.title,
                    language,
                    height=170,
                    name=one.name,
                    level=one.level,
                    bounds=one.bounds,
                )
            )
    return found


@dataclass(frozen=True)
class HealthPanel:
    """What one panel shows: its lines, the level they are compared with and that level's name, fixed bounds."""

    name: str
    title: str
    series: Series
    level: tuple[float, str] | None = None
    bounds: tuple[float, float] | None = None


def health_panels(language: Language, coin_toss: float | None) -> tuple[HealthPanel, ...]:
    """Every panel of a generator's health; `coin_toss` is the loss of a D that knows nothing, where it has one."""
    say = language.gettext
    gradients = HealthPanel(
        "gradients",
        say("Gradient norm"),
        {"d_gradient_norm": (say("of D"), NAVY), "g_gradient_norm": (say("of G"), AMBER)},
    )
    return (*game_panels(language, coin_toss), *likeness_panels(language), gradients)


def game_panels(language: Language, coin_toss: float | None) -> tuple[HealthPanel, ...]:
    """How G and D play: their losses, and how often D is right."""
    say = language.gettext
    return (
        HealthPanel(
            "losses",
            say("Loss"),
            {
                "d_loss": (say("D loss"), NAVY),
                "valid_d_loss": (say("D loss, validation"), TEAL),
                "g_loss": (say("G loss"), AMBER),
            },
            None if coin_toss is None else (coin_toss, say("coin toss")),
        ),
        HealthPanel(
            "accuracies",
            say("Accuracy"),
            {
                "d_real_accuracy": (say("D right on real"), NAVY),
                "d_fake_accuracy": (say("D right on generated"), AMBER),
                "valid_d_real_accuracy": (say("real, validation"), TEAL),
                "valid_d_fake_accuracy": (say("generated, validation"), GREY),
            },
            (0.5, say("coin toss")),
            (0.0, 1.0),
        ),
    )


def likeness_panels(language: Language) -> tuple[HealthPanel, ...]:
    """How like the real windows the generated ones are: errors, correlation, ratios of spread, distances."""
    say = language.gettext
    return (
        HealthPanel(
            "errors",
            say("Squared error"),
            {
                "reconstruction_loss": (say("Training error"), GREY),
                "valid_error": (say("Validation error"), NAVY),
            },
        ),
        HealthPanel(
            "likeness",
            say("Correlation"),
            {"correlation": (say("Correlation of G(x) with x"), NAVY)},
            (0.0, say("unrelated")),
            (-1.0, 1.0),
        ),
        HealthPanel(
            "ratios",
            say("Ratio"),
            {
                "variance_ratio": (say("Variance ratio"), NAVY),
                "dispersion_ratio": (say("Dispersion ratio"), AMBER),
            },
            (1.0, say("alike")),
        ),
        HealthPanel(
            "distance",
            say("Distance"),
            {
                "distance": (say("Distance"), NAVY),
                "distance_moments": (say("of moments"), AMBER),
                "distance_autocorrelation": (say("of autocorrelations"), TEAL),
                "distance_cross_correlation": (say("of cross-correlations"), GREY),
            },
        ),
    )


def panel(
    figure: Figure,
    series: Series,
    title: str,
    language: Language,
    *,
    height: int,
    name: str,
    level: tuple[float, str] | None = None,
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
    frame: pl.DataFrame = figure.data.select("epoch", *series)
    axis = alt.Axis(tickCount=5, format="~%") if number_format.endswith("%") else alt.Axis(tickCount=5)
    wide = far_apart(frame.drop("epoch")) if level is None and bounds is None else None
    if wide is not None:
        scale = alt.Scale(type="log", domain=list(wide), nice=False)
        axis = alt.Axis(values=log_ticks(*wide), format="~g")
    else:
        scale = alt.Scale(domain=list(bounds)) if bounds else alt.Scale(zero=True)
    y = alt.Y(title=title, axis=axis, scale=scale)
    lines = theme.lines(series, x=x, y=y, tooltip=tip, strokeWidth=1.8, point=alt.OverlayMarkDef(size=14))
    if len(series) > 2:
        lines.encoding.color["legend"]["columns"] = 2  # half a page is narrow
    drawn = [lines]
    if level is not None:
        drawn += [theme.rule(level[0], dash=(1, 3)), theme.rule_name(*level)]
    if figure.mark is not None:
        drawn.append(theme.upright(say("Epoch"), figure.mark))
    return theme.finished(alt.layer(*drawn, data=theme.values(frame)), height=height, name=name)


def far_apart(frame: pl.DataFrame) -> tuple[float, float] | None:
    """Ends of a logarithmic axis for values that are all above 0 and lie far apart; None where a plain one will do."""
    values = frame.select(pl.all().cast(pl.Float64).fill_null(np.nan)).to_numpy()
    values = values[np.isfinite(values)]
    if not values.size or values.min() <= 0 or values.max() < FAR * values.min():
        return None
    return values.min().item() / 1.2, values.max().item() * 1.2


def log_ticks(low: float, high: float) -> list[float]:
    """1, 3, 10, 30, … between two ends; the powers of ten alone where these are many."""
    powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    steps = (1, 3) if len(powers) <= 4 else (1,)
    return [tick for power in powers for step in steps if low <= (tick := step * 10.0**power) <= high]
