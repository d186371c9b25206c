"""Files that are written whole or not at all: whoever is killed in between leaves the old file, or none."""

import os
from pathlib import Path


def write_bytes(path: Path, content: bytes) -> None:
    """Write beside the file, flush to disk, then rename; the file's folder is made where it is missing."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with beside.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)


def write_text(path: Path, text: str) -> None:
    """Write a UTF-8 text file whole."""
    write_bytes(path, text.encode("utf-8"))
