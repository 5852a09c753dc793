"""A deterministic asyncio loop in virtual time: nothing in it depends on the machine.

Theory of operation
1. Callbacks run in the order in which they were asked for, as on any asyncio loop. Time stands still while there are
   any, and then jumps to the next timer. Who is next among actors is not the loop's business (see `_ready`).
2. Timers that are due at the same moment, or within `JITTER` of each other, may fire in any order: which one does is a
   choice.
3. A loop that would wait for ever says so, and names who waits. So does one that never comes to an end.
4. There are no threads, no sockets and no processes here. What would need one is refused, with a remedy.
"""

from __future__ import annotations

import asyncio
import sys
from asyncio import events
from collections import deque
from contextvars import copy_context
from heapq import heappop, heappush
from typing import TYPE_CHECKING, Any, Final, NoReturn

from llmactors.testing._sim._fence import beyond
from llmactors.testing.errors import SimulationError

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine
    from contextvars import Context

    from llmactors.testing._sim._chooser import Chooser

JITTER: Final = 1e-9  # seconds; timers this near to each other are due at the same time
STEPS: Final = 50_000  # callbacks after which a run is taken for one without end


class SimHandle:
    """A callback that waits for its turn: what asyncio promises of a handle, made with as little ado as can be."""

    __slots__ = ("_args", "_callback", "_context")

    _context: Context
    _callback: Callable[..., object] | None
    _args: tuple[Any, ...] | None

    def cancel(self) -> None:
        """Have it not called."""
        self._callback = self._args = None

    def cancelled(self) -> bool:
        """Say whether it was cancelled."""
        return self._callback is None

    def get_context(self) -> Context:
        """Return the context in which it is called."""
        return self._context


class SimTimer(asyncio.TimerHandle):
    """A timer of asyncio's, made with less ado: the loop is not asked whether it is being debugged."""

    __slots__ = ()

    def __init__(
        self, when: float, callback: Callable[..., object], args: tuple[Any, ...], loop: SimLoop, context: Context
    ) -> None:
        self._when, self._callback, self._args, self._loop, self._context = when, callback, args, loop, context
        self._cancelled = self._scheduled = False
        self._repr = self._source_traceback = None


class SimLoop(asyncio.AbstractEventLoop):
    """An event loop whose time is virtual, in seconds from 0.

    Args:
        chooser: Who decides which of several timers fires first.

    Attributes:
        complaints: What went to the exception handler.
        after: Called after each callback.
        held: Says of a callback whether it has to wait, because it is a step of somebody who stands still.
    """

    def __init__(self, chooser: Chooser) -> None:
        self.now = 0.0
        self.steps = 0
        self.complaints: list[dict[str, Any]] = []
        self.held: Callable[[Any], bool] | None = None
        self.after: Callable[[], None] | None = None
        self._chooser = chooser
        self._ready: deque[SimHandle | asyncio.TimerHandle] = deque()
        self._standing: list[SimHandle | asyncio.TimerHandle] = []
        self._timers: list[tuple[float, int, asyncio.TimerHandle]] = []
        self._serial = self._tasks = 0
        self._running = self._stopping = self._closed = False
        self._asyncgens: dict[int, Any] = {}

    # -- what runs -------------------------------------------------------------------------------------------
    def call_soon(  # type: ignore[override]  # any callback will do
        self, callback: Callable[..., object], *args: Any, context: Context | None = None
    ) -> asyncio.Handle:
        """Have *callback* called after all that is to be called already."""
        if self._closed:
            raise RuntimeError("Event loop is closed")
        handle: Any = SimHandle()
        handle._context = copy_context() if context is None else context
        handle._callback = callback
        handle._args = args
        self._ready.append(handle)
        return handle  # type: ignore[no-any-return]  # it does what an `asyncio.Handle` does

    def call_soon_threadsafe(  # type: ignore[override]  # any callback will do
        self, callback: Callable[..., object], *args: Any, context: Context | None = None
    ) -> asyncio.Handle:
        """Do as `call_soon` does: there is one thread."""
        return self.call_soon(callback, *args, context=context)

    def call_later(  # type: ignore[override]  # any callback will do
        self, delay: float, callback: Callable[..., object], *args: Any, context: Context | None = None
    ) -> asyncio.TimerHandle:
        """Have *callback* called in *delay* virtual seconds."""
        return self.call_at(self.now + delay, callback, *args, context=context)

    def call_at(  # type: ignore[override]  # any callback will do
        self, when: float, callback: Callable[..., object], *args: Any, context: Context | None = None
    ) -> asyncio.TimerHandle:
        """Have *callback* called at a virtual time."""
        if self._closed:
            raise RuntimeError("Event loop is closed")
        when = max(when, self.now)
        timer = SimTimer(when, callback, args, self, copy_context() if context is None else context)
        self._serial += 1
        heappush(self._timers, (when, self._serial, timer))
        return timer

    def _timer_handle_cancelled(self, handle: asyncio.TimerHandle) -> None:
        """Count nothing: what was cancelled is passed over when its time comes."""

    def time(self) -> float:
        """Return the virtual time."""
        return self.now

    def timers(self) -> list[asyncio.TimerHandle]:
        """Return the timers that are set."""
        return [timer for _, _, timer in self._timers if not timer.cancelled()]

    def others(self) -> bool:
        """Say whether a callback waits for its turn."""
        return bool(self._ready)

    def let_go(self) -> None:
        """Somebody who stood still goes on: so do the callbacks that waited for that."""
        standing, self._standing = self._standing, []
        self._ready.extend(standing)

    def run_forever(self) -> None:
        """Run until somebody calls `stop`."""
        self._check_idle()
        hooks = sys.get_asyncgen_hooks()
        sys.set_asyncgen_hooks(firstiter=self._asyncgen_begins, finalizer=self._asyncgen_is_lost)
        events._set_running_loop(self)
        self._running = True
        try:
            self._run()
        finally:
            self._running = self._stopping = False
            events._set_running_loop(None)
            sys.set_asyncgen_hooks(*hooks)

    def _check_idle(self) -> None:
        if self._closed:
            raise RuntimeError("Event loop is closed")
        if self._running or events._get_running_loop() is not None:
            raise RuntimeError("a simulated loop cannot run inside another loop")

    def _run(self) -> None:
        ready, left = self._ready, range(self.steps, STEPS)
        for self.steps in left:
            if self._stopping:
                return
            if not ready:
                self._jump()
            handle: Any = ready.popleft()
            callback = handle._callback
            if callback is None:  # it was cancelled
                continue
            if self.held is not None and self.held(handle):
                self._standing.append(handle)
                continue
            try:
                handle._context.run(callback, *handle._args)
            except (SystemExit, KeyboardInterrupt):
                raise
            except BaseException as error:  # noqa: BLE001  as on any asyncio loop: what a callback raises is told
                message = f"Exception in callback {getattr(callback, '__qualname__', callback)!r}"
                self.call_exception_handler({"message": message, "exception": error, "handle": handle})
            after = self.after
            if after is not None:
                after()
        raise SimulationError(f"{STEPS} steps and no end: something goes round in circles, at t={self.now:g} s")

    def _jump(self) -> None:
        """Let time pass until a timer is due."""
        timers = self._timers
        while timers and timers[0][2]._cancelled:
            heappop(timers)
        if not timers:
            raise SimulationError(f"nothing will ever happen again, at t={self.now:g} s: {self._who_waits()}")
        when, serial, timer = heappop(timers)
        if timers and timers[0][0] <= when + JITTER:
            timer = self._one_of((when, serial, timer))
        self.now = max(self.now, when, timer.when())  # nobody is called before its time, by no rounding either
        self._ready.append(timer)

    def _one_of(self, first: tuple[float, int, asyncio.TimerHandle]) -> asyncio.TimerHandle:
        """Choose among timers that are due at the same time."""
        due = [first]
        while self._timers and self._timers[0][0] <= first[0] + JITTER:
            entry = heappop(self._timers)
            if not entry[2]._cancelled:
                due.append(entry)
        chosen = due.pop(0 if len(due) == 1 else self._chooser.timer([timer for _, _, timer in due]))
        for entry in due:
            heappush(self._timers, entry)
        return chosen[2]

    def _who_waits(self) -> str:
        waiting = sorted(task.get_name() for task in asyncio.all_tasks(self) if not task.done())
        return "nobody waits" if not waiting else "what these wait for never comes: " + ", ".join(waiting[:10])

    def run_until_complete(self, future: Any) -> Any:
        """Run until *future* is done, and return its result."""
        self._check_idle()
        task: asyncio.Future[Any] = asyncio.ensure_future(future, loop=self)
        task.add_done_callback(self._done)
        try:
            self.run_forever()
        except BaseException:
            if task.done() and not task.cancelled():
                task.exception()  # it was seen: nobody else will look
            raise
        finally:
            task.remove_done_callback(self._done)
        if not task.done():
            raise RuntimeError("the loop was stopped before its task was done")
        return task.result()

    def _done(self, _: asyncio.Future[Any]) -> None:
        self.stop()

    def stop(self) -> None:
        """Stop after the present callback."""
        self._stopping = True

    def is_running(self) -> bool:
        """Say whether it runs."""
        return self._running

    def is_closed(self) -> bool:
        """Say whether it is closed."""
        return self._closed

    def close(self) -> None:
        """Close it, and forget what was still to be called."""
        if self._running:
            raise RuntimeError("Cannot close a running event loop")
        self._closed = True
        self._ready.clear()
        self._standing.clear()
        self._timers.clear()

    # -- tasks and futures -----------------------------------------------------------------------------------
    def create_future(self) -> asyncio.Future[Any]:
        """Make a future of this loop."""
        return asyncio.Future(loop=self)

    def create_task(  # type: ignore[override]  # without the keywords of later versions
        self, coro: Coroutine[Any, Any, Any], *, name: str | None = None, context: Context | None = None
    ) -> asyncio.Task[Any]:
        """Make a task; its name is the same in every run."""
        self._tasks += 1
        return asyncio.Task(coro, loop=self, name=name or f"task-{self._tasks}", context=context)

    def set_task_factory(self, factory: Any) -> None:
        """Refuse: tasks are made one way here."""
        if factory is not None:
            raise beyond("tasks that are made another way", "set_task_factory", (factory,))

    def get_task_factory(self) -> None:
        """Return nothing: there is no other way."""

    # -- what went wrong -------------------------------------------------------------------------------------
    def call_exception_handler(self, context: dict[str, Any]) -> None:
        """Note what nobody handled; the run fails with it."""
        self.complaints.append(context)

    def default_exception_handler(self, context: dict[str, Any]) -> None:
        """Do the same."""
        self.complaints.append(context)

    def set_exception_handler(self, handler: Any) -> None:
        """Keep to ours: what nobody handled has to be seen."""

    def get_exception_handler(self) -> None:
        """Return nothing: it is ours."""

    def get_debug(self) -> bool:
        """Say no: asyncio's checks measure real time."""
        return False

    def set_debug(self, enabled: bool) -> None:  # noqa: FBT001  asyncio's signature
        """Stay without."""

    # -- asynchronous generators -----------------------------------------------------------------------------
    def _asyncgen_begins(self, generator: Any) -> None:
        self._asyncgens[id(generator)] = generator.__name__

    def _asyncgen_is_lost(self, generator: Any) -> None:
        self._asyncgens.pop(id(generator), None)
        if not self._closed:
            self.create_task(generator.aclose(), name=f"close {generator.__name__}")

    async def shutdown_asyncgens(self) -> None:
        """Forget them."""
        self._asyncgens.clear()

    async def shutdown_default_executor(self, timeout: float | None = None) -> None:
        """Do nothing: there is none."""


def _refusing(name: str, what: str) -> Any:
    def refuse(_: SimLoop, *args: Any, **__: Any) -> NoReturn:
        raise beyond(what, name, args)

    refuse.__name__ = name
    refuse.__doc__ = f"Refuse: {what} is not here."
    return refuse


# What is not here
for _name, _what in {
    **dict.fromkeys(("add_reader", "add_writer", "remove_reader", "remove_writer"), "a file or socket"),
    **dict.fromkeys(("create_connection", "create_server", "create_unix_connection"), "a socket"),
    **dict.fromkeys(("create_unix_server", "create_datagram_endpoint", "connect_accepted_socket"), "a socket"),
    **dict.fromkeys(("sock_recv", "sock_recv_into", "sock_sendall", "sock_connect", "sock_accept"), "a socket"),
    **dict.fromkeys(("sendfile", "start_tls", "sock_sendfile", "sock_recvfrom", "sock_sendto"), "a socket"),
    **dict.fromkeys(("run_in_executor", "set_default_executor"), "a thread"),
    **dict.fromkeys(("add_signal_handler", "remove_signal_handler"), "a signal of the operating system"),
    **dict.fromkeys(("getaddrinfo", "getnameinfo"), "the network"),
    **dict.fromkeys(("connect_read_pipe", "connect_write_pipe"), "a pipe"),
    **dict.fromkeys(("subprocess_shell", "subprocess_exec"), "a process"),
}.items():
    setattr(SimLoop, _name, _refusing(_name, _what))
