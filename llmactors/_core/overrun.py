"""A handler that does not return: when to report it, when to interrupt it, when to give up.

Theory of operation
1. What runs is known by a key that changes with every message. A key seen again is the same handler, still running.
2. After `soft` seconds it is reported, once. After `hard` seconds it is interrupted, and again after each `grace`.
3. One that has swallowed `STRIKES` interrupts is beyond help: the process ends.
4. Who looks may be late itself: the machine was asleep, or busy with others. Then the time does not count.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum
from typing import Any, Final

STRIKES: Final = 3


class Verdict(Enum):
    """What to do about what runs."""

    NOTHING = "nothing"
    REPORT = "report"
    INTERRUPT = "interrupt"
    END = "end"


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Seconds: until a report, until an interrupt, and between two interrupts. A look later than `late` is no look."""

    soft: float
    hard: float
    grace: float
    late: float


@dataclass(frozen=True, slots=True)
class Watch:
    """What was seen running at the last look, since when, and what was done about it."""

    key: Any = None
    since: float = 0.0
    looked: float = 0.0
    reported: bool = False
    strikes: int = 0
    struck: float = 0.0


def look(watch: Watch, key: Any, now: float, limits: Limits) -> tuple[Watch, Verdict]:
    """Look at what runs now; None is nothing."""
    if key is None or key != watch.key:
        return Watch(key, now, now), Verdict.NOTHING
    if now - watch.looked > limits.late:
        lost = now - watch.looked
        return replace(watch, since=watch.since + lost, struck=watch.struck + lost, looked=now), Verdict.NOTHING
    watch = replace(watch, looked=now)
    if not watch.reported and now - watch.since >= limits.soft:
        return replace(watch, reported=True), Verdict.REPORT
    if now - watch.since < limits.hard or (watch.strikes and now - watch.struck < limits.grace):
        return watch, Verdict.NOTHING
    return watch, Verdict.END if watch.strikes >= STRIKES else Verdict.INTERRUPT


def struck(watch: Watch, now: float) -> Watch:
    """An interrupt was delivered."""
    return replace(watch, strikes=watch.strikes + 1, struck=now)
