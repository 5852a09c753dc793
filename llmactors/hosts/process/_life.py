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
import signal
import socket
from typing import TYPE_CHECKING, Any, Final

from llmactors import _ends as ends
from llmactors import _lives as lives
from llmactors import _slots as slots
from llmactors._asks import Ask, skip
from llmactors._codec import Codec
from llmactors._core.flags import BUSY, DRAINING, OVER, PAUSED, REQUEUED, SORTED, STARTING, STOPPING, WAITERS, WATCHED
from llmactors._exits import Crash, Exit, Killed
from llmactors._messages import Down, Exited, InHand
from llmactors._streams import Flow
from llmactors.errors import NotSerialisableError, RemoteError, StartIgnored, WorkerLostError
from llmactors.hosts.process._calls import Call, Calls
from llmactors.hosts.process._channel import Channel, Item
from llmactors.hosts.process._desk import Desk
from llmactors.hosts.process._grammar import constructor_types, grammar_of
from llmactors.hosts.process._names import MAIN, main_file, name_of_class
from llmactors.hosts.process._ops import Op
from llmactors.hosts.process._page import FINISHED, WAITING, new_page
from llmactors.hosts.process._refs import HandedOut
from llmactors.hosts.process._served import Served
from llmactors.hosts.process._server import Forked, ForkRefusedError, Hearing, ServerLink

if TYPE_CHECKING:
    from llmactors._ref import ActorRef
    from llmactors.hosts._port import Birth

SEND_BUFFER: Final = 1 << 20  # bytes
OUTCOMES: Final = frozenset({Op.ANSWER, Op.FAIL, Op.UNHANDLED, Op.ITEM, Op.END})


def _nothing(number: int) -> None:
    """Only a worker keeps book of what it has in hand."""
    del number


class Hands:
    """Stands among a cell's jobs while the worker has messages: a stop waits for them."""

    item = None
    task = None

    def fence(self) -> None:
        """Nothing to do: what is in hand is known when the process is dead."""


class Life:
    """The worker process of one incarnation.

    Args:
        cell: Whose incarnation it is.
        birth: What to make.
        link: The fork server.
        prefetch: Messages that may be out at a time.
        memory: Limit of its address space in bytes; None for none.

    Raises:
        NotSerialisableError: The class cannot be found by a worker, or an argument cannot cross.
    """

    def __init__(self, cell: ActorRef[Any], birth: Birth, link: ServerLink, prefetch: int, memory: int | None) -> None:
        self.cell = cell
        self.grammar = grammar_of(birth.cls)
        self.window = max(prefetch, cell.handlers.concurrency)
        self.refs = HandedOut(cell)
        self.codec = Codec(self.refs)
        spec = self._spec(birth)
        self.out = 0  # messages that the worker has, not counting those that it answers later
        self.worker: Forked | None = None
        self.over = self.up = self.killed = self.recalled = False
        self._exit: Exit | None = None  # as the worker tells it
        self._why: str | None = None  # what we killed it for
        self._hands: Any = Hands()
        self.page, descriptor = new_page(self.window)
        ours, theirs = socket.socketpair()
        for end in (ours, theirs):
            end.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER)
        self.channel = Channel(ours, self.received, self._broken)
        self.channel.attach(cell.scheduler.loop)
        self.calls = Calls(self)
        self.served = Served(self, _nothing, in_worker=False)
        self._desk = Desk(self)
        try:
            order = {"is": "fork", "memory": memory, "size": self.window}
            link.fork(order, (theirs.fileno(), descriptor), Hearing(self._forked, self._refused, self._ended))
        finally:
            theirs.close()
            os.close(descriptor)
        self.channel.send([Op.START, spec])

    def _spec(self, birth: Birth) -> dict[str, Any]:
        name = name_of_class(birth.cls)
        types = constructor_types(birth.cls)
        where = f"an argument of {birth.cls.__qualname__}"
        return {
            "cls": name,
            "args": self.codec.wrap(birth.args, types, where),
            "kwargs": self.codec.wrap(dict(birth.kwargs or {}), types, where),
            "main": main_file() if name.startswith(f"{MAIN}:") else None,
            "own": self.refs.export(self.cell),
            "paused": bool(self.cell.flags & PAUSED),
        }

    # -- the process -------------------------------------------------------------------------------------------
    def _forked(self, worker: Forked) -> None:
        self.worker = worker
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

    def _broken(self, why: str) -> None:
        """The connection has ended, or what came over it made no sense: the process ends too."""
        self._why = None if why == "its connection has ended" else why
        self.kill()

    def _ended(self, status: int | None, cpu: float) -> None:
        """The process has ended; without a status the fork server has, and the process is about to."""
        self.cell.cpu += cpu
        worker = self.worker
        if worker is None:
            self._bury("the fork server is gone")
        elif status is None:
            worker.kill()
            loop = self.cell.scheduler.loop
            loop.add_reader(worker.pidfd, self._bury, "the fork server is gone")
        else:
            self._bury(self._why or describe_status(status))

    def _bury(self, how: str) -> None:
        if self.over:
            return
        cell, worker = self.cell, self.worker
        if worker is not None:
            cell.scheduler.loop.remove_reader(worker.pidfd)
        self.channel.drain()
        self._close()
        if cell.actor is self:
            self._tell_end(WorkerLostError(0 if worker is None else worker.pid, how))
        self.page.close()

    def _tell_end(self, lost: WorkerLostError) -> None:
        """The process is gone: tell the kernel, which may have ended the incarnation before."""
        cell = self.cell
        if not cell.flags & OVER:
            if cell.flags & STARTING:
                lives.start_failed(cell, lost)
            else:
                self._settle(Killed(lost))
                ends.end(cell, Killed(lost))
            return
        self._settle(cell.need_extra().exit or Killed(lost))
        ends.host_done(cell, self._exit if isinstance(self._exit, Crash) else None)

    def _close(self) -> None:
        self.over = True
        self.channel.close()
        self.served.close()
        self._desk.close()
        if self.worker is not None:
            self.worker.close()

    # -- what was out ------------------------------------------------------------------------------------------
    def _settle(self, exit: Exit) -> None:
        """Decide about everything the worker has: in hand, done, or to be given back."""
        cell, book = self.cell, self.calls.book
        self.calls.book = {}
        self.out = 0
        back: list[Call] = []
        for number, call in book.items():
            state = FINISHED if call.later else self.page.state(number)
            if state == WAITING:
                back.append(call)
            elif state == FINISHED:
                if isinstance(call.item, (Ask, Flow)):
                    call.item.fail(ends.ended_error(cell, exit))
            else:
                cell.need_extra().again = InHand(call.item, call.deliveries)
                ends.hold(cell, exit, (call.item,))
        cell.need_extra().again = None
        self._give_back(back)

    def _give_back(self, calls: list[Call]) -> None:
        """Put what was not begun back to the front of the mailbox, in order."""
        cell = self.cell
        slots.requeue(cell, [InHand(call.item, call.deliveries) for call in calls if call.deliveries])
        if cell.inbox is None:
            cell.inbox = cell.scheduler.new_inbox()
        plain = [call.item for call in calls if not call.deliveries and not isinstance(call.item, (Down, Exited))]
        cell.inbox.extendleft(reversed(plain))

    # -- out ---------------------------------------------------------------------------------------------------
    def forward(self) -> None:
        """Send on what waits in the mailbox, as far as there is room."""
        cell = self.cell
        extra, scheduler = cell.need_extra(), cell.scheduler
        sorts = bool(cell.flags & SORTED)
        while extra.requeued or cell.inbox or sorts:
            if self.out >= (1 if sorts else self.window):  # what is sent on is in order for good
                cell.flags |= BUSY
                return
            if sorts and not extra.requeued and not lives.choose(cell):
                break
            if extra.requeued:
                again = extra.requeued.popleft()
                if not extra.requeued:
                    cell.flags &= ~REQUEUED
                self._send(again.item, again.deliveries)
            elif cell.inbox:
                self._send(cell.inbox.popleft(), 0)
            if cell.flags & WAITERS:
                slots.admit(cell)
        if not slots.queued(cell):
            scheduler.idle(cell)

    def _send(self, item: Any, deliveries: int) -> None:
        cell = self.cell
        if isinstance(item, (Ask, Flow)) and not item.pending():
            if isinstance(item, Ask):
                skip(item)
            return
        if isinstance(item, (Down, Exited)):
            slots.took_notice(cell)
        self.page.clear(self.calls.next_number)
        try:
            self.calls.make(item, 0, self.grammar, cell.scheduler.clock(), deliveries=deliveries)
        except NotSerialisableError as error:  # it could cross when it was sent, and was changed since
            if isinstance(item, (Ask, Flow)):
                item.fail(error)
            else:
                cell.system.dead_letter(item, cell.path, "unhandled")
            return
        self.out += 1
        cell.need_extra().jobs.add(self._hands)

    @property
    def waiting(self) -> int:
        """Messages that the worker has and has not begun."""
        return 0 if self.over else sum(self.page.state(number) == WAITING for number in self.calls.book)

    def pause(self) -> None:
        """Hold what the worker has, too."""
        self.channel.send([Op.PAUSE])

    def resume(self) -> None:
        """Let the worker go on."""
        self.channel.send([Op.RESUME])

    def recall(self) -> None:
        """Have everything back that is not in hand."""
        if not self.recalled:
            self.recalled = True
            self.channel.send([Op.RECALL])

    def stop(self, exit: Exit) -> None:
        """Run `on_stop` in the worker."""
        if self.up:
            self.channel.send([Op.STOP, self.codec.wrap(exit)])
        else:
            self.kill()

    # -- in ----------------------------------------------------------------------------------------------------
    def received(self, item: Item) -> None:
        """Deal with what the worker says. Whatever makes no sense ends it."""
        try:
            self._received(Op(item[0]), item[1:])
        except Exception as error:  # noqa: BLE001  it becomes the worker's end, with this as its reason
            self._why = f"it broke the protocol: {type(error).__name__}: {error}"
            self.channel.close()
            self.kill()

    def _received(self, op: Op, parts: list[Any]) -> None:
        if op in OUTCOMES:
            self._outcome(op, *parts)
        elif op is Op.DONE:
            for number in parts[0]:
                self._outcome(op, number)
        elif op is Op.LATER:
            call = self.calls.book[parts[0]]
            call.later = True
            self._freed()
        elif op in self._desk.ops:
            self._desk.on_item(op, parts)
        else:
            self._on_life(op, parts)

    def _on_life(self, op: Op, parts: list[Any]) -> None:
        cell = self.cell
        match op:
            case Op.UP:
                self.up = True
                lives.started(cell)
            case Op.START_FAILED:
                error = StartIgnored() if parts[1] else self._error(parts[0])
                lives.start_failed(cell, error)
            case Op.CRASHED:
                crash = Crash(self._error(parts[0]))
                if not cell.flags & OVER:
                    self._settle(crash)
                    ends.end(cell, crash)
            case Op.ENDED:
                self._exit = self.codec.unwrap(parts[0])
                self.kill()
            case Op.RECALLED:
                self._recalled(*parts)
            case _:
                raise ValueError(f"a worker does not say {op.name}")

    def _outcome(self, op: Op, number: int, content: Any = None) -> None:
        call = self.calls.on_outcome(op, number, content)
        if call is None:
            return
        cell = self.cell
        cell.handled += 1
        if op is Op.UNHANDLED:
            cell.system.dead_letter(call.message, cell.path, "unhandled")
        elif op is Op.FAIL and not isinstance(call.item, (Ask, Flow)):
            cell.system.dead_letter(call.message, cell.path, "unheard")
        if not call.later:
            self._freed()

    def _recalled(self, numbers: list[int], held: bool) -> None:  # noqa: FBT001  as it crosses
        calls = [self.calls.book.pop(number) for number in numbers if number in self.calls.book]
        self._give_back(calls)
        self._freed(len(calls))
        if held:  # what waits at a checkpoint of a paused actor will not go on: it ends there
            self._idle()

    def _freed(self, count: int = 1) -> None:
        """The worker has *count* messages less."""
        cell = self.cell
        self.out -= count
        if not cell.flags & OVER and self.out <= self.window // 2 and cell.flags & BUSY:
            cell.flags &= ~BUSY
            cell.scheduler.requeue(cell)
        if not self.out:
            self._idle()

    def _idle(self) -> None:
        """The worker has nothing that anybody must wait for."""
        cell, extra = self.cell, self.cell.need_extra()
        extra.jobs.discard(self._hands)
        if cell.flags & OVER:
            return
        if cell.flags & (STOPPING | DRAINING):
            if cell.inbox is None:
                cell.inbox = cell.scheduler.new_inbox()
            cell.scheduler.enqueue(cell)
        else:
            self.tell_idle()

    def tell_idle(self) -> None:
        """Let the owner know, if it wants to, that the worker could take a message."""
        cell, extra = self.cell, self.cell.need_extra()
        if not self.out and not cell.inbox and cell.flags & WATCHED and extra.on_idle is not None:
            extra.on_idle()

    def _error(self, content: Any) -> BaseException:
        error = self.codec.unwrap(content)
        return error if isinstance(error, BaseException) else RemoteError("?", repr(error))


def describe_status(status: int) -> str:
    """Say how a process ended, from its wait status."""
    code = os.waitstatus_to_exitcode(status)
    if code >= 0:
        return f"exit status {code}"
    try:
        return f"killed by {signal.Signals(-code).name}"
    except ValueError:  # a real-time signal
        return f"killed by signal {-code}"
