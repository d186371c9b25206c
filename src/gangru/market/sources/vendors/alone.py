"""A file that one process at a time holds; the system lets go of it when the process ends, however it ends."""

import errno
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

TAKEN = frozenset({errno.EAGAIN, errno.EWOULDBLOCK, errno.EACCES, errno.EDEADLK})


@contextmanager
def alone(path: Path) -> Iterator[bool]:
    """Hold the file at `path`, which is made and removed again; false where another holds it.

    A file system that knows no locks cannot keep anyone out.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    while True:
        file = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        mine = seized(file)
        if not mine or still_there(path, file):
            break
        os.close(file)  # its holder removed it between our opening and seizing it
    try:
        yield mine
    finally:
        if mine:
            with suppress(OSError):  # Windows removes no open file; the next one finds it free
                path.unlink()
        os.close(file)


def seized(file: int) -> bool:
    """Take the lock of an open file without waiting; false where another has it."""
    try:
        if sys.platform == "win32":
            import msvcrt

            msvcrt.locking(file, msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        return error.errno not in TAKEN
    return True


def still_there(path: Path, file: int) -> bool:
    """Whether the open file is the one at the path."""
    try:
        return os.path.samestat(os.fstat(file), path.stat())
    except FileNotFoundError:
        return False
