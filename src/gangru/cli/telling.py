"""What a command tells beside its answer: progress for a person, unless --quiet; a JSON object a line with --log.

An event has `time` (UTC), `event` and what belongs to it: start (command, version), step (what, seconds), epoch
(training, phase, epoch, of, figures), warning and error (text), end (status, seconds).
"""

import json
import sys
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TextIO

from gangru import __version__


@dataclass
class Telling:
    """Of this process: whether progress is shown, and where events go."""

    quiet: bool = False
    log: TextIO | None = None
    started: float = field(default_factory=time.perf_counter)

    def begin(self, *, quiet: bool, log: Path | None) -> None:
        """Do as a command's options say; raises OSError where the log cannot be written."""
        self.end(0)
        self.quiet, self.started = quiet, time.perf_counter()
        if log is not None:
            self.log = log.open("a", encoding="utf-8")
        self.event("start", command=sys.argv[1:], version=__version__)

    def event(self, event: str, **what: Any) -> None:
        """Write an event, whole, at once: a log that is followed shows it, a killed command loses none."""
        if self.log is None:
            return
        told = {"time": datetime.now(UTC).isoformat(timespec="milliseconds"), "event": event, **what}
        self.log.write(json.dumps(told, ensure_ascii=False, default=str) + "\n")
        self.log.flush()

    def end(self, status: int) -> None:
        """Write the last event and close the log."""
        if self.log is not None:
            self.event("end", status=status, seconds=round(time.perf_counter() - self.started, 3))
            self.log.close()
            self.log = None


telling = Telling()
