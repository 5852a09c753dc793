"""A loop for one driven actor: no I/O, no waiting, and time that moves when it is told to."""

from __future__ import annotations

import asyncio
import sys
import threading
from asyncio import tasks
from contextlib import contextmanager
from math import ulp
from threading import get_ident
from typing import TYPE_CHECKING, Any, Final, TypeVar, TypeVarTuple

from llmactors.testing._in_order import InOrder
from llmactors.testing.errors import VirtualTimeError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from concurrent.futures import Executor

    from llmactors.hosts._port import HostConfig

R = TypeVar("R")
Ts = TypeVarTuple("Ts")

PATIENCE: Final = 5.0  # real seconds that work in a thread gets
ENDLESS: Final = 100_000  # turns of the loop after which something is taken to go round in circles


class _NoSelector:
    """Nothing is ever waited for outside."""

    def select(self, timeout: float | None = None) -> list[Any]:  # noqa: ARG002  as selectors have it
        return []


class StillLoop(InOrder):
    """An event loop that runs until nothing is ready, and then hands control back. It may run inside another one."""

    def __init__(self) -> None:
        self.now = 0.0
        super().__init__()
        self._selector = _NoSelector()
        self._outside = 0
        self._called = threading.Event()
        self.set_exception_handler(_unless_dropped)

    def time(self) -> float:
        """Return the virtual time."""
        return self.now

    def until_quiet(self) -> None:
        """Run until nothing is ready and no work in threads is under way. No time passes.

        Raises:
            VirtualTimeError: It never comes to rest.
        """
        with self.current():
            for _ in range(ENDLESS):
                if self._ready or self._due() <= self.now:  # type: ignore[attr-defined]  # of asyncio's base class
                    self._run_once()  # type: ignore[attr-defined]  # as above
                elif not self._outside or not self._called.wait(PATIENCE):
                    return
                else:
                    self._called.clear()
        raise VirtualTimeError(
            f"the actor does not come to rest: {ENDLESS} turns of its loop, and still something to do; "
            "look for one that tells itself for ever, or sleeps for 0 s in a loop"
        )

    def advance(self, seconds: float) -> None:
        """Let so many seconds pass, every timer going off in its time."""
        end = self.now + seconds
        while self._due() <= end:
            self.now = max(self.now, self._due())
            self.until_quiet()
        self.now = end

    @property
    def _clock_resolution(self) -> float:
        """By how much asyncio runs timers early: as little as there is, rather than a nanosecond."""
        return ulp(self.now)

    @_clock_resolution.setter
    def _clock_resolution(self, seconds: float) -> None:
        """Take no other: asyncio sets that of the real clock."""

    def _due(self) -> float:
        scheduled: list[asyncio.TimerHandle] = self._scheduled  # type: ignore[attr-defined]  # of asyncio's base class
        return scheduled[0].when() if scheduled else float("inf")

    @contextmanager
    def current(self) -> Iterator[None]:
        """Be the running loop, in the place of one that may be running already: the caller's test may be async."""
        outer = asyncio._get_running_loop()
        task = None if outer is None else asyncio.current_task(outer)
        hooks = sys.get_asyncgen_hooks()
        if outer is not None and task is not None:
            tasks._leave_task(outer, task)
        asyncio._set_running_loop(self)
        self._thread_id = get_ident()
        sys.set_asyncgen_hooks(firstiter=None, finalizer=None)
        try:
            yield
        finally:
            sys.set_asyncgen_hooks(*hooks)
            self._thread_id = None  # type: ignore[assignment]  # as its own `run_forever` does
            asyncio._set_running_loop(outer)
            if outer is not None and task is not None:
                tasks._enter_task(outer, task)

    # -- threads -----------------------------------------------------------------------------------------------
    def run_in_executor(self, executor: Executor | None, func: Callable[[*Ts], R], *args: *Ts) -> asyncio.Future[R]:
        """Have *func* called in a thread; `until_quiet` waits for it."""
        future = super().run_in_executor(executor, func, *args)
        self._outside += 1
        future.add_done_callback(self._came_back)
        return future

    def _came_back(self, _future: asyncio.Future[Any]) -> None:
        self._outside -= 1

    def _write_to_self(self) -> None:
        self._called.set()

    def _process_events(self, event_list: list[Any]) -> None:
        pass

    # -- what systems on this loop ask ---------------------------------------------------------------------------
    def check_host(self, config: HostConfig) -> None:
        """Take every host: what is spawned is a stand-in, and runs nowhere."""

    def __del__(self) -> None:
        """Nothing is open that would have to be closed."""
        if self._default_executor is not None:  # type: ignore[attr-defined]  # of asyncio's base class
            self._default_executor.shutdown(wait=False)  # type: ignore[attr-defined]  # as above


def _unless_dropped(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """Report what asyncio reports, but not that a test dropped an actor in the middle of something."""
    if "was destroyed but it is pending" not in str(context.get("message")):
        loop.default_exception_handler(context)
