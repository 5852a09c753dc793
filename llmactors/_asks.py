"""An ask in flight: a message, a place for its answer, and a deadline.

The mailbox is the book of pending asks: when a slot is discarded the asks in it fail, and those in hand fail with their
incarnation. Nothing else keeps a list.
"""

from __future__ import annotations

from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, Final

from llmactors._messages import ASK_TIMEOUT, name_of
from llmactors.errors import AskTimeoutError

if TYPE_CHECKING:
    from asyncio import Future

    from llmactors._ref import ActorRef


class _Pending:
    __slots__ = ()

    def __repr__(self) -> str:
        return "PENDING"


PENDING: Final = _Pending()


class Failure:
    """An error where an answer would be."""

    __slots__ = ("error",)

    def __init__(self, error: BaseException) -> None:
        self.error = error


class Ask:
    """A message whose sender waits for the answer."""

    __slots__ = ("cell", "deadline", "future", "message", "timeout", "value")

    def __init__(self, message: Any, now: float, timeout: float, cell: ActorRef[Any]) -> None:
        self.message = message
        self.timeout = timeout
        self.deadline = now + timeout
        self.cell: Any = cell
        self.value: Any = PENDING
        self.future: Future[None] | None = None

    def inherit(self) -> None:
        """Take over the deadline of the ask that the present handler is answering, if that one is nearer."""
        outer = CURRENT.get()
        if isinstance(outer, Ask) and outer.value is PENDING and outer.deadline < self.deadline:
            self.timeout -= self.deadline - outer.deadline
            self.deadline = outer.deadline

    def pending(self) -> bool:
        """Say whether there is no answer yet."""
        return self.value is PENDING

    def answer(self, value: Any) -> None:
        """Give the answer, unless there is one."""
        if self.value is PENDING:
            self.value = value
            if self.future is not None and not self.future.done():
                self.future.set_result(None)

    def fail(self, error: BaseException) -> None:
        """Give an error as the answer, unless there is an answer."""
        self.answer(Failure(error))

    def expired(self) -> None:
        """Give up: the deadline has passed."""
        self.fail(AskTimeoutError(self.cell.path, name_of(self.message), self.timeout))
        self.cell.abandon(self)


def skip(ask: Ask) -> None:
    """The asker gave up before the message's turn came: it is counted, not handled."""
    ask.cell.scheduler.expired += 1
    ask.cell.system.dead_letter(ask.message, ask.cell, "expired")


def timeout_of(message: Any, said: float | None = None) -> float:
    """Return the seconds that an asker of *message* waits: what it said, or else what the message's endpoint says."""
    return getattr(message, "__timeout__", ASK_TIMEOUT) if said is None else said


CURRENT: Final[ContextVar[Any]] = ContextVar("llmactors_current", default=None)
"""The ask that the present async handler is answering, or its cell; set for async handlers only."""

PRIVATE: Final[list[ContextVar[Any]]] = [CURRENT]
"""The kernel's own variables: they are None elsewhere, and do not travel with messages."""
