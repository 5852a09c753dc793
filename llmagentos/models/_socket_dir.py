"""A directory for a socket that nobody else is to reach, and of which nothing is to stay behind.

The directory is ours alone (0700) and is removed with all that is in it when the block ends. A process killed
inside the block leaves one behind; the next one that comes by removes it, told apart by its lock: a lock ends with
the process that holds it.
"""

import contextlib
import fcntl
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

PREFIX = "llmagentos-model-"
LOCK = "lock"
LONGEST = 90
"""Bytes of a directory's path that leave room for a socket's name: the address of a Unix socket has 104 or 108."""
YOUNG = 60.0
"""Seconds that a directory without a lock may be about to get one."""


@contextlib.contextmanager
def private_socket_dir() -> Iterator[Path]:
    """Make an empty directory that only this user can enter; it is gone when the block ends."""
    parent = _parent()
    _sweep(parent)
    path = Path(tempfile.mkdtemp(prefix=PREFIX, dir=parent))
    try:
        with (path / LOCK).open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield path
    finally:
        shutil.rmtree(path)


def _parent() -> Path:
    parent = tempfile.gettempdir()
    return Path(parent if len(os.fsencode(parent)) + len(PREFIX) + 8 < LONGEST else "/tmp")  # noqa: S108 # mkdtemp is safe there


def _sweep(parent: Path) -> None:
    for path in parent.glob(f"{PREFIX}*"):
        with contextlib.suppress(OSError):  # another user's, or gone by now: both are not ours to remove
            if path.lstat().st_uid == os.getuid() and not path.is_symlink() and _is_orphaned(path):
                shutil.rmtree(path)


def _is_orphaned(path: Path) -> bool:
    try:
        with (path / LOCK).open("r") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
    except FileNotFoundError:
        return time.time() - path.stat().st_mtime > YOUNG
    except BlockingIOError:
        return False
