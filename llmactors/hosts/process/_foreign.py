"""What an actor in a worker process sees of the others: refs that were handed to it."""

from __future__ import annotations

import sys
from asyncio import current_task
from collections.abc import Awaitable, Generator
from threading import get_ident
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from llmactors._asks import CURRENT, Ask
from llmactors._core.flags import REMOTE
from llmactors._exits import Exit
from llmactors._steps import is_hand
from llmactors._streams import Flow
from llmactors._table import Table
from llmactors.errors import HostCapabilityError, NotSerialisableError
from llmactors.hosts.process._far import FarRef
from llmactors.hosts.process._grammar import Grammar, grammar_of, message_of
from llmactors.hosts.process._ops import Op

if TYPE_CHECKING:
    from llmactors._ref import ActorRef
    from llmactors._usage import Usage
    from llmactors.hosts.process._worker import Worker

A = TypeVar("A")


class ForeignHost:
    """Sends what is meant for actors of the main process there."""

    capabilities: frozenset[str] = frozenset()

    def __init__(self, worker: Worker) -> None:
        self.worker = worker

    def send(self, cell: ForeignRef[Any], item: Any) -> None:
        """Send a mailbox's entry; raises `NotSerialisableError`."""
        grammar = grammar_for(cell, message_of(item))
        if isinstance(item, Ask) and _is_awaited_by_a_hand():
            self.worker.channel.put([int(Op.ORDER), "awaits", self.worker.calls.last + 1])
        now, if_up, cell.if_up = cell.scheduler.clock(), cell.if_up, False
        self.worker.calls.make(item, cell.number, grammar, now, foreign=True, if_up=if_up)

    def grant(self, cell: ActorRef[Any], flow: Any, more: int) -> None:  # noqa: ARG002  the port's signature
        """The reader of a stream has taken *more* items."""
        self.worker.calls.grant(flow, more)

    def abandon(self, cell: ActorRef[Any], item: Ask | Flow[Any]) -> None:  # noqa: ARG002  the port's signature
        """Nobody waits for *item* any more."""
        self.worker.calls.cancel(item)

    def waits_for(self, cell: ActorRef[Any]) -> None:
        """It is the main process that knows."""
        del cell

    def usage(self, cell: ActorRef[Any]) -> Usage:
        """Refuse: a worker does not see the accounts of others."""
        raise HostCapabilityError("Process()", f"see what {cell.path} has used")


def foreign_host(worker: Worker) -> Any:
    """Make the host of foreign refs: of a host's duties it has those that refs ask for."""
    return ForeignHost(worker)


def grammar_for(cell: ForeignRef[Any], message: Any) -> Grammar:
    """Return how *message* is written: as its actor's class has it, which a worker may know by its message only."""
    info = getattr(message, "__endpoint__", None)
    return grammar_of(cell.cls if info is None or issubclass(cell.cls, info.owner) else info.owner)


class ForeignRef(FarRef[A]):
    """A ref to an actor that lives in the main process, or is reached through it.

    Args:
        worker: This process's side of the connection.
        content: What stands for the ref: number, path, name, and its class's module and name.
    """

    __slots__ = ("_name", "_path", "if_up", "number")

    def __init__(self, worker: Worker, content: list[Any]) -> None:
        number, path, name, module, qualname = content
        cls: Any = sys.modules.get(module)
        for part in qualname.split("."):
            cls = getattr(cls, part, None)
        table = Table(cls if isinstance(cls, type) else object, worker.foreign, _never)
        super().__init__(worker.system, table, name, None)
        self.flags = REMOTE
        self.capacity = sys.maxsize
        self.number: int = number
        self.if_up = False  # for the ask that is being sent
        self._path: str = path
        self._name: str = name

    def tell(self, message: Any) -> bool:
        """Send *message* at once: nothing waits here, and the mailbox is in the main process.

        Raises:
            NotSerialisableError: The message cannot cross.
        """
        if get_ident() != self.scheduler.thread:
            self.scheduler.loop.call_soon_threadsafe(self.tell, message)
        else:
            self._host.send(self, message)
        return True

    async def ask(
        self, message: Any, timeout: float | None = None, *, when_down: Literal["wait", "fail"] = "wait"
    ) -> Any:
        """Send *message* and wait for its answer; whether anybody is up the main process knows."""
        self.if_up = when_down == "fail"
        return await super().ask(message, timeout)

    def accept(self, item: Ask | Flow[Any]) -> None:
        """Send an ask or a stream. For the kernel."""
        try:
            self._host.send(self, item)
        except NotSerialisableError as error:
            item.fail(error)

    def _order(self, name: str, *arguments: Any) -> None:
        worker = self._worker
        worker.channel.send([Op.ORDER, name, self.number, *arguments])

    @property
    def _worker(self) -> Worker:
        return self._host.worker

    @property
    def _host(self) -> ForeignHost:
        host: Any = self.handlers.host
        foreign: ForeignHost = host
        return foreign

    # -- life --------------------------------------------------------------------------------------------------
    def stop(self, *, drain: bool = False) -> Awaitable[Exit]:
        """Ask the actor to end after what is in hand (with *drain*: after what is queued); one may wait for it."""
        self._order("stop", drain)
        return FarStopping(self)

    def kill(self, cause: BaseException | str | None = None) -> None:  # noqa: ARG002  a worker's word is no cause
        """End the actor at once."""
        self._order("kill")

    def pause(self) -> None:
        """Hold its messages back from after the one in hand."""
        self._order("pause")

    def resume(self) -> None:
        """Take a pause back."""
        self._order("resume")

    async def send(self, message: Any, timeout: float | None = None) -> None:
        """Send *message*, waiting for room in the mailbox."""
        written, _ = grammar_for(self, message).write(self._worker.codec, message)
        await self._worker.requests.wait_for("send", self.number, *written, timeout, _is_awaited_by_a_hand())

    async def wait_ended(self) -> Exit:
        """Wait until the slot is discarded, and return how its last incarnation ended."""
        exit: Exit = await self._worker.requests.wait_for("ended", self.number)
        return exit

    def __await__(self) -> Generator[Any, None, FarRef[A]]:
        """Wait until an incarnation is up, and return the ref."""
        yield from self._worker.requests.wait_for("up", self.number).__await__()
        return self

    # -- what is known -----------------------------------------------------------------------------------------
    @property
    def name(self) -> str:
        """The name, unique among siblings."""
        return self._name

    @property
    def path(self) -> str:
        """The path of names from the root."""
        return self._path

    @property
    def state(self) -> str:
        """What the actor does now. Waits for the main process's answer."""
        state: str = self._worker.requests.now("state", self.number)
        return state

    def __repr__(self) -> str:
        return f"<ActorRef {self.path} {self.cls.__name__}>"


class FarStopping:
    """What `stop` returns in a worker; see `llmactors._stopping`."""

    __slots__ = ("_ref",)

    def __init__(self, ref: ForeignRef[Any]) -> None:
        self._ref = ref

    def __await__(self) -> Generator[Any, None, Exit]:
        exit: Exit = yield from self._ref._worker.requests.wait_for("stopped", self._ref.number).__await__()
        return exit


def _is_awaited_by_a_hand() -> bool:
    """Say whether what is asked for now is waited for by a handler itself: it can do nothing else meanwhile."""
    task = current_task()
    return task is not None and is_hand(task) and CURRENT.get() is not None


def _never(actor: Any, message: Any) -> Any:
    raise NotImplementedError(f"{message!r} is handled in the main process")
