"""What runs on a node: one fold in a directory of the node's own, told epoch by epoch to the one who ordered it.

Nothing here writes into a run directory: that is the driver's alone, so a node that was given up for lost may go on
for as long as it likes and harm nothing.
"""

import hashlib
import os
import shutil
import socket
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from queue import SimpleQueue
from threading import Thread

from gangru.atomic import write_bytes
from gangru.errors import GangruError, TrainingError
from gangru.training.fold_run import FoldJob, train_fold
from gangru.training.hardware import hardware
from gangru.training.loop import Tick

ROOMS = ("features", "models", "training")  # whose code makes the numbers
PACKAGES = ("torch", "numpy", "safetensors", "lightgbm")
PREFIX = "gangru-fold-"
ABANDONED = 24 * 3600  # seconds without an epoch after which a directory is one that a killed process left


@dataclass(frozen=True)
class Order:
    """A training as it travels: the job, the files its run directory holds, threads, and the driver's versions."""

    job: FoldJob
    files: Mapping[str, bytes]
    threads: int
    versions: Mapping[str, str]


@dataclass(frozen=True)
class News:
    """What a node tells: its name, the epoch it has finished, and the files that are new since the news before."""

    node: str
    tick: Tick | None = None
    files: Mapping[str, bytes] = field(default_factory=dict)

    @property
    def done(self) -> bool:
        """Whether these are the last."""
        return "DONE" in self.files


Tell = Callable[[News | BaseException], None]


def train_on_node(order: Order) -> Iterator[News]:
    """Train a fold here: first news that it has begun, then after every epoch, last with the result and DONE.

    The training has a thread of its own, because its epochs come by callback and Ray's stream asks for them. Raises
    what the training raises, and TrainingError where code or packages are not the driver's.
    """
    node = node_name()
    check_versions(order.versions, node)
    yield News(node)
    told: SimpleQueue[News | BaseException] = SimpleQueue()
    thread = Thread(target=train_and_tell, args=(order, node, told.put), daemon=True)
    thread.start()
    while True:
        news = told.get()
        if isinstance(news, BaseException):
            raise news
        yield news
        if news.done:
            break
    thread.join()


def train_and_tell(order: Order, node: str, tell: Tell) -> None:
    """Train in a temporary directory that begins with the order's files; tell every epoch, the end, or what failed."""
    try:
        remove_abandoned(Path(tempfile.gettempdir()))
        with tempfile.TemporaryDirectory(prefix=PREFIX) as place:
            train_in(Path(place), order, node, tell)
    except GangruError as error:  # the person who reads it knows the run directory, not this one
        tell(type(error)(str(error).replace(place, str(order.job.directory))))
    except BaseException as error:  # handed on: whoever asks for the next news raises it
        tell(error)


def train_in(directory: Path, order: Order, node: str, tell: Tell) -> None:
    """Train an order's fold in a directory and tell what changes there."""
    for name, content in order.files.items():
        write_bytes(directory / name, content)
    known = stamps(directory)
    train_fold(
        job_here(order, directory),
        lambda tick: tell(News(node, replace(tick, where=node), changed(directory, known))),
    )
    tell(News(node, None, changed(directory, known)))


def job_here(order: Order, directory: Path) -> FoldJob:
    """The job as this node trains it: its directory, its threads, and its machine in the manifest."""
    job, manifest = order.job, dict(order.job.manifest)
    if "hardware" in manifest:
        manifest["hardware"] = hardware(order.threads)
    training = replace(job.training, threads=order.threads)
    return replace(job, directory=directory, training=training, manifest=manifest)


def files_of(directory: Path) -> dict[str, bytes]:
    """Name → content of the files in a directory, without those still being written, which begin with a dot."""
    return {path.name: path.read_bytes() for path in visible(directory)}


def visible(directory: Path) -> list[Path]:
    """The files in a directory whose names begin with no dot, by name."""
    if not directory.exists():
        return []
    return sorted(path for path in directory.iterdir() if path.is_file() and path.name[0] != ".")


def stamps(directory: Path) -> dict[str, tuple[int, int]]:
    """Name → what tells a file from the one that it replaced: every write makes a new file."""
    return {path.name: (path.stat().st_ino, path.stat().st_mtime_ns) for path in visible(directory)}


def changed(directory: Path, known: dict[str, tuple[int, int]]) -> dict[str, bytes]:
    """Name → content of the files that are new since `known`, which is brought up to date."""
    now = stamps(directory)
    new = {name: (directory / name).read_bytes() for name, stamp in now.items() if known.get(name) != stamp}
    known.clear()
    known.update(now)
    return new


def node_name() -> str:
    """The machine's name, and the beginning of Ray's name of the node: one machine may carry several."""
    import ray

    return f"{socket.gethostname()}:{ray.get_runtime_context().get_node_id()[:6]}"


@cache
def versions() -> dict[str, str]:
    """What makes the numbers: gangru's code as a digest, and the packages without their build (+cpu, +cu126)."""
    digest, root = hashlib.sha256(), Path(__file__).parents[2]
    for path in sorted(path for room in ROOMS for path in (root / room).rglob("*.py")):
        digest.update(path.relative_to(root).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    found = {"gangru": f"code {digest.hexdigest()[:12]}"}
    for name in PACKAGES:
        with suppress(PackageNotFoundError):
            found[name] = version(name).partition("+")[0]
    return found


def check_versions(wanted: Mapping[str, str], node: str) -> None:
    """Raise TrainingError naming what this node has in another version than the driver."""
    here = versions()
    other = [
        f"{name} {here.get(name, 'nowhere')}, not {it}" for name, it in wanted.items() if here.get(name) != it
    ]
    if other:
        raise TrainingError(
            f"node {node} has {'; '.join(other)}: install the same versions of gangru and its packages on every node"
        )


def remove_abandoned(folder: Path) -> None:
    """Delete the directories of trainings that were killed here a day ago or earlier, but for those of other users.

    On a system whose files have no owner's number, as Windows, every user has a temporary folder of their own.
    """
    getuid = getattr(os, "getuid", None)
    for path in folder.glob(f"{PREFIX}*"):
        with suppress(OSError):  # another's, or gone meanwhile
            found = path.stat()
            own = getuid is None or found.st_uid == getuid()
            if own and found.st_mtime < time.time() - ABANDONED:
                shutil.rmtree(path, ignore_errors=True)
