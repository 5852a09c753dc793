"""The accounts of actors, drawn up when somebody reads them.

Theory of operation
1. While an actor works, its host and the scheduler only count. Whoever reads an account pays for adding it up.
2. What belongs to a slot is counted for the whole time that it exists; where an incarnation begins that is not the
   first, what there was by then is written down (`before`), and the difference is the incarnation's.
3. A slot that is given up leaves what it used to its owner (`inherit`), or to the nearest above that is still there: so
   an account of a subtree never shrinks.
"""

from __future__ import annotations

import os
from asyncio import Future
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from random import Random
from typing import TYPE_CHECKING, Any, Final

from llmactors._core.flags import DEAD
from llmactors._core.sizes import measure
from llmactors._lookup import walk
from llmactors._streams import message_of
from llmactors._usage import Lived, Usage

if TYPE_CHECKING:
    from llmactors._extra import Extra
    from llmactors._ref import ActorRef

LOOKED_AT: Final = 4
"""Messages of a mailbox that are measured."""
DEEP: Final = 32
"""Objects of them that are measured."""


@dataclass(slots=True)
class Below:
    """What slots that are no more have left to their owner."""

    cpu: float = 0.0
    busy: float = 0.0
    waited: float = 0.0
    handled: int = 0
    dropped: int = 0
    restarts: int = 0
    progress: int = 0
    spent: dict[str, float] = field(default_factory=dict)


@dataclass(slots=True)  # not frozen: one is made for every restart, and that costs three times as much
class Before:
    """What a slot had used when its present incarnation began."""

    cpu: float = 0.0
    busy: float = 0.0
    handled: int = 0
    dropped: int = 0
    spent: Mapping[str, float] = field(default_factory=dict)


FIRST: Final = Before()


def usage_of(cell: ActorRef[Any]) -> Usage:
    """Draw up the account of one actor."""
    usage = cell.handlers.host.usage(cell)
    extra, waited = cell.extra, cell.scheduler.sampler.waited.get(cell, 0.0)
    spent = {} if extra is None or not extra.spent else dict(extra.spent)
    dropped = 0 if extra is None else extra.dropped
    return replace(
        usage,
        spent=spent,
        dropped=dropped,
        waited=waited,
        mailbox_bytes=_mailbox_bytes(cell, usage.mailbox) if usage.mailbox else 0,
        incarnation=_lived(extra, usage, dropped, spent),
    )


def _lived(extra: Extra | None, usage: Usage, dropped: int, spent: dict[str, float]) -> Lived:
    before = FIRST if extra is None or extra.before is None else extra.before
    return Lived(
        number=1 if extra is None else max(1, extra.incarnation),
        uptime=usage.uptime,
        cpu=max(0.0, usage.cpu - before.cpu),
        busy=max(0.0, usage.busy - before.busy),
        handled=usage.handled - before.handled,
        dropped=dropped - before.dropped,
        spent={name: amount - before.spent.get(name, 0) for name, amount in spent.items()},
    )


def before(cell: ActorRef[Any], extra: Extra) -> Before:
    """Write down what a slot has used, since another incarnation begins in it."""
    if cell.handlers.counted_here and not extra.jobs and cell.actor is None:  # as its host would, without the account
        cpu, busy = cell.cpu + extra.elsewhere, cell.cpu + extra.awaited
        return Before(cpu, busy, cell.handled, extra.dropped, dict(extra.spent or {}))
    usage = cell.handlers.host.usage(cell)
    return Before(usage.cpu, usage.busy, usage.handled, extra.dropped, dict(extra.spent or {}))


def _mailbox_bytes(cell: ActorRef[Any], waiting: int) -> int:
    """Measure a few of the messages that wait here, from all over the mailbox, and multiply."""
    from llmactors._ref import ActorRef  # noqa: PLC0415  it needs this module

    lane = None if cell.extra is None else cell.extra.lane
    queue: Any = cell.inbox or (None if lane is None else lane.some(LOOKED_AT))
    if not queue:
        return 0
    places = {len(queue) * part // LOOKED_AT for part in range(LOOKED_AT)}
    some = [message_of(queue[place]) for place in places]
    size = measure(some, choose=Random(0).sample, most=DEEP, foreign=(ActorRef, Future))  # noqa: S311  no secret
    return round(size.bytes / len(some) * waiting)


# -- subtrees ------------------------------------------------------------------------------------------------
def tree_usage(top: ActorRef[Any]) -> Usage:
    """Draw up the account of an actor with all below it, those included that have ended."""
    total, own = Below(), usage_of(top)
    actors = mailbox = mailbox_bytes = 0
    memory: int | None = None
    gpu_memory: int | None = None
    kinds: set[Any] = set()
    seen: set[int] = set()
    for cell in (top, *walk(top)):
        usage = own if cell is top else usage_of(cell)
        actors += 1
        mailbox += usage.mailbox
        mailbox_bytes += usage.mailbox_bytes
        _add(total, usage)
        if cell.extra is not None and cell.extra.below is not None:
            _add(total, cell.extra.below)
        if usage.memory is not None and usage.pid is not None and usage.pid not in seen:
            seen.add(usage.pid)
            memory = (memory or 0) + usage.memory
            kinds.add(usage.memory_is)
            if usage.gpu_memory is not None:
                gpu_memory = (gpu_memory or 0) + usage.gpu_memory
    return replace(
        own,
        cpu=total.cpu,
        busy=total.busy,
        waited=total.waited,
        handled=total.handled,
        dropped=total.dropped,
        restarts=total.restarts,
        progress=total.progress,
        spent=total.spent,
        mailbox=mailbox,
        mailbox_bytes=mailbox_bytes,
        memory=memory,
        memory_is=kinds.pop() if len(kinds) == 1 else "rss" if kinds else None,
        gpu_memory=gpu_memory,
        actors=actors,
        incarnation=None,
    )


def system_usage(guardian: ActorRef[Any]) -> Usage:
    """Draw up the account of a system: of all its actors, of this process, and of all that it has started."""
    from llmactors.hosts import _processes as processes  # noqa: PLC0415  hosts need the kernel

    usage, pid = tree_usage(guardian), os.getpid()
    memory, gpus = processes.memory_of(pid), (processes.gpu_memory(), usage.gpu_memory)
    return replace(
        usage,
        pid=pid,
        memory=None if memory is None else memory[0],
        memory_is=None if memory is None else memory[1],
        gpu_memory=sum(gpu or 0 for gpu in gpus) if any(gpu is not None for gpu in gpus) else None,
        actors=usage.actors - 1,  # the guardian is nobody's
    )


def _add(total: Below, more: Below | Usage) -> None:
    total.cpu += more.cpu
    total.busy += more.busy
    total.waited += more.waited
    total.handled += more.handled
    total.dropped += more.dropped
    total.restarts += more.restarts
    total.progress += more.progress
    for resource, amount in more.spent.items():
        total.spent[resource] = total.spent.get(resource, 0) + amount


def inherit(cell: ActorRef[Any]) -> None:
    """Leave what a slot used to the nearest owner above that is still there: the slot is no more."""
    heir, extra = cell.owner, cell.extra
    waited = cell.scheduler.sampler.forget(cell)
    while heir is not None and heir.flags & DEAD:
        heir = heir.owner
    if heir is None:
        return
    total = heir.need_extra().below
    if total is None:
        total = heir.need_extra().below = Below()
    if extra is None:
        total.cpu += cell.cpu
        total.busy += cell.cpu
        total.handled += cell.handled
        total.waited += waited
        return
    _add(total, replace(cell.handlers.host.usage(cell), dropped=extra.dropped, waited=waited, spent=extra.spent or {}))
    if extra.below is not None:
        _add(total, extra.below)
