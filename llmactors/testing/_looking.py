"""Laws that look at the living system: its mailboxes between two steps, and what is left of it when it has closed."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator
from typing import Any

from llmactors import _slots as slots
from llmactors._core.flags import DEAD
from llmactors._ref import ActorRef
from llmactors._system import ActorSystem
from llmactors.testing._core.laws import Law
from llmactors.testing._values import LifeBegan, Redelivered, Sent


class MailboxesAreBounded(Law):
    """No mailbox holds more than its capacity; notices, and what comes back to its front, need no room."""

    name = "mailboxes are within bounds"
    sees = looks_after = (Sent, Redelivered, LifeBegan)

    def __init__(self) -> None:
        self._touched: set[str] = set()
        self._refs: dict[str, ActorRef[Any]] = {}

    def saw(self, event: Sent | Redelivered | LifeBegan) -> tuple[str, ...]:
        """Remember which mailboxes may have more in them."""
        self._touched.add(event.to if isinstance(event, Sent) else event.path)
        return ()

    def look(self, system: ActorSystem) -> Iterable[str]:
        """Count what waits in the mailboxes that were touched since."""
        return self._count(system) if self._touched else ()

    def _count(self, system: ActorSystem) -> list[str]:
        found = []
        while self._touched:
            path = self._touched.pop()
            ref = self._refs.get(path)
            if ref is None or ref.flags & DEAD:
                ref = self._ref(system, path)
            if ref is None or ref.inbox is None:
                continue
            waiting, room, extra = slots.queued(ref), slots.capacity_of(ref), ref.extra
            exempt = 0 if extra is None else extra.notices + (extra.again is not None)
            if waiting > room + exempt:
                found.append(f"{waiting} messages wait in the mailbox of {ref.path}, which has room for {room}")
        return found

    def _ref(self, system: ActorSystem, path: str) -> ActorRef[Any] | None:
        self._refs = {each.path: each for each in system.actors()}
        return self._refs.get(path)


class Quiescent(Law):
    """When a system has closed nothing of it is left: no actor, no task, no timer.

    Timers are those that the loop's method `timers()` returns, where it has one. The task that asks is no leftover.
    """

    name = "the system is quiescent at the end"
    looks_after = ()

    def __init__(self) -> None:
        self._system: ActorSystem | None = None

    def look(self, system: ActorSystem) -> tuple[str, ...]:
        """Remember which system it is."""
        self._system = system
        return ()

    def over(self) -> Iterator[str]:
        """Name what is left."""
        if self._system is not None:
            for what, names in left_behind(self._system).items():
                if names:
                    yield f"{what} left: {', '.join(names)}"


def left_behind(system: ActorSystem) -> dict[str, list[str]]:
    """Name what is left of a system and on its loop, but for the task that asks."""
    scheduler = system.scheduler
    loop: Any = scheduler.loop
    timers = getattr(loop, "timers", list)
    tasks = {task for task in asyncio.all_tasks(loop) if not _is_current(loop, task)}
    ours = {*scheduler.leaving, *(spare.task for spare in scheduler.spares), *scheduler.waits}
    return {
        "actors": [ref.path for ref in system.actors()],
        "tasks of the scheduler": sorted(task.get_name() for task in ours),
        "tasks": sorted(task.get_name() for task in tasks - ours),
        "timers": sorted(str(timer) for timer in timers()),
    }


def _is_current(loop: asyncio.AbstractEventLoop, task: asyncio.Task[Any]) -> bool:
    return asyncio.current_task(loop) is task
