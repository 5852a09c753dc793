"""The end of a system: every actor in order, then the hosts, then whatever a handler still holds.

It runs in a task of its own, so that it goes through to its end whoever asked for it, and whoever loses patience.
"""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any, Final

from llmactors._reports import report
from llmactors._signals import Kill, Stop

if TYPE_CHECKING:
    from collections.abc import Collection

    from llmactors._system import ActorSystem

PATIENCE: Final = 3  # seconds, and cancellations, for a handler that does not end when it is cancelled


async def close(system: ActorSystem) -> None:
    """Stop every actor, close the hosts, and see every task off.

    Raises:
        BaseException: What kept a host from closing, or the cancellation of this very task; after all that.
    """
    system.guardian.signal(Stop())
    cancelled = await until(system, asyncio.ensure_future(system.guardian.wait_ended()))
    closes = [asyncio.ensure_future(host.close()) for host in system.hosts.values()]
    for host_closed in closes:
        cancelled = await until(system, host_closed) or cancelled
    if system.watcher is not None:
        system.watcher.stop()
    leave = asyncio.ensure_future(_leave(system.name, system.scheduler.close()))
    cancelled = await until(system, leave) or cancelled
    errors = [error for host_closed in closes if (error := host_closed.exception()) is not None]
    if cancelled is not None:
        errors.append(cancelled)
    if len(errors) > 1:
        raise BaseExceptionGroup("the hosts of the system did not close", errors)
    if errors:
        raise errors[0]


async def closed(system: ActorSystem) -> asyncio.CancelledError | None:
    """Close the system, or wait for who does; return what cancelled the wait.

    A task that is cancelled before its first step never takes it: whoever waits for it then begins anew.
    """
    cancelled: asyncio.CancelledError | None = None
    while system.closing is None or not system.closing.done() or not system.scheduler.closed:
        if system.closing is None or system.closing.cancelled():
            system.closing = asyncio.create_task(close(system), name=f"{system.name} stops")
        cancelled = await until(system, system.closing) or cancelled
        if not system.closing.cancelled():
            break
    return cancelled


async def until(system: ActorSystem, over: asyncio.Future[Any]) -> asyncio.CancelledError | None:
    """Wait until *over* is. A cancellation meanwhile kills every actor that is left, and is returned at the end."""
    cancelled: asyncio.CancelledError | None = None
    while not over.done():
        try:
            await asyncio.wait({over})
        except asyncio.CancelledError as error:
            cancelled = error
            system.guardian.signal(Kill("the system's stop was cancelled"))
    return cancelled


async def _leave(name: str, tasks: Collection[asyncio.Task[None]]) -> None:
    """See every task end that a handler ran in; one that swallows its cancellation is named."""
    for _ in range(PATIENCE):
        if tasks:
            _, tasks = await asyncio.wait(tasks, timeout=1.0)
        for task in tasks:
            task.cancel()
    for task in tasks:
        report(logging.ERROR, "handler_would_not_end", system=name, task=repr(task))
