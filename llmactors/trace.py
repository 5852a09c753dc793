"""Which trace the present code belongs to: it travels with messages, over hosts and processes too.

A trace context is a value of the W3C's trace context (`traceparent`). It stands in a context variable, and like every
other context variable it travels with messages; each message that is handled is a step (span) of its own, caused by the
step in which it was sent. Crash reports and log events name both.
"""

from __future__ import annotations

import random
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Final

from llmactors._core.traceparent import SPAN_BITS, TRACE_BITS, TraceContext, parse, root

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["TraceContext", "begin", "current", "parse", "use"]

SPAN: Final[ContextVar[TraceContext | None]] = ContextVar("llmactors_trace", default=None)


def current() -> TraceContext | None:
    """Return the step that the present code belongs to; None outside of any trace."""
    return SPAN.get()


def begin(*, sampled: bool = True) -> TraceContext:
    """Return the first step of a new trace; `use` puts it in force."""
    return root(random.getrandbits(TRACE_BITS), random.getrandbits(SPAN_BITS), sampled=sampled)


@contextmanager
def use(context: TraceContext | None) -> Iterator[TraceContext | None]:
    """Have what is sent and logged in this block belong to *context*; None takes it out of any trace."""
    token = SPAN.set(context)
    try:
        yield context
    finally:
        SPAN.reset(token)
