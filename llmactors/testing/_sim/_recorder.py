"""The recorder: what happens in a run, event by event, and which laws it breaks.

Messages are known by the objects that carry them: each one that is sent is a copy of its own, and keeps its number from
the sending to the end.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from llmactors._asks import CURRENT, Ask
from llmactors._messages import name_of
from llmactors.testing import _values as events
from llmactors.testing._sim._names import text_of_message

if TYPE_CHECKING:
    from collections.abc import Callable

    from llmactors.testing._core.judge import Judge


class Letter:
    """A message on its way.

    Attributes:
        number: Its own.
        message: What carries it; held, so that nothing else can be taken for it.
        to: In whose mailbox it is, or was last.
        by: Who took it last; None while nobody has.
        cause: The event in the course of which its handler runs.
        delivery: How often it was taken.
        ordinal: Which message of its name that actor takes with it.
        passed: Whether who took it has told it to another.
        given: Whether who took it has another answer it.
    """

    __slots__ = ("by", "cause", "delivery", "given", "message", "number", "ordinal", "passed", "to")

    def __init__(self, number: int, message: Any, to: str) -> None:
        self.number, self.message, self.to = number, message, to
        self.by: str | None = None
        self.cause: int | None = None
        self.ordinal = self.delivery = 0
        self.passed = self.given = False


class Recorder:
    """The history of one run.

    Args:
        clock: Seconds since the run began.
        judge: Who is told each event.

    Attributes:
        history: The events so far.
    """

    def __init__(self, clock: Callable[[], float], judge: Judge) -> None:
        self._clock, self.judge = clock, judge
        self.history: list[events.Event] = []
        self._letters: dict[int, Letter] = {}
        self._numbers = 0
        self.causes: dict[str, int] = {}  # by actor: the last event in the course of which it acts
        self.cause: int | None = None  # of what the test itself does
        self.closed = False
        self.after: Callable[[], None] | None = None  # called after each event

    # -- events ----------------------------------------------------------------------------------------------
    def note(self, event_class: type[events.Event], /, *, cause: int | None = None, **facts: Any) -> int:
        """Note an event, and have the laws look at it. Return its number."""
        number = len(self.history)
        event = event_class(number=number, at=self._clock(), cause=self.cause if cause is None else cause, **facts)
        self.history.append(event)
        self.judge.saw(event)
        if self.after is not None:
            self.after()
        return number

    # -- letters ---------------------------------------------------------------------------------------------
    def sent(self, cell: Any, by: Any, message: Any, kind: str) -> Letter:
        """A message is sent; *message* is an object of its own."""
        self._numbers += 1
        letter = Letter(self._numbers, message, cell.where)
        self._letters[id(message)] = letter
        letter.cause = self.note(
            events.Sent,
            cause=self.cause_of(by),
            letter=letter.number,
            by="outside" if by is None else by.where,
            to=cell.where,
            message=name_of(message),
            text=text_of_message(message),
            kind=kind,
        )
        return letter

    def letter(self, message: Any) -> Letter | None:
        """Return the letter that *message* carries."""
        return self._letters.get(id(message))

    def cause_of(self, cell: Any) -> int | None:
        """Return the event in the course of which *cell* acts now: the handling of the message that it has in hand."""
        if cell is None:
            return None
        current = CURRENT.get()
        if isinstance(current, Ask):
            letter = self.letter(current.message)
            if letter is not None:
                return letter.cause
        return self.causes.get(cell.where)
