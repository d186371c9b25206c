"""python -m gangru.training FOLDER RUNS: train what `gangru export arrays` wrote, with NumPy and PyTorch alone."""

import argparse
import sys
import time
from pathlib import Path

from gangru.errors import GangruError, TrainingError
from gangru.training.arrays_folder import read_jobs
from gangru.training.engines.local import train_folds
from gangru.training.fold_run import FoldJob
from gangru.training.loop import Tick

EXAMPLES = """examples:
  python -m gangru.training arrays runs --device cuda
  python -m gangru.training arrays runs --fold 2018-12-31 --fold 2019-06-30
"""


def main() -> int:
    """Train, a line an epoch on stdout; 0 when every training is done, 1 with a reason on stderr."""
    asked = parser().parse_args()
    changes = {"threads": asked.threads} | ({"device": asked.device} if asked.device else {})
    started = time.perf_counter()

    def tell(job: FoldJob, tick: Tick) -> None:
        figures = "  ".join(f"{name} {value:.4g}" for name, value in tick.figures.items() if name != "epoch")
        seconds = time.perf_counter() - started
        line = f"{seconds:8.1f} s  {job.name} {tick.phase} epoch {tick.epoch}/{tick.max_epochs}: {figures}\n"
        sys.stdout.write(line)
        sys.stdout.flush()

    try:
        jobs = read_jobs(asked.folder, asked.runs, changes)
        names = [job.name for job in jobs]
        if unknown := [name for name in asked.fold if name not in names]:
            raise TrainingError(f"no training is named {', '.join(unknown)}: there are {', '.join(names)}")
        jobs = [job for job in jobs if not asked.fold or job.name in asked.fold]
        trained = train_folds(jobs, tell)
    except GangruError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    except KeyboardInterrupt:
        sys.stderr.write("stopped: what is finished is kept, the same command goes on from there\n")
        return 130
    sys.stdout.write(f"trained {', '.join(trained) or 'nothing: every training was done already'}\n")
    return 0


def parser() -> argparse.ArgumentParser:
    """What the command takes."""
    made = argparse.ArgumentParser(
        prog="python -m gangru.training",
        description="Train the folds of a folder that `gangru export arrays` wrote. What is done is skipped, what is "
        "begun goes on from its last finished epoch.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    made.add_argument("folder", type=Path, help="the folder of arrays")
    made.add_argument(
        "runs", type=Path, help="where the run directories go; copy them to runs/STUDY of the workspace"
    )
    made.add_argument("--device", help="cpu, cuda or cuda:N (default: training.device of the study)")
    made.add_argument(
        "--threads", type=int, default=0, help="threads on the CPU (default: PyTorch's own choice)"
    )
    made.add_argument(
        "--fold", action="append", default=[], metavar="NAME", help="only this training; may be repeated"
    )
    return made


if __name__ == "__main__":
    sys.exit(main())
