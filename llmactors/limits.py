"""Holding an actor to limits, and seeing what it uses: for owners that keep budgets.

A limit belongs to the slot: each incarnation in it begins with it. What holds it is the machine's to say: control
groups of the kernel where they can be written, else stopping and continuing the process, and looking at it.
`enforcement` tells which it is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from llmactors._limits import Enforcement, Measure

if TYPE_CHECKING:
    from llmactors._ref import ActorRef

__all__ = ["Enforcement", "Measure", "enforcement", "has_process", "measure", "throttle"]


def has_process(ref: ActorRef[Any]) -> bool:
    """Say whether the actor has an operating-system process of its own, so that it can be held back from outside."""
    return "process" in ref.handlers.host.capabilities


def throttle(ref: ActorRef[Any], cores: float | None) -> None:
    """Let the actor use so many cores at most, children of its process included; None lifts that.

    On the loop and on a thread nothing happens: there the gate of its slot withholds the go-ahead. Time in which it
    stands still for it counts for no limit.
    """
    ref.handlers.host.throttle(ref, cores)


def measure(ref: ActorRef[Any]) -> Measure:
    """See what the actor uses now."""
    return ref.handlers.host.measure(ref)


def enforcement(ref: ActorRef[Any]) -> Enforcement:
    """Tell how the actor is held to its limits here."""
    return ref.handlers.host.enforcement()
