"""Holding an actor to limits, and seeing what it uses: for owners that keep budgets.

A limit belongs to the slot: each incarnation in it begins with it. What holds it is the machine's to say: control
groups of the kernel where they can be written, else stopping and continuing the process, and looking at it.
`enforcement` tells which it is.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from llmactors._limits import Enforcement, Measure, Pressure
from llmactors._signals import Press
from llmactors.introspection import sampled

if TYPE_CHECKING:
    from llmactors._ref import ActorRef

__all__ = [
    "Enforcement",
    "Measure",
    "Pressure",
    "cap",
    "enforcement",
    "has_process",
    "measure",
    "press",
    "throttle",
    "weigh",
]

OBJECTS: Final = 1_000
"""Objects of an actor's state that are measured for a sample."""
SECONDS: Final = 0.002
"""Seconds for which the loop is held up for that, at most."""


def has_process(ref: ActorRef[Any]) -> bool:
    """Say whether the actor has an operating-system process of its own, so that it can be held back from outside."""
    return "throttle" in ref.handlers.host.capabilities


def throttle(ref: ActorRef[Any], cores: float | None) -> None:
    """Let the actor use so many cores at most, children of its process included; None lifts that.

    On the loop and on a thread nothing happens: there the gate of its slot withholds the go-ahead. Time in which it
    stands still for it counts for no limit.
    """
    ref.handlers.host.throttle(ref, cores)


def weigh(ref: ActorRef[Any], weight: float | None) -> None:
    """Let the actor's process have more or less of what CPU time there is than others that were given a weight.

    It counts while they want more than there is; what nobody wants goes to who does. The kernel sees to it, in control
    groups; without those, and on the loop and on a thread, nothing happens.

    Args:
        ref: the actor.
        weight: its part, more than 0 and 1 at most; None lifts it.
    """
    ref.handlers.host.weigh(ref, weight)


def cap(ref: ActorRef[Any], memory: int | None) -> None:
    """Let the actor's process hold so many bytes at most, with all that it starts; None lifts that.

    What takes more is killed, and the end's cause is a `MemoryCeilingError`. Where there are no control groups, only
    what grabs much more in one go is: the address space is limited to what it was when the actor was up, and twice
    as much as *memory* beyond that. Who sets a limit looks (`measure`) at what is held. On the loop and on a thread
    nothing happens.
    """
    ref.handlers.host.cap(ref, memory)


def press(ref: ActorRef[Any], level: Pressure) -> None:
    """Have `on_pressure` run in the actor, if its class has it: between two handlers, or while an async one waits.

    It overtakes messages, and runs also while the actor is throttled. What it raises ends the actor.
    """
    ref.signal(Press(level))


def measure(ref: ActorRef[Any], *, held: bool = False) -> Measure:
    """See what the actor uses now, and with *held* what it holds. On the loop and on a thread that is a sample."""
    seen, said = ref.handlers.host.measure(ref, held=held), None if ref.extra is None else ref.extra.holds
    if held and seen.memory is None and not seen.starting and not has_process(ref) and ref.actor is not None:
        state = sampled(ref.actor, OBJECTS, SECONDS, seed=0)
        seen = replace(seen, memory=state.bytes + ref.usage().mailbox_bytes)
    return replace(seen, holds=dict(said)) if said else seen


def enforcement(ref: ActorRef[Any]) -> Enforcement:
    """Tell how the actor is held to its limits here."""
    return ref.handlers.host.enforcement()
