"""Async handlers, step by step, each under a real task.

Theory of operation
1. A handler's first step runs at once, on the scheduler's stack, under a *spare* task that lends it its identity:
   `asyncio.current_task()`, `asyncio.timeout`, task groups and every asyncio library work. Most handlers end there.
2. If the step suspends, the spare becomes the handler's own task: its coroutine (`_steps`) yields what the handler
   waits for, and sends the outcome on. A new spare is made when one is needed.
3. `_driver` runs handler after handler inside one generator and yields `DONE` after each, which saves a
   StopIteration a message.
4. A *resident* job keeps one task for a whole life: `on_start`, async handlers and `on_stop` of an actor whose
   `on_start` is async run in it, so that a context opened in the first may be closed in the last.
5. A job whose `cell` is None is fenced: its incarnation is over and nothing that it does counts any more.
6. A task that is cancelled before it has run throws that into its coroutine, which has to be there to take it: so the
   coroutine of a task has taken its first step, to a `yield`, before the task gets it.
"""

from __future__ import annotations

import types
from asyncio import CancelledError, Task, current_task
from asyncio.tasks import _enter_task, _leave_task
from typing import TYPE_CHECKING, Any, Final

from llmactors import _ends as ends
from llmactors._asks import CURRENT, Ask
from llmactors._carried import CarriedAsk
from llmactors._core.flags import PAUSED
from llmactors._exits import Crash
from llmactors._messages import HANDLER_LIMIT
from llmactors._streams import message_of
from llmactors._words import shown
from llmactors.errors import HandlerTimeoutError

if TYPE_CHECKING:
    from asyncio import Future
    from collections.abc import Callable, Coroutine, Generator
    from contextvars import Context

    from llmactors._ref import ActorRef
    from llmactors._scheduler import Scheduler


class _Done:
    __slots__ = ()


DONE: Final = _Done()


class Job:
    """An async handler in hand, or a task that waits to be lent to one."""

    __slots__ = (
        "busy",
        "cell",
        "context",
        "drive",
        "first",
        "home",
        "item",
        "limit",
        "resident",
        "scheduler",
        "task",
        "then",
        "waiter",
    )

    def __init__(self, scheduler: Scheduler, context: Context, *, resident: bool) -> None:
        self.cell: ActorRef[Any] | None = None
        self.item: Any = None
        self.then: Callable[[Job, Any, BaseException | None], None] | None = None
        self.first: Any = None
        self.waiter: Future[None] | None = None
        self.context = self.home = context  # of the handler in hand, and of the hooks of a life
        self.resident = resident
        self.busy = False
        self.limit: Limit | None = None
        self.scheduler = scheduler
        self._new_driver()
        self.task = self._new_task()

    def _new_driver(self) -> _Done:
        self.drive = _driver(self.scheduler)
        done: _Done = next(self.drive)
        return done

    def _new_task(self) -> Task[None]:
        run = _run(self.scheduler, self)
        run.send(None)  # up to its first `yield`
        return Task(run, loop=self.scheduler.loop, name="llmactors")

    def begin(self, cell: ActorRef[Any], coroutine: Coroutine[Any, Any, Any], item: Any) -> bool:
        """Run a coroutine's first step under this task; True when that was all."""
        loop = self.scheduler.loop
        outer = current_task(loop)
        if outer is not None:
            _leave_task(loop, outer)
        _enter_task(loop, self.task)
        scheduler, asked = self.scheduler, item.__class__ is Ask or item.__class__ is CarriedAsk
        here, own = scheduler.here, scheduler.own
        scheduler.here, scheduler.own = self.context, 1
        try:
            wanted = self.context.run(self.drive.send, (item if asked else cell, coroutine))
        except GeneratorExit as error:  # of the handler's own: nothing else gets through the driver, and it ends it
            self.scheduler.error = error
            wanted = self._new_driver()
        finally:
            scheduler.here, scheduler.own = here, own
            _leave_task(loop, self.task)
            if outer is not None:
                _enter_task(loop, outer)
        if wanted is DONE:
            return True
        self.cell, self.item = cell, item
        self.suspended(wanted)
        return False

    def suspended(self, first: Any) -> None:
        """The first step yielded *first*: from here on the task goes on with the handler."""
        self.first = first
        self.busy = True
        if self.task.done():  # cancelled while it had nothing in hand, by somebody who cancels every task there is
            self.waiter, self.task = None, self._new_task()
        elif self.waiter is not None and not self.waiter.done():
            self.waiter.set_result(None)

    def unlimited(self) -> None:
        """The handler is over, or goes on without a limit: nothing is watched any more."""
        if self.limit is not None:
            self.limit.job = None
            self.limit = None

    def cancel(self) -> None:
        """Have the handler see `CancelledError` at its await."""
        self.task.cancel()

    def fence(self) -> None:
        """The incarnation is over: cancel what still runs, and let nothing of it count."""
        self.cell = None
        self.resident = False
        self.unlimited()
        if self.busy:
            self.scheduler.leaving.add(self.task)
            self.task.add_done_callback(self.scheduler.leaving.discard)
        self.cancel()


class Limit:
    """Watches that a suspended handler keeps to its limit. Time in which it is paused or throttled does not count."""

    __slots__ = ("deadline", "job", "seconds")

    def __init__(self, job: Job, seconds: float) -> None:
        self.job: Job | None = job
        self.seconds = seconds
        self.deadline = job.scheduler.clock() + seconds
        job.limit = self

    def pending(self) -> bool:
        """Say whether that very handler is still in hand."""
        return self.job is not None

    def expired(self) -> None:
        """End the incarnation: the handler ran longer than it may."""
        job = self.job
        if job is None or job.cell is None:
            return
        cell, message = job.cell, message_of(job.item)
        job.unlimited()
        if cell.flags & PAUSED or (cell.extra is not None and cell.extra.withheld):
            job.scheduler.watch(Limit(job, self.seconds))
        else:
            ends.end(cell, Crash(HandlerTimeoutError(cell.path, shown(message), self.seconds)))


def is_hand(task: Task[Any]) -> bool:
    """Say whether *task* is one that runs handlers, rather than one that a handler made."""
    return getattr(task.get_coro(), "cr_code", None) is _run.__code__


def limit_of(item: Any) -> float | None:
    """Return the seconds that the handler of *item* may take; None for as long as it likes."""
    info = getattr(message_of(item), "__endpoint__", None)
    limit: float | None = HANDLER_LIMIT if info is None else info.options.limit
    return limit


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


async def _run(scheduler: Scheduler, job: Job) -> None:
    await _steps(scheduler, job)


@types.coroutine
def _steps(scheduler: Scheduler, job: Job) -> Generator[Any, Any, None]:
    """Go on with a handler that suspended; a resident job then waits for the next one."""
    throw: BaseException | None = None
    try:
        yield  # as far as it goes before the task begins
    except CancelledError as error:
        if not job.busy:
            return
        throw = error
    while True:
        while not job.busy:
            job.waiter = scheduler.loop.create_future()
            try:
                yield from job.waiter
            except CancelledError as error:
                if not job.busy:
                    return
                throw = error
        yield from _finish(scheduler, job, throw)
        if not job.resident:
            return
        throw = None


@types.coroutine
def _finish(scheduler: Scheduler, job: Job, throw: BaseException | None) -> Generator[Any, Any, None]:
    """Run the remaining steps of the handler in hand."""
    drive, run, wanted = job.drive, job.context.run, job.first
    send = drive.send
    value: Any = None
    if throw is not None and wanted is not None and wanted.cancel():
        throw = None  # what the handler waits for is cancelled first, as by any task
    while True:
        if throw is None:
            try:
                value = yield wanted
            except GeneratorExit:  # the loop is gone: nobody will go on with this
                run(drive.close)
                raise
            except BaseException as error:  # noqa: BLE001  thrown on into the handler
                throw = error
        cell = job.cell
        scheduler.enter(cell, job.context)
        try:
            if throw is None:
                wanted = run(send, value)
            else:
                thrown, throw = throw, None
                wanted = run(drive.throw, thrown)
        except GeneratorExit as error:  # as in `begin`
            scheduler.error, wanted = error, job._new_driver()
        scheduler.leave(cell)
        if wanted is DONE:
            job.busy = False
            answer, raised = scheduler.value, scheduler.error
            scheduler.value = scheduler.error = None
            job.unlimited()
            while job.task.cancelling():
                job.task.uncancel()
            if isinstance(raised, KeyboardInterrupt):
                scheduler.interrupt(raised)
            if job.cell is not None and job.then is not None:
                job.then(job, answer, raised)
            return
