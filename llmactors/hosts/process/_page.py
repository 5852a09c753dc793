"""The take/finish page: what a worker had in hand when it died, readable after any death.

Theory of operation
1. One small shared mapping (memfd, no name, gone with its last user) per worker. Its *ring* has a byte for each place,
   and call *n* has place `n % size`. The main process clears a place before it sends a call that uses it.
2. The worker writes TAKEN before the handler and FINISHED when that returns, before anything is done with its answer.
   One byte is one store: no death can tear it.
3. Tells that are handled strictly one after the other need less (see `_sent`): they are numbered apart, and two counts
   say how many were taken and how many are finished. That one was taken means that all before it are finished, so a
   tell costs one store; the second count is written when the handler returns. A count is one aligned store.
4. The main process never has more messages out than the ring has places, so a place belongs to one message at a time.
   After a death it knows for each message out whether it was waiting, in hand, or done.
5. The worker writes its account there too: how long it was busy, and what it holds on GPUs; so that is readable at any
   time, and after any death.
6. The page is the worker's to write: what it says is believed only about its own messages, and its own account.
"""

from __future__ import annotations

import mmap
import os
from typing import Final

WAITING: Final = 0
TAKEN: Final = 1
FINISHED: Final = 2

BUSY: Final = 2  # places of the worker's account among the counts
ON_GPU: Final = 3

COUNTS: Final = 32  # bytes: tells taken, tells finished, nanoseconds busy, bytes on GPUs (and one)


class Page:
    """One side's view of the page.

    Args:
        descriptor: The memfd; it may be closed afterwards.
        size: Messages that may be out at a time.
    """

    __slots__ = ("_map", "counts", "places", "size")

    def __init__(self, descriptor: int, size: int) -> None:
        self._map = mmap.mmap(descriptor, COUNTS + size)
        self.counts = memoryview(self._map)[:COUNTS].cast("Q")
        self.places = memoryview(self._map)[COUNTS:]
        self.size = size

    def clear(self, number: int) -> None:
        """Main process: call *number* is about to be sent."""
        self.places[number % self.size] = WAITING

    def take(self, number: int) -> None:
        """Worker: the handler of call *number* is about to run."""
        self.places[number % self.size] = TAKEN

    def finish(self, number: int) -> None:
        """Worker: the handler of call *number* has run."""
        self.places[number % self.size] = FINISHED

    def state(self, number: int) -> int:
        """Main process: how far call *number* got. A value the worker made up counts as in hand."""
        state = self.places[number % self.size]
        return state if state in {WAITING, FINISHED} else TAKEN

    def state_of_tell(self, number: int) -> int:
        """Main process: how far the tell with this number among the tells got."""
        taken, finished = self.counts[0], self.counts[1]
        if number > taken:
            return WAITING
        return FINISHED if number < taken or number <= finished else TAKEN

    # -- the worker's account ----------------------------------------------------------------------------------
    def account(self, busy: float, gpu_memory: int | None) -> None:
        """Worker: tell how long messages were in hand, in seconds, and what is held on GPUs."""
        self.counts[BUSY] = int(busy * 1e9)
        self.counts[ON_GPU] = 0 if gpu_memory is None else gpu_memory + 1

    @property
    def busy(self) -> float:
        """Main process: seconds in which messages were in hand, as the worker last told."""
        return float(self.counts[BUSY] / 1e9)

    @property
    def gpu_memory(self) -> int | None:
        """Main process: bytes that are held on GPUs, as the worker last told; None where it uses none."""
        return self.counts[ON_GPU] - 1 if self.counts[ON_GPU] else None

    def close(self) -> None:
        """Unmap it."""
        self.counts.release()
        self.places.release()
        self._map.close()


def new_page(size: int) -> tuple[Page, int]:
    """Return a page of *size* places, and the descriptor to hand to the worker and then to close."""
    descriptor = os.memfd_create("llmactors-page", os.MFD_CLOEXEC)
    try:
        os.ftruncate(descriptor, COUNTS + size)
        return Page(descriptor, size), descriptor
    except OSError:
        os.close(descriptor)
        raise
