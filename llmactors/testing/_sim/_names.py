"""What choices are called: what they are, not where in a run they stand."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from llmactors._core.flags import SIGNALS
from llmactors._messages import name_of
from llmactors._streams import message_of

if TYPE_CHECKING:
    import asyncio

LONGEST = 60  # characters of a message's text


def name_of_turn(cell: Any) -> str:
    """Name what a cell on the run queue would do next: `/counter Counter.add #3`."""
    if cell.flags & SIGNALS:
        return f"{cell.where} signals #{cell.handled + 1}"
    what = name_of(message_of(cell.inbox[0])) if cell.inbox else "again"
    return f"{cell.where} {what} #{cell.handled + 1}"


def name_of_timer(timer: asyncio.TimerHandle) -> str:
    """Name what a timer would call, and for whom: `Timer._fire /counter at 1.5`."""
    callback: Any = timer._callback  # type: ignore[attr-defined]  # as every loop of asyncio's has it
    args = tuple(timer._args)
    while isinstance(callback, partial):
        args, callback = (*callback.args, *args), callback.func
    owner = getattr(callback, "__self__", None)
    whose = next((where for one in (owner, *args) if (where := _where(one)) is not None), "")
    return f"{getattr(callback, '__qualname__', type(callback).__name__)} {whose} at {timer.when():g}"


def _where(one: Any) -> str | None:
    where = getattr(one, "where", None) or getattr(getattr(one, "_cell", None), "where", None)
    return where if isinstance(where, str) else None


def text_of_message(message: Any) -> str:
    """Return a message in one short line."""
    text = " ".join(repr(message).split())
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}…"
