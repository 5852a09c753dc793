"""One child as its supervisor sees it: a state machine, and the table that holds them all in order."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import Enum, StrEnum, auto
from typing import Final

from supervisors._values import Backoff, Intensity, Restart


class State(StrEnum):
    """Where a child stands. The values are what people read."""

    WAITING = "waiting"  # its turn to start has not come
    STARTING = "starting"
    UP = "up"
    STOPPING = "stopping"
    BACKING_OFF = "backing off"  # failed, and to be started again: after its back-off, or with its group
    DOWN = "down"  # not running because somebody said so, or because it would not start when asked to
    DONE = "done"  # ended by itself and is not to come back

    __hash__ = str.__hash__  # an enum's own is written in Python, and states are looked up at every event


# By these names a state costs a decision nothing; `State.UP` looks it up in the enum every time.
WAITING, STARTING, UP, STOPPING, BACKING_OFF, DOWN, DONE = State

ALIVE = frozenset({STARTING, UP, STOPPING})
STARTABLE = frozenset({WAITING, BACKING_OFF})
AT_REST = frozenset({DOWN, DONE})
AGEING = AT_REST | {UP}


class Sequel(Enum):
    """What becomes of a child once its stop has come to pass."""

    REVIVE = auto()  # it was stopped for its group's sake and starts again with it
    RETIRE = auto()  # somebody asked for its end


class Asked(Enum):
    """Who waits for a start: nobody, or an administration call, which is answered instead of a retry."""

    NO = auto()
    ADDED = auto()
    RESTARTED = auto()


NOBODY = Asked.NO


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What a child's spec means for the decisions.

    Attributes:
        restart: when it comes back.
        kill: whether it is killed rather than asked to stop.
        significant: whether its end may end the supervisor.
        kept: whether its name stays known when it is not running.
        backoff: how long a restart waits; None for not at all.
        intensity: restarts granted to it alone, counted apart; None where it shares those of the family.
        probed: whether it is up only when it has said that it is ready.
        ready_timeout: seconds that it has to say so; None for any number.
        stall_timeout: seconds for which it may have work and get nothing done; None for any number.
    """

    restart: Restart
    kill: bool = False
    significant: bool = False
    kept: bool = True
    backoff: Backoff | None = None
    intensity: Intensity | None = None
    probed: bool = False
    ready_timeout: float | None = None
    stall_timeout: float | None = None


@dataclass(slots=True, kw_only=True, eq=False)
class Slot:
    """One child's state. *place* is its position in the order and, never given twice, its identity.

    Changed in place, as the table is; its *state* only by `Table.enter`.

    Attributes:
        since: when the present state began, seconds.
        aged: seconds for which its restarts had grown old before the present state began (see `age`).
        starts: how often a start was begun.
        failures: ends and failed starts in a row that called for a restart, for the back-off.
        ticket: number of its timer, if it has one; others are stale.
        seen: how much it had got done when it was looked at last.
        seen_at: when that was first seen; while it is to become ready, when that began.
        history: its restarts that are not forgotten yet, where they are counted apart.
    """

    name: str
    terms: Terms
    place: int
    state: State = WAITING
    since: float = 0.0
    aged: float = 0.0
    starts: int = 0
    failures: int = 0
    ticket: int = 0
    asked: Asked = NOBODY
    sequel: Sequel = Sequel.REVIVE
    seen: int = 0
    seen_at: float = 0.0
    history: list[Record] | None = None


@dataclass(slots=True)
class Record:
    """One restart, remembered until its child (the slot in *place*) has aged by the window since *mark*."""

    name: str
    place: int
    at: float
    mark: float
    told: str


def age(slot: Slot, now: float) -> float:
    """Tell for how many seconds the restarts of *slot* have been growing old: while it is up or at rest."""
    return slot.aged + (now - slot.since if slot.state in AGEING else 0.0)


NONE_OF_ANY: Final = dict.fromkeys(State, 0)


class Table:
    """The slots of one family by name, oldest place first.

    Changed in place, so that an event costs the same among ten children and among 100 000. It belongs to the newest
    `Family` alone: `decide` consumes the family it is given (see `_decide`).
    """

    __slots__ = ("_slots", "counts", "get")

    def __init__(self, slots: Iterable[Slot] = ()) -> None:
        self._slots: dict[str, Slot] = {}
        self.get: Final = self._slots.get  # the slot of a name, or None
        self.counts = NONE_OF_ANY.copy()
        for slot in slots:
            self.add(slot)

    def __len__(self) -> int:
        return len(self._slots)

    def __iter__(self) -> Iterator[Slot]:
        return iter(self._slots.values())

    def __reversed__(self) -> Iterator[Slot]:
        return reversed(self._slots.values())

    def __getitem__(self, name: str) -> Slot:
        return self._slots[name]

    def add(self, slot: Slot) -> None:
        """Store *slot*, of a name that is not known, in the last place."""
        self.counts[slot.state] += 1
        self._slots[slot.name] = slot

    def enter(self, slot: Slot, state: State, now: float) -> None:
        """Bring *slot* into *state*."""
        old, counts = slot.state, self.counts
        if old in AGEING:
            slot.aged += now - slot.since
        counts[old] -= 1
        counts[state] += 1
        slot.state, slot.since = state, now

    def drop(self, name: str) -> None:
        """Forget the slot of that name."""
        self.counts[self._slots.pop(name).state] -= 1

    @property
    def alive(self) -> int:
        """How many have an incarnation, or are about to."""
        return sum(self.counts[state] for state in ALIVE)

    @property
    def wanted(self) -> int:
        """How many are not at rest: alive, or to be started again."""
        return len(self._slots) - sum(self.counts[state] for state in AT_REST)
