"""How the trainings went: the newest fold's curves, its generator, and every fold."""

from gangru.report.blocks import Block, Callout, Column, Figure, Section, Table, day, text
from gangru.report.inputs import FoldRecord, Material
from gangru.report.sections.generators import coin_toss, gan_figure, generator_blocks, health, kept_row


def training(material: Material) -> Section:
    """Curves of the newest training, its GAN's health, and the table of folds."""
    title, fold = text("Training"), material.newest_fold
    if fold is None:
        reason = text("Empty: no training was handed to the report; the factor comes from elsewhere.")
        return Section("training", title, (Callout("note", (reason,)),))
    blocks: tuple[Block, ...] = (
        *health(material),
        predictor_figure(fold),
        gan_figure(fold, material.generator, coin_toss(material)),
        *generator_blocks(material, fold),
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
        Column("manifest", text("Manifest")),
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
                None if fold.manifest is None else fold.manifest[:12],
            )
        )
    undefined = text("–: this training has no GAN, or its span is still open.")
    return Table("folds", text("Every training"), columns, tuple(rows), undefined=undefined)
