"""Files and folders that are written whole or not at all: whoever is killed in between leaves the old one, or none."""

import errno
import os
import secrets
import shutil
import stat
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, BinaryIO

READ_ONLY = 0o444
PART = ".part"  # ends the name of what is being written
ABANDONED = 3600  # seconds after which what is being written belongs to nobody any more


@contextmanager
def written(path: Path) -> Iterator[BinaryIO]:
    """A file beside `path`, flushed to disk and renamed at the end; an exception leaves nothing of it."""
    beside = path.with_name(f".{path.name}.{os.getpid()}{PART}")
    try:
        with beside.open("wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)


def write_bytes(path: Path, content: bytes) -> None:
    """Write a file whole; its folder is made where it is missing."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with written(path) as file:
        file.write(content)


def write_text(path: Path, text: str) -> None:
    """Write a UTF-8 text file whole."""
    write_bytes(path, text.encode("utf-8"))


def write_directory(path: Path, files: Mapping[str, bytes]) -> None:
    """Write a new folder of read-only files beside `path`, flush it to disk, then rename.

    `files` is file name → content. Of two that write the same folder at once the first gets it. Raises
    FileExistsError where there is something at `path` already; it stays as it is.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.{secrets.token_hex(8)}{PART}")
    beside.mkdir()
    try:
        for name, content in files.items():
            with (beside / name).open("wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            (beside / name).chmod(READ_ONLY)
        flush_directory(beside)
        take_name(beside, path)
        flush_directory(path.parent)
    finally:
        delete_directory(beside)


def take_name(beside: Path, path: Path) -> None:
    """Rename a folder that holds files; raises FileExistsError where the name is taken."""
    if path.exists():  # an empty folder would be replaced
        raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(path))
    try:
        beside.rename(path)
    except OSError as error:
        if error.errno in (errno.EEXIST, errno.ENOTEMPTY) or path.exists():
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(path)) from error
        raise


def flush_directory(path: Path) -> None:
    """Have a folder's names on disk, where the system can do that."""
    if os.name != "posix":
        return
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def delete_directory(path: Path) -> bool:
    """Delete a folder and what is in it, read-only or not; whether it is gone."""
    if sys.version_info >= (3, 12):
        shutil.rmtree(path, onexc=delete_read_only)
    else:
        shutil.rmtree(path, onerror=delete_read_only)
    return not path.exists()


def delete_read_only(failed: Callable[..., Any], path: str, _error: object) -> None:
    """Make a file that could not be deleted writable and try again: Windows deletes none that is read-only.

    What cannot be deleted even so is left.
    """
    if failed is os.unlink:
        with suppress(OSError):
            Path(path).chmod(stat.S_IREAD | stat.S_IWRITE)
            Path(path).unlink()


def remove_abandoned(folder: Path, now: float | None = None) -> list[Path]:
    """Delete the folders that killed writers left in `folder` an hour ago or earlier; gives the paths that are gone.

    `now` is seconds since 1970, the clock's where it is not given.
    """
    limit = (time.time() if now is None else now) - ABANDONED
    left = [path for path in folder.glob(f".*{PART}") if is_abandoned(path, limit)]
    return [path for path in left if delete_directory(path)]


def is_abandoned(path: Path, limit: float) -> bool:
    """Whether a folder was last changed before `limit`; a link is no folder, nor is what was renamed meanwhile."""
    try:
        found = path.lstat()
    except FileNotFoundError:
        return False
    return stat.S_ISDIR(found.st_mode) and found.st_mtime < limit
