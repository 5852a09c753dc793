"""Whether a child that lives is well: ready once it has started, and getting on with its work while it is up.

Rules
1. A child with a **probe** is not up when its start hook has returned, but when it has said that it is ready. Until
   then it is *starting*: who is started after it waits, and who asked for its start does too. It is asked again
   `AGAIN` seconds after it said no.
2. One that is not ready in time is killed. That is a start that failed, like any other.
3. A child that is up and has a **stall time** is looked at `LOOKS` times in it. If every look since the first that
   found it at work, that long ago, has found it at work with nothing more done, it is killed. That is an abnormal end,
   like any other, and counts.
4. A look that finds it without work, or unable to work (paused, throttled), begins that time anew.
5. What is learnt about an earlier incarnation, told by its number, changes nothing, nor does what was not asked for.
"""

from __future__ import annotations

from typing import Final

from supervisors._core._effects import Kill, Look, Probe
from supervisors._core._events import Looked, Probed
from supervisors._core._slots import STARTING, UP, Slot
from supervisors._core._turn import Turn
from supervisors.errors import NotReadyError, StalledError

AGAIN: Final = 0.25  # seconds from one answer of a child that is not ready to the next question
LOOKS: Final = 4
UNSEEN: Final = -1  # no count of what a child has done; those below mark a question that is to be answered


def probe(turn: Turn, slot: Slot) -> None:
    """Ask a child whose start hook has returned whether it is ready, for as long as it has."""
    left = _left(turn, slot)
    if left is None or left > 0:
        slot.seen = _asked(slot)
        turn.order(Probe(slot.name, slot.starts, left))
    else:
        turn.order(Kill(slot.name, NotReadyError(slot.name, slot.terms.ready_timeout or 0.0)))


def probed(turn: Turn, slot: Slot, event: Probed) -> bool:
    """Tell whether *slot* is up with that answer; if it is not ready, ask again in a while."""
    if slot.state is not STARTING or event.life != slot.starts or slot.seen != _asked(slot):
        return False
    slot.seen = UNSEEN
    if not event.ready:
        left = _left(turn, slot)
        slot.ticket = turn.arm(slot.name, AGAIN if left is None else min(AGAIN, max(0.0, left)))
    return event.ready


def _asked(slot: Slot) -> int:
    """Return what `seen` is while this incarnation has a question to answer."""
    return UNSEEN - slot.starts


def _left(turn: Turn, slot: Slot) -> float | None:
    limit = slot.terms.ready_timeout
    return None if limit is None else slot.seen_at + limit - turn.now


def watch(turn: Turn, slot: Slot, stall_timeout: float) -> None:
    """Begin to look at what a child that is up gets done."""
    slot.seen = UNSEEN
    slot.ticket = turn.arm(slot.name, stall_timeout / LOOKS)


def looked(turn: Turn, slot: Slot, event: Looked) -> None:
    """Judge what was seen of a child."""
    limit = slot.terms.stall_timeout
    if slot.state is not UP or event.life != slot.starts or limit is None or slot.ticket:
        return
    if not event.working:
        slot.seen = UNSEEN
    elif event.progress != slot.seen:
        slot.seen, slot.seen_at = event.progress, turn.now
    elif turn.now - slot.seen_at >= limit:
        turn.order(Kill(slot.name, StalledError(slot.name, limit)))
        return
    slot.ticket = turn.arm(slot.name, limit / LOOKS)


def due(turn: Turn, slot: Slot) -> None:
    """The timer of a child that lives has fired: ask it, or look at it, again."""
    if slot.state is STARTING:
        probe(turn, slot)
    else:
        turn.order(Look(slot.name, slot.starts))
