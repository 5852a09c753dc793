"""What an actor has used: the account that everybody can read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """An actor's account at one moment.

    Args:
        cpu: CPU seconds of the slot, over all its incarnations on this host.
        handled: Messages that were taken from the mailbox.
        mailbox: Messages that wait now.
        memory: Resident bytes of the worker process; None where the actor shares its process.
        pid: The operating-system process in which the handlers run; None while there is none.
        restarts: Incarnations after the first.
        uptime: Seconds since the present incarnation came up; 0.0 when none is up.
        spent: What the slot's incarnations have reported, by the name of the resource.
        progress: Signs of getting on: messages taken, items of streams yielded, checkpoints passed (on this process's
            loop). It only ever grows; what it is matters less than whether it is the same as before.
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
