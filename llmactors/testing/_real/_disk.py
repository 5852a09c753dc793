"""A full disk for actors on the loop of a real run: who opens a file to write is told that there is no room.

There is one disk for all of a process, and its limit (RLIMIT_FSIZE) would be every actor's, the test's and the test
framework's. So this one fault is not the kernel's: an audit hook, which stays, as audit hooks do, raises the error that
the kernel would, for the actor that has its turn, in the loop's thread.
"""

from __future__ import annotations

import errno
import os
import sys
from contextlib import contextmanager
from threading import get_ident
from typing import TYPE_CHECKING, Any, Final

from llmactors.testing._sim._fence import FULL, writes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


class _Disk:
    """Whom to ask whether the disk is full, and in which thread."""

    def __init__(self) -> None:
        self.is_full: Callable[[], bool] | None = None
        self.thread = 0
        self.hooked = False

    def hear(self, event: str, args: tuple[Any, ...]) -> None:
        """Hear what the interpreter is about to do."""
        is_full = self.is_full
        if is_full is None or event != FULL or get_ident() != self.thread:
            return
        if writes(args) and is_full():
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), args[0])


_DISK: Final = _Disk()


@contextmanager
def disk(is_full: Callable[[], bool]) -> Iterator[None]:
    """Ask *is_full* of each file that is opened to write in this thread, as long as the block runs."""
    if not _DISK.hooked:
        sys.addaudithook(_DISK.hear)
        _DISK.hooked = True
    _DISK.is_full, _DISK.thread = is_full, get_ident()
    try:
        yield
    finally:
        _DISK.is_full = None
