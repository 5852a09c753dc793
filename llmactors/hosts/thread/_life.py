"""One incarnation on a thread, seen from the loop.

Theory of operation
1. A plain handler is a coroutine to the kernel: it orders the call and waits for its outcome. So the message is in hand
   for as long as the thread has it, and limits, stops, redelivery and crashes are the kernel's own, as on the loop.
2. What the thread wants of the loop (its context, blocking asks) it has done there, and waits. It passes the fence.
3. A thread cannot be killed: a killed life is fenced, its handler is interrupted if it is in Python, and if it is busy
   the thread is counted as given up until it ends.
"""

from __future__ import annotations

import asyncio
from asyncio import CancelledError
from concurrent.futures import CancelledError as FutureCancelledError
from concurrent.futures import Future
from contextlib import suppress
from contextvars import copy_context
from functools import partial
from threading import get_ident
from types import CoroutineType
from typing import TYPE_CHECKING, Any, TypeVar

from llmactors._fence import Fence
from llmactors.hosts._abandoned import Interrupted, give_up
from llmactors.hosts.thread._runner import Order, Runner

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from llmactors._ref import ActorRef

R = TypeVar("R")


class Life:
    """The thread of an incarnation.

    Args:
        cell: Whose incarnation it is.
        stopped: Called when the thread was stopped by somebody else (`pykka.ActorRegistry.stop_all`).
    """

    runner: Runner

    def __init__(self, cell: ActorRef[Any], stopped: Callable[[Life], None]) -> None:
        self.cell, self.fence = cell, Fence()
        self.name = f"llmactors {cell.path}"
        self._stopped = stopped
        self._given_up = False
        self._finished: Callable[[], None] | None = None
        self._waiting: set[asyncio.Task[Any]] = set()
        self.looks: set[asyncio.Future[Any]] = set()  # who waits to see the instance
        self._ref = Runner.start(self)

    # -- on the loop -----------------------------------------------------------------------------------------
    def order(self, run: Callable[[], Any], done: Callable[[Any, BaseException | None], None]) -> None:
        """Have *run* called on the thread, after what was ordered before; *done* hears its outcome, on the loop."""
        self._ref.tell(Order(run, done))

    async def handle(self, call: Callable[[Any, Any], Any], actor: Any, message: Any) -> Any:
        """Run a plain handler on the thread."""
        outcome: asyncio.Future[tuple[Any, BaseException | None]] = self.cell.scheduler.loop.create_future()

        def done(value: Any, error: BaseException | None) -> None:
            if not outcome.done():
                outcome.set_result((value, error))

        self.order(partial(copy_context().run, call, actor, message), done)
        value, error = await outcome
        if error is not None:
            raise error
        return await value if isinstance(value, CoroutineType) else value

    def finish(self, then: Callable[[], None]) -> None:
        """End the thread after what was ordered; *then* is called when it has ended."""
        if self.runner.actor_stopped.is_set():
            then()
        else:
            self._finished = then
            self._ref.stop(block=False)

    def over(self) -> None:
        """The thread has run its last order."""
        if self._finished is not None:
            self._finished()
        elif self.fence.open:
            self._stopped(self)

    def give_up(self) -> None:
        """The life was killed: nothing of it counts any more."""
        self.fence.open = False
        self.give_back()
        if self.runner.occupation.interrupt() and self.runner.thread is not None:
            self._given_up = True
            give_up(self.runner.thread, self.cell.path)
        if not self.runner.actor_stopped.is_set():
            self._ref.stop(block=False)

    def alive(self) -> bool:
        """Say whether the thread still has to be seen off: it is on its way out, or it works."""
        thread = self.runner.thread
        return thread is None or thread.is_alive()

    def see_off(self, patience: float) -> None:
        """Wait until the thread is gone, at most *patience* seconds; not for one that was given up."""
        if self.runner.began.wait(patience) and self.runner.thread is not None and not self._given_up:
            self.runner.thread.join(patience)

    def give_back(self) -> None:
        """Nobody waits for the handler in hand any more: it does not wait for anybody, either."""
        for task in list(self._waiting):
            task.cancel()

    # -- on the thread ---------------------------------------------------------------------------------------
    def deliver(self, call: Callable[..., Any], *args: Any) -> None:
        """Call *call* on the loop. After the loop's end nobody hears it, and nobody needs to."""
        with suppress(RuntimeError):
            self.cell.scheduler.loop.call_soon_threadsafe(call, *args)

    def on_loop(self, call: Callable[..., R], *args: Any, **kwargs: Any) -> R:
        """Call *call* on the loop and return its result; at once where this is the loop.

        Raises:
            Interrupted: The life is over.
        """
        if get_ident() == self.cell.scheduler.thread:
            return call(*args, **kwargs)
        return self._result(lambda future: self._serve(call, args, kwargs, future))

    def call(self, coroutine: Coroutine[Any, Any, R]) -> R:
        """Run *coroutine* on the loop and block for its result.

        Raises:
            CancelledError: The asker of the message in hand has given up.
            Interrupted: The life is over.
            RuntimeError: Called on the loop itself, which it would block for ever.
        """
        if get_ident() == self.cell.scheduler.thread:
            coroutine.close()
            raise RuntimeError("a blocking ref was used on the loop, by an async handler; `await ref.ask(...)` there")
        return self._result(lambda future: self._begin(coroutine, future))

    def _result(self, begin: Callable[[Future[R]], None]) -> R:
        future = Future[R]()
        self.cell.scheduler.loop.call_soon_threadsafe(begin, future)
        try:
            return future.result()
        except FutureCancelledError:
            raise (CancelledError if self.fence.open else Interrupted) from None

    def _serve(self, call: Callable[..., R], args: tuple[Any, ...], kwargs: dict[str, Any], future: Future[R]) -> None:
        if not self.fence.open:
            future.cancel()
            return
        try:
            future.set_result(call(*args, **kwargs))
        except BaseException as error:  # noqa: BLE001  raised in the thread that waits
            future.set_exception(error)

    def _begin(self, coroutine: Coroutine[Any, Any, R], future: Future[R]) -> None:
        if not self.fence.open:
            coroutine.close()
            future.cancel()
            return
        task = self.cell.scheduler.loop.create_task(coroutine, name=f"{self.name} waits")
        self._waiting.add(task)
        task.add_done_callback(partial(self._ended, future))

    def _ended(self, future: Future[R], task: asyncio.Task[R]) -> None:
        self._waiting.discard(task)
        if task.cancelled():
            future.cancel()
            return
        error = task.exception()
        if error is None:
            future.set_result(task.result())
        else:
            future.set_exception(error)
