"""gan_windows.svg and gan_curves.svg of a trained fold, drawn from the CSV files beside them."""

from pathlib import Path

from gangru.atomic import write_text
from gangru.report.languages import Tag, language, tags_of
from gangru.report.sections.generators import COIN_TOSS, gan_figure, windows_figure
from gangru.study.fold_records import fold_record, read_json
from gangru.study.inputs import Inputs
from gangru.training.fold_run import FoldJob

WIDTHS = {"gan_curves": (2, 430), "gan_windows": (1, 900)}  # panels beside each other, pixels of one


def draw_pictures(inputs: Inputs, jobs: list[FoldJob]) -> list[Path]:
    """Draw what is missing of the trained folds' pictures; whoever deletes one has it drawn again."""
    tag = tags_of(inputs.workspace.settings.report.language)[0]
    return [
        draw_picture(job, name, inputs, tag)
        for job in jobs
        if job.done
        for name in WIDTHS
        if (job.directory / f"{name}.csv").exists() and not (job.directory / f"{name}.svg").exists()
    ]


def draw_picture(job: FoldJob, name: str, inputs: Inputs, tag: Tag) -> Path:
    """One picture of one fold, as the report draws it."""
    from gangru.report.charts.draw import chart_specs, sheet_svg

    fold = fold_record(job.directory, read_json(job.directory / "manifest.json"), inputs.calendar)
    figure = (
        gan_figure(fold, job.kind, COIN_TOSS.get(job.gan.loss))
        if name == "gan_curves"
        else windows_figure(fold)
    )
    said, (columns, width) = language(tag), WIDTHS[name]
    picture = sheet_svg(chart_specs(figure, said), said.words(figure.caption), columns=columns, width=width)
    path = job.directory / f"{name}.svg"
    write_text(path, picture)
    return path
