"""One thread for one synchronous call, so that a call that never comes back holds up nobody.

The threads of an executor are few and are joined when the interpreter ends: one hung tool would hang the exit. These
are daemons, counted, and refused past a limit.
"""

import asyncio
import contextvars
import threading
from collections.abc import Callable
from typing import TypeVar

from llmagentos.tools.errors import ToolThreadsError

R = TypeVar("R")

LIMIT = 64
"""Calls that may run at once, those included that nobody waits for any more."""

_running: set[threading.Thread] = set()


async def in_thread(work: Callable[[], R], name: str) -> R:
    """Await *work* done in a thread of its own. When cancelled, the thread is left behind and its result is dropped.

    Raises:
        ToolThreadsError: Too many calls are still running.
    """
    _running.difference_update([thread for thread in tuple(_running) if not thread.is_alive()])
    if len(_running) >= LIMIT:
        raise ToolThreadsError(len(_running))
    loop = asyncio.get_running_loop()
    future: asyncio.Future[R] = loop.create_future()
    context = contextvars.copy_context()
    thread = threading.Thread(target=lambda: context.run(_work, work, loop, future), name=name, daemon=True)
    _running.add(thread)
    thread.start()
    return await future


def _work(work: Callable[[], R], loop: asyncio.AbstractEventLoop, future: asyncio.Future[R]) -> None:
    try:
        result = work()
    except BaseException as error:  # noqa: BLE001 - handed over whole: the caller raises it
        _hand_over(loop, _fail, future, error)
    else:
        _hand_over(loop, _succeed, future, result)


def _hand_over(loop: asyncio.AbstractEventLoop, give: Callable[..., None], *args: object) -> None:
    try:
        loop.call_soon_threadsafe(give, *args)
    except RuntimeError:
        if not loop.is_closed():  # a call that outlived its system: nobody is there to hear of it
            raise


def _succeed(future: asyncio.Future[R], result: R) -> None:
    if not future.done():
        future.set_result(result)


def _fail(future: asyncio.Future[R], error: BaseException) -> None:
    if not future.done():
        if isinstance(error, StopIteration):  # a future cannot carry it; asyncio's own rule
            error = RuntimeError(f"tool raised {error!r}")
        future.set_exception(error)
