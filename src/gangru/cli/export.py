"""Commands that take data out: export."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from gangru.cli.answers import answer, line
from gangru.cli.options import Changes, Directory, Json, Preset, Study, day_of, workspace_of

EXAMPLES = """Examples:

  gangru export qlib ~/qlib_data

  gangru export qlib ~/qlib_data --start 2018-01-01 --end 2021-12-31 --overwrite
"""

ARRAYS_EXAMPLES = """Examples:

  gangru export arrays ~/arrays                                  then, where the GPU is:

  python -m gangru.training ~/arrays ~/runs --device cuda        and ~/runs/* back into runs/main
"""


def register(app: typer.Typer) -> None:
    """Add the commands."""
    exports = typer.Typer(no_args_is_help=True, help="Write the store for other programs.")
    exports.callback()(export)
    exports.command("qlib", epilog=EXAMPLES)(qlib)
    exports.command("arrays", epilog=ARRAYS_EXAMPLES)(arrays)
    app.add_typer(exports, name="export")


def export() -> None:
    """Write the store for other programs."""


def qlib(
    target: Annotated[Path, typer.Argument(metavar="DIR", help="Directory to write; must not exist yet.")],
    directory: Directory = None,
    start: Annotated[
        str | None, typer.Option("--start", metavar="DAY", help="First day of bars; default all.")
    ] = None,
    end: Annotated[
        str | None, typer.Option("--end", metavar="DAY", help="Last day of bars; default all.")
    ] = None,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace DIR where it is an earlier export.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Write the store as a Qlib data directory: `qlib.init(provider_uri=DIR)` reads it.

    Prices are price × factor and volume is volume / factor, in single precision; days without trading are missing. What
    Qlib has no place for lies beside it in DIR/gangru, and `gangru ingest qlib DIR` brings it back.
    """
    from gangru.cli.screen import share_progress
    from gangru.market.export_qlib import export_qlib

    span = (day_of("--start", start), day_of("--end", end))
    with share_progress("exporting") as on_progress:
        done = export_qlib(workspace_of(directory).store, target, *span, overwrite, on_progress)
    told = line(
        f"wrote {target}: {done.bars:,} bars of {done.stocks:,} stocks on {done.days:,} days, {done.indices} indices, "
        f"{done.files:,} files; {done.kept_beside:,} bars without trading or factor are in {target}/gangru"
    )
    answer({"written": target, **asdict(done)}, told, as_json=as_json)


def arrays(
    target: Annotated[
        Path, typer.Argument(metavar="DIR", help="Folder to write; must hold no trainings yet.")
    ],
    directory: Directory = None,
    study: Study = "main",
    changes: Changes = None,
    preset: Preset = None,
    as_json: Json = False,
) -> None:
    """Write what a study's trainings read as plain arrays, for a machine that has NumPy and PyTorch alone.

    Pieces are of about 48 MB. There `python -m gangru.training DIR RUNS` trains them; copied into runs/STUDY the run
    directories are as if they had been trained here. What is trained already is left out.
    """
    from gangru.cli.screen import share_progress, step
    from gangru.study.fold_settings import folds_of
    from gangru.study.inputs import load_inputs
    from gangru.study.jobs import all_jobs
    from gangru.training.arrays_folder import write_arrays

    workspace = workspace_of(directory, study, changes, preset)
    with step("reading the market"):
        inputs = load_inputs(workspace)
    jobs = [job for job in all_jobs(inputs, folds_of(inputs)) if not job.done]
    if not jobs:
        told = line("every due fold was trained already: nothing was written")
        answer({"written": None, "days": 0, "trainings": []}, told, as_json=as_json)
        return
    with share_progress("writing arrays") as on_progress:
        days = write_arrays(
            target, jobs, lambda done, total: on_progress(f"piece {done} of {total}", done / total)
        )
    names = [job.name for job in jobs]
    told = line(f"wrote {target}: {days:,} days for the trainings of {', '.join(names)}")
    answer({"written": target, "days": days, "trainings": names}, told, as_json=as_json)
