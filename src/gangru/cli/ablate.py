"""The command that compares variants: gangru ablate."""

import json
import re
import shlex
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gangru.cli.options import Address, Changes, Directory, Engine, Json, engine_choice, listed, overrides

if TYPE_CHECKING:
    from rich.progress import TaskID

    from gangru.study.ablation import Watch
    from gangru.study.ablation_plan import Plan
    from gangru.study.ablation_result import Ablation
    from gangru.study.variants import Trial, Variant
    from gangru.training.fold_run import FoldJob
    from gangru.training.loop import Tick

NEXT_CHANGE = re.compile(r",\s*(?=[A-Za-z_]+\.[A-Za-z_]+\s*=)")  # a comma inside a value's list is none


def register(app: typer.Typer) -> None:
    """Add the command."""
    examples = (
        "Examples:  gangru ablate --folds 2018-12-31,2019-12-31 --seeds 2   ·   "
        'gangru ablate --variants gru,gan --with "recon: gan.reconstruction_weight=10"'
    )
    app.command("ablate", epilog=examples)(ablate)


def ablate(
    directory: Directory = None,
    variants: Annotated[
        str,
        typer.Option(
            "--variants", metavar="NAME,…", help="Which of the built-in variants; empty = none of them."
        ),
    ] = "gru,gan,untrained,ae,lightgbm,reversal",
    added: Annotated[
        list[str] | None,
        typer.Option(
            "--with", metavar='"NAME: SECTION.KEY=VALUE, …"', help="Add a variant of your own; repeatable."
        ),
    ] = None,
    seeds: Annotated[
        int,
        typer.Option(
            "--seeds", metavar="K", min=1, help="Seeds of the variants in --seeded; others have one."
        ),
    ] = 1,
    seeded: Annotated[
        str, typer.Option("--seeded", metavar="NAME,…", help="The variants that --seeds is for.")
    ] = "gru,gan",
    folds: Annotated[
        str, typer.Option("--folds", metavar="DATE,…", help="Which due trainings, YYYY-MM-DD; default all.")
    ] = "",
    until: Annotated[
        str | None, typer.Option("--until", metavar="YYYY-MM", help="Last return month that is looked at.")
    ] = None,
    changes: Changes = None,
    no_train: Annotated[
        bool, typer.Option("--no-train", help="Train nothing: compare what is trained in all variants.")
    ] = False,
    as_json: Json = False,
    markdown: Annotated[
        Path | None, typer.Option("--markdown", metavar="FILE", help="Write the tables to FILE as Markdown.")
    ] = None,
    engine: Engine = None,
    address: Address = None,
) -> None:
    """Train and evaluate variants of the study on the same trainings and months, and set them side by side.

    Each variant and seed is a study of its own, ablate-NAME or ablate-NAME-sSEED, that the other commands take with
    --study. What is trained is not trained again; --engine ray trains all of them at once. The comparison is kept in
    runs/ablation.json.
    """
    from gangru.cli.screen import err
    from gangru.study.ablation import keep_ablation, run_ablation
    from gangru.study.ablation_plan import Plan
    from gangru.study.variants import chosen_variants

    plan = Plan(
        variants=chosen_variants(listed(variants), tuple(map(parsed_variant, added or []))),
        seeds=seeds,
        seeded=listed(seeded),
        folds=listed(folds),
        until=until,
        changes=overrides(changes),
    )
    root, choice = directory or Path(), engine_choice(engine, address)

    with ablation_progress() as watch:
        ablation = run_ablation(root, plan, watch, train=not no_train, choice=choice)
    command = command_of(variants, added, plan, changes, no_train=no_train)
    document = keep_ablation(root, ablation, plan, command, markdown)
    if as_json:
        typer.echo(json.dumps(document, ensure_ascii=False))
        return
    print_ablation(ablation)
    if markdown is not None:
        err.print(f"wrote {markdown}", soft_wrap=True, markup=False)


@contextmanager
def ablation_progress() -> Iterator["Watch"]:
    """The trial at hand on a line; below it a bar for each net in training, or for the dates of its factor."""
    from gangru.cli.screen import err, figures_note, progress
    from gangru.study.ablation import Watch

    with progress() as bars:
        tasks: dict[str, TaskID] = {}

        def bar(name: str, done: int, total: int, note: str) -> None:
            if name not in tasks:
                tasks[name] = bars.add_task(name, total=total, note="")
            bars.update(tasks[name], completed=done, total=total, note=note)

        def on_trial(trial: "Trial", i: int, count: int) -> None:
            for task in tasks.values():
                bars.remove_task(task)
            tasks.clear()
            err.print(f"{trial.study} ({i} of {count}): {trial.variant.what}", soft_wrap=True, markup=False)

        def on_tick(job: "FoldJob", tick: "Tick") -> None:
            note = figures_note(tick)
            bar(f"{job.name} {tick.phase}", tick.epoch, tick.max_epochs, note)
            if not err.is_terminal:
                line = f"{job.name} {tick.phase} epoch {tick.epoch}/{tick.max_epochs}: {note}"
                err.print(line, soft_wrap=True)

        def on_step(day: str, done: int, total: int) -> None:
            bar("factor", done, total, day)

        yield Watch(on_trial, on_tick, on_step)


def parsed_variant(text: str) -> "Variant":
    """A variant from 'NAME: SECTION.KEY=VALUE, SECTION.KEY=VALUE'."""
    from gangru.study.variants import Variant

    name, colon, rest = text.partition(":")
    if not colon:
        raise typer.BadParameter(f"{text!r}: expected NAME: SECTION.KEY=VALUE, …", param_hint="--with")
    pairs = [part.strip() for part in NEXT_CHANGE.split(rest) if part.strip()]
    return Variant(name.strip(), ", ".join(pairs), overrides(pairs, option="--with"))


def command_of(
    variants: str, added: list[str] | None, plan: "Plan", changes: list[str] | None, *, no_train: bool
) -> str:
    """The command that makes this comparison, without the directory it was given in."""
    words = ["gangru", "ablate", "--variants", variants]
    for option, values in (("--with", added), ("--set", changes)):
        for value in values or []:
            words += [option, value]
    words += ["--seeds", str(plan.seeds), "--seeded", ",".join(plan.seeded)]
    words += ["--folds", ",".join(plan.folds)] if plan.folds else []
    words += ["--until", plan.until] if plan.until else []
    return shlex.join([*words, *(["--no-train"] if no_train else [])])


def print_ablation(ablation: "Ablation") -> None:
    """The tables of a comparison, within 80 columns: the months, which are the same for all, stand above."""
    from gangru.cli.screen import out
    from gangru.study import ablation_document as shown

    said = f"{shown.headline_of(ablation)}. ICs and returns in percent; #: seeds."
    out.print(said, soft_wrap=True, markup=False)
    shown_once = shown.COLUMNS.index("Months")
    columns = tuple("#" if name == "Seeds" else name for name in shown.COLUMNS)
    rows = [shown.variant_row(line) for line in ablation.variants]
    head, *lines = (row[:shown_once] + row[shown_once + 1 :] for row in (columns, *rows))
    print_table(head, lines)
    if ablation.differences:
        print_table(shown.DIFFERENCE_COLUMNS, [shown.difference_row(one) for one in ablation.differences])
    names = tuple(line.variant.name for line in ablation.variants)
    print_table(("Mean RankIC", *names), shown.fold_rows(ablation))
    print_table(("RankIC", *names), shown.month_rows(ablation))
    health = [shown.health_row(one) for line in ablation.variants for one in line.health]
    if health:
        print_table(shown.HEALTH_COLUMNS, health)
    for skip in ablation.skipped:
        out.print(f"left out: {skip.study}: {skip.reason}", soft_wrap=True, markup=False)
    for note in ablation.notes:
        out.print(f"note: {note}", soft_wrap=True, markup=False)


def print_table(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> None:
    """A table of text and figures, and a blank line before it."""
    from rich.markup import escape
    from rich.table import Table

    from gangru.cli.screen import out

    table = Table(box=None, pad_edge=False, padding=(0, 1, 0, 0), header_style="bold")
    for i, name in enumerate(head):
        table.add_column(escape(name), justify="right" if i else "left", overflow="fold", no_wrap=not i)
    for row in rows:
        table.add_row(*map(escape, row))
    out.print()
    out.print(table)
