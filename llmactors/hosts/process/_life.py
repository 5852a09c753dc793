"""One incarnation in a worker process, seen from the main process.

Theory of operation
1. A life is over when its process is: its end is the fork server's report (or, where that is gone, the pidfd). What the
   worker had sent by then is read first; then the book and the page say what was in hand, what was done, and what goes
   back to the front of the mailbox, in order.
2. A crash of the actor is told by the worker before `on_stop`: the kernel here ends the incarnation as it would on the
   loop, stops what it spawned, and orders `on_stop` when it is due.
3. Whatever the end, the process is killed and buried before the kernel hears that the host is done: two incarnations
   of one slot never run at the same time.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, Final

from llmactors import _ends as ends
from llmactors import _lives as lives
from llmactors import _slots as slots
from llmactors._asks import Ask, skip
from llmactors._codec import Codec
from llmactors._core.flags import OVER, PAUSED, STARTING
from llmactors._exits import Crash, Exit, Killed
from llmactors._streams import Flow
from llmactors._words import text_of
from llmactors.errors import (
    ForkRefusedError,
    MemoryCeilingError,
    NotSerialisableError,
    RemoteError,
    StartIgnored,
    WorkerLostError,
    shown_amount,
)
from llmactors.hosts._processes import ProcessAccount
from llmactors.hosts.process._calls import Calls
from llmactors.hosts.process._channel import Channel, Item
from llmactors.hosts.process._descriptors import new_ends
from llmactors.hosts.process._desk import Desk
from llmactors.hosts.process._grammar import constructor_types, grammar_of
from llmactors.hosts.process._names import MAIN, main_file, name_of_class
from llmactors.hosts.process._ops import STARVED, Op
from llmactors.hosts.process._post import Post
from llmactors.hosts.process._pulse import Watch
from llmactors.hosts.process._refs import HandedOut
from llmactors.hosts.process._says import Says, says_of
from llmactors.hosts.process._segments import Segments
from llmactors.hosts.process._served import Served
from llmactors.hosts.process._server import Forked, Hearing, ServerLink, describe_status
from llmactors.hosts.process._switches import Switches
from llmactors.hosts.process._watched import Looks, is_watched, watched
from llmactors.hosts.process.limits._hold import Hold

if TYPE_CHECKING:
    from collections.abc import Callable

    from llmactors._ref import ActorRef
    from llmactors._table import Table
    from llmactors.hosts._port import Birth
    from llmactors.hosts.process._config import Process
    from llmactors.hosts.process.limits._means import Means

ANSWER: Final = int(Op.ANSWER)
OUTCOMES: Final = frozenset({Op.ANSWER, Op.FAIL, Op.UNHANDLED, Op.ITEM, Op.END})


def _window(config: Process, table: Table) -> int:
    """Return how many messages may be out at a time: as many as can be in hand at once, at least."""
    return max(config.prefetch, table.concurrency, *(spec.most for spec in table.batched.values()))


def _nothing(number: int) -> None:
    """Only a worker keeps book of what it has in hand."""
    del number


class Life:
    """The worker process of one incarnation.

    Args:
        cell: Whose incarnation it is.
        birth: What to make.
        link: The fork server.
        config: What the spec says about the process.
        means: What this machine allows to hold it to limits with.

    Raises:
        NotSerialisableError: The class cannot be found by a worker, or an argument cannot cross.
        ForkRefusedError: There are no descriptors left.
    """

    def __init__(
        self,
        cell: ActorRef[Any],
        birth: Birth,
        link: ServerLink,
        config: Process,
        means: Callable[[], Means],
    ) -> None:
        self.cell, self._most = cell, config.memory
        says = says_of(birth.cls)
        self.refs = HandedOut(cell)
        self.worker: Forked | None = None
        self.account: ProcessAccount | None = None
        self.over = self.up = self.killed = self.recalled = False
        self._exit: Exit | None = None  # as the worker tells it
        self._why: str | None = None  # what we killed it for
        self._cause: Exception | None = None  # the same, where it has an error of its own
        made = new_ends(_window(config, cell.handlers))
        self.page = made.page
        self.channel = Channel(made.channel, self.received, self._broken, self._roomy)
        self.channel.attach(cell.scheduler.loop)
        self.segments = Segments(made.passing, self.channel.whisper)
        self.segments.attach(cell.scheduler.loop)
        self.codec = Codec(self.refs, segments=self.segments)
        self.calls = Calls(self)
        self.watch, self.looks = Watch(self), Looks(self.channel)
        self.switches = Switches(self.channel, paused=bool(cell.flags & PAUSED), traced=is_watched(cell))
        self.hold = Hold(means, cell.scheduler.loop, cell.scheduler.clock)
        self.post = Post(cell, self, self.page, grammar_of(birth.cls), says)
        self.served = Served(self, _nothing, in_worker=False)
        self.desk = Desk(self)
        groups = self.hold.prepare(cell.need_extra().caps)
        order = {"is": "fork", "memory": config.memory, "size": self.page.size, "groups": groups}
        try:
            self.channel.send([Op.START, self._spec(birth, says)])
            link.fork(order, made.handed, Hearing(self._forked, self._refused, self._ended))
        except NotSerialisableError:
            self._close()
            self.page.close()
            raise
        finally:
            made.theirs.close()

    def _spec(self, birth: Birth, says: Says) -> dict[str, Any]:
        name = name_of_class(birth.cls)
        types = constructor_types(birth.cls)
        where = f"an argument of {birth.cls.__qualname__}"
        return {
            "cls": name,
            "args": self.codec.wrap(birth.args, types, where),
            "kwargs": self.codec.wrap(dict(birth.kwargs or {}), types, where),
            "main": main_file() if name.startswith(f"{MAIN}:") else None,
            "own": self.refs.export(self.cell),
            "says": says.names,
            "paused": bool(self.cell.flags & PAUSED),
            "traced": is_watched(self.cell),
        }

    # -- the process -------------------------------------------------------------------------------------------
    def _forked(self, worker: Forked) -> None:
        self.worker, self.account = worker, ProcessAccount(worker.pid)
        self.hold.begin(worker.pid)
        if self.killed:
            worker.kill()

    def _refused(self, error: ForkRefusedError) -> None:
        self._close()
        self.page.close()
        lives.start_failed(self.cell, error)
        if self.cell.actor is self:
            ends.host_done(self.cell)

    def kill(self) -> None:
        """Kill the process; the kernel hears that the host is done when it is dead."""
        self.killed = True
        if self.worker is not None:
            self.worker.kill()

    def end_for(self, error: Exception) -> None:
        """Kill the process, and have *error* as the cause of the incarnation's end."""
        self._cause = error
        self.kill()

    def _broken(self, why: str) -> None:
        """The connection has ended, or what came over it made no sense: the process ends too."""
        self._why = None if why == "its connection has ended" else why
        self.kill()

    def _ended(self, status: int | None, cpu: float) -> None:
        """The process has ended; without a status the fork server has, and the process is about to."""
        worker, account, self.account = self.worker, self.account, None
        self.cell.need_extra().elsewhere += cpu if account is None else max(cpu, account.last)
        self.cell.need_extra().awaited += self.page.busy
        if worker is None:
            self._bury("the fork server is gone")
        elif status is None:
            worker.kill()
            loop = self.cell.scheduler.loop
            loop.add_reader(worker.pidfd, self._bury, "the fork server is gone")
        else:
            if self._cause is None and os.waitstatus_to_exitcode(status) == STARVED and self.hold.has_backstop:
                self._cause = self._over_memory()
            self._bury(self._why or describe_status(status))

    def _bury(self, how: str) -> None:
        if self.over:
            return
        cell, worker = self.cell, self.worker
        if worker is not None:
            cell.scheduler.loop.remove_reader(worker.pidfd)
        self.channel.drain()
        if self._cause is None and self.hold.out_of_memory():
            self._cause = self._over_memory()
        self._close()
        if cell.actor is self:
            self._tell_end(self._cause or WorkerLostError(0 if worker is None else worker.pid, how))
        self.page.close()

    def _tell_end(self, lost: Exception) -> None:
        """The process is gone: tell the kernel, which may have ended the incarnation before."""
        cell = self.cell
        if not cell.flags & OVER:
            if cell.flags & STARTING:
                lives.start_failed(cell, lost)
            else:
                self.post.settle(Killed(lost))
                ends.end(cell, Killed(lost))
            return
        self.post.settle(cell.need_extra().exit or Killed(lost))
        ends.host_done(cell, self._exit if isinstance(self._exit, Crash) else None)

    def _close(self) -> None:
        self.over = True
        for part in (self.channel, self.segments, self.codec, self.served, self.desk):
            part.close()
        self.looks.close(ends.ended_error(self.cell, slots.exit_of(self.cell)))
        self.watch.close()
        self.hold.close()
        if self.worker is not None:
            self.worker.close()

    def _hit_backstop(self, error: BaseException) -> bool:
        lacked = isinstance(error, MemoryError) or getattr(error, "type_name", None) == MemoryError.__name__
        if lacked and self._most is not None:
            has = f"`{self.cell.path}` may use {shown_amount('memory', self._most)} of address space"
            error.add_note(f"{has}; raise `Process(memory=...)`, or hold less")
        return lacked and self.hold.has_backstop

    def _over_memory(self, cause: BaseException | None = None) -> MemoryCeilingError:
        """The kernel did not let it have more memory."""
        path = self.cell.path
        error = MemoryCeilingError(path, "memory", self.hold.memory_limit or 0, None, path)
        error.__cause__ = cause
        return error

    # -- out ---------------------------------------------------------------------------------------------------
    @property
    def waiting(self) -> int:
        """Messages that the worker has and has not begun."""
        return 0 if self.over else self.post.sent.waiting(self.calls)

    def _roomy(self) -> None:
        """The socket has taken what was too much for it."""
        if not self.over:
            self.switches.roomy()
            self.post.go_on()

    def unstash(self) -> None:
        """Bring back what was put aside, before all that the worker has: that comes back first."""
        self.post.turning = True
        self.channel.send([Op.RECALL])

    def recall(self) -> None:
        """Have everything back that is not in hand."""
        if not self.recalled:
            self.recalled = True
            self.hold.let_go()
            self.channel.send([Op.RECALL])

    def stop(self, exit: Exit) -> None:
        """Run `on_stop` in the worker."""
        self.hold.let_go()
        if self.up:
            self.channel.send([Op.STOP, self.codec.wrap(exit)])
        else:
            self.kill()

    # -- in ----------------------------------------------------------------------------------------------------
    def received(self, items: list[Item]) -> None:
        """Deal with what the worker says. Whatever makes no sense ends it."""
        try:
            for item in items:
                if not self.channel.open:
                    return
                if item[0] == ANSWER:
                    self._answered(*item[1:])
                else:
                    self._received(Op(item[0]), item[1:])
            if self.segments.fresh:
                self.segments.settle()
        except Exception as error:  # noqa: BLE001  it becomes the worker's end, with this as its reason
            self._why = f"it broke the protocol: {type(error).__name__}: {text_of(error)}"
            self.channel.close()
            self.kill()

    def _answered(self, number: int, value: Any) -> None:
        """The commonest outcome."""
        call = self.calls.answered(number, value)
        if call is not None:
            self.cell.handled += 1
            if not call.later:
                self.post.call_is_over()

    def _received(self, op: Op, parts: list[Any]) -> None:
        if op in OUTCOMES:
            self._outcome(op, *parts)
        elif op is Op.SAID:
            self.post.said(*parts)
        elif op is Op.PONG:
            self.watch.answered(*parts)
        elif op is Op.RELEASE:
            self.segments.released(*parts)
        elif op is Op.DROP:
            self.segments.dropped(*parts)
        elif op is Op.DEAD:
            self.post.dead(*parts)
        elif op is Op.ASIDE:
            self.post.aside(*parts)
        elif op is Op.DONE:
            for number in parts[0]:
                self._outcome(op, number)
        elif op is Op.LATER:
            call = self.calls.book[parts[0]]
            call.later = True
            self.post.call_is_over()
        elif op in self.desk.ops:
            self.desk.on_item(op, parts)
        else:
            self._on_life(op, parts)

    def _on_life(self, op: Op, parts: list[Any]) -> None:
        cell = self.cell
        match op:
            case Op.UP:
                self.up = True
                self.hold.up()
                lives.started(cell)
            case Op.START_FAILED:
                error = StartIgnored() if parts[1] else self._error(parts[0])
                lives.start_failed(cell, self._over_memory(error) if self._hit_backstop(error) else error)
            case Op.CRASHED:
                error = self._error(parts[0])
                if not cell.flags & OVER:
                    exit = Killed(self._over_memory(error)) if self._hit_backstop(error) else Crash(error)
                    self.post.settle(exit)
                    ends.end(cell, exit)
            case Op.ENDED:
                self._exit = self.codec.unwrap(parts[0])
                self.kill()
            case Op.TRACED:
                watched(self, *parts)
            case Op.LOOKED:
                self.looks.answered(*parts)
            case Op.RECALLED:
                says, numbers, held = parts
                self.post.recalled(says, numbers, held=held)
            case _:
                raise ValueError(f"a worker does not say {op.name}")

    def _outcome(self, op: Op, number: int, content: Any = None) -> None:
        call = self.calls.on_outcome(op, number, content)
        if call is None:
            return
        cell = self.cell
        cell.handled += 1
        if op is Op.UNHANDLED:
            cell.system.dead_letter(call.message, cell, "unhandled")
        elif op is Op.FAIL and content is None and isinstance(call.item, Ask):  # nobody waited when its turn came
            skip(call.item)
        elif op is Op.FAIL and not isinstance(call.item, (Ask, Flow)):
            cell.system.dead_letter(call.message, cell, "unheard")
        if not call.later:
            self.post.call_is_over()

    def _error(self, content: Any) -> BaseException:
        error = self.codec.unwrap(content)
        return error if isinstance(error, BaseException) else RemoteError("?", repr(error))
