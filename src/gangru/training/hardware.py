"""The machine that a training ran on, for its manifest."""

import os
import platform
from typing import Any


def hardware(threads: int) -> dict[str, Any]:
    """Where it ran: the same seed gives the same bytes on the same kind of machine."""
    return {
        "machine": platform.machine(),
        "system": platform.system(),
        "cores": os.cpu_count(),
        "threads": threads,
    }
