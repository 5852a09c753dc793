"""Control signals: the second lane of a mailbox, which overtakes messages."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, TypeVar

from llmactors._exits import Normal, Shutdown

if TYPE_CHECKING:
    from collections.abc import Callable

    from llmactors._exits import Exit
    from llmactors._limits import Pressure
    from llmactors._ref import ActorRef

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Stop:
    """End after what is in hand; with *drain*, after what is queued. *exit* is how the end will be told."""

    drain: bool = False
    exit: Normal | Shutdown = field(default_factory=Shutdown)


@dataclass(frozen=True, slots=True)
class Kill:
    """End at once."""

    cause: BaseException | str | None = None


@dataclass(frozen=True, slots=True)
class Pause:
    """Handle no message until `Resume`."""


@dataclass(frozen=True, slots=True)
class Resume:
    """Handle messages again."""


@dataclass(frozen=True, slots=True)
class Press:
    """There is too much of something, or no more: `on_pressure` is to run, whatever waits."""

    level: Pressure


def put(lane: list[Any], signal: Any) -> None:
    """Let a signal wait behind the others. What says nothing new is not kept twice, so nobody can fill the lane."""
    if lane and signal.__class__ in _REPEATABLE:
        if signal.__class__ in _SWITCHES:  # they are obeyed together: only the last of them counts
            lane[:] = [one for one in lane if one.__class__ not in _SWITCHES]
        elif any(one.__class__ is signal.__class__ and _same(one, signal) for one in lane):
            return
    lane.append(signal)


def _same(one: Any, other: Any) -> bool:
    """Say whether the later of two orders adds nothing. The first kill says the cause."""
    return isinstance(one, Kill) or bool(one == other)


_SWITCHES: Final = frozenset({Pause, Resume})
_REPEATABLE: Final = frozenset({Kill, Stop}) | _SWITCHES


class Stashed(BaseException):
    """Leaves a handler whose message is put aside; with *instead*, another item is put aside in its place.

    *after* is called when that is done, and may not fail.
    No `Exception`: no `except` of a handler keeps it by accident.
    """

    def __init__(self, instead: Any = None, after: Callable[[], None] | None = None) -> None:
        super().__init__("the message in hand is put aside")
        self.instead, self.after = instead, after


class Cut(BaseException):
    """Leaves a handler that is cut off where it stands: its incarnation ends with *exit*, and this message in hand.

    What a `kill -9` does to a worker process in the middle of a handler, for actors whose process is simulated.
    """

    def __init__(self, exit: Exit) -> None:
        super().__init__("the handler is cut off")
        self.exit = exit


class Link:
    """One end of a link between two incarnations; each of them holds its own, and *other* is its peer's.

    Slots are linked anew when the incarnation of one has ended and the other has not heard of it yet: *before* is the
    link that this one follows there. *off* is whether nothing is to be heard over it any more.
    """

    __slots__ = ("before", "off", "other")

    def __init__(self, before: Link | None, other: Link | None = None) -> None:
        self.before, self.off = before, False
        self.other = Link(None, self) if other is None else other

    def cut(self) -> None:
        """Have nothing be heard over it, nor over those before it."""
        link: Link | None = self
        while link is not None:
            link.off = True
            link = link.before


@dataclass(frozen=True, slots=True)
class LinkExit:
    """A linked actor has ended. *path* is kept because the slot may be gone; *link* is None where they are kin."""

    ref: ActorRef[Any]
    path: str
    exit: Exit
    link: Link | None = None


def check_shutdown(shutdown: T) -> T:
    """Return *shutdown*.

    Raises:
        ValueError: It is not a number of seconds, `"kill"` or `"forever"`.
    """
    seconds = isinstance(shutdown, (int, float)) and not isinstance(shutdown, bool) and shutdown >= 0
    if not seconds and shutdown not in {"kill", "forever"}:
        raise ValueError(f'shutdown={shutdown!r}: seconds (0 or more), "kill" or "forever"')
    return shutdown
