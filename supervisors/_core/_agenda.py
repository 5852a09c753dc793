"""What is done in order among several children: raising them, halting them, and the wait between.

An agenda is a list of names and a cursor. `advance` is called after every event and looks only at the name under the
cursor, so that an event costs the same however many children there are; each order it gives is answered by an event
that makes it look again.
"""

from __future__ import annotations

from supervisors._core._change import changed
from supervisors._core._effects import AnswerStart, CancelTimer, Finished
from supervisors._core._family import CLOSED, CLOSING, FIRST, Halting, Holding, Raising, Verdict
from supervisors._core._slots import ALIVE, AT_REST, DOWN, NOBODY, STARTABLE, STOPPING, UP, WAITING, Slot
from supervisors._core._turn import Turn
from supervisors._values import REST_FOR_ONE
from supervisors.errors import StartCalledOffError


def advance(turn: Turn) -> bool:
    """Carry the agenda on by one step. Returns whether another step may follow at once."""
    agenda = turn.family.agenda
    if isinstance(agenda, Raising):
        return _raise_next(turn, agenda)
    if isinstance(agenda, Halting):
        return _halt_next(turn, agenda)
    if agenda is None and turn.closing and turn.family.phase is CLOSING and not turn.slots.alive:
        turn.family.phase = CLOSED
        turn.order(Finished())
    return False


def _raise_next(turn: Turn, agenda: Raising) -> bool:
    for at in range(agenda.at, len(agenda.names)):
        slot = turn.slots.get(agenda.names[at])
        if slot is None or slot.state is UP or slot.state in AT_REST:
            continue
        turn.family.agenda = changed(agenda, at=at)
        if slot.state in STARTABLE:
            turn.begin(slot)
        return False
    turn.family.agenda = None
    return True


def _halt_next(turn: Turn, agenda: Halting) -> bool:
    for at in range(agenda.at, len(agenda.names)):
        slot = turn.slots.get(agenda.names[at])
        if slot is None or slot.state not in ALIVE:
            continue
        turn.family.agenda = changed(agenda, at=at)
        if slot.state is not STOPPING:
            turn.halt(slot)
        return False
    if turn.closing:
        turn.family.agenda = None
    elif agenda.delay is None:
        raise_group(turn, agenda.first)
    else:
        turn.family.agenda = Holding(agenda.first, turn.arm(None, agenda.delay))
    return True


def raise_group(turn: Turn, first: int) -> None:
    """Start again whoever waits for it, in order; with `revive` also those from place *first* on that are at rest."""
    if turn.family.rules.revive:
        for slot in turn.slots:
            if slot.place >= first and slot.state in AT_REST:
                turn.move(slot, WAITING)
    names = tuple(slot.name for slot in turn.slots if slot.state in STARTABLE)
    turn.family.agenda = Raising(names, first)


def start_in_turn(turn: Turn, slot: Slot) -> None:
    """Start *slot* now, or when what is under way has come so far."""
    match turn.family.agenda:
        case Raising() as agenda:
            turn.family.agenda = changed(agenda, names=(*agenda.names, slot.name))
        case Halting() | Holding() as agenda if slot.place >= agenda.first:
            pass  # it waits, and so it is started with the group
        case _:
            turn.begin(slot)


def regroup(turn: Turn, slot: Slot, delay: float | None) -> None:
    """Stop whoever shares the fate of the failed *slot*, last first; then start them all again in order."""
    rest = turn.family.rules.strategy is REST_FOR_ONE
    first = slot.place if rest else FIRST
    match turn.family.agenda:
        case Holding():
            turn.order(CancelTimer(None))
        case Halting(delay=float() as longer):
            delay = max(longer, delay or 0.0)
    turn.family.agenda = Halting(_alive_from(turn, first), first, delay)


def close(turn: Turn, verdict: Verdict) -> None:
    """Begin the end: call off what waits, then stop the children, last started first (or all at once)."""
    if isinstance(turn.family.agenda, Holding):
        turn.order(CancelTimer(None))
    family = turn.family
    family.phase, family.verdict, family.agenda, family.late = CLOSING, verdict, None, ()
    for slot in tuple(turn.slots):
        _call_off(turn, slot)
    if turn.family.rules.parallel:
        for slot in tuple(turn.slots):
            if slot.state in ALIVE:
                turn.halt(slot, slot.sequel)
    else:
        turn.family.agenda = Halting(_alive_from(turn, FIRST))


def _call_off(turn: Turn, slot: Slot) -> None:
    if slot.asked is not NOBODY:
        turn.order(AnswerStart(slot.name, StartCalledOffError(slot.name)))
    if slot.state in STARTABLE:
        turn.disarm(slot)
        turn.move(slot, DOWN)
    slot.asked = NOBODY


def _alive_from(turn: Turn, first: int) -> tuple[str, ...]:
    return tuple(slot.name for slot in reversed(turn.slots) if slot.place >= first and slot.state in ALIVE)
