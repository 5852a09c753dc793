"""Context that travels: what a sender has set in context variables is there when its message is handled.

Theory of operation
1. Code outside of async handlers and tasks shares one context, which is empty. Whether the present one has anything in
   it is one look at a live `Context` object (`Scheduler.here`); only where it has is anything made or copied.
2. A tell whose sender's context has something in it waits as an `Envelope`, an ask as a `CarriedAsk`, a stream with a
   `context`. Each class stands in an actor's table like a message; so the path of bare messages knows nothing of them.
3. The handler runs in a copy of that context, so what it sets reaches neither its sender nor the next message. A bare
   message's handler finds an empty context; one that leaves something in it makes the scheduler take a new one.
4. The kernel's own variables (`PRIVATE`) say whose handler it is, and do not travel.
5. A message of a trace is a step of its own in it: `trace.current()` in its handler is a child of the sender's.
"""

from __future__ import annotations

from contextvars import Context, ContextVar, copy_context
from types import CoroutineType
from typing import TYPE_CHECKING, Any, Final

from llmactors._asks import PENDING, PRIVATE, Ask, skip
from llmactors._core.traceparent import SPAN_BITS
from llmactors._later import Later
from llmactors._messages import InHand
from llmactors.trace import SPAN

if TYPE_CHECKING:
    from collections.abc import Callable

    from llmactors._ref import ActorRef
    from llmactors._scheduler import Scheduler


OUTSIDE: Final[Any] = True
"""Stands for a present context that is not known: other code than an actor's runs. Its truth is the quickest to see."""


class Envelope:
    """A message that was told, and the context in which that was done."""

    __slots__ = ("context", "message")

    def __init__(self, message: Any, context: Context) -> None:
        self.message, self.context = message, context


class CarriedAsk(Ask):
    """An ask, and the context in which it was made."""

    __slots__ = ("context",)

    def __init__(self, message: Any, now: float, timeout: float, cell: ActorRef[Any], context: Context) -> None:
        super().__init__(message, now, timeout, cell)
        self.context = context


# -- leaving -------------------------------------------------------------------------------------------------
def present(scheduler: Scheduler) -> Context | None:
    """Return a copy of the present context; None where it has nothing in it but what is the kernel's."""
    here = scheduler.here
    if here is not OUTSIDE and len(here) <= scheduler.own:
        return None
    context = copy_context()
    if all(var in PRIVATE or _is_decimal(var, value) for var, value in context.items()):
        return None
    for var in PRIVATE:
        if context.get(var) is not None:
            context.run(var.set, None)
    return context


def _is_decimal(var: ContextVar[Any], value: Any) -> bool:
    """Say whether a variable is `decimal`'s, which is set by whoever first calculates: by itself it does not travel."""
    return var.name == "decimal_context" and type(value).__module__ == "decimal"


def enclosed(scheduler: Scheduler, message: Any) -> Any:
    """Return what waits in the mailbox of one who is told *message* now: with the present context, if it has any."""
    context = None if message.__class__ is Envelope else present(scheduler)
    return message if context is None else Envelope(message, context)


def new_ask(message: Any, now: float, timeout: float, cell: ActorRef[Any]) -> Ask:
    """Make an ask, with the present context if it has any."""
    return ask_in(message, now, timeout, cell, present(cell.scheduler))


def ask_in(message: Any, now: float, timeout: float, cell: ActorRef[Any], context: Context | None) -> Ask:
    """Make an ask that is made in *context*; None where that is empty."""
    if context is None:
        return Ask(message, now, timeout, cell)
    return CarriedAsk(message, now, timeout, cell, context)


# -- arriving ------------------------------------------------------------------------------------------------
def begun(scheduler: Scheduler, context: Context) -> Context:
    """Return the context in which a message is handled: a copy of its sender's, a step further in its trace."""
    context = context.copy()
    sent_in = context.get(SPAN)
    if sent_in is not None:
        context.run(SPAN.set, sent_in.child(scheduler.random.getrandbits(SPAN_BITS)))
    return context


def handle(actor: Any, item: Envelope | CarriedAsk) -> Any:
    """Handle a message in its sender's context. Stands in the table of every actor class."""
    cell: ActorRef[Any] = actor._cell
    scheduler, message = cell.scheduler, item.message
    if isinstance(item, Ask) and item.value is not PENDING:
        skip(item)
        return None
    answer = within(scheduler, item.context, cell.handlers[message.__class__], actor, message)
    if isinstance(item, Ask) and answer.__class__ is not CoroutineType and answer.__class__ is not Later:
        item.answer(answer)
    return answer


def within(scheduler: Scheduler, sent_in: Context, call: Callable[..., Any], *args: Any) -> Any:
    """Begin to handle what was sent in a context; where that makes a coroutine, it runs in the same one."""
    context = begun(scheduler, sent_in)
    answer = scheduler.within(context, call, *args)
    if answer.__class__ is CoroutineType:
        scheduler.carried = context
    return answer


# -- for owners, who see bare messages -----------------------------------------------------------------------
def taken_out(item: Any, deliveries: int) -> InHand:
    """Return what an owner is told of an item that was in hand."""
    return InHand(item.message, deliveries, item.context) if isinstance(item, Envelope) else InHand(item, deliveries)


def put_back(given: InHand) -> InHand:
    """Return what waits in the mailbox again of what an owner has given back."""
    return given if given.context is None else InHand(Envelope(given.item, given.context), given.deliveries)
