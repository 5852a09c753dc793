"""What an end or a failed start leads to: a restart, a finish, or giving up."""

from __future__ import annotations

from supervisors._core._agenda import close, regroup
from supervisors._core._backoff import delay as backoff_delay
from supervisors._core._effects import GiveUp, Why
from supervisors._core._events import Ended, Exit, StartFailed
from supervisors._core._family import OPEN, Completed, GaveUp, Halting, Holding
from supervisors._core._slots import AT_REST, BACKING_OFF, DONE, UP, WAITING, Record, Slot, age
from supervisors._core._turn import Turn
from supervisors._values import PERMANENT, TRANSIENT, AutoShutdown, Intensity, Restart


def comes_back(restart: Restart, exit_: Exit) -> bool:
    """Tell whether a child of that restart type comes back after that end."""
    return restart is PERMANENT or (restart is TRANSIENT and not exit_.clean)


def judge(turn: Turn, slot: Slot, event: Ended) -> None:
    """Decide what follows from the end of *slot*, which came of itself."""
    if not comes_back(slot.terms.restart, event.exit):
        finish(turn, slot)
    elif _caught(turn, slot):
        turn.move(slot, WAITING)
    else:
        restart(turn, slot, event, retry=False)


def _caught(turn: Turn, slot: Slot) -> bool:
    """Tell whether a group restart under way was going to stop *slot* anyway: then its end is not counted again."""
    agenda = turn.family.agenda
    return isinstance(agenda, (Halting, Holding)) and slot.place >= agenda.first


def finish(turn: Turn, slot: Slot) -> None:
    """Let *slot* be at an end, and the family with it where its significance says so."""
    turn.rest(slot, DONE)
    if slot.terms.significant and turn.family.phase is OPEN:
        mode = turn.family.rules.auto_shutdown
        last = not any(each.terms.significant and each.state not in AT_REST for each in turn.slots)
        if mode is AutoShutdown.ANY_SIGNIFICANT or (mode is AutoShutdown.ALL_SIGNIFICANT and last):
            close(turn, Completed())


def restart(turn: Turn, slot: Slot, event: Ended | StartFailed, *, retry: bool) -> None:
    """Restart *slot*, with whoever shares its fate, unless that is once too often.

    A *retry* after a failed start goes by a timer even without a back-off, behind what waits in the mailbox: so a child
    that never starts cannot keep its supervisor from answering.
    """
    intensity = slot.terms.intensity or turn.family.rules.intensity
    steady = slot.state is UP and turn.now - slot.since >= intensity.within
    slot.failures = 1 if steady else slot.failures + 1
    granted = _granted(turn, slot, intensity, event.told)
    backoff, grouped = slot.terms.backoff, turn.family.rules.grouped
    delay = backoff_delay(backoff, slot.failures, event.luck) if backoff else 0.0 if retry else None
    if granted and delay is None and not grouped:
        turn.begin(slot)
        return
    turn.move(slot, BACKING_OFF)
    if not granted:
        _give_up(turn, slot, event.why)
    elif grouped:
        regroup(turn, slot, delay)
    else:
        assert delay is not None  # or it has begun already
        slot.ticket = turn.arm(slot.name, delay)


def _granted(turn: Turn, slot: Slot, intensity: Intensity, told: str) -> bool:
    """Enter the restart into the history, forgetting what is old, and tell whether it is within the intensity."""
    history = turn.family.history if slot.terms.intensity is None else _own_history(slot)
    history.append(Record(slot.name, slot.place, turn.now, age(slot, turn.now), told))
    if len(history) > intensity.restarts:
        history[:] = [each for each in history if _age(turn, each) < intensity.within]
    return len(history) <= intensity.restarts


def _own_history(slot: Slot) -> list[Record]:
    """Return where restarts are counted of a child that has an intensity of its own."""
    if slot.history is None:
        slot.history = []
    return slot.history


def _age(turn: Turn, record: Record) -> float:
    slot = turn.slots.get(record.name)
    if slot is None or slot.place != record.place:
        return turn.now - record.at
    return age(slot, turn.now) - record.mark


def _give_up(turn: Turn, slot: Slot, why: Why) -> None:
    counted = turn.family.history if slot.terms.intensity is None else _own_history(slot)
    history = tuple(each.told for each in counted)
    turn.order(GiveUp(slot.name, why, history))
    close(turn, GaveUp(slot.name, why, history))
