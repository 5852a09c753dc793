"""What happens to a family. Each is one fact; what follows from it is decided in `_decide`.

They are not frozen, for the reason that orders are not (see `_effects`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, TypeAlias

from supervisors._core._slots import Terms


class Exit(Protocol):
    """How an incarnation ended; the kernel's four exits."""

    @property
    def clean(self) -> bool:
        """Whether it ended as it was meant to."""


@dataclass(slots=True)
class OpenAsked:
    """The family is to start its children, one after another."""


@dataclass(slots=True)
class Started:
    """A child is up: its start hook has returned."""

    name: str


@dataclass(slots=True)
class StartFailed:
    """A child did not come up. *ignored*: it says itself that it need not run.

    *luck*, from 0 to 1, is the throw of a die for the back-off's jitter. *told* is the error in words, for the history,
    which would keep a dead actor alive if it kept the error.
    """

    name: str
    error: BaseException
    ignored: bool = False
    luck: float = 0.0
    told: str = ""

    @property
    def why(self) -> BaseException:
        """What stands in the way."""
        return self.error


@dataclass(slots=True)
class Ended:
    """A child's incarnation has ended. *luck* and *told* as for a failed start."""

    name: str
    exit: Exit
    luck: float = 0.0
    told: str = ""

    @property
    def why(self) -> Exit:
        """How it ended."""
        return self.exit


@dataclass(slots=True)
class Probed:
    """A child in its incarnation number *life* was asked whether it is ready. No answer is a no."""

    name: str
    life: int
    ready: bool


@dataclass(slots=True)
class Looked:
    """A child in its incarnation number *life* was looked at.

    *progress* counts what it has got done so far; *working* is whether it has work, and may work.
    """

    name: str
    life: int
    progress: int
    working: bool


@dataclass(slots=True)
class TimerFired:
    """A timer is due: a child's (its *name*) or the group's (None). An old *ticket* marks a stale one."""

    name: str | None
    ticket: int


@dataclass(slots=True)
class StopAsked:
    """The family is to stop all children and be finished."""


@dataclass(slots=True)
class ChildAdded:
    """A new child is to take the last place and start."""

    name: str
    terms: Terms


@dataclass(slots=True)
class TerminateAsked:
    """A child is to end and not to come back by itself."""

    name: str


@dataclass(slots=True)
class RestartAsked:
    """A child that is not running is to start again."""

    name: str


@dataclass(slots=True)
class DeleteAsked:
    """A child that is not running is to be forgotten."""

    name: str


Event: TypeAlias = (
    OpenAsked
    | Started
    | StartFailed
    | Ended
    | Probed
    | Looked
    | TimerFired
    | StopAsked
    | ChildAdded
    | TerminateAsked
    | RestartAsked
    | DeleteAsked
)
Request: TypeAlias = ChildAdded | TerminateAsked | RestartAsked | DeleteAsked
