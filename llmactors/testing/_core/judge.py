"""A judge: the laws of one run, and what was broken of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
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
        self._last: int | None = None
        self._hearers: dict[type[Event], tuple[tuple[Law, Callable[[Any], Iterable[str]]], ...]] = {}
        self._lookers = tuple((law, law.look) for law in self.laws if type(law).look is not Law.look)

    def saw(self, event: Event) -> None:
        """Tell the laws of an event."""
        kind: Any = event.__class__
        self._last = event.number
        hearers = self._hearers.get(kind)
        if hearers is None:
            hearers = self._hearers[kind] = tuple(
                (self.laws[place], getattr(self.laws[place], name)) for place, name in _hearers(self._kinds, kind)
            )
        for law, hear in hearers:
            said = hear(event)
            if said:
                for what in said:
                    self._found(law, what)

    def look(self, system: Any) -> None:
        """Let the laws look at the living system between two steps."""
        for law, look in self._lookers:
            said = look(system)
            if said:
                for what in said:
                    self._found(law, what)

    def over(self) -> None:
        """Ask the laws what is missing, when the system has closed."""
        for law in self.laws:
            for what in law.over():
                self._found(law, what)

    def _found(self, law: Law, what: str) -> None:
        about = what.about if isinstance(what, Found) else ()
        self.broken.append(Broken(law.name, str(what), self._last, about))


@cache
def _hearers(laws: tuple[type[Law], ...], kind: Any) -> tuple[tuple[int, str], ...]:
    """Return which of some laws hear events of a kind: their places, and the names of their methods."""
    names = ((place, law.hearer(kind)) for place, law in enumerate(laws))
    return tuple((place, name) for place, name in names if name is not None)
