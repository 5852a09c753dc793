"""A system on a background thread, for code without asyncio.

The thread is made once and lives as long as its system: worker processes die with the thread that started them
(PR_SET_PDEATHSIG), so a thread per call would take them along.
"""

import asyncio
import concurrent.futures
import contextlib
import threading
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from typing import Any, TypeVar

from llmactors import ActorSystem
from llmagentos.agents.errors import SystemEndedError

try:
    import uvloop
except ImportError:  # Windows has none
    _new_loop: Callable[[], asyncio.AbstractEventLoop] = asyncio.new_event_loop
else:
    _new_loop = uvloop.new_event_loop

R = TypeVar("R")


class Background:
    """Runs a system on a thread of its own.

    Args:
        make: Makes the system; called on the thread.
        name: The thread's name.

    Attributes:
        system: The system, once `start` has returned.
        error: What ended the system, if it did not end in order.
    """

    def __init__(self, make: Callable[[], ActorSystem], name: str) -> None:
        self._make = make
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._up: concurrent.futures.Future[ActorSystem] = concurrent.futures.Future()
        self._calls: set[concurrent.futures.Future[Any]] = set()
        self.system: ActorSystem
        self.error: BaseException | None = None

    def start(self) -> None:
        """Boot the system; returns when its root is up.

        Raises:
            BaseException: Whatever kept it from coming up.
        """
        self._thread.start()
        self.system = self._up.result()

    @property
    def running(self) -> bool:
        """Whether the system is there to be talked to."""
        return self._thread.is_alive()

    def call(self, work: Callable[..., Coroutine[Any, Any, R]], *args: Any, timeout: float | None = None) -> R:
        """Run `work(*args)` on the system's loop and block until it is done. Ctrl-C cancels it.

        Raises:
            TimeoutError: It took longer than *timeout* seconds, and was cancelled.
            SystemEndedError: The system is over; `__cause__` says why.
        """
        done: concurrent.futures.Future[R] = concurrent.futures.Future()
        try:
            self._calls.add(done)
            try:
                self._loop.call_soon_threadsafe(_begin, done, work, args)
            except RuntimeError:  # the loop is closed
                done.cancel()
            return done.result(timeout)
        except concurrent.futures.CancelledError:  # by nobody here: the loop has ended
            self.wait()
            raise SystemEndedError(self._thread.name) from self.error
        finally:
            done.cancel()
            self._calls.discard(done)

    def iterate(self, make: Callable[[], AsyncIterator[R]]) -> Iterator[R]:
        """Yield what an async iterator made by *make* on the loop yields; closing the iterator closes that one."""
        items = self.call(_made, make)
        try:
            while (item := self.call(_next, items)) is not _END:
                yield item  # type: ignore[misc]  # the end is no item
        finally:
            if self.running:
                self.call(_close, items)

    def stop(self, timeout: float | None = None) -> bool:
        """Stop the system in order, and wait for it; answer whether it has ended."""
        if self.running:
            self._loop.call_soon_threadsafe(self._over.set)
        return self.wait(timeout)

    def kill(self) -> None:
        """End every actor at once."""
        if self.running:
            self._loop.call_soon_threadsafe(self.system.kill)

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until the system has ended; answer whether it has."""
        self._thread.join(timeout)
        return not self._thread.is_alive()

    def _run(self) -> None:
        try:
            with asyncio.Runner(loop_factory=_new_loop) as runner:
                runner.run(self._live())
        except BaseException as error:  # noqa: BLE001 - kept for whoever asks: a thread has nobody to raise to
            self.error = error
            if not self._up.done():
                self._up.set_exception(error)
        finally:
            for call in tuple(self._calls):  # the loop did not come to them
                call.cancel()

    async def _live(self) -> None:
        self._loop, self._over = asyncio.get_running_loop(), asyncio.Event()
        async with self._make() as system:
            self._up.set_result(system)
            root = asyncio.create_task(system.wait_root_ended())
            over = asyncio.create_task(self._over.wait())
            try:
                await asyncio.wait({root, over}, return_when=asyncio.FIRST_COMPLETED)
            finally:
                root.cancel()
                over.cancel()


def _begin(done: concurrent.futures.Future[R], work: Callable[..., Coroutine[Any, Any, R]], args: Any) -> None:
    """Run `work(*args)` as a task. Its outcome is that of *done*; cancelling *done* cancels it.

    The coroutine is made here, on the loop, and not by who calls: Ctrl-C may come there between any two steps, and a
    coroutine that is never begun is a warning.
    """
    if done.cancelled():
        return
    task = asyncio.ensure_future(work(*args))
    loop = task.get_loop()

    def cancel(_: object) -> None:
        if done.cancelled():
            with contextlib.suppress(RuntimeError):  # the loop is over, and with it the task
                loop.call_soon_threadsafe(task.cancel)

    def settle(_: object) -> None:
        error = None if task.cancelled() else task.exception()
        if task.cancelled():
            done.cancel()
        elif not done.set_running_or_notify_cancel():
            return
        elif error is None:
            done.set_result(task.result())
        else:
            done.set_exception(error)

    done.add_done_callback(cancel)
    task.add_done_callback(settle)


_END = object()


async def _made(make: Callable[[], AsyncIterator[R]]) -> AsyncIterator[R]:
    return make()


async def _next(items: AsyncIterator[R]) -> R | object:
    return await anext(items, _END)


async def _close(items: AsyncIterator[Any]) -> None:
    close = getattr(items, "aclose", None)
    if close is not None:
        await close()
