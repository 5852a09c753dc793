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
"""

from __future__ import annotations

import types
from asyncio import CancelledError, Task
from typing import TYPE_CHECKING, Any, Final

from llmactors._asks import CURRENT

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

    __slots__ = ("busy", "cell", "context", "drive", "first", "item", "resident", "serial", "task", "then", "waiter")

    def __init__(self, scheduler: Scheduler, context: Context, *, resident: bool) -> None:
        self.cell: ActorRef[Any] | None = None
        self.item: Any = None
        self.then: Callable[[Job, Any, BaseException | None], None] | None = None
        self.first: Any = None
        self.waiter: Future[None] | None = None
        self.context = context
        self.resident = resident
        self.busy = False
        self.serial = 0
        self.drive = _driver(scheduler)
        next(self.drive)
        self.task: Task[None] = Task(_run(scheduler, self), loop=scheduler.loop, name="llmactors")

    def suspended(self, first: Any) -> None:
        """The first step yielded *first*: from here on the task goes on with the handler."""
        self.first = first
        self.busy = True
        self.serial += 1
        if self.waiter is not None and not self.waiter.done():
            self.waiter.set_result(None)

    def fence(self) -> None:
        """The incarnation is over: cancel what still runs, and let nothing of it count."""
        self.cell = None
        self.resident = False
        self.task.cancel()


class Limit:
    """Watches that a suspended handler keeps to its limit."""

    __slots__ = ("deadline", "job", "serial")

    def __init__(self, job: Job, deadline: float) -> None:
        self.job, self.serial, self.deadline = job, job.serial, deadline

    def pending(self) -> bool:
        """Say whether that very handler is still in hand."""
        return self.job.cell is not None and self.job.busy and self.job.serial == self.serial

    def expired(self) -> None:
        """End the incarnation: the handler ran longer than it may."""
        cell = self.job.cell
        if cell is not None:
            cell.scheduler.overrun(self.job)


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
    while True:
        throw: BaseException | None = None
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


@types.coroutine
def _finish(scheduler: Scheduler, job: Job, throw: BaseException | None) -> Generator[Any, Any, None]:
    """Run the remaining steps of the handler in hand."""
    drive, run, wanted = job.drive, job.context.run, job.first
    send = drive.send
    value: Any = None
    while True:
        if throw is None:
            try:
                value = yield wanted
            except BaseException as error:  # noqa: BLE001  thrown on into the handler
                throw = error
        cell = job.cell
        scheduler.enter(cell)
        if throw is None:
            wanted = run(send, value)
        else:
            thrown, throw = throw, None
            wanted = run(drive.throw, thrown)
        scheduler.leave(cell)
        if wanted is DONE:
            job.busy = False
            answer, raised = scheduler.value, scheduler.error
            scheduler.value = scheduler.error = None
            if raised is not None and job.task.cancelling():
                job.task.uncancel()
            if job.cell is not None and job.then is not None:
                job.then(job, answer, raised)
            return
