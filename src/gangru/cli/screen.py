"""What a person sees in the terminal: progress on stderr, tables on stdout."""

import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from typing import TYPE_CHECKING

from rich.console import Console, ConsoleOptions, RenderableType
from rich.markup import escape
from rich.progress import (
    BarColumn,
    Progress,
    TaskProgressColumn,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.segment import Segment
from rich.table import Table

from gangru.cli.telling import telling

if TYPE_CHECKING:
    from gangru.evaluation.result import Evaluation
    from gangru.study.jobs import OnTick
    from gangru.training.fold_run import FoldJob
    from gangru.training.loop import Tick

CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")  # all but tab and line feed


def printable(text: str) -> str:
    """Text of which nothing steers the terminal: each control character but tab and line feed as U+FFFD."""
    return CONTROLS.sub("\ufffd", text)


class Screen(Console):
    """A console that prints its own colours and movements, but no control character of what it is given."""

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterator[Segment]:
        """The pieces of what is printed, made printable."""
        for piece in super().render(renderable, options):
            yield piece if piece.control else Segment(printable(piece.text), piece.style)


out = Screen(highlight=False)
err = Screen(stderr=True, highlight=False)

PERCENT = {
    "ic_mean", "ic_latest", "ic_1y", "annual_return", "annual_volatility", "max_drawdown", "annual_excess",
    "net_annual_return", "net_annual_excess", "turnover",
}  # fmt: skip
ROWS = {
    "months": "Months",
    "ic_mean": "IC mean",
    "icir": "ICIR",
    "ic_latest": "Latest IC",
    "ic_1y": "One-year IC mean",
    "ic_t": "t of the mean IC (Newey–West)",
    "annual_return": "Annualised return",
    "annual_volatility": "Annualised volatility",
    "return_over_volatility": "Return / volatility",
    "information_ratio": "Information ratio",
    "max_drawdown": "Maximum drawdown",
    "turnover": "Monthly turnover, one-sided",
    "annual_excess": "Annualised excess",
    "net_annual_return": "Annualised return after costs",
    "net_annual_excess": "Annualised excess after costs",
}


def progress() -> Progress:
    """A progress bar with elapsed and remaining time, on stderr."""
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(bar_width=24),
        TaskProgressColumn(),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(elapsed_when_finished=False),
        TextColumn("{task.fields[note]}", markup=False),
        console=err,
        disable=telling.quiet or not err.is_terminal,
    )


@contextmanager
def step(what: str) -> Iterator[None]:
    """Say what is being done and, after it, how long it took."""
    started = time.perf_counter()
    with nullcontext() if telling.quiet else err.status(f"{what} …"):
        yield
    seconds = time.perf_counter() - started
    telling.event("step", what=what, seconds=round(seconds, 3))
    if not telling.quiet:
        err.print(f"{what}: {seconds:.1f} s")


@contextmanager
def training_progress() -> Iterator["OnTick"]:
    """Progress of the folds: a bar for each net in training, its figures beside it."""
    with progress() as bars:
        tasks: dict[tuple[str, str], int] = {}

        def on_tick(job: "FoldJob", tick: "Tick") -> None:
            key = (job.name, tick.phase)
            if key not in tasks:
                tasks[key] = bars.add_task(f"{job.name} {tick.phase}", total=tick.max_epochs, note="")
            bars.update(tasks[key], completed=tick.epoch, note=figures_note(tick))  # type: ignore[arg-type]
            figures = {name: round(value, 6) for name, value in tick.figures.items()}
            of = tick.max_epochs
            telling.event(
                "epoch", training=job.name, phase=tick.phase, epoch=tick.epoch, of=of, figures=figures
            )
            if not (err.is_terminal or telling.quiet):
                line = f"{job.name} {tick.phase} epoch {tick.epoch}/{tick.max_epochs}: {figures_note(tick)}"
                err.print(line, soft_wrap=True)

        yield on_tick


def print_warnings(sentences: list[str]) -> None:
    """What a person has to know before trusting the figures, on stderr."""
    for sentence in sentences:
        telling.event("warning", text=sentence)
        err.print(f"[yellow]warning:[/yellow] {escape(sentence)}", soft_wrap=True)


def figures_note(tick: "Tick") -> str:
    """The figures worth a glance, beside the bar, and the machine where there are several."""
    shown = ("train_ic", "valid_ic", "d_loss", "g_loss", "correlation", "distance", "valid_error")
    figures = [f"{name} {tick.figures[name]:.3f}" for name in shown if name in tick.figures]
    return "  ".join([*figures, f"on {tick.where}"] if tick.where else figures)


@contextmanager
def date_progress(what: str) -> Iterator[Callable[[str, int, int], None]]:
    """Progress over dates."""
    with progress() as bars:
        task = bars.add_task(what, total=None, note="")

        def on_step(name: str, done: int, total: int) -> None:
            bars.update(task, completed=done, total=total, note=name)

        yield on_step


@contextmanager
def share_progress(what: str) -> Iterator[Callable[[str, float], None]]:
    """Progress of something that tells its stage and the share of it that is done."""
    with progress() as bars:
        task = bars.add_task(what, total=1.0, note="")

        def on_progress(stage: str, share: float) -> None:
            bars.update(task, completed=share, note=stage)

        yield on_progress


def figure(name: str, value: float | int | None) -> str:
    """A headline figure as printed: percents where it is a rate, – where it is not defined."""
    if value is None:
        return "–"
    if isinstance(value, int):
        return str(value)
    return f"{value:z.2%}" if name in PERCENT else f"{value:z.2f}"


def print_headline(evaluation: "Evaluation") -> None:
    """The headline figures under their conventions, side by side."""
    span = (
        f"{evaluation.first_month} to {evaluation.last_month}" if evaluation.first_month else "no known month"
    )
    table = Table(title=f"{escape(evaluation.study)}: return months {span}", title_justify="left")
    table.add_column("")
    columns = {
        "Spearman, t+1": evaluation.headline,
        "Pearson": evaluation.headline_pearson,
        "Raw pRet": evaluation.headline_raw,
        "t to t": evaluation.headline_t,
    }
    if not evaluation.headline_raw.months:
        del columns["Raw pRet"]  # a factor without a raw prediction
    for name in columns:
        table.add_column(name, justify="right")
    for name, label in ROWS.items():
        table.add_row(label, *(figure(name, getattr(headline, name)) for headline in columns.values()))
    out.print(table)
    out.print("IC: of ranks (Spearman) wherever Pearson is not named.")
    if len(evaluation.seeds):
        out.print(seeds_sentence(evaluation), soft_wrap=True)


def seeds_sentence(evaluation: "Evaluation") -> str:
    """What the seeds' nets alone would have given, beside their average."""
    means = evaluation.seeds["ic_mean"].drop_nulls()
    alone = ", ".join(
        f"{seed}: {figure('ic_mean', value)}"
        for seed, value in evaluation.seeds.select("seed", "ic_mean").rows()
    )
    spread = means.std() if len(means) > 1 else None
    return (
        f"Average of {len(evaluation.seeds)} seeds. IC mean of each alone: {alone}; standard deviation "
        f"{'–' if spread is None else f'{spread:.2%}'}"
    )
