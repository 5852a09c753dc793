"""What the main process has handed to a worker: the messages that are out, in order, and what becomes of them.

Theory of operation
1. Calls (asks, streams, and tells that are no say) have numbers and stand in the book of `Calls`; says have none. Both
   sides count the says, and the worker acknowledges them by count; what is not acknowledged is kept here.
2. A call knows how many says went before it, so that everything that is out has one order.
3. After a death the page says how far each got: in hand, done, or to be given back, in order.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Any

from llmactors._messages import InHand
from llmactors.hosts.process._calls import Call
from llmactors.hosts.process._page import FINISHED, TAKEN, WAITING, Page

if TYPE_CHECKING:
    from collections.abc import Callable

    from llmactors.hosts.process._calls import Calls


def _nothing() -> None:
    """Nobody wants to know."""


class Hands:
    """Stands among a cell's jobs while the worker has messages: a stop waits for them."""

    item = None
    task = None

    def fence(self) -> None:
        """Nothing to do: what is in hand is known when the process is dead."""


class Sent:
    """The messages that one worker has.

    Args:
        page: Where the worker writes what it has in hand.
        jobs: The cell's jobs.
        begun: Called when the worker, which had no messages, is about to have one.
    """

    __slots__ = ("_done", "_hands", "_jobs", "begun", "calls", "page", "says")

    def __init__(self, page: Page, jobs: dict[Any, None], begun: Callable[[], None] = _nothing) -> None:
        self.page = page
        self.says: deque[Any] = deque()
        self._done = 0  # says that were acknowledged
        self.calls = 0  # calls that are out, not counting those that are answered later
        self._hands, self._jobs, self.begun = Hands(), jobs, begun

    @property
    def out(self) -> int:
        """Messages that the worker has."""
        return len(self.says) + self.calls

    @property
    def said(self) -> int:
        """Says that were ever sent."""
        return self._done + len(self.says)

    def begin(self) -> None:
        """The worker is about to have messages: a stop waits for them from here on."""
        if self._hands not in self._jobs:
            self._jobs[self._hands] = None
            self.begun()

    def idle(self) -> None:
        """The worker has no messages."""
        self._jobs.pop(self._hands, None)

    def acknowledged(self, count: int) -> None:
        """*count* more says are finished.

        Raises:
            IndexError: There are not that many out.
        """
        take = self.says.popleft
        for _ in range(count):
            take()
        self._done += count

    def taken_off(self) -> Any:
        """Return the say in hand, which the worker has no longer. Raises `IndexError` if there is none."""
        self._done += 1
        return self.says.popleft()

    def say(self, number: int) -> Any:
        """Return the say with this number. Raises `IndexError` if it is not out."""
        if not self._done < number <= self.said:
            raise IndexError(number)
        return self.says[number - self._done - 1]

    def take_back(self, count: int) -> list[Any]:
        """Return the last *count* says, which the worker has given back.

        Raises:
            IndexError: There are not that many out.
        """
        back = [self.says.pop() for _ in range(count)]
        back.reverse()
        return back

    # -- how far they got ------------------------------------------------------------------------------------------
    def waiting(self, calls: Calls) -> int:
        """Return how many the worker has not begun."""
        says = self.said - min(max(self._done, self.page.counts[0]), self.said)
        return says + sum(self.state_of(number, call) == WAITING for number, call in calls.book.items())

    def hands(self, calls: Calls) -> list[tuple[Any, Any]]:
        """Return what the worker has in hand: what tells one message from the next, and the mailbox's entry."""
        held: list[tuple[Any, Any]] = []
        taken = self.page.counts[0]
        if self._done < taken <= self.said and self.page.state_of_tell(taken) == TAKEN:
            held.append((("say", taken), self.say(taken)))
        book = calls.book.items()
        held += [(number, call.item) for number, call in book if self.state_of(number, call) == TAKEN]
        return held

    def in_hand(self, calls: Calls) -> bool:
        """Say whether the worker has a message in hand."""
        return bool(self.hands(calls))

    def state_of(self, number: int, call: Call) -> int:
        """Return how far a call got."""
        return FINISHED if call.later else self.page.state(number)

    def settle(self, calls: Calls) -> tuple[list[InHand], list[Call], list[InHand]]:
        """The worker has nothing any more: return what was in hand, the calls that were done, and what goes back."""
        book, calls.book = calls.book, {}
        first, says, self.says = self._done, self.says, deque()
        self._done += len(says)
        self.calls = 0
        everything = [(call.after, 1, number, call) for number, call in book.items()]
        everything += [(number, 0, 0, say) for number, say in enumerate(says, first + 1)]
        everything.sort(key=lambda entry: entry[:3])
        held: list[InHand] = []
        done: list[Call] = []
        back: list[InHand] = []
        for before, is_call, number, entry in everything:
            state = self.state_of(number, entry) if is_call else self.page.state_of_tell(before)
            if state == FINISHED:
                done += [entry] if is_call else []
            else:
                kept = InHand(entry.item, entry.deliveries) if is_call else InHand(entry, 0)
                (back if state == WAITING else held).append(kept)
        return held, done, back
