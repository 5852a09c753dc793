"""What is told of a crash: what a person needs to see why, and nothing that is nobody's business."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from llmactors import _slots as slots
from llmactors._core.chain import causes
from llmactors._core.flags import REMOTE
from llmactors._core.redaction import state_in_words
from llmactors._exits import Crash, error_of
from llmactors._redact import redacted, state_of, told
from llmactors._reports import is_heard, report
from llmactors._streams import message_of
from llmactors._values import Report
from llmactors.errors import ActorEndedError
from llmactors.trace import SPAN

if TYPE_CHECKING:
    from llmactors._exits import Exit
    from llmactors._ref import ActorRef


def report_crash(cell: ActorRef[Any], exit: Exit, items: tuple[Any, ...], crash: str | None = None) -> None:
    """Report an end that is a crash, if anybody listens: causes, message in hand, state, queue and links; redacted.

    *crash* is what the flight recorder calls it.

    The crash itself is told to whoever has to hear of it, and so loud enough; this says what else is known.
    """
    if not isinstance(exit, Crash) or not is_heard(logging.INFO) or cell.actor is None:
        return
    item = items[0] if items else None
    actor, state = cell.actor, {}
    if cell.flags & REMOTE:
        actor = None  # it stands for an instance in another process
    else:
        state = state_of(actor)
    message = None if item is None else message_of(item)
    left = redacted(actor, Report(kind="crash", path=cell.path, state=state, message=message, error=causes(exit.error)))
    extra, context = cell.need_extra(), getattr(item, "context", None)
    step = None if context is None else context.get(SPAN)
    recorded = {} if crash is None else {"crash": crash}
    report(
        logging.INFO,
        "actor_crashed",
        **recorded,
        path=cell.path,
        chain=left.error,
        message=told(left.message),
        state=state_in_words(left.state),
        queue=slots.queued(cell),
        links=[peer.path for peer in extra.links or ()],
        incarnation=extra.incarnation,
        trace=None if step is None else step.traceparent,
    )


def raisable(path: str, exit: Exit) -> BaseException:
    """Return what a block raises for that end: its error, but for one that would end or confuse the program."""
    error = error_of(exit)
    if isinstance(error, (Exception, KeyboardInterrupt)) and not isinstance(error, (StopIteration, StopAsyncIteration)):
        return error
    ended = ActorEndedError(path, exit)
    ended.__cause__ = error
    return ended
