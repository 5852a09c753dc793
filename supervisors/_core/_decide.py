"""The decisions of a supervisor: one pure function from a family, an event and the time to orders.

Theory of operation.

1. Every child is a **slot** with a state machine of its own: *waiting* for its turn, *starting*, *up*, *stopping*,
   *backing off* before a restart, *down* by somebody's order, *done* by itself. A slot changes state only here.
2. **Orders return at once.** `BeginStart` is followed by one of `Started`, `StartFailed`, `Ended`; `Started`,
   `SendStop` and `Kill` by one `Ended`. Nothing here waits, so a family in trouble answers between any two events.
   Children that are to say that they are ready, or to get on with their work, are looked after in `_health`.
3. What must be done in order among several children stands in the **agenda**: *raising* (the opening; a group's
   return), *halting* (a group's stop, the closing, a rollback), *holding* (the group's back-off between). One name is
   at work at a time; its event moves the cursor on. Restarts of single children need no agenda and run side by side.
4. A child that must come back is **charged** to the history. A restart is forgotten once its child has grown older by
   the window while up (or at rest, where nothing can fail); waiting, starting and backing off do not age, so neither a
   slow start nor a back-off defeats the intensity. A failed start during a restart is charged like an end. Starts that
   somebody asked for are answered instead: never charged, never retried. There is one history for all children, but a
   child with an intensity of its own has a history of its own.
5. Over the intensity, the family **gives up**: it closes like on a stop, with a verdict that ends its supervisor
   abnormally.
6. A group restart stops what is alive in its range and starts whatever was alive or on its way. What had finished or
   been stopped stays so, unless the rules say `revive`. An end within the range while the group is being halted
   is part of it; an end outside widens it and is charged.
7. Ends of children that were up before the family was open are dealt with as soon as it is open.
8. Whatever nothing here will bring back is **discarded**: who waits for its answer learns so at once. A closing
   family discards nothing: its addresses end, or survive, with its supervisor's own.
9. **Ownership.** A family is changed in place: one that was given to `decide` is spent, as is a moved value in Rust,
   and only the returned one may be used. That is what makes an event cost the same among 100 000 children as among ten,
   and a restart a few microseconds. Beyond that, an answer depends on nothing but the arguments: no clock, no die.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from supervisors._core._administration import administer
from supervisors._core._agenda import advance, close, raise_group
from supervisors._core._change import changed
from supervisors._core._effects import (
    ENDED,
    IGNORED,
    RESTARTED,
    START_FAILED,
    STARTED,
    AnswerStart,
    AnswerStop,
    Effect,
    Ready,
    Report,
    Why,
)
from supervisors._core._events import (
    ChildAdded,
    DeleteAsked,
    Ended,
    Event,
    Looked,
    OpenAsked,
    Probed,
    RestartAsked,
    Started,
    StartFailed,
    StopAsked,
    TerminateAsked,
    TimerFired,
)
from supervisors._core._family import NEW, OPEN, OPENING, Family, Holding, Raising, StartedNot, Stopped
from supervisors._core._health import due, looked, probe, probed, watch
from supervisors._core._restarts import judge, restart
from supervisors._core._slots import BACKING_OFF, DOWN, NOBODY, STARTING, STOPPING, UP, WAITING, Asked, Sequel, Slot
from supervisors._core._turn import Turn
from supervisors._values import TEMPORARY
from supervisors.errors import StartCalledOffError


def decide(family: Family, event: Event, now: float) -> tuple[Family, tuple[Effect, ...]]:
    """Answer *event* with the family's next state and the orders that follow, in order.

    An event about a child that is not in a state to meet it (a stale timer, an outcome of something called off)
    changes nothing. *family* is spent.
    """
    turn = Turn(family, now)
    meet = OUTCOMES.get(event.__class__)
    if meet is None:
        _meet(turn, event)
    else:
        slot = turn.slots.get(event.name)  # type: ignore[arg-type, union-attr]  # outcomes have a name
        if slot is not None:  # else it is forgotten
            meet(turn, slot, event)
    if family.agenda is not None or family.verdict is not None:
        while advance(turn):
            _open_if_raised(turn)
    return family, tuple(turn.effects)


def _meet(turn: Turn, event: Event) -> None:
    """Meet what is no outcome."""
    match event:
        case TimerFired(name, ticket):
            _timer_fired(turn, name, ticket)
        case OpenAsked() if turn.family.phase is NEW:
            turn.family.phase = OPENING
            raise_group(turn, 0)
        case StopAsked() if not turn.closing:
            close(turn, Stopped())
        case ChildAdded() | TerminateAsked() | RestartAsked() | DeleteAsked():
            administer(turn, event)


def _started(turn: Turn, slot: Slot, event: Started) -> None:  # noqa: ARG001  that it happened is all there is to it
    if slot.state is not STARTING:
        return
    if slot.terms.probed:
        slot.seen_at = turn.now
        probe(turn, slot)
    else:
        _up(turn, slot)


def _probed(turn: Turn, slot: Slot, event: Probed) -> None:
    if probed(turn, slot, event):
        _up(turn, slot)


def _up(turn: Turn, slot: Slot) -> None:
    turn.order(Report(RESTARTED if slot.starts > 1 else STARTED, slot.name))
    if slot.asked is not NOBODY:
        turn.order(AnswerStart(slot.name))
        slot.asked = NOBODY
    turn.slots.enter(slot, UP, turn.now)
    if slot.terms.stall_timeout is not None:
        watch(turn, slot, slot.terms.stall_timeout)


def _start_failed(turn: Turn, slot: Slot, event: StartFailed) -> None:
    if slot.state is STOPPING:
        _stopped(turn, slot, event.error, expected=False)
    elif slot.state is STARTING and event.ignored:
        _start_ignored(turn, slot)
    elif slot.state is STARTING:
        turn.order(Report(START_FAILED, slot.name, event.error, expected=False))
        _not_up(turn, slot, event)


def _start_ignored(turn: Turn, slot: Slot) -> None:
    turn.order(Report(IGNORED, slot.name))
    if slot.asked is not NOBODY:
        turn.order(AnswerStart(slot.name, ignored=True))
    if turn.closing:
        turn.move(slot, DOWN)
    else:
        turn.rest(slot, DOWN, kept=not turn.family.rules.parallel)


def _not_up(turn: Turn, slot: Slot, event: Ended | StartFailed) -> None:
    """Meet a start that failed."""
    if turn.closing:
        turn.move(slot, DOWN)
    elif turn.family.phase is OPENING:
        turn.move(slot, DOWN)
        close(turn, StartedNot(slot.name, event.why))
    elif slot.asked is not NOBODY:
        turn.order(AnswerStart(slot.name, event.why))
        turn.rest(slot, DOWN, kept=slot.asked is Asked.RESTARTED)
    else:
        restart(turn, slot, event, retry=True)


def _ended(turn: Turn, slot: Slot, event: Ended) -> None:
    clean = event.exit.clean
    if slot.state is STOPPING:
        _stopped(turn, slot, event.exit, expected=clean or slot.terms.kill)
        return
    if slot.state is not UP and slot.state is not STARTING:
        return
    turn.order(Report(ENDED, slot.name, event.exit, clean))
    if slot.ticket:
        turn.disarm(slot)
    if slot.state is STARTING and not clean:
        _not_up(turn, slot, event)
    elif turn.family.phase is OPEN:
        if slot.asked is not NOBODY:  # the start that it asked for has ended cleanly before it was up
            turn.order(AnswerStart(slot.name, StartCalledOffError(slot.name)))
            slot.asked = NOBODY
        judge(turn, slot, event)
    elif turn.closing:
        turn.move(slot, DOWN)
    else:
        _postpone(turn, slot, event)


def _stopped(turn: Turn, slot: Slot, why: Why, *, expected: bool) -> None:
    turn.order(Report(ENDED, slot.name, why, expected))
    if turn.closing:
        turn.move(slot, DOWN)
        if slot.sequel is Sequel.RETIRE:
            turn.order(AnswerStop(slot.name))
    elif slot.sequel is Sequel.RETIRE:
        turn.retire(slot, StartCalledOffError(slot.name))
    elif slot.terms.restart is TEMPORARY:
        turn.rest(slot, DOWN, kept=False)
    else:
        turn.move(slot, WAITING)


def _postpone(turn: Turn, slot: Slot, event: Ended) -> None:
    """Keep the end of a child for when the family is open (OTP: dealt with right after `init`)."""
    turn.move(slot, WAITING)
    agenda = turn.family.agenda
    if isinstance(agenda, Raising) and agenda.names[agenda.at] == slot.name:
        turn.family.agenda = changed(agenda, at=agenda.at + 1)
    turn.family.late = (*turn.family.late, event)


def _timer_fired(turn: Turn, name: str | None, ticket: int) -> None:
    if name is None:
        agenda = turn.family.agenda
        if isinstance(agenda, Holding) and agenda.ticket == ticket:
            raise_group(turn, agenda.first)
        return
    slot = turn.slots.get(name)
    if slot is None or slot.ticket != ticket:
        return
    slot.ticket = 0
    if slot.state is BACKING_OFF:
        turn.begin(slot)
    else:
        due(turn, slot)


def _open_if_raised(turn: Turn) -> None:
    """Open the family once its first raising is through, and deal with what came too early."""
    if turn.family.phase is not OPENING or turn.family.agenda is not None:
        return
    late = turn.family.late
    turn.family.phase, turn.family.late = OPEN, ()
    turn.order(Ready())
    for event in late:
        slot = turn.slots.get(event.name)
        if slot is not None and slot.state is WAITING and not turn.closing:
            judge(turn, slot, event)


OUTCOMES: Final[Mapping[type, Callable[[Turn, Slot, Any], None]]] = {
    Started: _started,
    StartFailed: _start_failed,
    Ended: _ended,
    Probed: _probed,
    Looked: looked,
}
"""What became of an order: who meets it."""
