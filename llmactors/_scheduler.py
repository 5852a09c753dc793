"""The scheduler: one run queue per system, on one asyncio loop.

Theory of operation
1. `inbox is None` means that a cell is idle. Whoever makes it a queue puts the cell on the run queue; from then on the
   cell belongs to the run queue, to a slice, to a suspended handler, or to whoever holds it (see `_core.flags`), and a
   tell only appends.
2. One loop callback, `drain`, runs slices in queue order. A slice ends after `SLICE` messages, a turn after `TURN`
   seconds; then the loop gets its turn.
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
from typing import TYPE_CHECKING, Any, Final, cast

from llmactors import _lanes as lanes
from llmactors import _lives as lives
from llmactors import _slots as slots
from llmactors._asks import PENDING, Ask, skip, timeout_of
from llmactors._carried import OUTSIDE, CarriedAsk, begun, present
from llmactors._core.deadlines import TICK, Wheel
from llmactors._core.flags import (
    DRAINING,
    GATE,
    GATED,
    HELD,
    OVER,
    REMOTE,
    REQUEUED,
    SIGNALS,
    SORTED,
    STARTING,
    STOPPING,
    WAITERS,
    WATCHED,
)
from llmactors._fence import fence_here
from llmactors._later import Later
from llmactors._now import Now
from llmactors._steps import Job, Limit, limit_of

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from llmactors._ports import Ports
    from llmactors._ref import ActorRef

SLICE: Final = 64  # messages of one cell before the next cell's turn
TURN: Final = 0.0005  # seconds of slices before the loop gets its turn
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
        self.depth = 0
        self.credit = self.credit_per_turn = ports.credit
        self.current = self.root = None
        self.last = 0.0
        self.random = ports.random
        self.empty = Context()  # for copies only
        self.context = Context()
        self.contexts = [Context() for _ in range(DEPTH)]
        self.here = OUTSIDE  # the live context of the handler that runs
        self.own = 0  # variables in it that are the kernel's
        self.carried: Context | None = None  # for the async handler that begins next
        self.wheel = Wheel()
        self.waits: dict[asyncio.Task[Any], ActorRef[Any]] = {}
        self.ticker: asyncio.TimerHandle | None = None
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
            self.loop.call_soon(self.drain, context=self.context)

    def drain(self) -> None:
        """Give the actors one turn."""
        self.credit = self.credit_per_turn
        self.here, self.own = self.context, 0
        try:
            self.run()
        finally:  # a KeyboardInterrupt goes on to the loop, which then wants the system stopped in order
            self.current, self.depth, self.asleep, self.here = None, 0, True, OUTSIDE
            if self.context:  # a handler left something in it
                self.context = Context()
            if self.ready:
                self.arm()

    def run(self) -> None:
        """Run slices in queue order until the queue is empty or the turn is used up."""
        ready, free, clock, here = self.ready, self.free, self.clock, self.context
        last = clock()
        end_of_turn = last + TURN
        while ready:
            cell = ready.popleft()
            inbox = cell.inbox
            if inbox is None:
                continue
            self.current, self.last = cell, last
            if cell.flags and not self.attend(cell):
                if here:
                    break
                continue
            count = self.slice(cell, inbox, here)
            now = clock()
            cell.cpu += now - self.last
            cell.handled += count
            last = now
            if not inbox and not cell.flags:
                cell.inbox = None
                free.append(inbox)
            elif not cell.flags & HELD or cell.flags & SIGNALS:
                ready.append(cell)
            if now > end_of_turn or here:
                break

    def slice(self, cell: ActorRef[Any], inbox: deque[Any], here: Context) -> int:  # noqa: C901, PLR0912  the hot path: calls cost
        """Handle up to `SLICE` messages of a cell; return how many it was."""
        handlers, actor, left = cell.handlers, cell.actor, SLICE
        dirty: Any = None
        item: Any = None
        try:
            while inbox and left and not dirty:
                left -= 1
                dirty = here
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
                        if answer.__class__ is Later:
                            lives.await_later(cell, answer, item)
                        elif answer.__class__ is CoroutineType and not self.first_step(cell, answer, item):
                            break
                if cell.flags:
                    break
        except BaseException as error:  # SystemExit and MemoryError are ends of an actor, not of the system
            lives.raised(cell, _theirs(error), item)
            item = None  # the error's frames hold this one
            if isinstance(error, KeyboardInterrupt):
                raise
        return SLICE - left

    def direct(self, cell: ActorRef[Any], message: Any, timeout: float | None) -> Any:
        """Answer an ask to an idle actor on the asker's stack: the answer, a `Failure`, or the pending `Ask`."""
        start = self.clock()
        outer, depth = self.current, self.depth
        if outer is not None:
            outer.cpu += start - self.last
        inbox = cell.inbox = self.free.pop() if self.free else deque()
        self.current, self.last, self.depth = cell, start, depth + 1
        self.credit -= 1
        ask: Ask | None = None
        here, own, sent_in = self.here, self.own, None
        if copy_context() if here is OUTSIDE else len(here) > own:
            sent_in = present(self)
        context = self.contexts[depth] if sent_in is None else begun(self, sent_in)
        self.here, self.own = context, 0
        try:
            answer = context.run(cell.handlers[message.__class__], cell.actor, message)
            if answer.__class__ is CoroutineType or answer.__class__ is Later:
                ask = _ask(message, start, timeout_of(message, timeout), cell, sent_in)
                ask.inherit()
                if answer.__class__ is Later:
                    lives.await_later(cell, answer, ask)
                else:
                    self.carried = None if sent_in is None else context
                    self.first_step(cell, cast("Any", answer), ask)
                answer = ask if ask.value is PENDING else ask.value
        except BaseException as error:  # noqa: BLE001  as in `slice`
            return self._direct_failed(
                cell, ask or _ask(message, start, timeout_of(message, timeout), cell, sent_in), error
            )
        finally:
            self.here, self.own = here, own
            if sent_in is None and context:
                self.contexts[depth] = Context()
            self._leave_direct(cell, inbox, start, outer, depth)
        return answer

    def _direct_failed(self, cell: ActorRef[Any], ask: Ask, error: BaseException) -> Any:
        ask.inherit()
        lives.raised(cell, _theirs(error), ask)
        if isinstance(error, KeyboardInterrupt):
            raise error
        return ask if ask.value is PENDING else ask.value

    def _leave_direct(
        self, cell: ActorRef[Any], inbox: deque[Any], start: float, outer: ActorRef[Any] | None, depth: int
    ) -> None:
        now = self.clock()
        cell.cpu += now - self.last
        cell.handled += 1
        self.depth, self.current, self.last = depth, outer, now
        if now - start > GRAIN:
            self.credit -= int((now - start) / GRAIN)
        if not inbox and not cell.flags:
            cell.inbox = None
            self.free.append(inbox)
        elif not cell.flags & HELD or cell.flags & SIGNALS:
            self.enqueue(cell)

    # -- what is unusual -------------------------------------------------------------------------------------
    def attend(self, cell: ActorRef[Any]) -> bool:
        """Look at a cell's flags, signals first; False when it has no message to handle now."""
        if cell.flags & SIGNALS:
            lives.on_signals(cell)
        if cell.flags & SORTED:
            lanes.take_in(cell)
        flags = cell.flags
        if flags & (STOPPING | DRAINING) and not flags & (OVER | STARTING):
            lives.stop_when_free(cell)
            flags = cell.flags
        if flags & HELD:
            return False
        if flags & REMOTE:
            lives.forward(cell)
            return False
        if flags & WAITERS:
            slots.admit(cell)
        if not (cell.inbox or flags & REQUEUED or (flags & SORTED and slots.queued(cell))):
            self.idle(cell)
            if flags & WATCHED and cell.extra is not None and cell.extra.on_idle is not None:
                cell.extra.on_idle()
            return False
        if flags & GATE and not self.ask_gate(cell):
            return False
        if flags & REQUEUED:
            slots.take_requeued(cell)
        return not flags & SORTED or bool(cell.inbox) or lives.choose(cell)

    def idle(self, cell: ActorRef[Any]) -> None:
        """A cell has nothing to do: give its inbox back."""
        if cell.inbox is not None:
            self.free.append(cell.inbox)
            cell.inbox = None

    def ask_gate(self, cell: ActorRef[Any]) -> bool:
        """Ask the owner's gate for the go-ahead; a cell that does not get it is held until the time it names."""
        until = lives.go_ahead(cell, self.clock())
        if until is None:
            return True
        cell.flags |= GATED
        delay = max(0.0, until - self.clock())
        cell.need_extra().gate_timer = self.loop.call_later(delay, self._ungate, cell)
        return False

    def _ungate(self, cell: ActorRef[Any]) -> None:
        cell.need_extra().gate_timer = None
        cell.flags &= ~GATED
        self.requeue(cell)

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
    def first_step(self, cell: ActorRef[Any], coroutine: Coroutine[Any, Any, Any], item: Any) -> bool:
        """Run an async handler up to its first suspension. True when it finished; its error is raised."""
        extra = cell.extra
        job = None if extra is None else extra.resident
        if job is None or job.busy:
            job = self.spares.pop() if self.spares else Job(self, self.empty.copy(), resident=False)
        elif self.carried is None:
            job.context = self.empty.copy()
        if self.carried is not None:
            job.context, self.carried = self.carried, None
        if job.begin(cell, coroutine, item):
            if job.task.cancelling():  # by its own step; the task will die of it
                self.forsake(cell, job)
            elif not job.resident:
                job.context = self.empty.copy()
                self.spares.append(job)
            error = self.error
            if error is not None:
                self.error = None
                raise error
            self.answered(cell, item, self.value)
            return True
        job.then = self.finished
        lives.took(cell, job)
        limit = limit_of(item)
        if limit is not None:
            self.watch(Limit(job, limit))
        return False

    def forsake(self, cell: ActorRef[Any], job: Job) -> None:
        """Use a job no more whose task was cancelled while it had nothing in hand."""
        if cell.extra is not None and cell.extra.resident is job:
            cell.extra.resident = None
        job.fence()

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

    def enter(self, cell: ActorRef[Any] | None, context: Context) -> None:
        """A suspended handler goes on: its time is its cell's."""
        self.current, self.here, self.own = cell, context, 1
        self.last = self.clock()

    def leave(self, cell: ActorRef[Any] | None) -> None:
        """A suspended handler waits again."""
        if cell is not None:
            cell.cpu += self.clock() - self.last
        self.current, self.here = None, OUTSIDE

    def finished(self, job: Job, answer: Any, error: BaseException | None) -> None:
        """A suspended handler has ended."""
        cell, item = job.cell, job.item
        job.item = None
        if cell is None:
            return
        if not job.resident:
            job.cell = None
        lives.gave_back(cell, job)
        if cell.flags & OVER:
            return
        if error is not None:
            lives.raised(cell, error, item)
        else:
            self.answered(cell, item, answer)
        if not cell.flags & OVER:
            self.requeue(cell)

    # -- deadlines -------------------------------------------------------------------------------------------
    def watch(self, entry: Any) -> None:
        """Watch a deadline."""
        self.wheel.young.append(entry)
        self._wind()

    def _wind(self) -> None:
        if self.ticker is None and not self.closed:
            self.ticker = self.loop.call_later(TICK, self.tick, context=self.empty)

    def tick(self) -> None:
        """Expire what is due."""
        self.ticker = None
        try:
            for entry in self.wheel.expire(self.clock()):
                entry.expired()
        finally:
            if self.wheel:
                self._wind()

    def call_from_elsewhere(self, call: Callable[..., Any], *args: Any) -> bool:
        """Have the loop call back, from another thread; False when the loop is no more, or that thread's life."""
        fence = fence_here()
        if fence is not None:
            if not fence.open:
                return False
            call, args = fence.let_through, (call, *args)
        try:
            self.loop.call_soon_threadsafe(call, *args)
        except RuntimeError:
            if self.loop.is_closed():
                return False
            raise
        return True

    # -- the end ---------------------------------------------------------------------------------------------
    def close(self) -> list[asyncio.Task[None]]:
        """Stop for good; return the tasks that are still to be awaited."""
        self.closed = True
        if self.ticker is not None:
            self.ticker.cancel()
            self.ticker = None
        spares, self.spares = self.spares, []
        for job in spares:
            job.fence()
        return [*self.leaving, *(job.task for job in spares)]


def _ask(message: Any, now: float, timeout: float, cell: ActorRef[Any], context: Context | None) -> Ask:
    if context is None:
        return Ask(message, now, timeout, cell)
    return CarriedAsk(message, now, timeout, cell, context)


def _raise(error: BaseException) -> None:
    raise error


def _theirs(error: BaseException) -> BaseException:
    """Take the scheduler's own frames off a traceback: they hold the ask, which will hold the error."""
    frames = error.__traceback__
    while frames is not None and frames.tb_frame.f_globals is globals():
        frames = frames.tb_next
    return error.with_traceback(frames)
