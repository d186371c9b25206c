"""The cluster: one that is there, or nodes of this machine alone for as long as they are needed."""

import logging
import os
import secrets
import shutil
import socket
import sys
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from threading import get_ident
from typing import Any, cast

from gangru.errors import GangruError, TrainingError, first_line
from gangru.training.settings import RaySettings, TrainingSettings

GIB = 2**30
ANSWERS_WITHIN = 10  # seconds; Ray itself would try for minutes


def import_ray() -> Any:
    """Ray, which only this engine needs. Raises TrainingError naming the extra where it is not installed."""
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    try:
        import ray
    except ImportError as error:
        raise TrainingError("training.engine = 'ray' needs Ray: pip install 'gangru[ray]'") from error
    return ray


@contextmanager
def cluster(settings: RaySettings) -> Iterator[Any]:
    """Ray, connected; a connection that the caller made before is used and left open.

    What Ray itself prints goes to stderr: stdout is the caller's. Raises TrainingError where no cluster answers.
    """
    with redirect_stdout(cast("Any", StdoutOfThisThread())):
        try:
            with connection(settings) as ray:
                yield ray
        except SystemError as error:
            if error.__cause__ is None:
                raise
            raise error.__cause__ from None  # what a signal's handler raises in Ray's own code comes wrapped


@contextmanager
def connection(settings: RaySettings) -> Iterator[Any]:
    """Ray, connected to what the caller or the settings say."""
    if "ray" in sys.modules and import_ray().is_initialized():
        yield import_ray()
    elif settings.address:
        with joined(settings.address) as ray:
            yield ray
    else:
        with own_cluster() as ray:
            yield ray


class StdoutOfThisThread:
    """Stdout for the thread that makes it, stderr for any other: a thread of Ray's prints what befalls nodes."""

    def __init__(self) -> None:
        self.stdout, self.owner = sys.stdout, get_ident()

    def write(self, text: str) -> int:
        """Write to the one or the other."""
        return (self.stdout if get_ident() == self.owner else sys.stderr).write(text)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.stdout, name)


@contextmanager
def joined(address: str) -> Iterator[Any]:
    """A connection to the cluster whose head is at `address`; this machine must be one of its nodes."""
    ray = import_ray()
    host, _, port = address.rpartition(":")
    try:
        socket.create_connection((host.strip("[]"), int(port)), timeout=ANSWERS_WITHIN).close()
        ray.init(address=address, log_to_driver=False, logging_level=logging.ERROR)
    except (OSError, RuntimeError, ValueError, ray.exceptions.RayError) as error:
        raise TrainingError(
            f"no Ray cluster can be joined at {address} ({first_line(error)}): start its head with `ray start --head` "
            "and let this machine join it with `ray start --address=HOST:PORT`, with the same versions and, where it "
            "asks for a token, the same RAY_AUTH_TOKEN; or leave ray.address empty to train on this machine alone"
        ) from error
    try:
        yield ray
    finally:
        ray.shutdown()


@contextmanager
def own_cluster(cpus: int | None = None) -> Iterator[Any]:
    """A cluster of this machine with all its CPUs, or so many.

    It is reached on the loopback alone, with a token that only its processes know; its logs and sockets lie in a
    directory of this user's and go when it goes. Ray's own habit is every interface and /tmp/ray for all to read. Where
    a program has loaded Ray before, interface and token are as it has set them.
    """
    if "ray" not in sys.modules:
        os.environ["RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER"] = "0"  # a node that is reached on the loopback alone
        os.environ["RAY_AUTH_MODE"] = "token"
        os.environ["RAY_AUTH_TOKEN"] = secrets.token_hex(32)
    ray = import_ray()
    short = "/tmp" if os.name == "posix" else None  # noqa: S108 (the name of a socket has to fit into 107 bytes)
    private = tempfile.mkdtemp(prefix="gangru-ray-", dir=short)
    try:
        start(ray, private, cpus)
        yield ray
    finally:
        ray.shutdown()
        shutil.rmtree(private, ignore_errors=True)


def start(ray: Any, private: str, cpus: int | None) -> None:
    """Start a cluster of one node that keeps sockets, logs and the directories of trainings in `private`."""
    elsewhere = os.environ.get("TMPDIR")
    os.environ["TMPDIR"] = private  # read by the processes that are started now
    try:
        ray.init(
            address="local",
            num_cpus=cpus,
            include_dashboard=False,
            log_to_driver=False,
            logging_level=logging.ERROR,
            _node_ip_address="127.0.0.1",
            _temp_dir=private,
        )
    except GangruError:  # an interruption
        raise
    except Exception as error:  # Ray raises a bare one where a node does not come up in time
        raise TrainingError(
            f'Ray cannot start on this machine: {first_line(error)}; training.engine = "local" needs no cluster'
        ) from error
    finally:
        if elsewhere is None:
            del os.environ["TMPDIR"]
        else:
            os.environ["TMPDIR"] = elsewhere


def demands(settings: RaySettings, training: TrainingSettings) -> dict[str, float]:
    """What one training asks of a node, as Ray names it. Raises TrainingError where a device is named by number."""
    asked: dict[str, float] = {"CPU": settings.cpus_per_task}
    if settings.memory_per_task:
        asked["memory"] = int(settings.memory_per_task * GIB)
    if training.device.startswith("cuda:"):
        raise TrainingError(
            f'training.device = {training.device!r}: Ray chooses the GPU; expected "cuda" with ray.gpus_per_task'
        )
    if training.device == "cuda":
        asked["GPU"] = settings.gpus_per_task
    return asked


def check_capacity(ray: Any, asked: dict[str, float], *, grows: bool) -> None:
    """Raise TrainingError where no node could ever take a training; warn where one may yet join (`grows`)."""
    nodes = [node["Resources"] for node in ray.nodes() if node["Alive"]]
    if any(all(node.get(name, 0) >= amount for name, amount in asked.items()) for node in nodes):
        return
    largest = {name: max((node.get(name, 0) for node in nodes), default=0) for name in asked}
    sentence = (
        f"no node can take a training, which asks for {said(asked)}: the most that one has is {said(largest)}"
    )
    if not grows:
        raise TrainingError(f"{sentence}; lower ray.cpus_per_task, ray.gpus_per_task or ray.memory_per_task")
    warnings.warn(f"{sentence}; waiting for one to join", stacklevel=2)


def said(resources: dict[str, float]) -> str:
    """Resources as a person reads them."""
    return ", ".join(
        f"{amount / GIB:.1f} GiB" if name == "memory" else f"{amount:g} {name}"
        for name, amount in resources.items()
    )
