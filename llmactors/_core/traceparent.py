"""Trace context as the W3C writes it: which trace something belongs to, and which step of it came before.

Theory of operation (https://www.w3.org/TR/trace-context/)
1. `traceparent` is `VERSION-TRACE-SPAN-FLAGS` in lower-case hexadecimal digits: 2, 32, 16 and 2 of them.
2. Version ff is none, and neither ids of zeros only are. A later version is read as far as version 00 goes, and may say
   more behind a further dash; what we write is version 00.
3. Of the flags only the lowest bit has a meaning (*sampled*); the others are not passed on.
4. `tracestate` is other systems' own, and passed on as it is, up to 512 characters of printable ASCII.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Final

VERSION: Final = "00"
SAMPLED: Final = 1
LONGEST_STATE: Final = 512  # characters
TRACE_BITS: Final = 128
SPAN_BITS: Final = 64

_PARENT: Final = re.compile(r"([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-[^\n]*)?")
_STATE: Final = re.compile(r"[ -~]*")


@dataclass(frozen=True, slots=True)
class TraceContext:
    """A step (span) of a trace, and the trace that it belongs to.

    Args:
        trace_id: 32 hexadecimal digits, the same for all that one request causes.
        span_id: 16 hexadecimal digits, those of this step.
        sampled: Whether it is recorded somewhere.
        state: What other systems want passed on (`tracestate`).
        parent_id: The step that caused this one, where it is known.
    """

    trace_id: str
    span_id: str
    sampled: bool = True
    state: str = ""
    parent_id: str | None = None

    @property
    def traceparent(self) -> str:
        """The step as the header `traceparent` says it."""
        return f"{VERSION}-{self.trace_id}-{self.span_id}-{int(self.sampled):02x}"

    def child(self, number: int) -> TraceContext:
        """Return a step that this one causes; its id is made of *number*, 64 bits, of which 0 is none."""
        return replace(self, span_id=span_id(number), parent_id=self.span_id)


def root(trace: int, span: int, *, sampled: bool = True) -> TraceContext:
    """Return the first step of a trace; its ids are made of *trace* (128 bits) and *span* (64 bits)."""
    return TraceContext(f"{trace % 2**TRACE_BITS or 1:032x}", span_id(span), sampled)


def span_id(number: int) -> str:
    """Return a step's id, which is never all zeros."""
    return f"{number % 2**SPAN_BITS or 1:016x}"


def parse(traceparent: str, tracestate: str = "") -> TraceContext:
    """Read a `traceparent`, and the `tracestate` beside it; a state that is too long or no text is left out.

    Raises:
        ValueError: It is no traceparent.
    """
    match = _PARENT.fullmatch(traceparent)
    if match is None:
        raise ValueError(f"{traceparent[:80]!r} is no traceparent: VERSION-TRACE-SPAN-FLAGS in lower-case hex digits")
    version, trace, span, flags, more = match.groups()
    if version == "ff" or (version == VERSION and more):
        raise ValueError(f"{traceparent[:80]!r} is no traceparent of version 00, nor one of a later version")
    if not int(trace, 16) or not int(span, 16):
        raise ValueError(f"{traceparent[:80]!r} is no traceparent: an id has zeros only")
    state = tracestate if len(tracestate) <= LONGEST_STATE and _STATE.fullmatch(tracestate) else ""
    return TraceContext(trace, span, bool(int(flags, 16) & SAMPLED), state)
