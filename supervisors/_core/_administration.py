"""Administration calls: what is refused, and what the rest does."""

from __future__ import annotations

from typing import assert_never

from supervisors._core._agenda import start_in_turn
from supervisors._core._effects import AnswerStop
from supervisors._core._events import ChildAdded, DeleteAsked, Request, RestartAsked, TerminateAsked
from supervisors._core._family import CLOSED, CLOSING, Family
from supervisors._core._slots import ALIVE, AT_REST, NOBODY, STARTING, WAITING, Asked, Sequel, Slot
from supervisors._core._turn import Turn
from supervisors.errors import (
    AlreadyPresentError,
    AlreadyStartedError,
    ChildNotFoundError,
    ChildRestartingError,
    ChildRunningError,
    StartCalledOffError,
    SupervisorError,
    SupervisorStoppingError,
    TooManyChildrenError,
)


def refusal(family: Family, request: Request) -> SupervisorError | None:
    """Tell why *request* cannot be granted now; None if it can. Nothing is changed."""
    if family.phase in (CLOSING, CLOSED):
        return SupervisorStoppingError(type(request).__name__)
    slot = family.slots.get(request.name)
    if isinstance(request, ChildAdded):
        return _no_addition(family, slot)
    if slot is None:
        return ChildNotFoundError(request.name)
    if isinstance(request, TerminateAsked) or slot.state in AT_REST:
        return None
    return ChildRestartingError(slot.name) if _restarting(slot) else ChildRunningError(slot.name)


def _no_addition(family: Family, slot: Slot | None) -> SupervisorError | None:
    if slot is not None:
        return AlreadyStartedError(slot.name) if slot.state in ALIVE else AlreadyPresentError(slot.name)
    limit = family.rules.limit
    return TooManyChildrenError(limit) if limit is not None and family.slots.wanted >= limit else None


def _restarting(slot: Slot) -> bool:
    again = slot.state is STARTING and slot.starts > 1 and slot.asked is NOBODY
    return again or slot.state not in ALIVE


def administer(turn: Turn, request: Request) -> None:
    """Do what *request* asks. What `refusal` refuses changes nothing."""
    if refusal(turn.family, request) is not None:
        return
    match request:
        case ChildAdded():
            _add(turn, request)
        case TerminateAsked(name):
            _terminate(turn, name)
        case RestartAsked(name):
            _restart(turn, name)
        case DeleteAsked(name):
            turn.slots.drop(name)
        case _:
            assert_never(request)


def _add(turn: Turn, request: ChildAdded) -> None:
    place = turn.family.places
    turn.family.places += 1
    slot = Slot(name=request.name, terms=request.terms, place=place, since=turn.now, asked=Asked.ADDED)
    turn.slots.add(slot)
    start_in_turn(turn, slot)


def _restart(turn: Turn, name: str) -> None:
    slot = turn.slots[name]
    slot.asked = Asked.RESTARTED
    turn.move(slot, WAITING)
    start_in_turn(turn, slot)


def _terminate(turn: Turn, name: str) -> None:
    slot = turn.slots[name]
    if slot.state in AT_REST:
        turn.order(AnswerStop(name))
    elif slot.state in ALIVE:
        turn.halt(slot, Sequel.RETIRE)
    else:
        turn.disarm(slot)
        turn.retire(slot, StartCalledOffError(name))
