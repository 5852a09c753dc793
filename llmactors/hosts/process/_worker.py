"""A worker process: the same kernel, with one actor in it.

The main process keeps the mailbox and the place in the tree. Here messages arrive in frames, wait in an ordinary inbox,
and are handled as on the loop; what the actor asks of others goes the other way over the same socket.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import resource
import socket
import sys
import traceback
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from llmactors import _ends as ends
from llmactors import _lives as lives
from llmactors import _slots as slots
from llmactors._batch import Batch
from llmactors._codec import Codec
from llmactors._core.flags import ENDING, PAUSED
from llmactors._exits import Exit
from llmactors._limits import Pressure
from llmactors._messages import Idle
from llmactors._redact import told_state
from llmactors._signals import Pause, Press, Resume, Stop
from llmactors.errors import NotSerialisableError, StartIgnored
from llmactors.hosts._port import Birth
from llmactors.hosts.process._calls import ASK, Calls
from llmactors.hosts.process._channel import NO_MEMORY, Channel, Item
from llmactors.hosts.process._foreign import ForeignRef, foreign_host
from llmactors.hosts.process._grammar import constructor_types, grammar_of
from llmactors.hosts.process._inside import WorkerCell, WorkerHost, WorkerSystem
from llmactors.hosts.process._names import find_class
from llmactors.hosts.process._ops import BROKEN, STARVED, Op
from llmactors.hosts.process._owner import OwnerElsewhere
from llmactors.hosts.process._page import Page
from llmactors.hosts.process._refs import Received
from llmactors.hosts.process._requests import Requests
from llmactors.hosts.process._says import QUESTION, SAY, Builder, builders
from llmactors.hosts.process._segments import Segments
from llmactors.hosts.process._served import Reply, Served, ServedFlow
from llmactors.hosts.process._taking import CALLS, NO_SAYS
from llmactors.hosts.process._traced import serve_in_step
from llmactors.hosts.process._watched import trace_for

if TYPE_CHECKING:
    from collections.abc import Callable

    from llmactors._ref import ActorRef

try:
    import uvloop
except ImportError:
    new_event_loop: Callable[[], asyncio.AbstractEventLoop] = asyncio.new_event_loop
else:
    new_event_loop = uvloop.new_event_loop

UNREAD: Final = object()
SIGNALS: Final[dict[Op, Callable[..., Any]]] = {
    Op.PAUSE: Pause,
    Op.RESUME: Resume,
    Op.PRESS: lambda level: Press(Pressure(level)),
}


def serve(order: dict[str, Any], descriptors: list[int]) -> None:
    """Be a worker, with the socket and the page that came with the order."""
    for descriptor in descriptors:
        os.set_inheritable(descriptor, False)  # noqa: FBT003  the standard library's signature
    end, page, passing = descriptors
    worker = Worker(socket.socket(fileno=end), Page(page, order["size"]), socket.socket(fileno=passing))
    os.close(page)
    worker.run(order)


class Worker:
    """The worker's side of the connection.

    Args:
        end: The socket to the main process.
        page: Where it writes what it has in hand.
        passing: The socket for descriptors of segments.
    """

    system: WorkerSystem
    own: Any
    foreign: Any
    cell: ActorRef[Any]
    _builders: list[Builder]
    _askers: list[Builder]
    _host: WorkerHost

    def __init__(self, end: socket.socket, page: Page, passing: socket.socket) -> None:
        self._page = page
        self._keys = count(1)
        self._refs = Received(lambda content: ForeignRef(self, content), self._number_of)
        self.channel = Channel(end, self._received, self._lost)
        self.segments = Segments(passing, self.channel.whisper)
        self.codec = Codec(self._refs, segments=self.segments)
        self.requests = Requests(self.channel, self.codec, self.segments)
        self.calls = Calls(self)
        self.served = Served(self, page.finish, in_worker=True)
        self._over: asyncio.Future[None] | None = None

    # -- life --------------------------------------------------------------------------------------------------
    def run(self, order: dict[str, Any]) -> None:
        """Make the actor, and run it until it has ended."""
        first = self.channel.first()
        if first is None:
            return
        try:
            _settle_in(order)
            spec = first[1]
            cls = find_class(spec["cls"], spec["main"])
        except BaseException as error:  # noqa: BLE001  whatever importing the user's module raises
            self.channel.send([Op.START_FAILED, self.codec.wrap(error), False])
            self.channel.finish()
            return
        with asyncio.Runner(loop_factory=new_event_loop) as runner:
            runner.run(self._live(cls, spec))

    async def _live(self, cls: type, spec: dict[str, Any]) -> None:
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(_unhandled)
        self._over = loop.create_future()
        self.system = WorkerSystem(self, self._page)
        self.foreign = foreign_host(self)
        self.own = self._refs.resolve(spec["own"])
        self._host = WorkerHost(self.system, self)
        self._grammar = grammar_of(cls)
        self._builders, self._askers = builders(cls, spec["says"], 2), builders(cls, spec["says"], 4)
        self.cell = cell = WorkerCell[Any](self.system, self._host.table(cls), spec["own"], OwnerElsewhere(self))
        extra = cell.need_extra()
        extra.kept, extra.shutdown = True, "forever"
        cell.capacity = sys.maxsize
        if spec["paused"]:
            cell.signal(Pause())
        trace_for(self, on=spec["traced"])
        self.channel.attach(loop)
        self.segments.attach(loop)
        self._begin(cls, spec)
        self.segments.settle()
        self.channel.read()
        await self._over
        self.channel.finish()

    def _begin(self, cls: type, spec: dict[str, Any]) -> None:
        types = constructor_types(cls)
        try:
            args, kwargs = self.codec.unwrap(spec["args"], types), self.codec.unwrap(spec["kwargs"], types)
        except NotSerialisableError as error:
            self.start_failed(error)
            return
        lives.begin(self.cell, Birth(cls, args, kwargs))

    def started(self) -> None:
        """The actor is up."""
        self.system.scheduler.tell_account()
        self.channel.send([Op.UP])

    def start_failed(self, error: BaseException) -> None:
        """The actor did not come up."""
        self.channel.send([Op.START_FAILED, self.codec.wrap(error), isinstance(error, StartIgnored)])
        self._finish()

    def crashed(self, error: BaseException | None) -> None:
        """The actor's life ends here; its `on_stop` is the main process's to order."""
        self.report_done()
        self.channel.send([Op.CRASHED, self.codec.wrap(error)])

    def ended(self, exit: Exit) -> None:
        """The actor has ended."""
        self.report_done()
        self.channel.send([Op.ENDED, self.codec.wrap(exit)])
        self._finish()

    def put_aside(self) -> None:
        """The actor has put the message in hand aside: it waits in the main process."""
        extra, taking = self.cell.need_extra(), self.system.scheduler.taking
        stashed, extra.stashed = extra.stashed or [], None
        self.report_done()
        for message in stashed:
            item = message.item
            if item.__class__ in CALLS:
                self.served.forget(_number(item))
                self.channel.send([Op.ASIDE, _number(item)], now=True)
                self._page.finish(_number(item))
            else:
                self.channel.send([Op.ASIDE, 0], now=True)  # told first: if this ends here, it is given back
                taking.put_aside()

    def report_done(self) -> None:
        """Report the tells that are done."""
        self.served.report_done()
        self.system.scheduler.report()

    def _finish(self) -> None:
        sys.stdout.flush()
        sys.stderr.flush()
        if self._over is not None and not self._over.done():
            self._over.set_result(None)

    def _lost(self, why: str) -> None:
        """The main process is gone, or there is no memory for what it says: this one ends, too."""
        os._exit(STARVED if why == NO_MEMORY else 0)

    # -- in ----------------------------------------------------------------------------------------------------
    def _received(self, items: list[Item]) -> None:
        """Take in what arrived together. A worker without the memory to say what became of it says so by its end."""
        try:
            self._take_in(items)
        except MemoryError:
            os._exit(STARVED)

    def _take_in(self, items: list[Item]) -> None:
        """Take in what arrived together, and handle it at once: the loop has nothing else to do first."""
        cell, scheduler = self.cell, self.system.scheduler
        scheduler.asleep = False  # what is queued here is drained here
        try:
            for item in items:
                if item[0] == SAY:
                    message = self._builders[item[1]](item)
                    inbox = cell.inbox
                    if inbox is None:
                        cell.tell(message)
                    else:
                        inbox.append(message)
                elif item[0] == QUESTION:
                    self.served.question(cell, item[2], self._askers[item[1]](item), item[3])
                elif item[0] == ASK:
                    self._ask(*item[1:])
                else:
                    self._on_item(Op(item[0]), item[1:])
        except MemoryError:
            raise
        except Exception:  # noqa: BLE001  the connection is of no use any more: say why, and end
            traceback.print_exc()
            os._exit(BROKEN)
        scheduler.context.run(scheduler.drain)
        if self.segments.fresh:
            self.segments.settle()

    def _on_item(self, op: Op, parts: list[Any]) -> None:
        match op:
            case Op.TELL | Op.STREAM:
                self._call(op, *parts)
            case Op.CANCEL:
                self.served.cancel(*parts)
            case Op.CREDIT:
                self.served.credit(*parts)
            case Op.STOP:
                self._stop(self.codec.unwrap(parts[0]))
            case Op.PAUSE | Op.RESUME | Op.PRESS:
                self.cell.signal(SIGNALS[op](*parts))
            case Op.RECALL:
                self._recall()
            case Op.RELEASE | Op.DROP | Op.PING:
                self._on_connection(op, *parts)
            case Op.LOOK:
                self.channel.send([Op.LOOKED, parts[0], told_state(self.cell.actor, self.cell.path)])
            case Op.TRACE:
                trace_for(self, on=parts[0])
            case Op.LATER:
                pass
            case _:
                self._outcome(op, *parts)

    def _on_connection(self, op: Op, what: Any) -> None:
        if op is Op.PING:
            self.channel.put([int(Op.PONG), what])
            self.system.scheduler.tell_account()
        elif op is Op.RELEASE:
            self.segments.released(what)
        else:
            self.segments.dropped(what)

    def _ask(
        self,
        number: int,
        _target: int,
        name: str | None,
        content: Any,
        seconds: float | None,
        step: str | None = None,
    ) -> None:
        message = self._read(number, name, content)
        if message is not UNREAD:
            serve_in_step(self.cell.scheduler, step, self.served.ask, self.cell, number, message, seconds)

    def _call(self, op: Op, number: int, _target: int, name: str | None, content: Any, *rest: Any) -> None:
        message = self._read(number, name, content)
        if message is UNREAD:
            return
        call, parts = (self.served.tell, 0) if op is Op.TELL else (self.served.stream, 2)
        step = rest[parts] if len(rest) > parts else None
        serve_in_step(self.cell.scheduler, step, call, self.cell, number, message, *rest[:parts])

    def _read(self, number: int, name: str | None, content: Any) -> Any:
        """Return the message of a call; `UNREAD` for one that cannot be built here, which is told."""
        try:
            message = self._grammar.read(self.codec, name, content)
            return Idle(message.seconds, self.cell.actor) if message.__class__ is Idle else message
        except NotSerialisableError as error:
            self._page.finish(number)
            self.channel.send([Op.FAIL, number, self.codec.wrap(error)])
            return UNREAD

    def _stop(self, exit: Exit) -> None:
        cell = self.cell
        if not cell.flags & ENDING and exit.clean:
            self._host.ordered = True
            cell.signal(Stop(exit=exit))  # type: ignore[arg-type]  # the clean ones are just these
        elif cell.flags & ENDING:
            self._host.order(cell, exit)
        else:
            self._host.ordered = True
            ends.end(cell, exit)

    def _recall(self) -> None:
        inbox = self.cell.inbox
        says = sum(item.__class__ not in NO_SAYS for item in inbox or ())
        numbers = [_number(item) for item in inbox or () if item.__class__ in CALLS]
        if inbox is not None:
            gathered = [item for item in inbox if item.__class__ is Batch]  # it is in hand
            inbox.clear()
            inbox.extend(gathered)
        for number in numbers:
            self.served.forget(number)
        self.report_done()
        slots.unshut(self.cell)
        held = bool(self.cell.flags & PAUSED and self.cell.need_extra().resumed)
        self.channel.send([Op.RECALLED, says, numbers, held])

    # -- requests to the main process ----------------------------------------------------------------------------
    def order(self, name: str, ref: Any) -> None:
        """Have the main process do something with *ref*; nothing comes back."""
        self.channel.send([Op.ORDER, name, self.number_of(ref)])

    def _outcome(self, op: Op, number: int, content: Any = None) -> None:
        if number > 0:
            self.calls.on_outcome(op, number, content)
        else:
            self.requests.answered(op, number, content)

    # -- refs --------------------------------------------------------------------------------------------------
    def next_key(self) -> int:
        """Return a number for something that the main process keeps for this one."""
        return next(self._keys)

    def number_of(self, ref: object) -> int:
        """Return a ref's number.

        Raises:
            TypeError: It is no ref.
        """
        number = self._number_of(ref)
        if number is None:
            raise TypeError(f"{ref!r} is no ref")
        return number

    def _number_of(self, value: object) -> int | None:
        if isinstance(value, ForeignRef):
            number: int = value.number
            return number
        return 0 if isinstance(value, WorkerCell) else None


def _number(item: Any) -> int:
    if isinstance(item, ServedFlow):
        return item.number
    reply: Reply = item.future
    return reply.number


def _unhandled(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """Nobody has handled an error. A worker without memory ends with it: what it owes, it will never send."""
    if isinstance(context.get("exception"), MemoryError):
        os._exit(STARVED)
    loop.default_exception_handler(context)


def _settle_in(order: dict[str, Any]) -> None:
    """Take over the main process's working directory and the limits that the host sets."""
    for group in order.get("groups", ()):
        with contextlib.suppress(OSError):  # it is gone, and the main process is about to be
            Path(group).write_text("0")
    if order["cwd"] is not None:
        os.chdir(order["cwd"])
    if order["memory"] is not None:
        resource.setrlimit(resource.RLIMIT_AS, (order["memory"], order["memory"]))
