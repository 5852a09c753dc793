"""A system on a background thread, for code without asyncio.

The thread is made once and lives as long as its system: worker processes die with the thread that started them
(PR_SET_PDEATHSIG), so a thread per call would take them along.
"""

import asyncio
import concurrent.futures
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

    def call(self, work: Coroutine[Any, Any, R], timeout: float | None = None) -> R:
        """Run *work* on the system's loop and block until it is done. Ctrl-C cancels it.

        Raises:
            TimeoutError: It took longer than *timeout* seconds, and was cancelled.
            SystemEndedError: The system is over; `__cause__` says why.
        """
        if not self.running:
            work.close()
            raise SystemEndedError(self._thread.name) from self.error
        future = asyncio.run_coroutine_threadsafe(work, self._loop)
        try:
            return future.result(timeout)
        except concurrent.futures.CancelledError:  # by nobody here: the loop has ended
            self.wait()
            raise SystemEndedError(self._thread.name) from self.error
        finally:
            future.cancel()

    def iterate(self, make: Callable[[], AsyncIterator[R]]) -> Iterator[R]:
        """Yield what an async iterator made by *make* on the loop yields; closing the iterator closes that one."""
        items = self.call(_made(make))
        try:
            while (item := self.call(_next(items))) is not _END:
                yield item  # type: ignore[misc]  # the end is no item
        finally:
            if self.running:
                self.call(_close(items))

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


_END = object()


async def _made(make: Callable[[], AsyncIterator[R]]) -> AsyncIterator[R]:
    return make()


async def _next(items: AsyncIterator[R]) -> R | object:
    return await anext(items, _END)


async def _close(items: AsyncIterator[Any]) -> None:
    close = getattr(items, "aclose", None)
    if close is not None:
        await close()
