"""Trace context across a process border: the one variable of a context that is written down.

What else a sender has set stays in its process: it can be anything, and is not for another process to build.
"""

from __future__ import annotations

from contextvars import Context
from typing import TYPE_CHECKING, Any

from llmactors._carried import Envelope
from llmactors.trace import SPAN, TraceContext, parse

if TYPE_CHECKING:
    from collections.abc import Callable

    from llmactors._scheduler import Scheduler


def step_of(item: Any) -> TraceContext | None:
    """Return the step of a trace in which a mailbox's entry was sent; of what is sent just now, the present one."""
    context: Context | None = getattr(item, "context", None)
    return SPAN.get() if context is None else context.get(SPAN)


def written_step(step: TraceContext) -> str:
    """Return what crosses: a traceparent, and after a space what else is to be passed on."""
    return f"{step.traceparent} {step.state}"


def without_context(item: Any) -> Any:
    """Return what crosses of an envelope: itself if it is of a trace, else its message."""
    return item.message if item.__class__ is Envelope and step_of(item) is None else item


def serve_in_step(scheduler: Scheduler, written: str | None, call: Callable[..., Any], *args: Any) -> None:
    """Serve a call that came over; in a context that has nothing but its step, if it is of a trace.

    Raises:
        ValueError: What was written is no step.
    """
    if written is None:
        call(*args)
        return
    parent, _, state = written.partition(" ")
    context = Context()
    context.run(SPAN.set, parse(parent, state))
    scheduler.within(context, call, *args)
