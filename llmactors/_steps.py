"""Async handlers, step by step, each under a real task.

Theory of operation
1. A handler's first step runs at once, on the scheduler's stack, under a *spare* task that lends it its identity:
   `asyncio.current_task()`, `asyncio.timeout`, task groups and every asyncio library work. Most handlers end there.
2. If the step suspends, the spare is the handler's until it ends, and is then a spare again: a task is made only when
   more handlers are suspended at once than ever before.
3. The task itself is parked (`_park`) all the while. What a handler waits for calls `step` back, which lends the task
   again; so a step costs one callback, and no switch between coroutines. What cancels the task wakes it, and it hands
   the cancellation on: a step that finds the task about to wake leaves the handler to it.
4. `_driver` runs handler after handler inside one generator and yields `DONE` after each, which saves a
   StopIteration a message.
5. A *resident* job keeps one task for a whole life: `on_start`, async handlers and `on_stop` of an actor whose
   `on_start` is async run in it, so that a context opened in the first may be closed in the last.
6. A job whose `cell` is None is fenced: its incarnation is over and nothing that it does counts any more.
7. A task that is cancelled before it has run throws that into its coroutine, which has to be there to take it: so the
   coroutine of a task has taken its first step, to a `yield`, before the task gets it.
"""

from __future__ import annotations

import types
from asyncio import CancelledError, Task
from functools import partial
from math import inf
from typing import TYPE_CHECKING, Any, Final

from llmactors import _ends as ends
from llmactors._asks import CURRENT, Ask
from llmactors._carried import OUTSIDE, CarriedAsk
from llmactors._core.flags import PAUSED
from llmactors._current import CURRENT_TASKS
from llmactors._exits import Crash
from llmactors._messages import name_of
from llmactors._streams import message_of
from llmactors.errors import HandlerTimeoutError

if TYPE_CHECKING:
    from asyncio import Future
    from collections.abc import Awaitable, Callable, Coroutine, Generator
    from contextvars import Context

    from llmactors._ref import ActorRef
    from llmactors._scheduler import Scheduler

SPARES: Final = 1024  # parked tasks kept for the next handlers that suspend


class _Done:
    __slots__ = ()


DONE: Final = _Done()


class Job:
    """A task that is lent to async handlers, one after the other, and the handler that it has in hand."""

    __slots__ = (
        "began",
        "busy",
        "cell",
        "context",
        "deadline",
        "drive",
        "filed",
        "home",
        "item",
        "limit",
        "over",
        "resident",
        "scheduler",
        "stale",
        "task",
        "then",
        "waiter",
        "wake",
        "wanted",
    )

    def __init__(self, scheduler: Scheduler, context: Context, *, resident: bool) -> None:
        self.cell: ActorRef[Any] | None = None
        self.item: Any = None
        self.then: Callable[[Job, Any, BaseException | None], None] | None = None
        self.context = self.home = context  # of the handler in hand, and of the hooks of a life
        self.resident = resident
        self.busy = False  # a suspended handler is in hand
        self.began = 0.0  # when it suspended first; its steps since then are added, so that what is left is waiting
        self.over = False  # the task ends when nothing is in hand
        self.waiter: Future[None] | None = None  # what the task is parked on; None before it has begun
        self.wanted: Any = None  # what the handler waits for
        self.stale = False  # a cancellation is on its way that nobody waits for
        self.limit: float | None = None
        self.deadline = self.filed = inf
        self.scheduler = scheduler
        self.wake = partial(step, self)
        self.new_driver()
        self.task = self._new_task()

    def new_driver(self) -> _Done:
        """Make what runs handler after handler."""
        self.drive = _driver(self.scheduler)
        done: _Done = next(self.drive)
        return done

    def _new_task(self) -> Task[None]:
        park = _park(self)
        park.send(None)  # up to its first `yield`
        scheduler = self.scheduler
        task = Task(park, loop=scheduler.loop, name="llmactors", context=scheduler.empty.copy())
        task.add_done_callback(self._task_ended, context=scheduler.empty)
        return task

    def _task_ended(self, _task: Task[None]) -> None:
        """The task is used no more, or was cancelled while nothing was in hand, by one who cancels all there are."""
        if self.busy:  # it was lent meanwhile
            self.waiter, self.task = None, self._new_task()
            if self.cell is None:
                self._leave()
        else:
            self.forsake()
            self.context = self.home = self.scheduler.empty
            self.item = self.then = None
            del self.drive, self.task, self.wake  # what is heavy, and the circle

    def begin(self, cell: ActorRef[Any], coroutine: Coroutine[Any, Any, Any], item: Any) -> bool:
        """Run a coroutine's first step under this task; True when that was all."""
        loop, tasks = self.scheduler.loop, CURRENT_TASKS
        outer = tasks.get(loop)
        tasks[loop] = self.task
        scheduler, asked = self.scheduler, item.__class__ is Ask or item.__class__ is CarriedAsk
        here, own = scheduler.here, scheduler.own
        scheduler.here, scheduler.own = self.context, 1
        try:
            wanted = self.context.run(self.drive.send, (item if asked else cell, coroutine))
        except GeneratorExit as error:  # of the handler's own: nothing else gets through the driver, and it ends it
            scheduler.error = error
            wanted = self.new_driver()
        finally:
            scheduler.here, scheduler.own = here, own
            if outer is None:
                del tasks[loop]
            else:
                tasks[loop] = outer
        if wanted is DONE:
            return True
        self.cell, self.item, self.busy = cell, item, True
        self.wait_for(wanted)
        return False

    def wait_for(self, wanted: Any) -> None:
        """The handler yielded *wanted*: go on with it when that is done."""
        loop, error = self.scheduler.loop, None
        if wanted is None:
            self.wanted = loop.call_soon(self.wake, None, context=self.scheduler.empty)
        elif (
            getattr(wanted, "_asyncio_future_blocking", None) and wanted.get_loop() is loop and wanted is not self.task
        ):
            wanted._asyncio_future_blocking = False
            wanted.add_done_callback(self.wake, context=self.scheduler.empty)
            self.wanted = wanted
        else:
            error = RuntimeError(f"a handler cannot wait for {wanted!r}: it is no future of this loop, or not awaited")
            self.wanted = loop.call_soon(self.wake, None, error, context=self.scheduler.empty)

    def limited(self, seconds: float | None) -> None:
        """The handler that has suspended may take *seconds* from now. Paused or throttled time does not count."""
        if seconds is not None:
            self.limit = seconds
            self.deadline = self.scheduler.clock() + seconds
            if self.deadline < self.filed:  # else it is looked at then, and filed anew
                self.filed = self.deadline
                self.scheduler.watch(self)

    def pending(self) -> bool:
        """Say whether a handler is in hand that has a limit. If none is, the job is no longer filed."""
        if self.limit is None:
            self.filed = inf
        return self.limit is not None

    def expired(self) -> None:
        """End the incarnation: the handler ran longer than it may."""
        self.filed = inf
        seconds, cell = self.limit, self.cell
        self.limit = None
        if seconds is None or cell is None:
            return
        if cell.flags & PAUSED or (cell.extra is not None and cell.extra.withheld):
            self.limited(seconds)
        else:
            ends.end(cell, Crash(HandlerTimeoutError(cell.path, name_of(message_of(self.item)), seconds)))

    def cancel(self) -> None:
        """Have the handler see `CancelledError` at its await."""
        self.task.cancel()

    def fence(self) -> None:
        """The incarnation is over: cancel what still runs, and let nothing of it count."""
        self.cell = self.limit = None
        self.resident, self.over = False, True
        if self.busy:
            self._leave()
        self.cancel()

    def forsake(self) -> None:
        """Be used no more: the task was cancelled while it had nothing in hand."""
        spares, extra = self.scheduler.spares, None if self.cell is None else self.cell.extra
        if extra is not None and extra.resident is self:
            extra.resident = None
        elif self in spares:
            spares.remove(self)
        self.fence()

    def _leave(self) -> None:
        """The system's end waits for the task."""
        self.scheduler.leaving.add(self.task)
        self.task.add_done_callback(self.scheduler.leaving.discard)

    def retire(self) -> None:
        """Let the task end: nothing is in hand, and nothing more will be."""
        self.over = True
        if self.waiter is not None and not self.waiter.done():
            self.waiter.set_result(None)


def step(  # noqa: PLR0912, PLR0915  the hot path: calls cost
    job: Job, future: Future[Any] | None, error: BaseException | None = None
) -> None:
    """Run the handler in hand to its next wait, or its end: what it waited for is there. The loop's callback."""
    waiter = job.waiter
    if waiter is None or waiter.done() or (future is not None and future is not job.wanted):
        if job.busy and (waiter is None or job.task.done()):  # the loop has not come to the task, or its end, yet
            job.scheduler.loop.call_soon(job.wake, future, error, context=job.scheduler.empty)
        return
    if future is not None:
        try:
            future.result()
        except BaseException as raised:  # noqa: BLE001  thrown on into the handler
            error = raised
    scheduler, cell, tasks = job.scheduler, job.cell, CURRENT_TASKS
    loop, clock = scheduler.loop, scheduler.clock
    outer = tasks.get(loop)
    tasks[loop] = job.task
    scheduler.current = cell
    scheduler.here = job.context
    scheduler.own = 1
    scheduler.last = clock()
    try:
        if error is None:
            wanted = job.context.run(job.drive.send, None)  # type: ignore[arg-type]  # a handler is sent nothing
        else:
            wanted = job.context.run(job.drive.throw, error)
            error = None
    except GeneratorExit as left:  # as in `begin`
        scheduler.error, wanted = left, job.new_driver()
    finally:
        scheduler.here = OUTSIDE
        if outer is None:
            del tasks[loop]
        else:  # the task itself, which hands its cancellation on
            tasks[loop] = outer
    if cell is not None:
        now = clock()
        used = now - scheduler.last
        cell.cpu += used
        job.began += used
        if wanted is DONE and job.item is not None:
            cell.extra.awaited += now - job.began  # type: ignore[union-attr]  # who has a job has that
            job.began = now
    scheduler.current = None
    if wanted is DONE:
        _end(job)
    else:
        job.wait_for(wanted)


def _end(job: Job) -> None:
    """The handler in hand has ended: say so, and keep its task for the next one."""
    scheduler, task = job.scheduler, job.task
    answer, raised = scheduler.value, scheduler.error
    scheduler.value = scheduler.error = job.wanted = job.limit = None
    job.busy = False
    while task.cancelling():
        task.uncancel()
    job.stale = job.waiter is None or job.waiter.done()
    if raised is not None and isinstance(raised, KeyboardInterrupt):
        scheduler.interrupt(raised)
    try:
        if job.cell is not None and job.then is not None:
            job.then(job, answer, raised)
    finally:
        spares = scheduler.spares
        if job.over or (not job.resident and (job.stale or len(spares) >= SPARES or scheduler.closed)):
            job.retire()
        elif not job.resident:
            job.cell, job.context = None, scheduler.empty
            spares.append(job)


async def _park(job: Job) -> None:
    """Be the task that handlers run in, and hand its cancellation on to the one in hand."""
    loop = job.scheduler.loop
    wait: Awaitable[None] = turn()  # as far as it goes before the task begins
    while job.busy or not job.over:
        try:
            await wait
        except CancelledError as error:
            wait = job.waiter = loop.create_future()
            if job.stale:
                job.stale = False
            elif not job.busy:
                return
            elif not job.wanted.cancel():  # else what the handler waits for is cancelled first, as by any task
                step(job, None, error)
        except GeneratorExit:  # the loop is gone: nobody will go on with this
            if job.busy:
                job.context.run(job.drive.close)
            raise
        else:
            if job.waiter is None:
                wait = job.waiter = loop.create_future()


@types.coroutine
def turn() -> Generator[None, None, None]:
    """Give the loop one turn, as `asyncio.sleep(0)` does."""
    yield


def is_hand(task: Task[Any]) -> bool:
    """Say whether *task* is one that runs handlers, rather than one that a handler made."""
    return getattr(task.get_coro(), "cr_code", None) is _park.__code__


@types.coroutine
def _driver(scheduler: Scheduler) -> Generator[Any, tuple[Any, Coroutine[Any, Any, Any]], None]:
    """Run handler after handler: yield what the handler waits for, and `DONE` after each."""
    become = CURRENT.set
    while True:
        who, handler = yield DONE
        become(who)
        try:
            scheduler.value = yield from handler
        except GeneratorExit:
            raise
        except BaseException as error:  # noqa: BLE001  whatever leaves a handler is the scheduler's to judge
            scheduler.error = error
        del who, handler  # keep nothing alive while waiting
