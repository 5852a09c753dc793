"""`ThespianChild`: an actor class written for Thespian, as it is, as a child of a supervisor."""

from __future__ import annotations

import asyncio
import pickle
from typing import TYPE_CHECKING, Any, Final

from llmactors import _ends as ends
from llmactors._asks import CURRENT, Ask
from llmactors._declare import message
from llmactors._exits import Crash, Exit, Killed, Normal
from llmactors._later import Later
from llmactors.errors import HostCapabilityError, NotSerialisableError, RemoteError, WorkerLostError
from llmactors.hosts._processes import Kind, ProcessAccount
from llmactors.hosts._stand import Stand

if TYPE_CHECKING:
    from collections.abc import Callable

    from llmactors._ref import ActorRef
    from llmactors.hosts.thespian._link import BrokerLink

CERTAIN: Final = 1.0  # seconds that a killed actor has to be gone before its whole Thespian system is killed


class _Out:
    """A message that the actor has."""

    __slots__ = ("answer", "handled")

    def __init__(self, answer: Later[Any], handled: asyncio.Future[None]) -> None:
        self.answer, self.handled = answer, handled


class ThespianChild(Stand):
    """Stands for a Thespian actor: `child(ThespianChild, Clerk, host=Thespian())`.

    Whatever it is told goes to the actor's `receiveMessage`; the first message that the actor sends to that sender is
    the answer (`await ref.ask(ThespianChild.receiveMessage("hello"))`). An exception that leaves `receiveMessage` is a
    `Crash`, and the message is not tried again. An actor that exits ends `Normal`, one whose process is lost `Killed`.

    Args:
        actor_class: The class, as it is; one that another process can import.
    """

    local = False  # it has a host, which lets messages be as they are
    _interrupted_by = "the end of its process"

    def __init__(self, actor_class: Callable[..., Any]) -> None:
        self._class = actor_class
        self._link: BrokerLink | None = None
        self._number = 0
        self._out: dict[int, _Out] = {}
        self._serial = 0
        self._up: asyncio.Future[BaseException | None]
        self._gone: asyncio.Future[None]
        self._stopping = False
        self._then: Callable[[], None] | None = None
        self.pid = 0
        self._account: ProcessAccount | None = None

    async def on_start(self) -> None:
        """Have the actor made; it is up when it has said so itself.

        Raises:
            HostCapabilityError: The child's host is not `Thespian(...)`.
            RemoteError: The actor did not come up.
            TypeError: The class cannot be imported by another process.
        """
        host: Any = self._cell.handlers.host
        if not hasattr(host, "link"):
            raise HostCapabilityError("Loop()", "run a ThespianChild: say `host=Thespian()`")
        name = _name_of(self._class)
        loop = asyncio.get_running_loop()
        self._up, self._gone = loop.create_future(), loop.create_future()
        link: BrokerLink = await host.link()
        self._number, self._link = link.open(self), link
        link.say("create", self._number, name)
        try:
            error = await self._up
        except asyncio.CancelledError:
            if not self._stopping:  # else it had come up, and `kill_then` waits to hear that it is gone
                self._abandon()
            raise
        if error is not None:
            raise error

    def _abandon(self) -> None:
        """Not wanted any more while it starts: what comes of it is killed."""
        if self._link is not None:
            self._link.forget(self._number)
            if not self._link.over:
                self._link.say("kill", self._number)

    # -- what becomes of it ----------------------------------------------------------------------------------
    def heard(self, event: str, *parts: Any) -> None:
        """Deal with what the broker says. For the host."""
        match event:
            case "created":
                self.pid = parts[0]
                self._account = ProcessAccount(self.pid)
                self._came_up(None)
            case "failed":
                self._came_up(RemoteError("thespian", parts[0]))
            case "done":
                self._cpu_elsewhere()  # the kernel forgets it with the process
                self._handled(parts[0])
            case "answer":
                self._answered(*parts)
            case "poison":
                number, *error = parts
                self._ended(Crash(RemoteError(*error)))
                self._out.pop(number, None)
            case "gone":
                self._over(Normal() if parts[0] else Killed(WorkerLostError(self.pid, "its process has ended")))
            case "lost":
                self._over(Killed(WorkerLostError(parts[0], "the process of the Thespian system has ended")))

    def _came_up(self, error: BaseException | None) -> None:
        if not self._up.done():
            self._up.set_result(error)

    def _handled(self, number: int) -> None:
        out = self._out.get(number)
        if out is not None:
            if not out.handled.done():
                out.handled.set_result(None)
            if out.answer.done:
                del self._out[number]

    def _answered(self, number: int, value: Any) -> None:
        out = self._out.get(number)
        if out is not None:
            out.answer.answer(value)
            if out.handled.done():
                del self._out[number]

    def _cpu_elsewhere(self) -> float:
        """Return the CPU seconds that the actor's process has used."""
        return 0.0 if self._account is None else self._account.cpu()

    def memory(self) -> tuple[int, Kind] | None:
        """Return the bytes of the actor's process, and how they were measured. For the host."""
        return None if self._account is None else self._account.memory()

    def _over(self, exit: Exit) -> None:
        self._out.clear()
        if self._account is not None:  # the life is over: its process's time stays in the slot's account
            self._cell.need_extra().elsewhere += self._account.last
            self._account = None
        if self._link is not None:
            self._link.forget(self._number)
        self._came_up(RemoteError("thespian", "it ended before it was up"))
        if not self._gone.done():
            self._gone.set_result(None)
        self._ended(exit)
        then, self._then = self._then, None
        if then is not None:
            then()

    def _ended(self, exit: Exit) -> None:
        if not self._stopping:  # in the next turn: an outcome that came before this is heard first
            asyncio.get_running_loop().call_soon(self._end, exit)

    def _end(self, exit: Exit) -> None:
        if self._cell.actor is self:
            ends.end(self._cell, exit)

    # -- its end ---------------------------------------------------------------------------------------------
    async def on_stop(self, exit: Exit) -> None:  # noqa: ARG002  the hook's signature
        """Have the actor exit, and wait until its process is gone."""
        self._stopping = True
        if self._link is not None and not self._gone.done():
            self._link.say("exit", self._number)
            await self._gone

    def kill_then(self, then: Callable[[], None]) -> bool:
        """Kill the actor and call *then* when it is gone; False when there is nothing to kill. For the host."""
        link = self._link
        if link is None or link.over or self._gone.done():
            return False
        if not self._up.done():
            self._abandon()
            return False
        self._stopping, self._then = True, then
        link.say("kill", self._number)
        asyncio.get_running_loop().call_later(CERTAIN, self._make_certain)
        return True

    def _make_certain(self) -> None:
        if self._link is not None and not self._gone.done():
            self._link.kill()

    # -- messages --------------------------------------------------------------------------------------------
    @message
    async def receiveMessage(self, message: Any) -> Any:  # noqa: N802  Thespian's name
        """Answer as the actor does. The bare message does the same; this one has a type."""
        return await self.receive(message)

    @message(timeout=30.0)
    async def address_of(self, ref: ActorRef[Any]) -> Any:
        """Answer with a Thespian address for an actor of ours, to be put into messages.

        What a Thespian actor sends there is asked of that actor, and its answer, unless None, is sent back. The address
        is good for as long as the Thespian system is; each costs an actor in it.
        """
        assert self._link is not None
        return await self._link.address_of(ref)

    async def receive(self, message: Any) -> Any:
        """Hand a message to the actor, and wait until it has been handled."""
        link, asked = self._link, CURRENT.get()
        assert link is not None
        self._serial = number = self._serial + 1
        patience = max(0.001, asked.deadline - self._cell.scheduler.clock()) if isinstance(asked, Ask) else 0.0
        answer = Later[Any]()
        try:
            link.say("hand", self._number, number, message, patience)
        except (pickle.PicklingError, TypeError, AttributeError) as error:
            answer.fail(NotSerialisableError(f"{message!r} cannot go to a Thespian actor: {error}"))
            return answer
        self._out[number] = out = _Out(answer, asyncio.get_running_loop().create_future())
        await out.handled
        return answer if patience else None


def _name_of(cls: Any) -> str:
    """Return the name by which another process finds *cls*.

    Raises:
        TypeError: It is no class, or it is local, or the script's own.
    """
    if not isinstance(cls, type) or "<locals>" in cls.__qualname__ or cls.__module__ == "__main__":
        raise TypeError(f"{cls!r} cannot be imported by another process: put the class into a module, at its top level")
    return f"{cls.__module__}:{cls.__qualname__}"
