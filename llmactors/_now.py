"""Whose handler runs now, since when, and in which tree."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from llmactors._ref import ActorRef


class Now:
    """Three fields, at fixed places in memory: the sentinel of a watched process reads them there (see `_outside`)."""

    __slots__ = ("current", "last", "root")

    current: ActorRef[Any] | None
    last: float
    root: ActorRef[Any] | None
