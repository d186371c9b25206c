"""Seconds that a training took, part by part, kept through kills: what an interrupted run did counts too."""

import json
import time
from pathlib import Path

from gangru.atomic import write_text

PARTS = {"gan": "generator", "autoencoder": "generator", "predictor": "predictor"}  # of a tick's phase


class Stopwatch:
    """Adds the time since the last lap to a part, and writes the sums after each lap.

    The epoch that a kill cuts off is not counted; it is done again.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.spent = {"data": 0.0, "generator": 0.0, "predictor": 0.0}
        if path.exists():
            self.spent |= json.loads(path.read_text("utf-8"))
        self.last = time.perf_counter()

    def lap(self, part: str) -> None:
        """What has passed since the last lap was spent on `part`."""
        now = time.perf_counter()
        self.spent[part] += now - self.last
        self.last = now
        write_text(self.path, json.dumps(self.spent))

    def seconds(self) -> dict[str, float]:
        """The sums, rounded."""
        return {part: round(spent, 2) for part, spent in self.spent.items()}
