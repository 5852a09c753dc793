"""Stand-ins: refs of actors that a driven actor knows, which do nothing but remember what came; the test answers.

Theory of operation
1. A stand-in is a real slot with a real mailbox in the driven actor's own system; what lives in it is a double that
   takes messages and answers when the test does. So deadlines, links, monitors and ends are the kernel's own.
2. What is sent is noted when it is sent, in the order in which it is.
3. One that a test makes before there is any system (`stand_in`) begins its life in the system of the first driven
   actor that touches it.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, TypeVar

from llmactors import _ends as ends
from llmactors import _lives as lives
from llmactors._birth import Birth
from llmactors._carried import CarriedAsk, Envelope, handle
from llmactors._core.names import check_name
from llmactors._exits import Exit
from llmactors._later import Later
from llmactors._messages import StreamMessage, name_of
from llmactors._ref import ActorRef
from llmactors._signals import Kill, Stop
from llmactors._streams import Flow, Stream
from llmactors._table import Table
from llmactors.hosts._loop import LoopHost

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Mapping

    from llmactors.hosts._port import HostConfig

A = TypeVar("A")
T = TypeVar("T")

Kind = Literal["tell", "ask", "stream"]


class SentTo(NamedTuple):
    """A message that the driven actor sent: equal to the tuple `(to, message)`."""

    to: ActorRef[Any]
    message: Any


@dataclass(slots=True, eq=False)
class Asked:
    """A message that the driven actor asked, or streams from, and that has no answer yet."""

    to: ActorRef[Any]
    message: Any
    later: Later[Any] = field(default_factory=Later, repr=False)
    items: asyncio.Future[Any] | None = field(default=None, repr=False)  # of a stream

    def settle(self, value: Any, error: BaseException | None) -> None:
        """Give the answer, or the items of a stream, or an error. For `Driven`."""
        if self.items is None:
            self.later._settle(value, error)
        elif not self.items.done():
            if error is None:
                self.items.set_result(list(value))
            else:
                self.items.set_exception(error)

    def __str__(self) -> str:
        """Say whom and what."""
        return f"`{name_of(self.message)}` of `{self.to.path}`"


@dataclass(frozen=True, slots=True)
class Spawned:
    """An actor that the driven one began: its class and its constructor's arguments. What lives there is a stand-in."""

    ref: ActorRef[Any]
    actor: type
    args: tuple[Any, ...]
    kwargs: Mapping[str, Any]
    host: HostConfig | None


@dataclass(slots=True)
class Notes:
    """What a driven actor did, in order."""

    sent: list[SentTo] = field(default_factory=list)
    asked: list[Asked] = field(default_factory=list)
    spawned: list[Spawned] = field(default_factory=list)
    stopped: list[ActorRef[Any]] = field(default_factory=list)
    killed: list[ActorRef[Any]] = field(default_factory=list)


class Adopter:
    """The driven actor that runs now: it adopts the stand-ins it touches."""

    current: Any = None


class StandIn(ActorRef[A]):
    """A ref that remembers what it is sent. Made by `stand_in`, or where a driven actor spawns."""

    __slots__ = ()

    # -- messages ----------------------------------------------------------------------------------------------
    def tell(self, message: Any) -> bool:
        """Note it, and send it."""
        self._note(message, "tell")
        return super().tell(message)

    async def ask(
        self, message: Any, timeout: float | None = None, *, when_down: Literal["wait", "fail"] = "wait"
    ) -> Any:
        """Note it, and ask; the test answers."""
        asked = self._note(message, "ask")
        try:
            return await super().ask(message, timeout, when_down=when_down)
        finally:
            self._over(asked)

    async def send(self, message: Any, timeout: float | None = None) -> None:
        """Send it; a mailbox with room notes it as told."""
        self._adopt()
        await super().send(message, timeout)

    def stream(self, message: StreamMessage[A, T], *, window: int = 32, idle: float = 30.0) -> Stream[T]:
        """Note it, and read; the test answers with the items."""
        self._adopt()
        return super().stream(message, window=window, idle=idle)

    def _flow(self, message: StreamMessage[A, Any], window: int, idle: float) -> Flow[Any]:
        self._note(message, "stream")
        return super()._flow(message, window, idle)

    def _note(self, message: Any, kind: Kind) -> Asked | None:
        notes: Notes = self._adopt().notes
        notes.sent.append(SentTo(self, message))
        if kind == "tell":
            return None
        asked = Asked(self, message)
        notes.asked.append(asked)
        return asked

    def _over(self, asked: Asked | None) -> None:
        """Whoever asked has the answer, or has given up."""
        notes: Notes = self._adopt().notes
        if asked in notes.asked:
            notes.asked.remove(asked)

    def accept(self, item: Any) -> None:
        """Queue an ask or a stream, also one that is passed on. For the kernel."""
        notes: Notes = self._adopt().notes
        if not any(asked.message is item.message and asked.to is self for asked in notes.asked):
            self._note(item.message, "ask")
        super().accept(item)

    # -- signals -----------------------------------------------------------------------------------------------
    def signal(self, signal: Any) -> None:
        """Note a stop or a kill, and obey. For the kernel."""
        stage = self._adopt()
        if isinstance(signal, (Stop, Kill)):
            (stage.notes.stopped if isinstance(signal, Stop) else stage.notes.killed).append(self)
        super().signal(signal)

    # -- its life ----------------------------------------------------------------------------------------------
    def need_extra(self) -> Any:
        """Return the rare half of the cell. For the kernel."""
        self._adopt()
        return super().need_extra()

    @property
    def path(self) -> str:
        """The path; of one that no driven actor has touched, its name."""
        return f"/{self.label}" if getattr(self, "system", None) is None else super().path

    def __repr__(self) -> str:
        if getattr(self, "system", None) is None:
            return f"<ActorRef {self.path} {self.cls.__name__} nowhere yet>"
        return super().__repr__()

    def _adopt(self) -> Any:
        """Return the stage it lives on; begin there if it lives nowhere yet."""
        system: Any = getattr(self, "system", None)
        if system is not None:
            return system.stage
        stage = Adopter.current
        if stage is None:
            raise RuntimeError(
                f"the stand-in `{self.label}` lives nowhere yet: give it to an actor that is driven, `drive(...)`"
            )
        stage.adopt(self)
        return stage


def stand_in(cls: Callable[..., A], name: str | None = None) -> ActorRef[A]:
    """Make a ref of an actor that only remembers what it is sent, to hand to an actor that will be driven.

    Args:
        cls: The class of the actor it stands for.
        name: Its name; that of the class in small letters without one.
    """
    ref: StandIn[A] = StandIn.__new__(StandIn)
    ref.handlers = Table(cls, None, _take)  # type: ignore[arg-type]  # the host comes with the system
    ref.label = check_name(name or getattr(cls, "__name__", "actor").lower().strip("_"))
    ref.owner, ref.inbox, ref.actor, ref.extra = None, None, None, None
    ref.flags = ref.handled = 0
    ref.cpu, ref.capacity = 0.0, ref.handlers.capacity
    return ref


class Double:
    """What lives in a stand-in's slot."""

    def __init__(self, cell: ActorRef[Any], notes: Notes) -> None:
        self._cell, self._notes = cell, notes

    def take(self, message: Any) -> Asked | None:
        """Return the ask that *message* is, if it is one that is noted."""
        found = (asked for asked in self._notes.asked if asked.message is message and asked.to is self._cell)
        return next(found, None)


def _take(double: Double, message: Any) -> Any:
    asked = double.take(message)
    return None if asked is None else asked.later


def _take_flow(double: Double, flow: Flow[Any]) -> Any:
    if not flow.pending():
        return None
    asked = double.take(flow.message)
    assert asked is not None, "a stream is noted when it is opened"
    return _feed(double, flow, asked)


async def _feed(double: Double, flow: Flow[Any], asked: Asked) -> None:
    try:
        await flow.feed(_items(asked))
    except Exception as error:  # noqa: BLE001  whatever the test said that it fails with
        flow.fail(error)
    finally:
        if asked in double._notes.asked:
            double._notes.asked.remove(asked)


async def _items(asked: Asked) -> AsyncGenerator[Any, None]:
    """Yield what the test answers, once it does."""
    asked.items = asyncio.get_running_loop().create_future()
    for item in await asked.items:
        yield item


class StandInHost(LoopHost):
    """Runs a double in the place of every actor."""

    def __init__(self, system: Any, config: HostConfig | None) -> None:
        super().__init__(system)
        self.config = config

    def table(self, cls: type) -> Table:
        """Return a table in which every message goes to the double."""
        table = self._tables.get(cls)
        if table is None:
            table = self._tables[cls] = Table(cls, self, _take)
            table.concurrency = 1_000  # what waits for the test to answer holds up nothing else
            table[Flow] = _take_flow
            table[Envelope] = table[CarriedAsk] = handle
            table.begin = table.idle = None
        return table

    def new_cell(self, system: Any, table: Table, label: str | int, owner: ActorRef[Any] | None) -> ActorRef[Any]:
        """Make an empty cell."""
        return StandIn(system, table, label, owner)

    def start(self, cell: ActorRef[Any], birth: Birth) -> None:
        """Note what was to begin, and be up."""
        stage = self._system.stage
        cell.actor = Double(cell, stage.notes)
        stage.notes.spawned.append(Spawned(cell, birth.cls, birth.args, dict(birth.kwargs or {}), self.config))
        lives.started(cell)

    def stop(self, cell: ActorRef[Any], exit: Exit) -> None:  # noqa: ARG002  a double has no `on_stop`
        """End at once."""
        ends.host_done(cell)
