"""Values about actors: what is told of one to people."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from llmactors._core.traceparent import TraceContext


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What is about to be told of an actor: after a crash, when its state is looked at, or of a message it handles.

    An actor's `redact(report)` returns the report without what nobody is to read, by `dataclasses.replace`. Whatever it
    leaves is written with values that are named like secrets taken out, and long ones cut.

    Args:
        kind: Why it is told: `"crash"`, `"state"` or `"trace"`.
        path: The actor's path.
        state: The attributes of the instance; empty for a trace.
        message: The message in hand, if there is one; any value may stand in its place.
        value: What a handler answered.
        error: What went wrong, the root cause first.
    """

    kind: Literal["crash", "state", "trace"]
    path: str
    state: Mapping[str, Any] = field(default_factory=dict)
    message: Any = None
    value: Any = None
    error: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """What an actor that is traced did. Its texts are redacted, as `Report` says.

    Args:
        at: When, in seconds on the system's clock.
        what: `"received"` a message; or what became of one: `"answered"` (also: done), `"failed"`, `"cancelled"`,
            `"put aside"`, or `"later"` for an answer to come.
        message: The message.
        text: The answer, or the error.
        trace: The step of a trace that the message is, if it is of one.
    """

    at: float
    what: str
    message: str
    text: str = ""
    trace: TraceContext | None = None
