"""How the trainings went: the newest fold's curves, every fold, and whether the GAN is healthy."""

import math

import polars as pl

from gangru.report.blocks import (
    Block,
    Callout,
    Column,
    Figure,
    Quantity,
    Section,
    Table,
    Text,
    day,
    number,
    ratio,
    text,
)
from gangru.report.inputs import FoldRecord, Material

COIN_TOSS = 2 * math.log(2)  # D's total loss when it answers one half to everything
WON = 0.25  # below this share of the coin toss D tells real from generated nearly always
EVEN = 0.90  # above this share D hardly tells them apart
SURE = 0.90  # accuracy on both kinds from which D has won
SCRAMBLED = 0.30  # correlation of G(x) with x under which little of the window survives as it was

GAN_COLUMNS = (
    "d_loss",
    "g_loss",
    "correlation",
    "variance_ratio",
    "dispersion_ratio",
    "d_real_accuracy",
    "d_fake_accuracy",
    "distance",
)

WELL: dict[bool, Text] = {
    True: text(
        "No GAN collapsed and no discriminator won; the newest D answers near one half, its loss {loss}."
    ),
    False: text(
        "No GAN collapsed and no discriminator won; the newest D has a loss of {loss}, where 1.39 is a coin "
        "toss."
    ),
}
COMPLAINTS: dict[str, Text] = {
    "collapsed": text(
        "Training of {date}: the GAN collapsed: generated windows hardly differ between stocks, or the "
        "discriminator's loss fell to nothing."
    ),
    "restarted": text("Training of {date}: the GAN was started again with another seed."),
    "won": text(
        "Training of {date}: the discriminator won; its loss is {loss}, where 1.39 is a coin toss, so the "
        "generator did not learn to make windows like the real ones."
    ),
    "scrambled": text(
        "Training of {date}: generated and real windows correlate by {correlation} alone; what the predictor "
        "reads keeps little of the real window as it was."
    ),
}


def training(material: Material) -> Section:
    """Curves of the newest training, its GAN's health, and the table of folds."""
    title, fold = text("Training"), material.newest_fold
    if fold is None:
        reason = text("Empty: no training was handed to the report; the factor comes from elsewhere.")
        return Section("training", title, (Callout("note", (reason,)),))
    blocks: tuple[Block, ...] = (
        *health(material),
        predictor_figure(fold),
        gan_figure(fold, material.generator),
        fold_table(material),
    )
    return Section("training", title, blocks)


def predictor_figure(fold: FoldRecord) -> Figure:
    """Training and validation IC by epoch."""
    curves = fold.predictor_curves
    return Figure(
        "predictor",
        "predictor",
        text("Predictor, training of {date}: IC by epoch", date=day(fold.nominal)),
        curves,
        mark=fold.best_predictor_epoch,
        notes=(
            text(
                "Pearson correlation of pRet and the label, mean of the dates. Upright line: the epoch kept."
            ),
        ),
        empty=text("Empty: the training left no curve.") if curves.is_empty() else None,
    )


def gan_figure(fold: FoldRecord, generator: str) -> Figure:
    """The GAN's health by epoch; says why there is none."""
    curves = fold.gan_curves
    empty = None
    if curves is None or curves.is_empty():
        empty = (
            text("Empty: this study trains no GAN.")
            if generator != "gan"
            else text("Empty: the training left no curve of its GAN.")
        )
    return Figure(
        "gan",
        "gan",
        text("GAN, training of {date}: health by epoch", date=day(fold.nominal)),
        pl.DataFrame() if curves is None else curves,
        mark=fold.best_gan_epoch,
        notes=(
            text(
                "Dotted: 2 ln 2 = 1.39, the loss of a D that answers one half, and the accuracy of a coin "
                "toss. A D loss near 0 is a failure: D has won, and G learns nothing more. Ratios: generated "
                "over real, 1 is alike; a dispersion ratio near 0 is a collapse."
            ),
        ),
        empty=empty,
    )


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
    return {name: number(row[name]) for name in GAN_COLUMNS if name in row}


def d_won(row: dict[str, float | None]) -> bool:
    """Whether D tells real from generated nearly always: its loss is near 0, or it is right on both kinds."""
    loss, real, fake = row.get("d_loss"), row.get("d_real_accuracy"), row.get("d_fake_accuracy")
    low = loss is not None and loss < WON * COIN_TOSS
    right = real is not None and fake is not None and min(real, fake) >= SURE
    return low or right


def health(material: Material) -> tuple[Callout, ...]:
    """Plain warnings on the GANs of all folds; a quiet note where they are well; nothing without a GAN."""
    folds = [fold for fold in sorted(material.folds, key=lambda f: f.nominal) if "d_loss" in kept_row(fold)]
    if not folds:
        return ()
    warnings = [sentence for fold in folds for sentence in complaints(fold)]
    newest = kept_row(folds[-1])
    loss = newest.get("d_loss")
    if not warnings:
        even = loss is not None and loss > EVEN * COIN_TOSS
        return (Callout("good", (WELL[even].with_values({"loss": ratio(loss)}),)),)
    return (Callout("warning", tuple(warnings)),)


def complaints(fold: FoldRecord) -> list[Text]:
    """What is wrong with one fold's GAN, in plain sentences."""
    row = kept_row(fold)
    values: dict[str, Quantity] = {
        "date": day(fold.nominal),
        "loss": ratio(row.get("d_loss")),
        "correlation": ratio(row.get("correlation")),
    }
    correlation = row.get("correlation")
    found = {
        "collapsed": fold.collapsed,
        "restarted": fold.restarted,
        "won": d_won(row),
        "scrambled": correlation is not None and abs(correlation) < SCRAMBLED,
    }
    return [COMPLAINTS[name].with_values(values) for name, is_so in found.items() if is_so]


def fold_table(material: Material) -> Table:
    """One row a training, newest first."""
    columns = (
        Column("nominal", text("Training"), "day"),
        Column("trained_on", text("Trained on"), "day"),
        Column("serves_from", text("Serves from"), "day"),
        Column("serves_to", text("to"), "day"),
        Column("epoch", text("Best epoch"), "integer"),
        Column("valid", text("Validation IC"), "percent"),
        Column("gan_epoch", text("GAN epoch"), "integer"),
        Column("d_loss", text("D loss"), "ratio"),
        Column("correlation", text("G(x) with x"), "ratio"),
        Column("collapsed", text("Collapsed"), "flag"),
        Column("restarted", text("Restarted"), "flag"),
        Column("seconds", text("Time"), "seconds"),
    )
    rows = []
    for fold in sorted(material.folds, key=lambda f: f.nominal, reverse=True):
        gan = kept_row(fold)
        rows.append(
            (
                fold.nominal,
                fold.trained_on,
                fold.serves_from,
                fold.serves_to,
                fold.best_predictor_epoch,
                fold.best_valid_ic,
                fold.best_gan_epoch,
                gan.get("d_loss"),
                gan.get("correlation"),
                fold.collapsed if gan else None,
                fold.restarted if gan else None,
                fold.seconds,
            )
        )
    undefined = text("–: this training has no GAN, or its span is still open.")
    return Table("folds", text("Every training"), columns, tuple(rows), undefined=undefined)
