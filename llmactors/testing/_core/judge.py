"""A judge: the laws of one run, and what was broken of them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from typing import Any

from llmactors.testing._core.laws import Found, Law
from llmactors.testing._values import Event


@dataclass(frozen=True, slots=True)
class Broken:
    """That a law was broken, and how.

    Args:
        law: The law's name.
        what: A sentence.
        number: The event that broke it, or the last one before it was seen; None for a run without events.
        about: Other events that it is about.
    """

    law: str
    what: str
    number: int | None
    about: tuple[int, ...] = ()


class Judge:
    """Tells each law what it wants to hear, and keeps what was broken.

    Args:
        laws: One object of each.

    Attributes:
        broken: What was broken, in the order in which it was found.
    """

    def __init__(self, laws: Iterable[Law]) -> None:
        self.laws = tuple(laws)
        self._kinds = tuple(map(type, self.laws))
        self.broken: list[Broken] = []
        self._last: Event | None = None
        self._known: dict[type[Event], tuple[list[Any], int]] = {}  # by kind: who hears of it, and who is to look then
        self._lookers: dict[int, list[Any]] = {}  # by the bits of those who are to look
        self._steady = _steady(self._kinds)
        self._due = -1  # a bit for each law that has to look; all of them at first

    def saw(self, event: Event) -> None:
        """Tell the laws of an event."""
        kind: Any = event.__class__
        self._last = event
        hearers, due = self._known.get(kind) or self._knows(kind)
        if due:
            self._due |= due
        for hear in hearers:
            said = hear(event)
            if said:
                for what in said:
                    self._found(hear.__self__, what)

    def _knows(self, kind: Any) -> tuple[list[Any], int]:
        """Work out which methods of laws hear events of a kind, and who looks after one."""
        hearers, due = _hearers(self._kinds, kind)
        known = self._known[kind] = [getattr(self.laws[place], name) for place, name in hearers], due
        return known

    def look(self, system: Any, *, everybody: bool = False) -> None:
        """Let the laws look at the living system between two steps: those that may find something, or everybody."""
        due = -1 if everybody else self._due | self._steady
        self._due = 0
        lookers = self._lookers.get(due)
        if lookers is None:
            lookers = self._lookers[due] = [self.laws[place].look for place in _lookers(self._kinds, due)]
        for look in lookers:
            said = look(system)
            if said:
                for what in said:
                    self._found(look.__self__, what)

    def over(self) -> None:
        """Ask the laws what is missing, when the system has closed."""
        for law in self.laws:
            for what in law.over():
                self._found(law, what)

    def _found(self, law: Law, what: str) -> None:
        about = what.about if isinstance(what, Found) else ()
        self.broken.append(Broken(law.name, str(what), None if self._last is None else self._last.number, about))


@cache
def _hearers(laws: tuple[type[Law], ...], kind: Any) -> tuple[tuple[tuple[int, str], ...], int]:
    """Return which of some laws hear events of a kind, their places and methods; and a bit for each that looks then."""
    names = ((place, law.hearer(kind)) for place, law in enumerate(laws))
    looks = (place for place, law in enumerate(laws) if law.looks_after and issubclass(kind, law.looks_after))
    return tuple((place, name) for place, name in names if name is not None), sum(1 << place for place in looks)


@cache
def _lookers(laws: tuple[type[Law], ...], due: int) -> tuple[int, ...]:
    """Return the places of those among some laws that look at the system, of those that are due."""
    return tuple(place for place, law in enumerate(laws) if due >> place & 1 and law.look is not Law.look)


@cache
def _steady(laws: tuple[type[Law], ...]) -> int:
    """Return a bit for each law that looks at every step."""
    return sum(1 << place for place, law in enumerate(laws) if law.looks_after is None and law.look is not Law.look)
