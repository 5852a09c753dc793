"""How long messages wait: sampled, so that neither who sends nor who handles a message pays for it.

Theory of operation
1. Ten times a second, on average, while anything goes on, a timer of the loop looks how many messages wait in each
   mailbox. So many messages, times the seconds between two looks, are seconds that messages have waited: the mean of
   what is seen so is right whatever the order and the host (Little 1961).
2. A look takes in `SEEN` actors at most; a system with more is seen in a sweep of several looks, and its figures are as
   much rarer. What a sweep saw counts for as long as the sweep took.
3. The times between looks differ, in an order that repeats nothing (the golden ratio's), so that no rhythm of the
   program hides from them.
4. When a sweep has found nothing waiting the sampler rests, until the run queue wakes it.

What is over between two turns of the loop is not seen: waits below half a millisecond do not count.
"""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any, Final

from llmactors import _slots as slots
from llmactors._lookup import walk

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable, Iterator
    from contextvars import Context

    from llmactors._ref import ActorRef

PERIOD: Final = 0.1  # seconds between two looks, on average
SEEN: Final = 256  # actors that one look takes in
GOLDEN: Final = 0.618033988749895


class Sampler:
    """Looks at the mailboxes of one system now and then.

    Attributes:
        waited: seconds that the messages of each actor have waited, added up.
        on: whether it is to look at all.
        rests: whether the run queue is to wake it.
    """

    __slots__ = (
        "_began",
        "_clock",
        "_context",
        "_found",
        "_looks",
        "_loop",
        "_timer",
        "_top",
        "_walk",
        "on",
        "rests",
        "waited",
    )

    def __init__(self, loop: asyncio.AbstractEventLoop, clock: Callable[[], float], context: Context) -> None:
        self._loop, self._clock, self._context = loop, clock, context
        self.waited: dict[ActorRef[Any], float] = {}
        self._top: ActorRef[Any]
        self.on = True
        self.rests = False
        self._began = 0.0
        self._found: dict[ActorRef[Any], int] = {}
        self._looks = 0
        self._timer: asyncio.TimerHandle | None = None
        self._walk: Iterator[ActorRef[Any]] | None = None

    def begin(self, top: ActorRef[Any]) -> None:
        """Look at what is below *top*, as soon as something goes on."""
        self._top, self.rests = top, self.on

    def wake(self) -> None:
        """Begin to look: something goes on."""
        self.rests = False
        self._began = self._clock()
        self._arm()

    def _arm(self) -> None:
        self._looks += 1
        delay = PERIOD * (0.5 + self._looks * GOLDEN % 1.0)
        self._timer = self._loop.call_later(delay, self._look, context=self._context)

    def _look(self) -> None:
        if self._walk is None:
            self._walk = walk(self._top)
        cells = list(islice(self._walk, SEEN))
        for cell in cells:
            waiting = slots.waiting(cell)
            if waiting:
                self._found[cell] = waiting
        if len(cells) == SEEN:  # there may be more
            self._arm()
        else:
            self._swept()

    def _swept(self) -> None:
        now, found = self._clock(), self._found
        seconds, self._began = now - self._began, now
        self._walk, self._found = None, {}
        for cell, waiting in found.items():
            self.waited[cell] = self.waited.get(cell, 0.0) + waiting * seconds
        if found:
            self._arm()
        else:
            self._timer, self.rests = None, True

    def forget(self, cell: ActorRef[Any]) -> float:
        """Return for how long the messages of an actor that is no more have waited."""
        self._found.pop(cell, None)
        return self.waited.pop(cell, 0.0)

    def close(self) -> None:
        """Stop for good, also where it has yet to begin."""
        self.on = self.rests = False
        self._walk, self._found = None, {}
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
