"""One thread for one synchronous call, so that a call that never comes back holds up nobody.

The threads of an executor are few and are joined when the interpreter ends: one hung tool would hang the exit. These
are daemons, counted, and refused past a limit.
"""

import asyncio
import contextvars
import threading
from collections.abc import Callable
from concurrent.futures import Executor, Future
from typing import Any, TypeVar

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
    context = contextvars.copy_context()
    loop = asyncio.get_running_loop()  # which knows by this call that there is work outside, and waits in virtual time
    return await loop.run_in_executor(_OneThread(name), context.run, work)


class _OneThread(Executor):
    """An executor of one call, in a thread that the interpreter's exit does not wait for."""

    def __init__(self, name: str) -> None:
        self._name = name

    def submit(self, call: Callable[..., R], /, *args: Any, **kwargs: Any) -> "Future[R]":
        """Begin the call."""
        future: Future[R] = Future()
        future.set_running_or_notify_cancel()
        thread = threading.Thread(target=_work, args=(future, call, args, kwargs), name=self._name, daemon=True)
        _running.add(thread)
        thread.start()
        return future


def _work(future: "Future[R]", call: Callable[..., R], args: Any, kwargs: Any) -> None:
    try:
        result = call(*args, **kwargs)
    except StopIteration as error:  # a future cannot carry it; asyncio's own rule
        future.set_exception(RuntimeError(f"tool raised {error!r}"))
    except BaseException as error:  # noqa: BLE001 - handed over whole: whoever waits raises it
        future.set_exception(error)
    else:
        future.set_result(result)
