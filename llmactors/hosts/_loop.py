"""The loop host: handlers run on the system's own event loop. The default."""

from __future__ import annotations

import os
from asyncio import CancelledError
from contextvars import copy_context
from dataclasses import dataclass
from functools import partial
from types import CoroutineType
from typing import TYPE_CHECKING, Any, Final, TypeVar

from llmactors import _ends as ends
from llmactors import _idle as idle
from llmactors import _lives as lives
from llmactors import _slots as slots
from llmactors._batch import Batch, Spec
from llmactors._carried import CarriedAsk, Envelope, handle, within
from llmactors._core.flags import OVER, STARTING
from llmactors._endpoints import batch_call_of, call_of, own_endpoints
from llmactors._exits import Crash, Exit
from llmactors._limits import Enforcement, Measure, Pressure
from llmactors._messages import Down, Exited
from llmactors._ref import ActorRef
from llmactors._signals import Press
from llmactors._steps import Job
from llmactors._streams import Flow
from llmactors._table import Table
from llmactors._usage import Usage
from llmactors.errors import UnhandledMessageError

if TYPE_CHECKING:
    from collections.abc import Callable

    from llmactors._asks import Ask
    from llmactors.hosts._port import Birth


R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class Loop:
    """Run handlers on the event loop of the system: for agents and services, 100 000s of them."""

    def runtime(self, system: Any) -> LoopHost:
        """Make the runtime of this host for a system."""
        return LoopHost(system)


LOOP: Final = Loop()
"""Where actors run unless somebody says otherwise."""


def _receive(actor: Any, message: Any) -> Any:
    return actor.receive(message)


def _notice(actor: Any, message: Any) -> Any:
    slots.took_notice(actor._cell)
    return actor.receive(message)


def _flow(actor: Any, flow: Flow[Any]) -> Any:
    if not flow.pending():
        return None
    if flow.context is not None:
        return within(actor._cell.scheduler, flow.context, _feed, actor, flow)
    return _feed(actor, flow)


def _feed(actor: Any, flow: Flow[Any]) -> Any:
    call = actor._cell.handlers.streams.get(flow.message.__class__)
    return _receive(actor, flow.message) if call is None else flow.feed(call(actor, flow.message))


def _batch(actor: Any, batch: Batch) -> Any:
    return batch.run(actor)


def _not_streamed(actor: Any, message: Any) -> Any:
    raise UnhandledMessageError(actor._cell.path, message, "it is a stream: read it with `ref.stream(...)`")


def loop_table(cls: type, host: Any) -> Table:
    """Make the table by which an instance of *cls* is called directly."""
    table = Table(cls, host, _receive)
    for klass in cls.__mro__:
        for endpoint in own_endpoints(klass).values():
            if endpoint.message_class in table or endpoint.message_class in table.streams:
                continue
            call = call_of(cls, endpoint)
            if endpoint.info.kind == "stream":
                table.streams[endpoint.message_class] = call
                table[endpoint.message_class] = _not_streamed
            elif endpoint.options.batch is None:
                table[endpoint.message_class] = call
            else:
                spec = Spec(endpoint.message_class, batch_call_of(cls, endpoint), endpoint.options.batch)
                table[endpoint.message_class] = spec.gather
                table.batched[endpoint.message_class] = spec
    table[Batch] = _batch
    table[Flow] = _flow
    table[Down] = table[Exited] = _notice
    adapt = getattr(cls, "_adapt", None)
    if adapt is not None:
        adapt(table)
    if table.idle is not None:
        idle.adapt(table)
    table[Envelope] = table[CarriedAsk] = handle
    return table


def in_hand(cell: ActorRef[Any], now: float) -> float:
    """Return for how many seconds messages were in hand so far: in slices, and waiting in the middle of a handler."""
    extra = cell.need_extra()
    return cell.cpu + extra.awaited + sum(now - job.began for job in extra.jobs if job.item is not None)


class LoopHost:
    """Runs incarnations as plain objects on the loop."""

    capabilities = frozenset({"async", "pause", "refs", "spawn", "stream", "timers"})

    def __init__(self, system: Any) -> None:
        self._system = system
        self._tables: dict[type, Table] = {}

    def table(self, cls: type) -> Table:
        """Return how messages for actors of *cls* are delivered."""
        table = self._tables.get(cls)
        if table is None:
            table = self._tables[cls] = loop_table(cls, self)
            table.counted_here = type(self) is LoopHost
            if table.counted_here and not hasattr(cls, "__getattr__"):
                table.no_on_start, table.no_on_stop = not hasattr(cls, "on_start"), not hasattr(cls, "on_stop")
        return table

    def new_cell(self, system: Any, table: Table, label: str | int, owner: ActorRef[Any] | None) -> ActorRef[Any]:
        """Make an empty cell; one that checks what is sent, where the system wants that."""
        if system.check_messages and not table.local:
            from llmactors._checks import CheckedFlow, CheckedRef  # noqa: PLC0415  it needs the codec, others do not

            table[CheckedFlow] = table[Flow]
            return CheckedRef(system, table, label, owner)
        return ActorRef(system, table, label, owner)

    def start(self, cell: ActorRef[Any], birth: Birth) -> None:
        """Make the instance and run `on_start`; its return is readiness."""
        scheduler, context = cell.scheduler, copy_context()
        here, own = scheduler.here, scheduler.own
        scheduler.here, scheduler.own = context, 0
        try:
            context.run(self._make, cell, birth)
        finally:
            scheduler.here, scheduler.own = here, own

    def _make(self, cell: ActorRef[Any], birth: Birth) -> None:
        try:
            actor: Any = object.__new__(birth.cls)
            actor._cell = cell
            cell.actor = actor
            if birth.args or birth.kwargs:
                actor.__init__(*birth.args, **(birth.kwargs or {}))
            else:
                actor.__init__()
            hook = None if cell.handlers.no_on_start else getattr(actor, "on_start", None)
            answer = None if hook is None else hook()
            if isinstance(answer, CoroutineType) and not self._hook_began(cell, answer, self._started):
                return
        except BaseException as error:  # noqa: BLE001  SystemExit in a constructor is the actor's end, not the system's
            if isinstance(error, KeyboardInterrupt):
                cell.scheduler.interrupt(error)
            lives.start_failed(cell, error)
            return
        self._up(cell)

    def _up(self, cell: ActorRef[Any]) -> None:
        """`on_start` has returned."""
        begin = cell.handlers.begin
        if begin is not None:
            try:
                begin(cell.actor)
            except Exception as error:  # noqa: BLE001  as in `start`
                lives.start_failed(cell, error)
                return
        lives.started(cell)

    def _hook_began(self, cell: ActorRef[Any], coroutine: Any, then: Any) -> bool:
        """Run a hook's first step in the task of this life; True when the hook finished."""
        scheduler, extra = cell.scheduler, cell.need_extra()
        if extra.resident is None or extra.resident.busy:
            if extra.resident is not None:
                extra.resident.resident, extra.resident.over = False, True  # it ends with what it has in hand
            extra.resident = Job(scheduler, copy_context(), resident=True)
            extra.resident.cell = cell
        job = extra.resident
        job.then, job.context = then, job.home
        if job.begin(cell, coroutine, None):
            if job.task.cancelling():
                job.forsake()
            error, scheduler.error = scheduler.error, None
            if error is not None:
                raise error
            return True
        extra.jobs[job] = None
        return False

    def _started(self, job: Job, _answer: Any, error: BaseException | None) -> None:
        cell = job.cell
        if cell is None or not cell.flags & STARTING:
            return
        cell.need_extra().jobs.pop(job, None)
        if error is None:
            self._up(cell)
        else:
            lives.start_failed(cell, error)

    def pause(self, cell: ActorRef[Any]) -> None:
        """Nothing to do: the flag holds the cell."""

    def resume(self, cell: ActorRef[Any]) -> None:
        """Nothing to do: the flag no longer holds the cell."""

    def stop(self, cell: ActorRef[Any], exit: Exit) -> None:
        """Run `on_stop`."""
        actor, extra = cell.actor, cell.extra or cell.need_extra()
        hook = getattr(actor, "on_stop", None)
        if extra.never_up and extra.resident is not None and extra.resident.busy:
            extra.resident.then = self._start_left
            extra.jobs[extra.resident] = None
            return
        if hook is None or actor is None or extra.never_up:
            ends.host_done(cell)
            return
        if extra.resident is not None and extra.resident.busy:
            extra.resident.then = partial(self._handler_left, exit)
            extra.jobs[extra.resident] = None
            return
        try:
            answer = cell.scheduler.within(cell.scheduler.empty.copy(), hook, exit)
            if isinstance(answer, CoroutineType) and not self._hook_began(cell, answer, self._stopped):
                return
        except BaseException as error:  # noqa: BLE001  as in `start`
            if isinstance(error, KeyboardInterrupt):
                cell.scheduler.interrupt(error)
            ends.host_done(cell, Crash(error))
            return
        ends.host_done(cell)

    def _start_left(self, job: Job, _answer: Any, error: BaseException | None) -> None:
        """A cancelled `on_start` has been left; its `finally` was the clean-up of what it had begun."""
        self._stopped(job, _answer, None if isinstance(error, CancelledError) else error)

    def _handler_left(self, exit: Exit, job: Job, _answer: Any, _error: BaseException | None) -> None:
        """A handler that the end had cancelled has been left: its task is free for `on_stop`."""
        if job.cell is not None:
            job.cell.need_extra().jobs.pop(job, None)
            self.stop(job.cell, exit)

    def _stopped(self, job: Job, _answer: Any, error: BaseException | None) -> None:
        if job.cell is not None:
            job.cell.need_extra().jobs.pop(job, None)
            ends.host_done(job.cell, None if error is None else Crash(error))

    def kill(self, cell: ActorRef[Any]) -> None:
        """Cancel what is suspended; nothing else runs, but what stands for something outside lets go of it."""
        let_go = getattr(cell.actor, "_let_go", None)
        if let_go is not None:
            let_go()
        ends.host_done(cell)

    def abandon(self, cell: ActorRef[Any], item: Any) -> None:
        """Cancel the handler of *item* if it is in hand and may be cancelled."""
        extra = cell.extra
        info = getattr(item.message, "__endpoint__", None)
        if extra is None or cell.flags & OVER or (info is not None and info.options.abandoned == "finish"):
            return
        for job in extra.jobs:
            if job.item is item:
                job.cancel()
                return

    def answers_later(self, cell: ActorRef[Any], ask: Ask) -> None:
        """Nothing to do: the cell keeps the asks that wait."""

    def usage(self, cell: ActorRef[Any]) -> Usage:
        """Return the account that the scheduler keeps, and what whom the actor stands for uses elsewhere."""
        extra, cpu, busy, now = cell.extra, cell.cpu, cell.cpu, cell.scheduler.clock()
        if extra is not None:
            cpu += extra.elsewhere
            busy = in_hand(cell, now)
        elsewhere = getattr(cell.actor, "_cpu_elsewhere", None)
        if elsewhere is not None:
            cpu += elsewhere()
        return Usage(
            cpu=cpu,
            busy=busy,
            handled=cell.handled,
            mailbox=slots.queued(cell),
            memory=None,
            pid=os.getpid(),
            restarts=0 if extra is None else max(0, extra.incarnation - 1),
            uptime=0.0 if cell.flags & (OVER | STARTING) else max(0.0, now - cell.born),
            progress=cell.handled + (0 if extra is None else extra.beats),
        )

    async def inside(self, cell: ActorRef[Any], call: Callable[[Any], R]) -> R:
        """Call with the instance: on the loop no handler runs meanwhile."""
        return call(cell.actor)

    def interruption(self, cell: ActorRef[Any]) -> str:
        """Say what a handler that does not return is interrupted by."""
        watcher = cell.system.watcher
        means = "nothing: the system has no watchdog" if watcher is None else watcher.means
        return getattr(cell.handlers.cls, "_interrupted_by", means)

    def throttle(self, cell: ActorRef[Any], share: float | None) -> None:
        """Nothing to do: on the loop the gate withholds the go-ahead."""

    def weigh(self, cell: ActorRef[Any], weight: float | None) -> None:
        """Nothing to do: on the loop actors take turns, and the gate sees to weights."""

    def cap(self, cell: ActorRef[Any], memory: int | None) -> None:
        """Nothing to do: the memory of the process is everybody's; who keeps the ceiling looks at samples."""

    def press(self, cell: ActorRef[Any], level: Pressure) -> None:
        """Run `on_pressure`, if the actor has it; as for a handler, what it raises ends the actor."""
        hook = getattr(cell.actor, "on_pressure", None)
        if hook is None:
            return
        try:
            answer = cell.scheduler.within(cell.scheduler.empty.copy(), hook, level)
            if isinstance(answer, CoroutineType):
                cell.scheduler.first_step(cell, answer, Press(level))
        except BaseException as error:  # noqa: BLE001  as in `start`
            if isinstance(error, KeyboardInterrupt):
                cell.scheduler.interrupt(error)
            ends.end(cell, Crash(error))

    def measure(self, cell: ActorRef[Any], *, held: bool) -> Measure:
        """See what the actor uses: its account of CPU time."""
        del held
        return Measure(cpu=self.usage(cell).cpu, starting=bool(cell.flags & STARTING))

    def enforcement(self) -> Enforcement:
        """Tell how actors are held to limits: the gate asks before each message."""
        return Enforcement("gate", "samples", "gate")

    async def close(self) -> None:
        """Nothing to do: nothing is left."""
