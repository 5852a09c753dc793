"""The scheduler: one run queue per system, on one asyncio loop.

Theory of operation
1. `inbox is None` means that a cell is idle. Whoever makes it a queue puts the cell on the run queue; from then on the
   cell belongs to the run queue, to a slice, to a suspended handler, or to whoever holds it (see `_core.flags`), and a
   tell only appends.
2. One loop callback, `drain`, runs slices in queue order. A slice ends after at most `SLICE` messages, a turn after
   `TURN` seconds; then the loop gets its turn. How many messages a slice has is learnt for each class of actors, so
   that it takes no longer than `LONG`: a slice that ends a turn is looked at, and the next are longer or shorter.
3. A plain handler runs in the slice: no task, no future. An async handler's first step does too (see `_steps`).
4. An ask to an idle actor is answered on the asker's stack (its asker waits anyway): at most `DEPTH` deep, and within
   a credit per turn, so that the loop is never starved. Order, accounting and crashes are as through the queue.
5. One clock read a slice is the CPU account: the end of one slice is the start of the next.
6. The clock, and with it every time, comes from outside; so does the run queue, whose `popleft` chooses who is next.
"""

# house: long because the path of a message is one file, to be read in one go

from __future__ import annotations

import asyncio
from collections import deque
from contextvars import Context, copy_context
from threading import get_ident
from types import CoroutineType
from typing import TYPE_CHECKING, Any, Final

from llmactors import _lives as lives
from llmactors._asks import CURRENT, PENDING, Ask, skip, timeout_of
from llmactors._attend import attend
from llmactors._carried import OUTSIDE, CarriedAsk, ask_in, begun, present
from llmactors._core.flags import BUSY, HELD, OVER, SIGNALS
from llmactors._core.slices import fitting
from llmactors._crossing import Crossing
from llmactors._current import CURRENT_TASKS
from llmactors._deadlines import Deadlines
from llmactors._fence import call_on
from llmactors._later import Later
from llmactors._messages import ASK_TIMEOUT, HANDLER_LIMIT
from llmactors._now import Now
from llmactors._sampling import Sampler
from llmactors._steps import DONE, Job
from llmactors._streams import message_of

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from llmactors._ports import Ports
    from llmactors._ref import ActorRef

SLICE: Final = 64  # messages of one cell before the next cell's turn, at most
LONG: Final = 0.001  # seconds that a slice is to take, unless a single message takes longer
TURN: Final = 0.0004  # seconds of slices before the loop gets its turn
GRAIN: Final = 20e-6  # seconds; an ask that takes longer uses up more credit
DEPTH: Final = 4  # asks answered inside asks
POOLED: Final = 1024  # empty inboxes kept for the next actor that gets a message


class Scheduler(Now):
    """Runs the actors of one system. See the module for how."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        ports: Ports,
    ) -> None:
        self.loop, self.clock = loop, ports.clock
        self.thread = get_ident()
        self.ready: deque[ActorRef[Any]] = ports.ready()
        self.free: deque[deque[Any]] = deque(maxlen=POOLED)
        self.asleep = True
        self.turn = self.drain  # as a bound method that is made once
        self.depth = 0
        self.credit = self.credit_per_turn = ports.credit
        self.current = self.root = None
        self.last = 0.0
        self.random = ports.random
        self.empty = Context()  # for copies, and for what runs no handler
        self.context = Context()
        self.contexts = [Context() for _ in range(DEPTH)]
        self.here = OUTSIDE  # the live context of the handler that runs
        self.own = 0  # variables in it that are the kernel's
        self.carried: Context | None = None  # for the async handler that begins next
        self.deadlines = Deadlines(loop, self.clock, self.empty)
        self.watch = self.deadlines.watch
        self.sampler = Sampler(loop, self.clock, self.empty)
        self.crossing = Crossing(loop)
        self.waits: dict[asyncio.Task[Any], ActorRef[Any]] = {}
        self.soon = False  # that the handler which suspended last wants no more than a turn of the loop
        self.spares: list[Job] = []
        self.advancing: deque[ActorRef[Any]] = deque()
        self.leaving: set[asyncio.Task[None]] = set()
        self.value: Any = None
        self.error: BaseException | None = None
        self.expired = 0
        self.closed = False

    # -- the run queue ---------------------------------------------------------------------------------------
    def enqueue(self, cell: ActorRef[Any]) -> None:
        """Put a cell that has an inbox on the run queue."""
        self.ready.append(cell)
        if self.asleep:
            self.arm()

    def arm(self) -> None:
        """Have `drain` called in the loop's next turn."""
        if not self.closed:
            self.asleep = False
            self.loop.call_soon(self.turn, context=self.context)
            if self.sampler.rests:
                self.sampler.wake()

    def drain(self) -> None:  # noqa: C901, PLR0912, PLR0915  the hot path: calls cost
        """Give the actors one turn: run slices in queue order until the queue is empty or the turn is used up."""
        self.credit = self.credit_per_turn
        ready, free, clock = self.ready, self.free, self.clock
        here = self.here = self.context
        self.own = 0
        last = clock()
        end_of_turn = last + TURN
        try:
            while ready:
                cell = ready.popleft()
                inbox = cell.inbox
                if inbox is None:
                    continue
                self.current = cell
                self.last = last
                if cell.flags and not attend(cell):
                    if here:
                        break
                    continue
                handlers, actor = cell.handlers, cell.actor
                left = most = handlers.slice
                item: Any = None
                try:
                    while inbox and left:
                        left -= 1
                        item = inbox.popleft()
                        if item.__class__ is Ask:
                            if item.value is not PENDING:
                                skip(item)
                                continue
                            answer = handlers[item.message.__class__](actor, item.message)
                            if answer.__class__ is CoroutineType:
                                if not self.first_step(cell, answer, item):
                                    break
                            elif answer.__class__ is Later:
                                lives.await_later(cell, answer, item)
                            elif item.value is PENDING:
                                item.value = answer
                                future = item.future
                                if future is not None and not future.done():
                                    future.set_result(None)
                        else:
                            answer = handlers[item.__class__](actor, item)
                            if answer is not None:
                                if answer.__class__ is CoroutineType:
                                    if not self.first_step(cell, answer, item):
                                        break
                                elif answer.__class__ is Later:
                                    lives.await_later(cell, answer, item)
                        if cell.flags or here:
                            break
                except BaseException as error:  # SystemExit and MemoryError are ends of an actor, not of the system
                    lives.raised(cell, _theirs(error), item)
                    item = None  # the error's frames hold this one
                    if isinstance(error, KeyboardInterrupt):
                        raise
                now = clock()
                cell.cpu += now - self.last
                cell.handled += most - left
                began, last = last, now
                if not inbox and not cell.flags:
                    cell.inbox = None
                    free.append(inbox)
                elif not cell.flags & HELD or cell.flags & SIGNALS:
                    ready.append(cell)
                if now > end_of_turn or here:
                    handlers.slice = fitting(most, most - left, now - began, long=LONG, greatest=SLICE)
                    break
        finally:  # a KeyboardInterrupt goes on to the loop, which then wants the system stopped in order
            self.current = None
            self.depth = 0
            self.asleep = True
            self.here = OUTSIDE
            if here:  # a handler left something in it
                self.context = Context()
            if ready:
                self.arm()

    def direct(  # noqa: PLR0912, PLR0915  as for `drain`
        self, cell: ActorRef[Any], message: Any, timeout: float | None
    ) -> Any:
        """Answer an ask to an idle actor on the asker's stack: the answer, a `Failure`, or the pending `Ask`."""
        start = self.clock()
        outer, depth, free = self.current, self.depth, self.free
        if outer is not None:
            outer.cpu += start - self.last
        inbox = cell.inbox = free.pop() if free else self.new_inbox()
        self.current = cell
        self.last = start
        self.depth = depth + 1
        self.credit -= 1
        ask: Ask | None = None
        here, own, sent_in = self.here, self.own, None
        if copy_context() if here is OUTSIDE else len(here) > own:
            sent_in = present(self)
        context = self.contexts[depth] if sent_in is None else begun(self, sent_in)
        self.here = context
        self.own = 0
        try:
            answer: Any = context.run(cell.handlers[message.__class__], cell.actor, message)
            if answer.__class__ is CoroutineType or answer.__class__ is Later:
                seconds = getattr(message, "__timeout__", ASK_TIMEOUT) if timeout is None else timeout
                if sent_in is None:
                    ask = Ask(message, start, seconds, cell)
                else:
                    ask = CarriedAsk(message, start, seconds, cell, sent_in)
                if CURRENT.get() is not None:
                    ask.inherit()
                if answer.__class__ is Later:
                    lives.await_later(cell, answer, ask)
                else:
                    self.carried = None if sent_in is None else context
                    self.first_step(cell, answer, ask)  # type: ignore[arg-type]  # it is no `Later`
                answer = ask if ask.value is PENDING else ask.value
        except BaseException as error:  # noqa: BLE001  as in `drain`
            return self._direct_failed(
                cell, ask or ask_in(message, start, timeout_of(message, timeout), cell, sent_in), error
            )
        finally:
            self.here = here
            self.own = own
            if sent_in is None and context:
                self.contexts[depth] = Context()
            now = self.clock()
            cell.cpu += now - self.last
            cell.handled += 1
            self.depth = depth
            self.current = outer
            self.last = now
            if now - start > GRAIN:
                self.credit -= int((now - start) / GRAIN)
            if not inbox and not cell.flags:
                cell.inbox = None
                free.append(inbox)
            elif not cell.flags & HELD or cell.flags & SIGNALS:
                self.enqueue(cell)
        return answer

    def _direct_failed(self, cell: ActorRef[Any], ask: Ask, error: BaseException) -> Any:
        ask.inherit()
        lives.raised(cell, _theirs(error), ask)
        if isinstance(error, KeyboardInterrupt):
            raise error
        return ask if ask.value is PENDING else ask.value

    def moment(self) -> float:
        """Return the time, exact to the slice that runs: without a look at the clock where one does."""
        return self.clock() if self.current is None else self.last

    # -- back on the queue, or off it ------------------------------------------------------------------------
    def idle(self, cell: ActorRef[Any]) -> None:
        """A cell has nothing to do: give its inbox back."""
        if cell.inbox is not None:
            self.free.append(cell.inbox)
            cell.inbox = None

    def interrupt(self, error: KeyboardInterrupt) -> None:
        """Let the loop have a KeyboardInterrupt that user code raised, from a callback that it may cut off.

        Call it first: those who hear of the end of the actor then do so after the interrupt.
        """
        self.loop.call_soon(_raise, error)

    def requeue(self, cell: ActorRef[Any]) -> None:
        """Something that held a cell is over: put it back if it has anything to do."""
        if cell.flags & HELD and not cell.flags & SIGNALS:
            return
        if cell.inbox or cell.flags:
            if cell.inbox is None:
                cell.inbox = self.new_inbox()
            self.enqueue(cell)
        else:
            self.idle(cell)

    def new_inbox(self) -> deque[Any]:
        """Return an empty inbox."""
        return self.free.pop() if self.free else deque()

    # -- async handlers --------------------------------------------------------------------------------------
    def first_step(  # noqa: C901, PLR0912, PLR0915  as for `drain`
        self, cell: ActorRef[Any], coroutine: Coroutine[Any, Any, Any], item: Any
    ) -> bool:
        """Run an async handler up to its first suspension. True when it finished; its error is raised."""
        extra = cell.extra
        job = None if extra is None else extra.resident
        if job is None or job.busy:
            job = self.spares.pop() if self.spares else Job(self, self.empty, resident=False)
        if self.carried is None:
            context = job.context = self.empty.copy()
        else:
            context = job.context = self.carried
            self.carried = None
        tasks, loop, task = CURRENT_TASKS, self.loop, job.task
        outer = tasks.get(loop)
        tasks[loop] = task
        here, own, kind = self.here, self.own, item.__class__
        self.here = context
        self.own = 1
        try:
            wanted = context.run(job.drive.send, (item if kind is Ask or kind is CarriedAsk else cell, coroutine))
        except GeneratorExit as left:  # of the handler's own: nothing else gets through the driver, and it ends it
            self.error = left
            wanted = job.new_driver()
        finally:
            self.here = here
            self.own = own
            if outer is None:
                del tasks[loop]
            else:
                tasks[loop] = outer
        if wanted is DONE:
            if task.cancelling():  # by its own step; the task will die of it
                job.forsake()
            elif not job.resident:
                self.spares.append(job)
            answer, error = self.value, self.error
            self.value = None
            if error is not None:
                self.error = None
                raise error
            if kind is Ask and answer.__class__ is not Later:
                if item.value is PENDING:
                    item.value = answer
                    if item.future is not None and not item.future.done():
                        item.future.set_result(None)
            elif answer is not None or kind is CarriedAsk:
                self.answered(cell, item, answer)
            return True
        job.cell, job.item, job.busy, job.then = cell, item, True, self.finished
        if wanted is None:
            job.wanted = loop.call_soon(job.wake, None, context=self.empty)
            self.soon = True
        else:
            job.wait_for(wanted)
            self.soon = False
        if extra is None:
            extra = cell.need_extra()
        jobs = extra.jobs
        jobs[job] = None
        if len(jobs) >= cell.handlers.concurrency:
            cell.flags |= BUSY
        message = item.message if kind is Ask else message_of(item)
        seconds = job.limit = getattr(message, "__limit__", HANDLER_LIMIT)
        now = job.began = self.clock()
        if seconds is not None:
            deadline = job.deadline = now + seconds
            if deadline < job.filed:
                job.filed = deadline
                self.watch(job)
        return False

    def answered(self, cell: ActorRef[Any], item: Any, answer: Any) -> None:
        """An async handler has returned."""
        if answer.__class__ is Later:
            lives.await_later(cell, answer, item)
        elif item.__class__ is Ask or item.__class__ is CarriedAsk:
            item.answer(answer)

    def within(self, context: Context, call: Callable[..., Any], *args: Any) -> Any:
        """Call in *context*, which is the present one until *call* returns."""
        here, own = self.here, self.own
        self.here, self.own = context, 0
        try:
            return context.run(call, *args)
        finally:
            self.here, self.own = here, own

    def finished(self, job: Job, answer: Any, error: BaseException | None) -> None:
        """A suspended handler has ended."""
        cell, item = job.cell, job.item
        job.item = None
        if cell is None:
            return
        jobs = (cell.extra or cell.need_extra()).jobs
        jobs.pop(job, None)
        if len(jobs) < cell.handlers.concurrency:  # an owner may also have a notice in hand
            cell.flags &= ~BUSY
        if cell.flags & OVER:
            return
        if error is not None:
            lives.raised(cell, error, item)
        elif item.__class__ is Ask and answer.__class__ is not Later:
            if item.value is PENDING:
                item.value = answer
                if item.future is not None and not item.future.done():
                    item.future.set_result(None)
        else:
            self.answered(cell, item, answer)
        inbox = cell.inbox
        if not inbox and not cell.flags:
            if inbox is not None:
                self.free.append(inbox)
                cell.inbox = None
        elif not cell.flags & OVER:
            self.requeue(cell)

    # -- from elsewhere, and the end -------------------------------------------------------------------------
    def call_from_elsewhere(self, call: Callable[..., Any], *args: Any) -> bool:
        """Have the loop call back, from another thread; False when the loop is no more, or that thread's life."""
        return call_on(self.loop, call, *args)

    # -- the end ---------------------------------------------------------------------------------------------
    def close(self) -> list[asyncio.Task[None]]:
        """Stop for good; return the tasks that are still to be awaited."""
        self.closed = True
        self.deadlines.close()
        self.sampler.close()
        spares, self.spares = self.spares, []
        for job in spares:
            job.fence()
        return [*self.leaving, *(job.task for job in spares)]


def _raise(error: BaseException) -> None:
    raise error


def _theirs(error: BaseException) -> BaseException:
    """Take the scheduler's own frames off a traceback: they hold the ask, which will hold the error."""
    frames, ours = error.__traceback__, globals()
    while frames is not None and frames.tb_frame.f_globals is ours:
        frames = frames.tb_next
    return error.with_traceback(frames)
