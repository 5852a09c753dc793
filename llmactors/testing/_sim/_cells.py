"""The cells of a simulated system: refs that say what happens to them.

Theory of operation
1. Every turn of a life is a change of the cell's flags, so a cell that looks at its own flags sees them all.
2. Every message goes through `tell`, `ask`, `send` or `accept`; each becomes a copy of its own there, with a letter.
   Where messages are checked, the copy is what would arrive in another process.
3. The rest, the taking and the end of messages, is seen by the table (see `_tables`).
"""

from __future__ import annotations

import asyncio
import copy
from functools import partial
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from llmactors._asks import timeout_of
from llmactors._checks import CheckedFlow, checked_message
from llmactors._context import Context, Monitor
from llmactors._core.flags import DEAD, ENDED, ENDING, GATED, STARTING
from llmactors._messages import Message, StreamMessage, name_of
from llmactors._ref import ActorRef
from llmactors._signals import Kill, Stop
from llmactors._streams import Flow
from llmactors.errors import AskTimeoutError

if TYPE_CHECKING:
    from llmactors._exits import Exit
    from llmactors.testing._sim._stage import Stage

A = TypeVar("A")
T = TypeVar("T")

LIFE = STARTING | ENDING | ENDED | DEAD


class SimRef(ActorRef[A]):
    """A ref that says what happens to it.

    Attributes:
        where: The path, which is the same all the time.
        life: The number of the present incarnation, or of the last; 0 before the first.
        frozen: Its worker process has been stopped.
        stopped_by: Who told it to stop last.
        told: The number of the event after which that was.
    """

    __slots__ = ("_flags", "checked", "frozen", "life", "stage", "stopped_by", "told", "where")

    def __init__(self, system: Any, handlers: Any, label: str | int, owner: ActorRef[Any] | None) -> None:
        self.stage: Stage = system.stage
        self.life, self.frozen, self._flags = 0, False, ENDED
        self.stopped_by: str | None = None
        self.told: int | None = None
        self.checked = system.check_messages and not handlers.local
        self.where = ""
        super().__init__(system, handlers, label, owner)
        self.where = where_of(system, self)

    def _set_flags(self, flags: int) -> None:
        old = self._flags
        if self.frozen:
            if flags & ENDED:  # what stands still is no more
                self.frozen = False
                self.stage.loop.let_go()
            else:
                flags |= GATED
        self._flags = flags
        if (old ^ flags) & LIFE and self.where:
            self.stage.turned(self, old, flags)

    flags = property(attrgetter("_flags"), _set_flags, doc="The flags; setting them is a turn of its life.")

    @property
    def path(self) -> str:
        """The path of names from the root, such as `/nets/worker-1`."""
        return self.where if self.where and self.owner is not None else super().path

    # -- messages --------------------------------------------------------------------------------------------
    def tell(self, message: Any) -> bool:
        """Send a copy of *message*, unless a fault keeps it."""
        sent = self.stage.sent(self, message, "tell")
        if sent.late is not None:
            return sent.late(partial(super().tell, sent.message))
        return super().tell(sent.message)

    async def ask(
        self, message: Any, timeout: float | None = None, *, when_down: Literal["wait", "fail"] = "wait"
    ) -> Any:
        """Send a copy of *message*; the answer has become one where it was given (see `_tables`)."""
        sent = self.stage.sent(self, message, "ask")
        try:
            if sent.late is not None:
                timeout = await self._late(sent, timeout)
            answer = await super().ask(sent.message, timeout, when_down=when_down)
        except BaseException as error:
            self.stage.resolved(sent.letter, error)
            raise
        self.stage.resolved(sent.letter, None)
        return answer

    async def _late(self, sent: Any, timeout: float | None) -> float:
        """Wait until a fault lets the message through; return the time that is left to its asker."""
        seconds, loop = timeout_of(sent.message, timeout), self.scheduler.loop
        until, through = loop.time() + seconds, loop.create_future()
        sent.late(partial(_come, through))
        try:
            async with asyncio.timeout_at(until):
                await through
        except TimeoutError:
            raise AskTimeoutError(self.where, name_of(sent.message), seconds) from None
        return max(0.0, until - loop.time())

    async def send(self, message: Any, timeout: float | None = None) -> None:
        """Send a copy of *message*, waiting for room."""
        sent = self.stage.sent(self, message, "send")
        if sent.late is not None:
            sent.late(partial(super().tell, sent.message))
            return
        await super().send(sent.message, timeout)

    def _flow(self, message: StreamMessage[A, T], window: int, idle: float) -> Flow[T]:
        own = self.own(message)
        return CheckedFlow(self, own, window, idle) if self.checked else Flow(self, own, window, idle)

    def accept(self, item: Any) -> None:
        """Queue an ask or a stream."""
        if isinstance(item, Flow) and self.stage.recorder.letter(item.message) is None:
            self.stage.announce(self, item.message, "stream")
        super().accept(item)

    def abandon(self, item: Any) -> None:
        """Whoever waits for an ask, or reads a stream, has given up."""
        letter = self.stage.recorder.letter(item.message) if isinstance(item, Flow) else None
        if letter is not None:
            self.stage.resolved(letter, GeneratorExit("its reader has left"))
        super().abandon(item)

    def signal(self, signal: Any) -> None:
        """Put a control signal into the second lane."""
        if isinstance(signal, (Stop, Kill)):
            by: Any = self.system.scheduler.current
            self.stopped_by = "outside" if by is None else by.where
            self.told = len(self.stage.recorder.history) - 1
        super().signal(signal)

    def own(self, message: Any) -> Any:
        """Return a copy of *message* that nobody else holds."""
        return checked_message(message) if self.checked else copied(message)


def _come(through: asyncio.Future[None]) -> None:
    if not through.done():
        through.set_result(None)


def where_of(system: Any, cell: ActorRef[Any]) -> str:
    """Return the path of a new cell; the root does not know yet that it is the root."""
    if cell.owner is None:
        return "system"
    if cell.owner.owner is None and system.is_next_root(cell.label):
        return "/"
    return cell.path


def copied(message: Any) -> Any:
    """Return a shallow copy, so that each message is an object of its own."""
    if isinstance(message, Message):
        new = object.__new__(message.__class__)
        for name in message.__match_args__:
            setattr(new, name, getattr(message, name))
        return new
    try:
        return copy.copy(message)
    except Exception:  # noqa: BLE001  what cannot be copied is sent as it is
        return message


class SimContext(Context[A]):
    """A context whose monitors say when they fire."""

    __slots__ = ()

    def monitor(self, ref: Any, until: Any = "ended") -> Monitor:
        """Watch *ref*."""
        cell: Any = self._cell
        stage: Stage = cell.stage
        number = stage.watches(cell, ref, until)
        monitor = super().monitor(ref, until)
        if monitor._watcher is None:  # it has fired already
            stage.fired(number)
        else:
            monitor.__class__ = SimMonitor
            stage.monitors[monitor] = number
        return monitor


class SimMonitor(Monitor):
    """A monitor that says when it fires, or is taken back."""

    __slots__ = ()

    def fire(self, exit: Exit) -> None:
        """Send the notice."""
        watcher: Any = self._watcher
        if watcher is not None:
            number = watcher.stage.monitors.pop(self, None)
            if number is not None:
                watcher.stage.fired(number)
        super().fire(exit)

    def cancel(self) -> None:
        """Send nothing any more."""
        watcher: Any = self._watcher
        if watcher is not None:
            number = watcher.stage.monitors.pop(self, None)
            if number is not None:
                watcher.stage.taken_back(number)
        super().cancel()
