"""State machines: what follows when an event arrives, and when its handler has returned.

Theory of operation (the rows are those of OTP's gen_statem in the conformance table)
1. A handler does not change anything: it *asks* for changes, which happen together when it returns (B50). One that
   raises has asked for nothing.
2. A state change is a change to an unequal state. It cancels the state timeout and brings postponed events back, before
   everything that waits, in their order (B51, B52).
3. What `next_event` inserts comes before what was postponed; the last call's events come first, each call's in order.
4. A timeout is an alarm with a serial number. Setting one again, a cancel or a state change takes the number away: what
   fires with an old number is stale, however far it has come (B52, B54).
5. A timeout of zero never sees a timer: it is queued after what is inserted, and is stale like any other (B53).
6. Any event cancels the event timeout, once it is handled (B52).
7. Entering a state runs the enter hook: for the first state, at a change, and for `repeat_state` (B55). What the hook
   asks for is decided after all else, and may be neither a state nor an event.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

STATE: Final = "state"
EVENT: Final = "event"


@dataclass(frozen=True, slots=True)
class Alarm:
    """A timeout that is set: its number, and the message that it brings."""

    serial: int
    message: Any


@dataclass(frozen=True, slots=True)
class Machine:
    """The state of one machine, and its alarms by name. `serial` is the last number given to an alarm."""

    state: Any
    alarms: Mapping[str, Alarm] = field(default_factory=dict)
    serial: int = 0


# -- what a handler may ask for ------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class NextState:
    """Be in *state* from now on."""

    state: Any


@dataclass(frozen=True, slots=True)
class RepeatState:
    """Enter the present state once more."""


@dataclass(frozen=True, slots=True)
class NextEvent:
    """Handle *messages* before everything that waits."""

    messages: tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class SetTimeout:
    """Bring *message* in *delay* seconds, unless something comes between."""

    name: str
    delay: float
    message: Any


@dataclass(frozen=True, slots=True)
class CancelTimeout:
    """Forget the timeout of that name, if there is one."""

    name: str


@dataclass(frozen=True, slots=True)
class UpdateTimeout:
    """Let the timeout bring another message, at the same time; one that is not set comes at once."""

    name: str
    message: Any


Action = NextState | RepeatState | NextEvent | SetTimeout | CancelTimeout | UpdateTimeout


# -- what the shell has to do --------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class Arm:
    """Start a timer for an alarm, in place of the one of that name."""

    name: str
    serial: int
    delay: float


@dataclass(frozen=True, slots=True)
class Disarm:
    """Cancel the timer of that name, if there is one."""

    name: str


@dataclass(frozen=True, slots=True)
class Queue:
    """Bring postponed events back (*retry*), put *first* before them, and the zero timeouts *last* after them."""

    first: tuple[Any, ...] = ()
    retry: bool = False
    last: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Enter:
    """Run the enter hook."""

    old: Any
    new: Any


Effect = Arm | Disarm | Queue | Enter


def is_due(machine: Machine, name: str, serial: int) -> bool:
    """Say whether what fires is still wanted."""
    alarm = machine.alarms.get(name)
    return alarm is not None and alarm.serial == serial


def arrive(machine: Machine, due: str | None = None) -> tuple[Machine, tuple[Effect, ...]]:
    """An event is about to be handled; *due* names the timeout that it is, if it is one."""
    gone = machine.alarms.keys() & {EVENT, due}
    if not gone:
        return machine, ()
    alarms = {name: alarm for name, alarm in machine.alarms.items() if name not in gone}
    return replace(machine, alarms=alarms), tuple(Disarm(name) for name in sorted(gone))


def decide(machine: Machine, actions: tuple[Action, ...]) -> tuple[Machine, tuple[Effect, ...]]:
    """A handler has returned: answer what it asked for, in order, with the next machine and what to do."""
    old, state = machine.state, machine.state
    repeated = False
    first: tuple[Any, ...] = ()
    for action in actions:
        match action:
            case NextState(new):
                state, repeated = new, False
            case RepeatState():
                repeated = True
            case NextEvent(messages):
                first = (*messages, *first)
            case _:
                pass
    changed = state != old
    effects: list[Effect] = []
    if changed and STATE in machine.alarms:
        machine, forgotten = _cancel(machine, STATE)
        effects.append(forgotten)
    machine, timing, last = _timeouts(replace(machine, state=state), actions)
    effects += timing
    if first or changed or last:
        effects.append(Queue(first, changed, last))
    if changed or repeated:
        effects.append(Enter(old, state))
    return machine, tuple(effects)


def _timeouts(
    machine: Machine, actions: tuple[Action, ...]
) -> tuple[Machine, list[Effect], tuple[tuple[str, int], ...]]:
    effects: list[Effect] = []
    zero: dict[str, int] = {}
    for action in actions:
        match action:
            case UpdateTimeout(name, message) if name in machine.alarms:
                alarm = replace(machine.alarms[name], message=message)
                machine = replace(machine, alarms={**machine.alarms, name: alarm})
            case SetTimeout(name, delay, message):
                machine, effect = _set(machine, name, delay, message)
                _note(zero, effects, name, machine.serial, effect)
            case UpdateTimeout(name, message):
                machine, effect = _set(machine, name, 0, message)
                _note(zero, effects, name, machine.serial, effect)
            case CancelTimeout(name):
                zero.pop(name, None)
                machine, effect = _cancel(machine, name)
                effects.append(effect)
            case _:
                pass
    return machine, effects, tuple(zero.items())


def _note(zero: dict[str, int], effects: list[Effect], name: str, serial: int, effect: Effect) -> None:
    zero.pop(name, None)
    effects.append(effect)
    if isinstance(effect, Disarm):
        zero[name] = serial


def _set(machine: Machine, name: str, delay: float, message: Any) -> tuple[Machine, Effect]:
    serial = machine.serial + 1
    machine = replace(machine, alarms={**machine.alarms, name: Alarm(serial, message)}, serial=serial)
    return machine, Arm(name, serial, delay) if delay > 0 else Disarm(name)


def _cancel(machine: Machine, name: str) -> tuple[Machine, Effect]:
    alarms = {other: alarm for other, alarm in machine.alarms.items() if other != name}
    return replace(machine, alarms=alarms), Disarm(name)
