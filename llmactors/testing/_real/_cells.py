"""Refs of real hosts that say what happens to them."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Any, TypeVar

from llmactors._core.flags import REMOTE, SORTED
from llmactors._streams import Flow, message_of
from llmactors.hosts._loop import LoopHost
from llmactors.hosts.process._host import ProcessHost, RemoteCell
from llmactors.testing._sim._cells import SimRef, copied
from llmactors.testing._sim._tables import seen

if TYPE_CHECKING:
    from llmactors._birth import Birth
    from llmactors._messages import StreamMessage
    from llmactors._ref import ActorRef
    from llmactors._table import Table

A = TypeVar("A")
T = TypeVar("T")


class StalledFlow(Flow[T]):
    """A stream of a worker process, whose items a fault may keep from their reader: they have come, and it waits."""

    __slots__ = ("_held", "_last")

    def __init__(self, cell: ActorRef[Any], message: StreamMessage[Any, T], window: int, idle: float) -> None:
        super().__init__(cell, message, window, idle)
        self._held: deque[T] | None = None  # while it is stalled
        self._last: list[BaseException | None] = []  # how it has ended meanwhile

    def put(self, item: T) -> bool:
        """Give the reader an item, now or when the fault is over."""
        stage: Any = self.cell.stage  # type: ignore[attr-defined]  # it is one of ours
        if self._held is None and not self.done and stage.injector.item_comes(self):
            self._held = deque()
        if self._held is None:
            return super().put(item)
        self._held.append(item)
        return True

    def fail(self, error: BaseException | None) -> None:
        """End the stream, behind what is kept from its reader."""
        if self._held is None:
            super().fail(error)
        else:
            self._last.append(error)

    def go_on(self) -> None:
        """The fault is over: the reader has what has come meanwhile."""
        held, self._held = self._held, None
        for item in held or ():
            super().put(item)
        for error in self._last[:1]:
            super().fail(error)

    def leave(self) -> None:
        """Stop reading."""
        self._held = None
        super().leave()


class RealCell(SimRef[A], RemoteCell):
    """The ref of an actor in a worker process."""

    __slots__ = ()

    def own(self, message: Any) -> Any:
        """Return a copy of *message*, so that it can be told from others."""
        return copied(message)

    def _flow(self, message: StreamMessage[A, T], window: int, idle: float) -> Flow[T]:
        return StalledFlow(self, self.own(message), window, idle)

    def accept(self, item: Any) -> None:
        """Queue an ask or a stream, or hand it over at once."""
        stage: Any = self.stage
        if isinstance(item, Flow) and stage.recorder.letter(item.message) is None:
            stage.announce(self, item.message, "stream")
        stage.crosses(self, item.message)
        super().accept(item)


class RealLoopHost(LoopHost):
    """The loop host, whose handlers are seen and can be cut off."""

    apart = False

    def table(self, cls: type) -> Table:
        """Return how messages for actors of *cls* are delivered, and seen."""
        if cls not in self._tables:
            self._tables[cls] = seen(super().table(cls))
        return self._tables[cls]

    def new_cell(self, system: Any, table: Table, label: str | int, owner: ActorRef[Any] | None) -> ActorRef[Any]:
        """Make an empty cell that says what happens to it."""
        return SimRef(system, table, label, owner)

    def start(self, cell: ActorRef[Any], birth: Birth) -> None:
        """Make the instance, unless a fault keeps it from starting."""
        sim: Any = cell
        if not sim.stage.starts(sim):
            return
        super().start(cell, birth)

    def thawed(self, cell: Any) -> None:
        """Nothing to do: nobody stands still on the loop."""


class RealProcessHost(ProcessHost):
    """The process host, whose cells say what happens to them."""

    apart = True

    def new_cell(self, system: Any, table: Table, label: str | int, owner: ActorRef[Any] | None) -> ActorRef[Any]:
        """Make an empty cell that says what happens to it."""
        return RealCell(system, table, label, owner)

    def start(self, cell: ActorRef[Any], birth: Birth) -> None:
        """Fork a worker, unless a fault keeps it from starting."""
        sim: Any = cell
        if sim.stage.starts(sim):
            super().start(cell, birth)

    def thawed(self, cell: Any) -> None:
        """Nothing to do: the kernel of the machine has told it to go on."""


def is_remote(cell: Any) -> bool:
    """Say whether an actor lives in another process."""
    return bool(cell.flags & REMOTE)


def hands_of(cell: Any) -> list[Any]:
    """Return the messages that a worker has in hand."""
    life = cell.actor
    if life is None or life.over:
        return []
    return [message_of(item) for _, item in life.post.sent.hands(life.calls)]


def is_over(cell: Any, message: Any) -> bool:
    """Say whether a worker is through with a message: it does not have it any more, and it does not wait for it."""
    life = cell.actor
    if life is None or life.over or cell.flags & SORTED:
        return False
    again = () if cell.extra is None else cell.extra.requeued or ()
    waiting = (*(cell.inbox or ()), *(one.item for one in again), *life.post.sent.says)
    calls = (call.item for call in life.calls.book.values() if not call.later)
    return all(message_of(item) is not message for item in (*waiting, *calls))
