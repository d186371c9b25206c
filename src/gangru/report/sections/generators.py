"""What is said of the generators: their health by epoch, their windows, their figures, and what is wrong with them."""

import math

import polars as pl

from gangru.report.blocks import (
    Block,
    Callout,
    Column,
    Figure,
    Prose,
    Quantity,
    Table,
    Text,
    day,
    number,
    ratio,
    text,
)
from gangru.report.inputs import FoldRecord, Material

COIN_TOSS = {"standard": 2 * math.log(2), "hinge": 2.0}  # D's loss when it knows nothing; a critic's has none
WON = 0.25  # below this share of the coin toss D tells real from generated nearly always
EVEN = 0.90  # above this share D hardly tells them apart
SURE = 0.90  # accuracy on both kinds from which D has won
SCRAMBLED = 0.30  # correlation of G(x) with x under which little of the window survives as it was

# features drawn, where the windows have them
TELLING = ("close", "volume", "turnover", "return_1d", "amplitude")

TRAINING_FIGURES: dict[str, Text] = {
    "d_loss": text("D loss"),
    "valid_d_loss": text("D loss, validation"),
    "g_loss": text("G loss"),
    "d_real_accuracy": text("D right on real"),
    "d_fake_accuracy": text("D right on generated"),
    "valid_d_real_accuracy": text("real, validation"),
    "valid_d_fake_accuracy": text("generated, validation"),
    "d_gradient_norm": text("Gradient of D"),
    "g_gradient_norm": text("Gradient of G"),
    "reconstruction_loss": text("Training error"),
    "valid_error": text("Validation error"),
}
WINDOW_FIGURES: dict[str, Text] = {
    "correlation": text("G(x) with x"),
    "variance_ratio": text("Variance ratio"),
    "dispersion_ratio": text("Dispersion ratio"),
    "distance": text("Distance"),
    "distance_moments": text("of moments"),
    "distance_autocorrelation": text("of autocorrelations"),
    "distance_cross_correlation": text("of cross-correlations"),
}
GAN_FIGURES = TRAINING_FIGURES | WINDOW_FIGURES

READING = text(
    "How to read it. A healthy D is right a little more often than a coin on both kinds, the ratios lie near 1, and "
    "the distances fall and then stay. Unhealthy is: a D loss near 0 with both accuracies near 1 (D has won, and what "
    "it tells G is of no more use); a dispersion ratio near 0, where G gives every stock the same window (a "
    "collapse, flat or identical amber lines in the picture); gradients that die out or grow without end; losses that "
    "swing instead of settling. A correlation of G(x) with x near 0 is no fault of the GAN's game, whose losses do "
    "not ask for more, but then the predictor does not read the stock's own history."
)

HEALTH_NOTE: dict[bool, Text] = {
    True: text(
        "Upright line: the epoch kept. Dotted: the loss of a D that knows nothing (2 ln 2 = 1.39 in the published "
        "form, 2 with hinge loss, none for a Wasserstein critic); the accuracy of a coin toss; a correlation of 0; a "
        "ratio, generated over real, of 1. The distance, which says when to stop, is the sum of its three parts; it, "
        "the correlation and the ratios are of validation dates."
    ),
    False: text(
        "Upright line: the epoch kept. Dotted: a correlation of 0; a ratio, generated over real, of 1. All but the "
        "training error are of validation dates."
    ),
}

WELL: dict[bool, Text] = {
    True: text(
        "No GAN collapsed and no discriminator won; the newest D answers near one half, its loss {loss}."
    ),
    False: text(
        "No GAN collapsed and no discriminator won; the newest D has a loss of {loss}, where {coin} is a coin "
        "toss."
    ),
}
NO_COLLAPSE = text(
    "No GAN collapsed. The loss of a Wasserstein critic has no value of a coin toss to be compared with."
)
COMPLAINTS: dict[str, Text] = {
    "collapsed": text(
        "Training of {date}: the GAN collapsed: generated windows hardly differ between stocks, or the "
        "discriminator's loss fell to nothing."
    ),
    "restarted": text("Training of {date}: the GAN was started again with another seed."),
    "won": text(
        "Training of {date}: the discriminator won; its loss is {loss}, where {coin} is a coin toss, so the "
        "generator did not learn to make windows like the real ones."
    ),
    "scrambled": text(
        "Training of {date}: generated and real windows correlate by {correlation} alone; what the predictor "
        "reads keeps little of the real window as it was."
    ),
}


def generator_blocks(material: Material, fold: FoldRecord) -> tuple[Block, ...]:
    """What is shown of a generator beside its curves; nothing where the predictor reads real windows."""
    if material.generator == "none":
        return ()
    picture = (windows_figure(fold),)
    if not any(kept_row(one) for one in material.folds):
        return picture
    reading = (Prose((READING,)),) if material.generator == "gan" else ()
    return (*reading, *picture, *health_tables(material))


def coin_toss(material: Material) -> float | None:
    """D's loss when it knows nothing, in the form that the GAN was trained with; None where that form has none."""
    return COIN_TOSS.get(str(material.provenance.setting("gan", "loss") or "standard"))


def gan_figure(fold: FoldRecord, generator: str, coin: float | None) -> Figure:
    """The GAN's health by epoch; says why there is none."""
    curves = fold.gan_curves
    empty = None
    if curves is None or curves.is_empty():
        empty = (
            text("Empty: this study trains no GAN.")
            if generator != "gan"
            else text("Empty: the training left no curve of its GAN.")
        )
    caption = (
        text("Autoencoder, training of {date}: health by epoch", date=day(fold.nominal))
        if generator == "ae"
        else text("GAN, training of {date}: health by epoch", date=day(fold.nominal))
    )
    return Figure(
        "gan",
        "gan",
        caption,
        pl.DataFrame() if curves is None else curves,
        mark=fold.best_gan_epoch,
        level=coin if generator == "gan" else None,
        notes=(HEALTH_NOTE[generator == "gan"],),
        empty=empty,
    )


def windows_figure(fold: FoldRecord) -> Figure:
    """A few real windows and what the generator made of them, in the features that tell most."""
    windows = fold.gan_windows
    empty = windows is None or windows.is_empty()
    return Figure(
        "gan_windows",
        "windows",
        text("Real and generated windows, training of {date}", date=day(fold.nominal)),
        pl.DataFrame() if windows is None else told(windows),
        notes=(
            text(
                "Stocks drawn at random of the newest validation date, {date}, which the generator was not fitted "
                "on. Values scaled as the nets read them; each strip has one scale. r: correlation of the two lines.",
                date=day(fold.windows_on),
            ),
        ),
        empty=text("Empty: this training kept no windows to be shown.") if empty else None,
    )


def told(windows: pl.DataFrame) -> pl.DataFrame:
    """The rows of the telling features; of the first few where the windows have none of them."""
    names = windows["feature"].unique(maintain_order=True).to_list()
    shown = [name for name in TELLING if name in names] or names[: len(TELLING)]
    return pl.concat([windows.filter(pl.col("feature") == name) for name in shown])


def kept_row(fold: FoldRecord) -> dict[str, float | None]:
    """The GAN's figures at the epoch that was kept, or at its last."""
    curves = fold.gan_curves
    if curves is None or curves.is_empty():
        return {}
    kept = (
        curves.filter(pl.col("epoch") == fold.best_gan_epoch)
        if fold.best_gan_epoch is not None
        else curves.clear()
    )
    row = (kept if len(kept) else curves.sort("epoch").tail(1)).row(0, named=True)
    return {name: number(row[name]) for name in GAN_FIGURES if name in row}


def health_tables(material: Material) -> tuple[Table, ...]:
    """The generators' figures at the epochs that were kept: of their training, and of their windows."""
    made = (
        health_table(
            material, "gan_health", text("Generators at the epoch kept: training"), TRAINING_FIGURES
        ),
        health_table(material, "gan_likeness", text("Generators at the epoch kept: windows"), WINDOW_FIGURES),
    )
    return tuple(table for table in made if len(table.columns) > 2)


def health_table(material: Material, key: str, caption: Text, figures: dict[str, Text]) -> Table:
    """One row a training, newest first; a column for each figure that some training has."""
    folds = sorted(material.folds, key=lambda f: f.nominal, reverse=True)
    rows = [(fold, kept_row(fold)) for fold in folds]
    names = [name for name in figures if any(name in row for _, row in rows)]
    columns = (
        Column("nominal", text("Training"), "day"),
        Column("gan_epoch", text("GAN epoch"), "integer"),
        *(Column(name, figures[name], "share" if name.endswith("accuracy") else "fine") for name in names),
    )
    return Table(
        key,
        caption,
        columns,
        tuple((fold.nominal, fold.best_gan_epoch, *(row.get(name) for name in names)) for fold, row in rows),
        undefined=text("–: this training has no such figure."),
    )


def d_won(row: dict[str, float | None], coin: float | None) -> bool:
    """Whether D tells real from generated nearly always: its loss is near 0, or it is right on both kinds.

    A Wasserstein critic cannot win: the more it knows, the more it has to teach.
    """
    if coin is None:
        return False
    loss, real, fake = row.get("d_loss"), row.get("d_real_accuracy"), row.get("d_fake_accuracy")
    low = loss is not None and loss < WON * coin
    right = real is not None and fake is not None and min(real, fake) >= SURE
    return low or right


def health(material: Material) -> tuple[Callout, ...]:
    """Plain warnings on the GANs of all folds; a quiet note where they are well; nothing without a GAN."""
    folds = [fold for fold in sorted(material.folds, key=lambda f: f.nominal) if "d_loss" in kept_row(fold)]
    if not folds:
        return ()
    coin = coin_toss(material)
    warnings = [sentence for fold in folds for sentence in complaints(fold, coin)]
    newest = kept_row(folds[-1])
    loss = newest.get("d_loss")
    if not warnings and coin is None:
        return (Callout("good", (NO_COLLAPSE,)),)
    if not warnings and coin is not None:
        even = loss is not None and loss > EVEN * coin
        return (Callout("good", (WELL[even].with_values({"loss": ratio(loss), "coin": ratio(coin)}),)),)
    return (Callout("warning", tuple(warnings)),)


def complaints(fold: FoldRecord, coin: float | None) -> list[Text]:
    """What is wrong with one fold's GAN, in plain sentences."""
    row = kept_row(fold)
    values: dict[str, Quantity] = {
        "date": day(fold.nominal),
        "loss": ratio(row.get("d_loss")),
        "coin": ratio(coin),
        "correlation": ratio(row.get("correlation")),
    }
    correlation = row.get("correlation")
    found = {
        "collapsed": fold.collapsed,
        "restarted": fold.restarted,
        "won": d_won(row, coin),
        "scrambled": correlation is not None and abs(correlation) < SCRAMBLED,
    }
    return [COMPLAINTS[name].with_values(values) for name, is_so in found.items() if is_so]
