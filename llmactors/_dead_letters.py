"""Dead letters: what nobody handled, counted, kept for a while, and told to whoever wants to know.

Theory of operation
1. Every letter is counted by its reason, and the last few are kept. The first of a mailbox with a reason that is a
   mistake somewhere is a warning.
2. Who reads them has a bounded queue of its own, and says which letters go when it is full; an actor that subscribes is
   told them as messages, and its mailbox is that queue. Nobody ever waits for a reader.
3. A letter that could not be told to a subscriber is counted and kept, but told to nobody; neither is a subscriber told
   letters about itself. So letters about letters end there.
"""

from __future__ import annotations

import logging
from asyncio import get_running_loop
from collections import Counter, deque
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final, Literal, Self

from llmactors._core.flags import DEAD
from llmactors._messages import DeadLetter
from llmactors._reports import report
from llmactors.errors import NotSerialisableError

if TYPE_CHECKING:
    from asyncio import Future
    from types import TracebackType

    from llmactors._ref import ActorRef

KEPT_LETTERS: Final = 100
LOUD: Final = frozenset({"full", "poison", "unhandled"})  # a mistake somewhere, rather than the way of the world


class DeadLetters:
    """What nobody handled: counters by reason, the last few letters, and all that come, for those who ask for them.

    Attributes:
        counts: How many there were, by reason.
        recent: The last hundred, the newest last.
    """

    __slots__ = ("_readers", "_subscribers", "_warned", "counts", "recent")

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self.recent: deque[DeadLetter] = deque(maxlen=KEPT_LETTERS)
        self._warned: deque[str] = deque(maxlen=KEPT_LETTERS)
        self._readers: list[Letters] = []
        self._subscribers: dict[ActorRef[Any], None] = {}

    @property
    def total(self) -> int:
        """How many there were."""
        return self.counts.total()

    def read(
        self, keep: int = KEPT_LETTERS, overflow: Literal["drop_oldest", "drop_newest"] = "drop_oldest"
    ) -> Letters:
        """Return the letters from now on: `async with system.dead_letters.read() as letters: async for ...`.

        Args:
            keep: Letters that may wait for their reader, 1 or more.
            overflow: Which of them goes when there are more.
        """
        if keep < 1:
            raise ValueError(f"keep={keep!r}: at least 1 letter is kept")
        if overflow not in {"drop_oldest", "drop_newest"}:
            raise ValueError(f'overflow={overflow!r}: choose "drop_oldest" or "drop_newest"')
        return Letters(self, keep, overflow)

    def subscribe(self, ref: ActorRef[Any]) -> None:
        """Have *ref* told every `DeadLetter` from now on, as a message; until its slot is discarded. Once is enough."""
        self._subscribers[ref] = None

    def unsubscribe(self, ref: ActorRef[Any]) -> None:
        """Take a subscription back."""
        self._subscribers.pop(ref, None)

    def add(self, letter: DeadLetter, count: int = 1) -> None:
        """Count a letter, or *count* of which it is one, and tell of it. For the kernel."""
        self.counts[letter.reason] += count
        self.recent.append(letter)
        key = f"{letter.path} {letter.reason}"
        loud = letter.reason in LOUD and key not in self._warned
        if loud:
            self._warned.append(key)
        level = logging.WARNING if loud else logging.DEBUG
        report(level, "dead_letter", path=letter.path, reason=letter.reason, message=type(letter.message).__qualname__)
        if (self._readers or self._subscribers) and not isinstance(letter.message, DeadLetter):
            self._tell(letter)

    def _tell(self, letter: DeadLetter) -> None:
        for reader in self._readers:
            reader.put(letter)
        for ref in list(self._subscribers):
            if ref.flags & DEAD:
                del self._subscribers[ref]
            elif ref.path != letter.path:
                _send(ref, letter)


def _send(ref: ActorRef[Any], letter: DeadLetter) -> None:
    """Tell a subscriber of a letter; what does not cross to it is described, and no sender has to hear of that."""
    try:
        ref.tell(letter)
    except NotSerialisableError:
        ref.tell(replace(letter, message=f"a {type(letter.message).__qualname__}, which does not cross"))


class Letters:
    """The dead letters of one reader, as they come.

    Attributes:
        missed: Letters that were dropped because they were not read in time.
    """

    def __init__(self, letters: DeadLetters, keep: int, overflow: str) -> None:
        self._letters, self._keep, self._overflow = letters, keep, overflow
        self._waiting: Future[None] | None = None
        self._queue: deque[DeadLetter] = deque()
        self.missed = 0

    async def __aenter__(self) -> Self:
        self._letters._readers.append(self)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._letters._readers.remove(self)

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> DeadLetter:
        """Wait for the next letter. Ends after the block in which they are read."""
        while not self._queue:
            if self not in self._letters._readers:
                raise StopAsyncIteration
            self._waiting = get_running_loop().create_future()
            await self._waiting
        return self._queue.popleft()

    def put(self, letter: DeadLetter) -> None:
        """Keep a letter for the reader. For the kernel."""
        if len(self._queue) >= self._keep:
            self.missed += 1
            if self._overflow == "drop_newest":
                return
            self._queue.popleft()
        self._queue.append(letter)
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_result(None)
