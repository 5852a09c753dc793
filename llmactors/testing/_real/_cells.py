"""Refs of real hosts that say what happens to them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from llmactors._core.flags import REMOTE
from llmactors.hosts._loop import LoopHost
from llmactors.hosts.process._host import ProcessHost, RemoteCell
from llmactors.testing._sim._cells import SimRef, copied
from llmactors.testing._sim._tables import seen

if TYPE_CHECKING:
    from llmactors._birth import Birth
    from llmactors._ref import ActorRef
    from llmactors._table import Table

A = TypeVar("A")


class RealCell(SimRef[A], RemoteCell):
    """The ref of an actor in a worker process."""

    __slots__ = ()

    def own(self, message: Any) -> Any:
        """Return a copy of *message*, so that it can be told from others."""
        return copied(message)

    def accept(self, item: Any) -> None:
        """Queue an ask or a stream, or hand it over at once."""
        stage: Any = self.stage
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


def hands_of(cell: Any) -> frozenset[Any]:
    """Return what tells apart the messages that a worker has in hand."""
    life = cell.actor
    if life is None or life.over:
        return frozenset()
    return frozenset(key for key, _ in life.post.sent.hands(life.calls))
