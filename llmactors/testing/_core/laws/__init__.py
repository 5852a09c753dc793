"""Laws: what holds in every run of every program, whatever is injected.

A law is an object for one run. It is told each event as it happens, looks at the system after each step where it has
to, and is asked once more when the system has closed. What it answers are sentences that say what was broken; none is
good. A sentence that is `Found` also says which events it is about, beside the one that broke it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, ClassVar, Self

if TYPE_CHECKING:
    from llmactors.testing._values import Event


class Found(str):
    """What was broken, in a sentence that also says which events it is about.

    Attributes:
        about: Their numbers.
    """

    __slots__ = ("about",)
    about: tuple[int, ...]

    def __new__(cls, what: str, *about: int) -> Self:
        """Make the sentence."""
        found = super().__new__(cls, what)
        found.about = about
        return found


class Law:
    """Base of laws; one object a run. Override what is needed.

    Attributes:
        name: What holds, as a short sentence: `every ask resolves exactly once`.
        sees: The kinds of events that `saw` is called with; empty for all of them.
        hears: Instead of `saw`, where every bit of speed counts: a method for each kind of event, by name.
        looks_after: The kinds of events after which `look` may find something; None for every step. The first step and
            the last are looked at in any case.
    """

    name: ClassVar[str]
    sees: ClassVar[tuple[type[Event], ...]] = ()
    hears: ClassVar[Mapping[type[Event], str]] = MappingProxyType({})
    looks_after: ClassVar[tuple[type[Event], ...] | None] = None

    def saw(self, event: Any) -> Iterable[str]:
        """Take note of an event; say what it breaks."""
        name = self.hears.get(type(event))
        return () if name is None else getattr(self, name)(event)

    @classmethod
    def hearer(cls, kind: type[Event]) -> str | None:
        """Return the name of the method that takes note of events of a kind; None where nothing does."""
        if cls.saw is Law.saw:
            return cls.hears.get(kind)
        return "saw" if not cls.sees or issubclass(kind, cls.sees) else None

    def look(self, system: Any) -> Iterable[str]:  # noqa: ARG002  for subclasses
        """Look at the living system between two steps; say what is broken. Called often: keep it cheap."""
        return ()

    def over(self) -> Iterable[str]:
        """The system has closed: say what is missing."""
        return ()
