"""Virtual time: seconds that pass only when nothing else can happen, so that a test of waiting waits for nothing.

Theory of operation
1. The loop's clock stands still while there is anything to run, and real I/O that is ready comes first. When there is
   nothing, the clock jumps to the next timer. Whatever waits on the loop is virtual with it: `asyncio.sleep` and
   `timeout`, asks, back-off, `send_after`.
2. With autojump off the clock only moves as far as somebody has it `advance`. Who waits for more has a sentence told.
3. `advance` comes back when its time is there and everything due by then has been done: after the timers of that very
   moment, and when nothing is ready any more.
4. Work in threads takes no virtual time: while some is under way (`run_in_executor`, `asyncio.to_thread`), the clock
   gives it *patience* real seconds before it jumps. Threads that the loop does not know of are not waited for.
5. When there is no timer either, nothing will ever happen again: that is an error, and says who waits where. So is a
   million turns of the loop in which no time passes.
6. An `ActorSystem` on such a loop takes its clock from it, and chance that is the same in every run. Actors in
   processes and threads of their own live in real time and are refused.
"""

from __future__ import annotations

import asyncio
import heapq
import selectors
from contextlib import contextmanager
from itertools import count
from math import ulp
from random import Random
from typing import TYPE_CHECKING, Any, Final, TypeVar, TypeVarTuple

from llmactors._ports import Ports
from llmactors.hosts._loop import Loop
from llmactors.testing._in_order import InOrder
from llmactors.testing._turns import Turns
from llmactors.testing.errors import NothingHappensError, VirtualTimeError

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Iterator
    from concurrent.futures import Executor

    from llmactors.hosts._port import HostConfig

R = TypeVar("R")
Ts = TypeVarTuple("Ts")

PATIENCE: Final = 1.0  # real seconds
SHOWN: Final = 10  # tasks in an error
ENDLESS: Final = 1_000_000  # turns of the loop without any time passing


class _Select(selectors.DefaultSelector):
    """Looks at real I/O, and has the loop's clock jump where asyncio would sleep."""

    loop: VirtualLoop

    def select(self, timeout: float | None = None) -> Any:
        ready = super().select(0)
        if ready or timeout == 0:
            self.loop.count_turn()
            return ready
        if self.loop.outside:
            ready = super().select(self.loop.patience)
            if ready or not self.loop.can_go_on():
                return ready
        self.loop.jump()
        return []


class VirtualLoop(InOrder, asyncio.SelectorEventLoop):
    """An event loop in virtual time, in seconds from 0. See the module for how.

    Args:
        autojump: Jump to the next timer when nothing is left to do. Else time moves only by `VirtualClock.advance`.
        patience: Real seconds that work in threads gets before the clock jumps over it.
    """

    def __init__(self, *, autojump: bool = True, patience: float = PATIENCE) -> None:
        select = _Select()
        select.loop = self
        self.now, self._turns = 0.0, 0
        self.autojump, self.patience = autojump, patience
        self.outside = 0
        self._goals: list[tuple[float, int, asyncio.Future[None]]] = []
        self._numbers = count()
        super().__init__(select)

    def time(self) -> float:
        """Return the virtual time."""
        return self.now

    # -- what systems on this loop ask -------------------------------------------------------------------------
    def actor_ports(self) -> Ports:
        """Return what a system on this loop takes from outside: the loop's clock, and the same chance in every run."""
        return Ports(clock=self.time, random=Random(0), ready=Turns)  # noqa: S311  a simulation has to be repeatable

    def check_host(self, config: HostConfig) -> None:
        """Refuse a host whose actors would live in real time.

        Raises:
            VirtualTimeError: It is not `Loop()`.
        """
        if not isinstance(config, Loop):
            raise VirtualTimeError(
                f"actors on {config!r} live in real time, and this test's time is virtual: give them `host=Loop()` "
                "in the test, or mark it `real_time`"
            )

    # -- work in threads ---------------------------------------------------------------------------------------
    def run_in_executor(self, executor: Executor | None, func: Callable[[*Ts], R], *args: *Ts) -> asyncio.Future[R]:
        """Have *func* called in a thread; the clock waits for it, as far as its patience goes."""
        future = super().run_in_executor(executor, func, *args)
        self.outside += 1
        future.add_done_callback(self._came_back)
        return future

    def _came_back(self, _future: asyncio.Future[Any]) -> None:
        self.outside -= 1

    async def shutdown_default_executor(self, *args: Any) -> None:
        """Wait for the threads of the loop's own executor."""
        self.outside += 1
        try:
            await super().shutdown_default_executor(*args)
        finally:
            self.outside -= 1

    # -- time --------------------------------------------------------------------------------------------------
    def can_go_on(self) -> bool:
        """Say whether the clock has somewhere to jump."""
        return bool(self._goals or (self.autojump and self._next() is not None))

    def count_turn(self) -> None:
        """Count a turn in which no time passes.

        Raises:
            VirtualTimeError: There have been so many that time will not go on.
        """
        self._turns += 1
        if self._turns > ENDLESS:
            self._turns = 0
            raise VirtualTimeError(
                f"time stands still at {self.now:g} s: {ENDLESS} turns of the loop, and always something more to do; "
                "look for an actor that tells itself for ever, or for `sleep(0)` in a loop that never ends"
            )

    def jump(self) -> None:
        """Nothing can run: go to the next timer, or to the moment that somebody advances to.

        Raises:
            NothingHappensError: There is neither.
        """
        timer = self._next()
        if self._goals and (timer is None or self._goals[0][0] < timer):
            at, _, reached = heapq.heappop(self._goals)
            self._go_to(max(self.now, at))
            if not reached.done():
                reached.set_result(None)
        elif timer is not None and (self.autojump or self._goals):
            self._go_to(timer)
        else:
            raise NothingHappensError(_why(timer, self.now), _waiting(self))

    def _go_to(self, now: float) -> None:
        self.now, self._turns = now, 0

    @property
    def _clock_resolution(self) -> float:
        """By how much asyncio runs timers early: as little as there is, rather than a nanosecond."""
        return ulp(self.now)

    @_clock_resolution.setter
    def _clock_resolution(self, seconds: float) -> None:
        """Take no other: asyncio sets that of the real clock."""

    def _next(self) -> float | None:
        scheduled: list[asyncio.TimerHandle] = self._scheduled  # type: ignore[attr-defined]  # of asyncio's base class
        return scheduled[0].when() if scheduled else None

    async def advance(self, seconds: float) -> None:
        """Let so many seconds pass. For `VirtualClock`."""
        reached: asyncio.Future[None] = self.create_future()
        heapq.heappush(self._goals, (self.now + seconds, next(self._numbers), reached))
        await reached


class VirtualClock:
    """The clock of the running test. It belongs to no loop in particular: each call goes to the one that runs."""

    __slots__ = ()

    def now(self) -> float:
        """Return the virtual seconds since the loop was made."""
        return _running().now

    async def advance(self, seconds: float) -> None:
        """Let so many seconds pass: every timer goes off in its time; come back when all that is due has been done.

        Raises:
            ValueError: The seconds are below 0.
            VirtualTimeError: The loop that runs is in real time.
        """
        if not seconds >= 0:
            raise ValueError(f"seconds={seconds!r}: time goes forward; give a number of seconds, 0 or more")
        await _running().advance(seconds)

    async def settle(self) -> None:
        """Let everything happen that can happen without any time passing."""
        await _running().advance(0)

    @property
    def autojump(self) -> bool:
        """Whether the clock jumps by itself when nothing is left to do; settable."""
        return _running().autojump

    @autojump.setter
    def autojump(self, jumps: bool) -> None:
        _running().autojump = jumps

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """Have time stand still in this block, but for what `advance` lets pass."""
        loop = _running()
        before, loop.autojump = loop.autojump, False
        try:
            yield
        finally:
            loop.autojump = before


def run_in_virtual_time(main: Coroutine[Any, Any, R], *, autojump: bool = True, patience: float = PATIENCE) -> R:
    """Run *main* on a loop of its own in virtual time, for tests without pytest; return what it returns.

    Args:
        main: The test.
        autojump: As for `VirtualLoop`.
        patience: As for `VirtualLoop`.
    """

    def make() -> VirtualLoop:
        return VirtualLoop(autojump=autojump, patience=patience)

    with asyncio.Runner(loop_factory=make) as runner:
        return runner.run(main)


def _running() -> VirtualLoop:
    loop = asyncio.get_running_loop()
    if not isinstance(loop, VirtualLoop):
        raise VirtualTimeError(
            f"{type(loop).__name__} runs in real time; mark the test `@pytest.mark.virtual_time`, or run its coroutine "
            "with `run_in_virtual_time(...)`"
        )
    return loop


def _why(timer: float | None, now: float) -> str:
    if timer is None:
        return "nothing will ever happen again: everybody waits, and nothing is due"
    return f"time stands still, and something is due only in {timer - now:g} s: `await clock.advance(...)`"


def _waiting(loop: VirtualLoop) -> list[str]:
    """Say where each task waits."""
    lines = []
    for task in sorted(asyncio.all_tasks(loop), key=asyncio.Task.get_name):
        frames = task.get_stack(limit=1)
        if frames and frames[0].f_code.co_name != "_park":  # a spare task of the scheduler waits for nobody
            code = frames[0].f_code
            lines.append(f"{task.get_name()} waits in {code.co_qualname} at {code.co_filename}:{frames[0].f_lineno}")
    hidden = len(lines) - SHOWN
    return lines[:SHOWN] + ([f"and {hidden} more"] if hidden > 0 else [])
