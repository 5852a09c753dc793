"""Refs to actors whose handlers run on the other side of a process border, on either side of it.

A far ref is an ordinary cell with the flag `REMOTE`: its mailbox is here, and instead of handling a message the
scheduler has its host forward what waits.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol, TypeVar, cast

from llmactors._asks import Ask
from llmactors._core.flags import REMOTE
from llmactors._messages import Message
from llmactors._ref import ActorRef
from llmactors._streams import Flow
from llmactors.errors import NotSerialisableError

if TYPE_CHECKING:
    from llmactors._system import ActorSystem
    from llmactors._table import Table

A = TypeVar("A")
T = TypeVar("T")


class FarHost(Protocol):
    """What a far ref needs of its host."""

    def check(self, cell: ActorRef[Any], message: Any) -> None:
        """See that *message* can cross. Raises `NotSerialisableError`."""
        ...


class FarRef(ActorRef[A]):
    """A ref to an actor on the other side."""

    __slots__ = ()

    def __init__(self, system: ActorSystem, handlers: Table, label: str | int, owner: ActorRef[Any] | None) -> None:
        super().__init__(system, handlers, label, owner)
        self.flags |= REMOTE

    def tell(self, message: Message[A, Any] | object) -> bool:
        """Send *message* and go on; from any thread.

        Raises:
            NotSerialisableError: The message cannot cross to the actor's process.
        """
        cast("FarHost", self.handlers.host).check(self, message)
        return super().tell(message)

    def accept(self, item: Ask | Flow[Any]) -> None:
        """Queue an ask or a stream. For the kernel."""
        try:
            cast("FarHost", self.handlers.host).check(self, item.message)
        except NotSerialisableError as error:
            item.fail(error)
        else:
            super().accept(item)
