"""The local engine: folds one after another in this process."""

from collections.abc import Callable, Sequence

from gangru.training.fold_run import FoldJob, check_settings, train_fold
from gangru.training.loop import Tick


def train_folds(jobs: Sequence[FoldJob], on_tick: Callable[[FoldJob, Tick], None]) -> list[str]:
    """Train every fold that is not DONE, oldest first; the names of those trained now.

    All run directories are checked before the first training, so that a wrong one is told at once.
    """
    for job in jobs:
        check_settings(job)
    due = [job for job in jobs if not job.done]
    for job in jobs:
        train_fold(job, lambda tick, job=job: on_tick(job, tick))  # type: ignore[misc]
    return [job.name for job in due]
