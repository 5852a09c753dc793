"""A family: the children of one supervisor, the rules they live by and what is under way among them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import TypeAlias

from supervisors._core._effects import Why
from supervisors._core._events import Ended
from supervisors._core._slots import Record, Slot, Table, Terms
from supervisors._values import ONE_FOR_ONE, AutoShutdown, Intensity, Strategy

FIRST = -1  # below every place: the whole family


class Phase(Enum):
    """How far a family has come. It only ever moves forward."""

    NEW = auto()
    OPENING = auto()
    OPEN = auto()
    CLOSING = auto()
    CLOSED = auto()


NEW, OPENING, OPEN, CLOSING, CLOSED = Phase  # by these names a phase costs a decision nothing (see `_slots`)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What a supervisor's class declares.

    Attributes:
        revive: whether a group restart also starts children that had finished or been stopped (OTP does).
        parallel: whether all children are stopped at once (dynamic supervisors) or one at a time, last started first.
        limit: how many children there may be; None for any number.
    """

    strategy: Strategy = Strategy.ONE_FOR_ONE
    intensity: Intensity = field(default_factory=Intensity)
    auto_shutdown: AutoShutdown = AutoShutdown.NEVER
    revive: bool = False
    parallel: bool = False
    limit: int | None = None

    @property
    def grouped(self) -> bool:
        """Whether one child's restart concerns others."""
        return self.strategy is not ONE_FOR_ONE


@dataclass(frozen=True, slots=True)
class Raising:
    """Starting *names* in order, each after the one before it is up; *at* is the one at work."""

    names: tuple[str, ...]
    first: int = FIRST
    at: int = 0


@dataclass(frozen=True, slots=True)
class Halting:
    """Stopping *names* in order, each after the one before it is gone.

    Then, unless the family is closing, the children from place *first* on are started again: at once (*delay* None)
    or after so many seconds.
    """

    names: tuple[str, ...]
    first: int = FIRST
    delay: float | None = None
    at: int = 0


@dataclass(frozen=True, slots=True)
class Holding:
    """Waiting before the children from place *first* on are started again, until the timer *ticket*."""

    first: int
    ticket: int


Agenda: TypeAlias = Raising | Halting | Holding


@dataclass(frozen=True, slots=True)
class Stopped:
    """It was asked to stop."""


@dataclass(frozen=True, slots=True)
class Completed:
    """The significant children have ended."""


@dataclass(frozen=True, slots=True)
class StartedNot:
    """A child failed at the beginning."""

    name: str
    why: Why


@dataclass(frozen=True, slots=True)
class GaveUp:
    """A child ended once more than the intensity grants: *why*, and what counted, in words."""

    name: str
    why: Why
    history: tuple[str, ...]


Verdict: TypeAlias = Stopped | Completed | StartedNot | GaveUp


@dataclass(slots=True, kw_only=True, eq=False)
class Family:
    """The whole state. `decide` turns it into the next one in place: the one that it was given is spent.

    Attributes:
        agenda: what is done in order among several children, if anything is. While a family closes, what is left.
        history: restarts not forgotten yet, but of those children whose restarts are counted apart.
        late: ends of children that were up before the family was open; dealt with as soon as it is.
        verdict: why the family closes, from `Phase.CLOSING` on.
        places: how many places were given out.
        tickets: how many timers were armed.
    """

    rules: Rules
    slots: Table
    phase: Phase = NEW
    agenda: Agenda | None = None
    history: list[Record] = field(default_factory=list)
    late: tuple[Ended, ...] = ()
    verdict: Verdict | None = None
    places: int = 0
    tickets: int = 0


def family(rules: Rules, children: Iterable[tuple[str, Terms]] = ()) -> Family:
    """Begin a family: its children wait, in the order given."""
    slots = [Slot(name=name, terms=terms, place=place) for place, (name, terms) in enumerate(children)]
    return Family(rules=rules, slots=Table(slots), places=len(slots))
