"""Every order of deliveries that makes a difference: the chooser of a run that an explorer leads.

Theory of operation
1. A step is the handling of one message, with all that follows from it at once: what waits for an answer goes on before
   the next message is handled. Which actor takes the next message is what is explored; timers fire in order.
2. What a step has touched is read off the history: the actor that took the message, the mailboxes that were sent to,
   the lives that began or ended, and the test itself, where it got an answer.
3. Orders are explored while the test runs, not while the tree starts and stops.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from llmactors.testing._core.choices import Choice
from llmactors.testing._core.explore import touches
from llmactors.testing._sim._chooser import ENDS, Chooser
from llmactors.testing._sim._names import name_of_turn
from llmactors.testing._values import PassedOn, Redelivered, Resolved, Sent, Taken

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Iterator, Sequence
    from random import Random

    from llmactors.testing._core.explore import Guide
    from llmactors.testing._values import Event

TEST: Final = "the test"


class Exploring(Chooser):
    """Makes the choices of a run as a guide says.

    Attributes:
        history: What has happened in the run.
        active: Whether orders are explored now.
    """

    every = True

    def __init__(self, random: Random, guide: Guide) -> None:
        super().__init__(random)
        self._guide = guide
        self.history: list[Event] = []
        self.active = False
        self._who: str | None = None  # whose step it is
        self._began = 0  # how much of the history there was when it began
        self._steps = 0
        self._sent_in: dict[int, int] = {}  # by letter: the step in which it was sent

    def next(self, cells: Sequence[Any]) -> int:
        """Choose who takes the next message."""
        if not self.active:
            return 0
        self.close()
        places: dict[str, int] = {
            cell.where: place for place, cell in reversed(list(enumerate(cells))) if cell.inbox is not None
        }
        options = tuple(dict.fromkeys(cell.where for cell in cells if cell.where in places))
        pick = self._guide.pick(options) if options else None
        if pick is None:  # nothing to handle, or no need to see the rest of this run
            self.active = not options
            return 0
        self._who, self._began = pick, len(self.history)
        if places[pick]:
            self.taken.append(Choice(self._point(f"next {name_of_turn(cells[0])}"), name_of_turn(cells[places[pick]])))
        elif len(cells) > 1:
            self._point(f"next {name_of_turn(cells[0])}")
        return places[pick]

    def turn_ends(self, cells: Sequence[Any]) -> bool:
        """Let what follows from a message go on before the next one is handled."""
        if self.active:
            self.taken.append(Choice(self._point(f"turn {name_of_turn(cells[0])}"), ENDS))
        return self.active

    def timer(self, timers: Sequence[asyncio.TimerHandle]) -> int:  # noqa: ARG002  as the base has it
        """Fire timers in order."""
        return 0

    def happens(self, point: str, rate: float) -> bool:  # noqa: ARG002  as the base has it
        """Have no fault: those are explored one by one."""
        self._point(point)
        return False

    def close(self) -> None:
        """A step is over: tell what it has touched."""
        if self._who is None:
            return
        events, sent_by = self.history[self._began :], None
        for event in events:
            if isinstance(event, Sent):
                self._sent_in[event.letter] = self._steps
            elif isinstance(event, Taken) and sent_by is None:
                sent_by = self._sent_in.get(event.letter)
        sent_to = {event.to for event in events if isinstance(event, (Sent, PassedOn))}
        self._guide.did(touches(self._who, sent_to) | set(_others(events)), None if sent_by == self._steps else sent_by)
        self._who = None
        self._steps += 1

    def stop(self) -> None:
        """The test is over."""
        self.close()
        self.active = False


def _others(events: Sequence[Event]) -> Iterator[str]:
    for event in events:
        if isinstance(event, Resolved):
            yield TEST
        elif isinstance(event, Redelivered) or type(event).__name__.startswith(("Life", "Slot")):
            yield getattr(event, "path", TEST)
