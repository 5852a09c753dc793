"""What a family orders. Each order returns at once; its outcome, if it has one, is a later event.

Orders are values that nobody changes. They are not frozen because a frozen one takes three times as long to make, and
each is made once for each thing that happens.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

from supervisors._core._events import Exit

Why: TypeAlias = "Exit | BaseException"


@dataclass(slots=True)
class BeginStart:
    """Begin an incarnation. Outcome: `Started`, `StartFailed` or `Ended`."""

    name: str


@dataclass(slots=True)
class SendStop:
    """Ask the incarnation to stop within its shutdown time, after which the kernel kills it. Outcome: `Ended`."""

    name: str


@dataclass(slots=True)
class Kill:
    """End the incarnation without asking, for the reason *why*, or as its terms say. Outcome: `Ended`."""

    name: str
    why: BaseException | None = None


@dataclass(slots=True)
class Probe:
    """Ask the child, in its incarnation number *life*, whether it is ready, for *within* seconds. Outcome: `Probed`."""

    name: str
    life: int
    within: float | None


@dataclass(slots=True)
class Look:
    """Look at what the child has got done, in its incarnation number *life*. Outcome: `Looked`."""

    name: str
    life: int


@dataclass(slots=True)
class ArmTimer:
    """Report `TimerFired(name, ticket)` in *delay* seconds; at 0 behind what waits in the mailbox already."""

    name: str | None
    delay: float
    ticket: int


@dataclass(slots=True)
class CancelTimer:
    """Forget the timer of that name."""

    name: str | None


@dataclass(slots=True)
class Discard:
    """Nothing brings this child back by itself: end its address, and with it the wait of everybody who asks it."""

    name: str


class Fact(StrEnum):
    """What a report tells; the values are the events in the log."""

    STARTED = "actor_started"
    RESTARTED = "actor_restarted"
    ENDED = "actor_ended"
    START_FAILED = "actor_start_failed"
    IGNORED = "actor_start_ignored"

    __hash__ = str.__hash__  # an enum's own is written in Python


STARTED, RESTARTED, ENDED, START_FAILED, IGNORED = Fact  # by these names a fact costs a decision nothing


@dataclass(slots=True)
class Report:
    """Tell the world. *expected*: it was the supervisor's own doing, or a clean end."""

    fact: Fact
    name: str
    why: Why | None = None
    expected: bool = True


@dataclass(slots=True)
class GiveUp:
    """Tell the world that the intensity is exhausted. The children's stops follow, and then `Finished`."""

    name: str
    why: Why
    history: tuple[str, ...]


@dataclass(slots=True)
class AnswerStart:
    """Answer the administration call that asked for this start: it is up (None), or why it is not."""

    name: str
    why: Why | None = None
    ignored: bool = False


@dataclass(slots=True)
class AnswerStop:
    """Answer the administration calls that asked for this child's end: it is gone."""

    name: str


@dataclass(slots=True)
class Ready:
    """Every child that was there at the beginning has had its start."""


@dataclass(slots=True)
class Finished:
    """No child is left. The family's verdict says how the supervisor is to end."""


Rare: TypeAlias = (
    SendStop
    | Kill
    | Probe
    | Look
    | ArmTimer
    | CancelTimer
    | Discard
    | GiveUp
    | AnswerStart
    | AnswerStop
    | Ready
    | Finished
)
Effect: TypeAlias = Report | BeginStart | Rare
