"""The take/finish page: what a worker had in hand when it died, readable after any death.

Theory of operation
1. One small shared mapping (memfd, no name, gone with its last user) per worker: a byte for each place of a ring, and
   message *n* has place `n % size`. The main process clears a place before it sends a message that uses it.
2. The worker writes TAKEN before the handler and FINISHED after it. One byte is one store: no death can tear it.
3. The main process never has more messages out than the ring has places, so a place belongs to one message at a time.
   After a death it knows for each message out whether it was waiting, in hand, or done.
4. The page is the worker's to write: what it says is read only after its death, and only about its own messages.
"""

from __future__ import annotations

import mmap
import os
from typing import Final

WAITING: Final = 0
TAKEN: Final = 1
FINISHED: Final = 2


class Page:
    """One side's view of the page.

    Args:
        descriptor: The memfd; it may be closed afterwards.
        size: Messages that may be out at a time.
    """

    __slots__ = ("_map", "size")

    def __init__(self, descriptor: int, size: int) -> None:
        self._map = mmap.mmap(descriptor, size)
        self.size = size

    def clear(self, number: int) -> None:
        """Main process: message *number* is about to be sent."""
        self._map[number % self.size] = WAITING

    def take(self, number: int) -> None:
        """Worker: the handler of message *number* is about to run."""
        self._map[number % self.size] = TAKEN

    def finish(self, number: int) -> None:
        """Worker: the handler of message *number* has run."""
        self._map[number % self.size] = FINISHED

    def state(self, number: int) -> int:
        """Main process: how far message *number* got. A value the worker made up counts as in hand."""
        state = self._map[number % self.size]
        return state if state in {WAITING, FINISHED} else TAKEN

    def close(self) -> None:
        """Unmap it."""
        self._map.close()


def new_page(size: int) -> tuple[Page, int]:
    """Return a page of *size* places, and the descriptor to hand to the worker and then to close."""
    descriptor = os.memfd_create("llmactors-page", os.MFD_CLOEXEC)
    os.ftruncate(descriptor, size)
    return Page(descriptor, size), descriptor
