"""The runtime of `Thread()`: the loop host, but for plain functions, which run on a thread of the actor's own."""

from __future__ import annotations

from contextvars import copy_context
from dataclasses import replace
from functools import partial
from inspect import iscoroutinefunction
from types import CoroutineType
from typing import TYPE_CHECKING, Any, Final, TypeVar

from llmactors import _ends as ends
from llmactors import _lives as lives
from llmactors import _slots as slots
from llmactors._actor import Actor
from llmactors._core.flags import STARTING
from llmactors._exits import Crash, Killed
from llmactors._messages import Down, Exited
from llmactors._signals import Press
from llmactors.errors import HandlerTimeoutError, HostCapabilityError
from llmactors.hosts._abandoned import ASYNC_EXC
from llmactors.hosts._loop import LoopHost
from llmactors.hosts.thread._context import ThreadContext
from llmactors.hosts.thread._life import Life

if TYPE_CHECKING:
    from asyncio import Future
    from collections.abc import Callable

    from llmactors._exits import Exit
    from llmactors._limits import Pressure
    from llmactors._ref import ActorRef
    from llmactors._steps import Job
    from llmactors._table import Table
    from llmactors._usage import Usage
    from llmactors.hosts._port import Birth

R = TypeVar("R")

PATIENCE: Final = 1.0  # seconds; a thread that has run its last order is gone long before


class ThreadHost(LoopHost):
    """Runs each incarnation's plain functions on a thread."""

    capabilities = frozenset({"async", "blocking", "pause", "refs", "spawn", "stream", "timers"})

    def __init__(self, system: Any) -> None:
        super().__init__(system)
        self._lives: set[Life] = set()

    def table(self, cls: type) -> Table:
        """Return how messages for actors of *cls* are delivered.

        Raises:
            HostCapabilityError: *cls* runs on the loop only, as supervisors and state machines do.
        """
        if getattr(cls, "local", False) or not getattr(cls, "pausable", True) or hasattr(cls, "_adapt"):
            raise HostCapabilityError("Thread()", f"run {cls.__name__}, which belongs on the loop")
        if cls not in self._tables:
            _send_to_thread(super().table(cls))
        return self._tables[cls]

    # -- lives -----------------------------------------------------------------------------------------------
    def start(self, cell: ActorRef[Any], birth: Birth) -> None:
        """Begin a thread, and have it make the instance and run `on_start`."""
        actor: Any = object.__new__(birth.cls)
        try:
            life = Life(cell, self._stopped_by_others)
        except RuntimeError as error:  # the operating system gives us no more threads
            lives.start_failed(cell, error)
            return
        self._lives.add(life)
        actor._cell, actor._life, cell.actor = cell, life, actor
        cell.need_extra().context = ThreadContext(cell, actor, life)
        life.order(partial(copy_context().run, _make, actor, birth), partial(self._made, cell, life))

    def _made(self, cell: ActorRef[Any], life: Life, answer: Any, error: BaseException | None) -> None:
        if not cell.flags & STARTING or _life_of(cell) is not life:
            if isinstance(answer, CoroutineType):
                answer.close()
            return
        if error is None and isinstance(answer, CoroutineType):
            try:
                if not self._hook_began(cell, answer, self._started):
                    return
            except BaseException as raised:  # noqa: BLE001  as on the loop
                error = raised
        if error is None:
            lives.started(cell)
        else:
            lives.start_failed(cell, error)

    def stop(self, cell: ActorRef[Any], exit: Exit) -> None:
        """Run `on_stop` when the thread is free, then end the thread."""
        life, extra = _life_of(cell), cell.need_extra()
        if life is None:
            ends.host_done(cell)
            return
        if extra.never_up and extra.resident is not None and extra.resident.busy:
            super().stop(cell, exit)
            return
        if isinstance(exit, Crash) and isinstance(exit.error, HandlerTimeoutError):
            life.give_back()
            life.runner.occupation.interrupt()
        hook = None if extra.never_up else getattr(cell.actor, "on_stop", None)
        life.order(partial(hook, exit) if hook is not None else _nothing, partial(self._on_stop_said, cell, life))

    def _on_stop_said(self, cell: ActorRef[Any], life: Life, answer: Any, error: BaseException | None) -> None:
        if error is None and isinstance(answer, CoroutineType):
            try:
                if not self._hook_began(cell, answer, self._stopped):
                    return
            except BaseException as raised:  # noqa: BLE001  as on the loop
                error = raised
        self._finish(cell, life, error)

    def _stopped(self, job: Job, _answer: Any, error: BaseException | None) -> None:
        cell = job.cell
        life = None if cell is None else _life_of(cell)
        if cell is not None and life is not None:
            cell.need_extra().jobs.pop(job, None)
            self._finish(cell, life, error)

    def _finish(self, cell: ActorRef[Any], life: Life, error: BaseException | None) -> None:
        life.finish(partial(self._gone, cell, life, None if error is None else Crash(error)))

    def _gone(self, cell: ActorRef[Any], life: Life, exit: Exit | None) -> None:
        if _life_of(cell) is life and life.fence.open:
            self._bury(cell, life)
            ends.host_done(cell, exit)

    def kill(self, cell: ActorRef[Any]) -> None:
        """Fence the thread and let it go."""
        life = _life_of(cell)
        if life is not None:
            life.give_up()
            self._bury(cell, life)
        ends.host_done(cell)

    def _bury(self, cell: ActorRef[Any], life: Life) -> None:
        cell.need_extra().elsewhere += life.runner.cpu()
        cell.actor._life = None
        for look in life.looks:
            if not look.done():
                look.set_exception(ends.ended_error(cell, slots.exit_of(cell)))
        self._lives = {one for one in self._lives if one.alive()}

    def _stopped_by_others(self, life: Life) -> None:
        if _life_of(life.cell) is life:
            ends.end(life.cell, Killed("its thread was stopped through `pykka.ActorRegistry`"))

    def abandon(self, cell: ActorRef[Any], item: Any) -> None:
        """A plain handler finishes, but waits for nobody else; an async one is cancelled."""
        life, extra = _life_of(cell), cell.extra
        message = item.message
        table = self.table(cell.cls)  # which an actor that is traced does not use itself
        if life is None or message.__class__ not in table or not _is_threaded(table[message.__class__]):
            super().abandon(cell, item)
        elif extra is not None and any(job.item is item for job in extra.jobs):
            life.give_back()

    async def inside(self, cell: ActorRef[Any], call: Callable[[Any], R]) -> R:
        """Call with the instance on its thread, after the handler in hand."""
        life = _life_of(cell)
        if life is None:
            raise ends.ended_error(cell, slots.exit_of(cell))
        answer: Future[R] = cell.scheduler.loop.create_future()
        life.looks.add(answer)
        life.order(partial(call, cell.actor), partial(_looked, answer))
        try:
            return await answer
        finally:
            life.looks.discard(answer)

    def press(self, cell: ActorRef[Any], level: Pressure) -> None:
        """Run `on_pressure` on the thread, after the handler in hand."""
        life, hook = _life_of(cell), getattr(cell.actor, "on_pressure", None)
        if life is not None and hook is not None:
            life.order(partial(copy_context().run, hook, level), partial(self._pressed, cell, life, level))

    def _pressed(
        self, cell: ActorRef[Any], life: Life, level: Pressure, answer: Any, error: BaseException | None
    ) -> None:
        """The hook has returned; what it has left to wait for is the loop's."""
        here = _life_of(cell) is life
        if here and error is None and isinstance(answer, CoroutineType):
            try:
                cell.scheduler.first_step(cell, answer, Press(level))
            except BaseException as raised:  # noqa: BLE001  as on the loop
                error = raised
        elif isinstance(answer, CoroutineType):
            answer.close()
        if here and error is not None:
            ends.end(cell, Crash(error))

    # -- what is known -----------------------------------------------------------------------------------------
    def interruption(self, cell: ActorRef[Any]) -> str:  # noqa: ARG002  the port's signature
        """Say what a handler past its limit, or that of a killed life, is interrupted by."""
        return ASYNC_EXC

    def usage(self, cell: ActorRef[Any]) -> Usage:
        """Return the account: the CPU time is that of the thread, and of what ran on the loop."""
        life, usage = _life_of(cell), super().usage(cell)
        return usage if life is None else replace(usage, cpu=usage.cpu + life.runner.cpu())

    async def close(self) -> None:
        """See the threads off that have ended or are about to; those that were given up are counted, and go on."""
        for life in self._lives:
            life.see_off(PATIENCE)
        self._lives.clear()


def _life_of(cell: ActorRef[Any]) -> Life | None:
    life: Life | None = getattr(cell.actor, "_life", None)
    return life


def _make(actor: Any, birth: Birth) -> Any:
    actor.__init__(*birth.args, **(birth.kwargs or {}))
    hook = getattr(actor, "on_start", None)
    return None if hook is None else hook()


def _looked(answer: Future[Any], value: Any, error: BaseException | None) -> None:
    if answer.done():
        return
    if error is None:
        answer.set_result(value)
    else:
        answer.set_exception(error)


def _nothing() -> None:
    pass


# -- the table -------------------------------------------------------------------------------------------------
class _Threaded:
    """A call that is made on the actor's thread."""

    __slots__ = ("_call", "_first")

    def __init__(self, call: Callable[[Any, Any], Any], first: Callable[[ActorRef[Any]], None] | None = None) -> None:
        self._call, self._first = call, first

    def __call__(self, actor: Any, message: Any) -> Any:
        if self._first is not None:
            self._first(actor._cell)
        return actor._life.handle(self._call, actor, message)


def _is_threaded(call: object) -> bool:
    return isinstance(call, _Threaded)


def _receive(actor: Any, message: Any) -> Any:
    return actor.receive(message)


def _send_to_thread(table: Table) -> None:
    """Change a loop's table: plain handlers are called on the thread."""
    for message_class, call in list(table.items()):
        info = getattr(message_class, "__endpoint__", None)
        if info is not None and info.kind == "sync" and message_class in table.batched:
            spec = table.batched[message_class]
            spec.call = _Threaded(spec.call)
        elif info is not None and info.kind == "sync":
            table[message_class] = _Threaded(call)
    receive: Any = table.cls.receive  # type: ignore[attr-defined]  # of an Actor
    if receive is not Actor.receive and not iscoroutinefunction(receive):
        table.missing = _Threaded(_receive)
        table[Down] = table[Exited] = _Threaded(_receive, slots.took_notice)
