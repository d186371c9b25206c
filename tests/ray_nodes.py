"""A real Ray cluster of several node processes on this machine, for tests: nodes are added, and killed."""

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import psutil
import pytest

import gangru

SETTINGS = {  # read by Ray once in a process: the loopback alone, a token, no statistics; and where nodes find the code
    "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0",
    "RAY_AUTH_MODE": "token",
    "RAY_AUTH_TOKEN": secrets.token_hex(32),
    "RAY_USAGE_STATS_ENABLED": "0",
    "PYTHONPATH": os.pathsep.join([str(Path(gangru.__file__).parents[1]), str(Path(__file__).parent)]),
}


class Nodes:
    """A head without CPUs, to which the driver is connected, and nodes of one CPU each."""

    def __init__(self) -> None:
        from ray.cluster_utils import Cluster

        fast = {  # a dead node is found within a second or two, not a quarter of a minute
            "health_check_initial_delay_ms": 0,
            "health_check_period_ms": 500,
            "health_check_timeout_ms": 2000,
            "health_check_failure_threshold": 3,
        }
        self.cluster = Cluster(
            initialize_head=True,
            head_node_args={
                "num_cpus": 0,
                "include_dashboard": False,
                "_system_config": fast,
            },
        )
        self.address = self.cluster.address
        self.alive: dict[str, Any] = {}  # node as the engine names it, without the machine → Ray's node

    def add(self, count: int) -> None:
        """Add nodes until there are so many."""
        while len(self.alive) < count:
            node = self.cluster.add_node(num_cpus=1)
            self.alive[node.node_id[:6]] = node

    def kill(self, where: str) -> None:
        """Kill all processes of the node that the engine calls so, those that train first."""
        node = self.alive.pop(where.rpartition(":")[2])
        (raylet,) = node.all_processes["raylet"]
        for process in psutil.Process(raylet.process.pid).children(recursive=True):
            process.kill()
        self.cluster.remove_node(node, allow_graceful=False)


def imported_ray() -> Any:
    """Ray, imported under the settings above by whichever test comes first; skips where it is not installed."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in SETTINGS.items():
            patch.setenv(name, value)
        return pytest.importorskip("ray", reason="Ray is not installed: pip install 'gangru[ray]'")


@contextmanager
def ray_nodes(count: int) -> Iterator[Nodes]:
    """A cluster with this process connected to it; skips where Ray is not installed."""
    with pytest.MonkeyPatch.context() as patch, TemporaryDirectory(prefix="ray-", dir="/tmp") as private:
        patch.setenv("TMPDIR", private)  # where Ray and the trainings keep what they keep
        for name, value in SETTINGS.items():
            patch.setenv(name, value)
        ray, nodes = imported_ray(), None
        try:
            nodes = Nodes()
            nodes.add(count)
            ray.init(address=nodes.address, log_to_driver=False, logging_level="ERROR")
            yield nodes
        finally:
            ray.shutdown()
            if nodes is not None:
                nodes.cluster.shutdown()
