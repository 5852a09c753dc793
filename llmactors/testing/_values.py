"""What happens in a run, event by event: the vocabulary of histories, laws, reports and timelines.

A history is a list of these values, in the order in which they happened. Actors are named by path, messages by the
class and endpoint and by a number that is theirs from the sending to the end, lives by a serial number of the run.

They are neither frozen nor made by keyword only, since a run makes hundreds of them; nobody changes them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Letter = int
"""The number of one message, from the time it is sent. A message that is sent twice is two letters."""

Outcome = Literal["answered", "failed", "timeout", "ended", "refused", "left"]
"""How an ask ended: with an answer, with a declared error, at its deadline, with the end of the actor that had it, at a
full mailbox, or because its asker gave up."""

Kind = Literal["tell", "send", "ask", "stream", "notice"]
"""How a message was sent. A `send` may have waited for room since; a `notice` is seen first when it is taken."""


@dataclass(slots=True)
class Event:
    """Something that happened.

    Args:
        number: Its place in the history, from 0.
        at: Seconds since the run began.
        cause: The number of the event in the course of which it happened; None where it came from outside.
    """

    number: int
    at: float
    cause: int | None


@dataclass(slots=True)
class Sent(Event):
    """A message was sent. Whether it was accepted is told by what follows: a refused one is dead at once.

    Args:
        letter: Its number.
        by: Who sent it: a path, or `"outside"`.
        to: To whom.
        message: What it is, such as `Counter.add`.
        text: The whole of it, such as `Counter.add(amount=1)`, cut where it is long.
        kind: How it was sent.
    """

    letter: Letter
    by: str
    to: str
    message: str
    text: str
    kind: Kind


@dataclass(slots=True)
class Taken(Event):
    """A handler began with a message. *delivery* counts from 1."""

    letter: Letter
    path: str
    life: int
    delivery: int


@dataclass(slots=True)
class PassedOn(Event):
    """Who had taken a message gave it to somebody else, as a pool does: it waits again, now in the mailbox of *to*.

    `Finished` may have come before it: the handler that passed it on has returned. An ask that was passed on is
    resolved by the answer of the last.
    """

    letter: Letter
    by: str
    to: str


@dataclass(slots=True)
class Crossed(Event):
    """A message has gone over to a real process; of what becomes of it there nothing is seen but its outcome."""

    letter: Letter
    path: str


@dataclass(slots=True)
class PutAside(Event):
    """The handler stashed the message: it will be taken again."""

    letter: Letter
    path: str
    life: int


@dataclass(slots=True)
class Finished(Event):
    """The handler returned, or put its answer off."""

    letter: Letter
    path: str
    life: int


@dataclass(slots=True)
class Failed(Event):
    """An exception left the handler, or it was cancelled."""

    letter: Letter
    path: str
    life: int
    error: str


@dataclass(slots=True)
class Resolved(Event):
    """An ask has its outcome, as its asker sees it."""

    letter: Letter
    outcome: Outcome
    text: str


@dataclass(slots=True)
class Redelivered(Event):
    """What was in hand when its handler's life ended is to be taken again; its next delivery is number *delivery*."""

    letter: Letter
    path: str
    delivery: int


@dataclass(slots=True)
class DeadLettered(Event):
    """Nobody will handle a message; *reason* says why.

    The kernel's reasons, `expired` also for one whose asker's time was over, and `fault` for one that a fault dropped.
    One that was in a handler's hands may end so as well: `unheard`, `unhandled`, `poison`.
    """

    letter: Letter
    path: str
    reason: str


@dataclass(slots=True)
class LifeBegan(Event):
    """An incarnation begins: its constructor is about to run.

    Args:
        path: Its slot.
        life: Which life of the run it is, from 1; no two share one.
        kind: The actor's class.
        owner: The path of the slot's owner; None for those outside any tree.
        owner_life: The life of that owner; 0 for none.
        capacity: Messages that its mailbox holds.
        concurrency: Messages that may be in its hands at once; 0 where there is no such number, as with batches.
        ranked: Whether its mailbox hands messages out by priority rather than in order.
        redeliver: How often a message is delivered again after the first time.
    """

    path: str
    life: int
    kind: str
    owner: str | None
    owner_life: int
    capacity: int
    concurrency: int = 1
    ranked: bool = False
    redeliver: int = 0


@dataclass(slots=True)
class LifeUp(Event):
    """`on_start` has returned: it takes messages from now on."""

    path: str
    life: int


@dataclass(slots=True)
class LifeEnding(Event):
    """The end of an incarnation begins: it takes no more messages, what hangs on it ends, then `on_stop` runs.

    Args:
        path: Its slot.
        life: Which life of the run.
        exit: How it ends, in words.
        clean: Whether a transient child stays down after it.
        asked: Whether somebody, its supervisor or a user, told it to stop.
        by: Who did, a path or `"outside"`; None where that is not known.
        told: The number of the event after which they did; None where that is not known.
    """

    path: str
    life: int
    exit: str
    clean: bool
    asked: bool
    by: str | None = None
    told: int | None = None


@dataclass(slots=True)
class LifeEnded(Event):
    """An incarnation is over. *exit* says how, in words; *clean* is whether a transient child stays down."""

    path: str
    life: int
    exit: str
    clean: bool


@dataclass(slots=True)
class SlotDiscarded(Event):
    """A slot is no more; its name is free."""

    path: str


@dataclass(slots=True)
class MonitorSet(Event):
    """Somebody watches an incarnation. *monitor* is a number of its own; *life* is None where the slot is watched."""

    monitor: int
    by: str
    path: str
    life: int | None


@dataclass(slots=True)
class MonitorFired(Event):
    """The one `Down` of a monitor was sent."""

    monitor: int


@dataclass(slots=True)
class MonitorTaken(Event):
    """A monitor was taken back, or ended with the life that had set it; it will not fire."""

    monitor: int


@dataclass(slots=True)
class Injected(Event):
    """A fault was injected.

    Args:
        fault: What kind, such as `kill`.
        path: Into which actor.
        point: Where in the life of a message or of the actor, such as `taken Net.predict #3`.
    """

    fault: str
    path: str
    point: str


@dataclass(slots=True)
class Healed(Event):
    """Faults have ended: from here on everything has to converge."""


@dataclass(slots=True)
class Noted(Event):
    """A test, or code under test, said something: `world.note("…")`."""

    text: str
