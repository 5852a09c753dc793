"""A lock between processes that ends with its holder, however that ends."""

import contextlib
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO

LOOK_AGAIN = 0.1
"""Seconds between two tries. Not one blocking call: that could not be interrupted by Ctrl-C on every system."""


@contextlib.contextmanager
def exclusive(path: Path, on_wait: Callable[[], None] = lambda: None) -> Iterator[None]:
    """Hold the lock file *path* for the block, waiting for it; *on_wait* is called whenever it is held elsewhere.

    Threads of one process exclude each other too. The file stays: removing it would let a third one in.
    """
    with path.open("a+b") as file:
        while not _try(file):
            on_wait()
            time.sleep(LOOK_AGAIN)
        yield  # closing the file gives the lock back


if sys.platform == "win32":
    import msvcrt

    def _try(file: IO[bytes]) -> bool:
        try:
            file.seek(0)
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

else:
    import fcntl

    def _try(file: IO[bytes]) -> bool:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True
