"""`Actor`: what users subclass."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Self

from llmactors._context import Context
from llmactors._core.mailbox import Mailbox
from llmactors._table import TIMERS
from llmactors.errors import UnhandledMessageError

if TYPE_CHECKING:
    from llmactors._ref import ActorRef


class Actor:
    """Base of every actor class: state that nobody else touches, and endpoints that answer messages.

    Optional hooks, plain or async:

    * `on_start(self)`: its return is readiness; an exception is a failed start; `raise StartIgnored` is no start.
    * `on_stop(self, exit)`: runs after a stop and after a crash, never after a kill.
    * `on_pressure(self, level)`: something that it holds is near its ceiling (`Pressure.HIGH`), and it might drop what
      it can make anew; or no more (`Pressure.CALM`). Runs between two handlers, or while an async one waits.
    * `redact(self, report)`: returns the `Report` without what people are not to read: secrets, prompts. Plain only.
    * `receive(self, message)`: what is no endpoint call: `Request`s, notices (`Down`, `Exited`, `Ended`), other values.

    `on_start`, async handlers and `on_stop` of one life run in one task if `on_start` is async.

    Attributes:
        mailbox: How many messages may wait, and what happens to one more.
        concurrency: Messages in hand at once, 1 unless async handlers may overlap.
        trap_exits: Whether the end of a linked actor is a notice (`Exited`) instead of this actor's end.
        pausable: Whether a pause holds this actor; False means that it is passed on to its children.
        idle_timeout: Seconds without a message after which the notice `Idle` comes to `receive`, again and again; None
            for never. Any message that comes first begins the time anew.
        max_timers: Messages that wait for their time (`send_after`), 10 000 at most unless the class says
            otherwise; one more is refused by `TooManyTimersError`.
        local: True for actors that run on `Loop()` only, such as supervisors; their messages never cross processes.
    """

    mailbox: ClassVar[Mailbox] = Mailbox()
    concurrency: ClassVar[int] = 1
    trap_exits: ClassVar[bool] = False
    pausable: ClassVar[bool] = True
    idle_timeout: ClassVar[float | None] = None
    max_timers: ClassVar[int] = TIMERS
    local: ClassVar[bool] = False
    _cell: ActorRef[Any]

    @property
    def context(self) -> Context[Self]:
        """The actor's view of its system: own ref, spawn, links, timers.

        Raises:
            RuntimeError: The object is not run by a system (it was made by hand, or its life is over).
        """
        try:
            cell = self._cell
        except AttributeError:
            raise RuntimeError(
                f"this {type(self).__name__} is not run by a system: spawn it, and its context is there"
            ) from None
        extra = cell.need_extra()
        if extra.context is None and cell.actor is self:
            extra.context = cell.system.make_context(cell, self)
        if extra.context is None or extra.context.actor is not self:
            raise RuntimeError(f"this life of `{cell.path}` is over: its context is gone")
        return extra.context

    def receive(self, message: Any) -> Any:
        """Handle what is not an endpoint call. This one handles nothing.

        Raises:
            UnhandledMessageError: Always. The message becomes a dead letter, and its asker gets the error.
        """
        raise UnhandledMessageError(self._cell.path, message)
