"""The Ray engine: every fold a task of its own, at once on the nodes of a cluster.

The driver, which is this process, alone writes into run directories. It keeps each epoch's state as it comes, so a node
or a driver that is killed costs at most the epoch it was in. Ray repeats nothing by itself: the driver begins a lost
fold again from the states it holds and listens to the new attempt alone.
"""

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from gangru.atomic import write_bytes
from gangru.errors import GangruError, TrainingError, first_line
from gangru.training.engines.ray_arrays import Shelf
from gangru.training.engines.ray_cluster import check_capacity, cluster, demands
from gangru.training.engines.ray_task import News, Order, files_of, train_on_node, versions
from gangru.training.fold_run import FoldJob, check_data, check_settings, sweep
from gangru.training.loop import Tick
from gangru.training.settings import RaySettings

QUIET = 60  # seconds without news after which it is said that no node has taken anything

OnTick = Callable[[FoldJob, Tick], None]


def train_folds(jobs: Sequence[FoldJob], settings: RaySettings, on_tick: OnTick) -> list[str]:
    """Train every fold that is not DONE, as many at once as the cluster takes; the names of those trained now.

    All run directories are checked before the first training. A fold whose node or process is lost goes on elsewhere
    from its last finished epoch. One that fails for a reason of its own fails once, and the others are trained to
    their end; then TrainingError names each that failed and why. Whatever stops this call stops the tasks.
    """
    for job in jobs:
        check_settings(job)
    due = [job for job in jobs if not job.done]
    for job in jobs:
        if job.done:
            sweep(job)
    if not due:
        return []
    for job in due:
        demands(settings, job.training)  # what cannot be asked for is told before anything is started
    with cluster(settings) as ray:
        failed = Dispatch(ray, settings, on_tick).train(due)
    if failed:
        raise TrainingError(failures(failed, len(due)))
    return [job.name for job in due]


def failures(failed: dict[str, str], count: int) -> str:
    """Which trainings failed, and why."""
    others = count - len(failed)
    head = f"{len(failed)} of {count} trainings failed"
    head += f", the other {others} {'is' if others == 1 else 'are'} done:" if others else ":"
    return "\n".join([head, *(f"{name}: {reason}" for name, reason in failed.items())])


@dataclass
class Running:
    """A training under way: its job, where it runs once a node has taken it, and how often in a row it was lost."""

    job: FoldJob
    node: str = ""
    reached: str = "its beginning"
    losses: int = 0


class Dispatch:
    """Sends trainings out, keeps what comes back, and begins again what was lost.

    `running` maps the stream of each training's present attempt to it: what an earlier attempt may still send goes
    into a stream that nobody reads.
    """

    def __init__(self, ray: Any, settings: RaySettings, on_tick: OnTick) -> None:
        self.ray, self.settings, self.on_tick = ray, settings, on_tick
        self.lost_errors = (
            ray.exceptions.WorkerCrashedError,
            ray.exceptions.NodeDiedError,
            ray.exceptions.OutOfMemoryError,
            ray.exceptions.ObjectLostError,
            ray.exceptions.LocalRayletDiedError,
        )
        self.task = ray.remote(train_on_node)
        self.shelf = Shelf()
        self.running: dict[Any, Running] = {}
        self.failed: dict[str, str] = {}

    def train(self, due: Sequence[FoldJob]) -> dict[str, str]:
        """Train all; name → reason of those that failed."""
        for asked in {tuple(demands(self.settings, job.training).items()) for job in due}:
            check_capacity(self.ray, dict(asked), grows=bool(self.settings.address))
        try:
            for job in due:
                self.start(Running(job))
            while self.running:
                ready, _ = self.ray.wait(list(self.running), num_returns=1, timeout=QUIET)
                for stream in ready:
                    self.take(stream)
                if not ready:
                    self.tell_quiet()
        except BaseException:
            self.cancel()
            raise
        return self.failed

    def start(self, one: Running) -> None:
        """Send a training out with what its run directory holds."""
        job, asked = one.job, demands(self.settings, one.job.training)
        try:
            check_data(job)
        except GangruError as error:
            self.failed[job.name] = str(error)
            return
        task = self.task.options(
            name=f"gangru {job.name}",
            num_cpus=asked["CPU"],
            num_gpus=asked.get("GPU", 0),
            memory=asked.get("memory"),
            num_returns="streaming",
            max_retries=0,
        )
        order = Order(
            self.shelf.stored(job), files_of(job.directory), self.settings.cpus_per_task, versions()
        )
        one.node = ""
        self.running[task.remote(order)] = one

    def take(self, stream: Any) -> None:
        """Take the next news of a training, or learn that it has failed or was lost."""
        one = self.running[stream] = self.running.pop(
            stream
        )  # behind the others, which have their turn first
        try:
            reference = next(stream, None)
            news: News | None = None if reference is None else self.ray.get(reference)
        except self.ray.exceptions.RayTaskError as error:
            if isinstance(error.cause, self.lost_errors):
                self.lost(stream, one, first_line(error.cause))
            else:
                self.fail(stream, one, own_reason(error))
        except self.lost_errors as error:
            self.lost(stream, one, first_line(error))
        except self.ray.exceptions.RayError as error:
            self.fail(stream, one, first_line(error))
        else:
            if news is None:
                self.lost(stream, one, "what it sent ended before its result")
                return
            self.keep(one, news)
            if news.done:
                sweep(one.job)
                del self.running[stream]

    def keep(self, one: Running, news: News) -> None:
        """Write what a node has sent into the run directory, DONE last, and tell the epoch."""
        one.node = news.node
        for name in sorted(news.files, key=lambda name: name == "DONE"):
            write_bytes(one.job.directory / name, news.files[name])
        if news.tick is not None:
            one.losses, one.reached = 0, f"epoch {news.tick.epoch} ({news.tick.phase})"
            self.on_tick(one.job, news.tick)

    def fail(self, stream: Any, one: Running, reason: str) -> None:
        """Give a training up."""
        del self.running[stream]
        self.failed[one.job.name] = reason

    def lost(self, stream: Any, one: Running, why: str) -> None:
        """Begin a training again whose node or process is gone, or give it up."""
        one.losses += 1
        where = f" on {one.node}" if one.node else ""
        if one.losses > self.settings.retries:
            reason = (
                f"its node or process was lost{where}, {one.losses} times without an epoch between ({why}); "
                f"what it reached is kept: {one.reached}"
            )
            self.fail(stream, one, reason)
            return
        warnings.warn(f"{one.job.name} was lost{where} and goes on from {one.reached}", stacklevel=2)
        del self.running[stream]
        self.start(one)

    def cancel(self) -> None:
        """Stop every task; the states stay in the run directories."""
        for stream in self.running:
            self.ray.cancel(stream, force=True)
        warnings.warn(
            f"stopped {len(self.running)} trainings on the cluster; the states of their last finished epochs are kept",
            stacklevel=2,
        )

    def tell_quiet(self) -> None:
        """Say that the cluster takes nothing, where no training has found a node."""
        if not any(one.node for one in self.running.values()):
            warnings.warn(
                f"no node has taken any of {len(self.running)} trainings yet: `ray status` tells what the cluster has",
                stacklevel=2,
            )


def own_reason(error: Any) -> str:
    """Why a training failed by itself: its message where it was raised on purpose, else with Ray's traceback."""
    return str(error.cause) if isinstance(error.cause, GangruError) else str(error).strip()
