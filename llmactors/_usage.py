"""What an actor has used: the account that everybody can read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class Lived:
    """What one incarnation has used; while none is up, the last one.

    Args:
        number: Which one it is; the first is 1.
        uptime: Seconds since it came up; 0.0 when it is not up.
        cpu: CPU seconds.
        busy: Seconds in which it had a message in hand.
        handled: Messages that it took from the mailbox.
        dropped: Messages of the slot that became dead letters since it began.
        spent: What it has reported, by the name of the resource.
    """

    number: int
    uptime: float
    cpu: float
    busy: float
    handled: int
    dropped: int
    spent: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """An actor's account at one moment: the slot's, over all its incarnations.

    How exact each figure is on which host is told in the reference, under "Accounting".

    Args:
        cpu: CPU seconds: of its slices on the loop, of its thread, or of its process and all below that.
        busy: Seconds in which a message was in hand, waiting for something included; with several in hand, of each.
        waited: Seconds that messages have waited in the mailbox, added up; an estimate from samples. `mean_wait` is
            what one message waited.
        handled: Messages that were taken from the mailbox.
        dropped: Messages that became dead letters instead of being answered.
        mailbox: Messages that wait now.
        mailbox_bytes: What they hold, about: a few of them are measured, each up to a few dozen objects deep.
        memory: Bytes of the worker process and all below it; None where the actor shares the system's own process.
        memory_is: How `memory` was measured: ``"pss"`` (pages that processes share are divided among them) where the
            kernel tells that, else ``"rss"``.
        gpu_memory: Bytes that PyTorch holds on GPUs in the worker process; None where that has not loaded it.
        pid: The operating-system process in which the handlers run; None while there is none.
        restarts: Incarnations after the first.
        uptime: Seconds since the present incarnation came up; 0.0 when none is up.
        spent: What the slot's incarnations have reported, by the name of the resource.
        progress: Signs of getting on: messages taken, items of streams yielded, checkpoints passed (on this process's
            loop). It only ever grows; what it is matters less than whether it is the same as before.
        actors: How many actors the account is of: 1, or with `tree=True` those that are there now.
        incarnation: The present incarnation's part of it; None in an account of several actors.
    """

    cpu: float
    handled: int
    mailbox: int
    memory: int | None
    pid: int | None
    restarts: int
    uptime: float
    spent: Mapping[str, float] = field(default_factory=dict)
    progress: int = 0
    busy: float = 0.0
    waited: float = 0.0
    dropped: int = 0
    mailbox_bytes: int = 0
    memory_is: Literal["pss", "rss"] | None = None
    gpu_memory: int | None = None
    actors: int = 1
    incarnation: Lived | None = None

    @property
    def mean_wait(self) -> float:
        """Seconds that a message waited before it was taken, on average; 0.0 before the first."""
        return self.waited / self.handled if self.handled else 0.0
