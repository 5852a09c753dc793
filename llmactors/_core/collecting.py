"""When a whole program's garbage is collected: what is young in small portions, the rest where nobody waits.

Theory of operation
1. The interpreter collects what is young by itself: every `THRESHOLDS[0]` objects that were made and not freed, twice
   looked at, a millisecond at most. What has survived that is never looked at again by itself.
2. When nothing has been handled for `IDLE` seconds, what has survived since is collected as a whole, and what is left
   then is frozen: no later collection looks at it. So the next one is short, however many actors there are.
3. What was frozen and died later, in a circle, comes to light every `THAW` times, when the frozen are looked at too.
4. A program that is never idle is collected as a whole all the same, every `PATIENCE` seconds: that does make others
   wait, for as long as what was made since and lives on is large.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Final

THRESHOLDS: Final = (1_000, 1, 1_000_000)
IDLE: Final = 0.5  # seconds in which nothing was handled
THAW: Final = 20  # collections of the whole, of which one looks at the frozen
PATIENCE: Final = 60.0  # seconds without an idle moment


class Verdict(Enum):
    """What to do."""

    NOTHING = "nothing"
    WHOLE = "whole"
    THAWED = "thawed"


@dataclass(frozen=True, slots=True)
class Book:
    """When the whole was last collected, how often the young had been by then, and how often the whole has been."""

    at: float
    portions: int
    wholes: int = 0


def look(book: Book, portions: int, now: float, handled: float) -> tuple[Book, Verdict]:
    """Decide what to do at *now*: the young were collected *portions* times, the last message was *handled* then."""
    idle = now - handled >= IDLE
    if portions == book.portions or (not idle and now - book.at < PATIENCE):
        return book, Verdict.NOTHING
    wholes = book.wholes + 1
    return Book(now, portions, wholes), Verdict.WHOLE if wholes % THAW or not idle else Verdict.THAWED
