"""Hedged asks: whom to ask next, so that one slow actor does not hold everybody up.

Theory of operation
1. The first is asked at once. When the delay has passed without an answer the next one is asked too, and so on.
2. One that fails makes room at once: the next is asked without waiting for the delay.
3. The first answer wins. When the last one has failed there is none.

After Dean and Barroso, "The tail at scale", CACM 56(2), 2013.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum


class Event(Enum):
    """What has happened."""

    BEGIN = "begin"
    DELAY_PASSED = "delay passed"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Hedge:
    """How many there are to ask, how many were asked, and how many of those have failed."""

    total: int
    asked: int = 0
    failed: int = 0


@dataclass(frozen=True, slots=True)
class AskNext:
    """Ask the one at *index*; *more* says whether the delay is to be waited for after it."""

    index: int
    more: bool


@dataclass(frozen=True, slots=True)
class GiveUp:
    """All have failed."""


@dataclass(frozen=True, slots=True)
class WaitOn:
    """Wait for those that were asked."""


Effect = AskNext | GiveUp | WaitOn


def decide(hedge: Hedge, event: Event) -> tuple[Hedge, Effect]:
    """Answer *event* with what to do."""
    if event is Event.FAILED:
        hedge = replace(hedge, failed=hedge.failed + 1)
    if hedge.asked < hedge.total:
        index, hedge = hedge.asked, replace(hedge, asked=hedge.asked + 1)
        return hedge, AskNext(index, hedge.asked < hedge.total)
    return hedge, GiveUp() if hedge.failed == hedge.total else WaitOn()
