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
        name: What it is, such as `Counter.add`.
        to: In whose mailbox it is, or was last.
        by: Who took it last; None while nobody has.
        cause: The event in the course of which its handler runs.
        delivery: How often it was taken.
        ordinal: Which message of its name that actor takes with it.
        passed: Whether who took it has told it to another.
        given: Whether who took it has another answer it.
    """

    __slots__ = ("by", "cause", "delivery", "given", "message", "name", "number", "ordinal", "passed", "to")

    def __init__(self, number: int, message: Any, to: str) -> None:
        self.number, self.message, self.to, self.name = number, message, to, name_of(message)
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
        now: Tells the seconds since the run began.
    """

    def __init__(self, clock: Callable[[], float], judge: Judge) -> None:
        self.now, self.judge, self._saw = clock, judge, judge.saw
        self.history: list[events.Event] = []
        self._letters: dict[int, Letter] = {}
        self._numbers = 0
        self.causes: dict[str, int] = {}  # by actor: the last event in the course of which it acts
        self.closed = False
        self.after: Callable[[], None] | None = None  # called after each event

    # -- events ----------------------------------------------------------------------------------------------
    def note(self, event_class: type[events.Event], /, *, cause: int | None = None, **facts: Any) -> int:
        """Note an event, and have the laws look at it. Return its number."""
        return self.add(event_class(number=len(self.history), at=self.now(), cause=cause, **facts))

    def add(self, event: events.Event) -> int:
        """Do the same with an event that was made by hand, which costs less: its number is the history's length."""
        self.history.append(event)
        self._saw(event)
        if self.after is not None:
            self.after()
        return event.number

    # -- letters ---------------------------------------------------------------------------------------------
    def sent(self, cell: Any, by: Any, message: Any, kind: events.Kind) -> Letter:
        """A message is sent; *message* is an object of its own."""
        self._numbers += 1
        letter = Letter(self._numbers, message, cell.where)
        self._letters[id(message)] = letter
        sender = "outside" if by is None else by.where
        letter.cause = self.add(
            events.Sent(
                len(self.history),
                self.now(),
                self.cause_of(by),
                letter.number,
                sender,
                letter.to,
                letter.name,
                text_of_message(message),
                kind,
            )
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
