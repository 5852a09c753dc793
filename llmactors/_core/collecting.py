"""When a whole program's garbage is collected: what is young in small portions, the rest where nobody waits.

Theory of operation
1. The interpreter collects what is young by itself: every `THRESHOLDS[0]` objects that were made and not freed. What
   has been looked at twice is a *portion*, and is frozen: no later collection looks at it, so none takes longer than a
   millisecond, however many actors there are.
2. What is frozen is freed like anything else when nothing refers to it any more. Only what dies in a circle later than
   that stays; so when as many portions have been frozen since as may matter, the frozen are looked at too. That takes
   long where much lives, and is done where nobody waits, if there is such a moment.
3. When nothing has been handled for `IDLE` seconds, or once in `PATIENCE` seconds, the last portion is collected before
   it is full.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum
from typing import Final

THRESHOLDS: Final = (1_000, 1, 1_000_000)
PORTION: Final = 2_000  # objects in a portion, about
IDLE: Final = 0.5  # seconds in which nothing was handled
PATIENCE: Final = 60.0  # seconds without an idle moment
MATTERS: Final = 100  # portions
GROWN: Final = 0.25  # of all that lived when the frozen were looked at last
RESTED: Final = 5.0  # seconds in which nothing was handled, before the frozen are looked at
NEVER_RESTS: Final = 600.0  # seconds after which they are looked at without


class Verdict(Enum):
    """What to do."""

    NOTHING = "nothing"
    YOUNG = "young"
    THAWED = "thawed"


@dataclass(frozen=True, slots=True)
class Book:
    """When something was last collected, how many portions there had been by then; and the same of the frozen.

    *living* is how many objects were frozen again then.
    """

    at: float
    portions: int
    thawed_at: float
    thawed_portions: int
    living: int


def new_book(portions: int, now: float, living: int) -> Book:
    """Begin where everything has just been looked at, and *living* objects were left."""
    return Book(now, portions, now, portions, living)


def look(book: Book, portions: int, now: float, handled: float) -> tuple[Book, Verdict]:
    """Decide what to do at *now*: there have been so many *portions*, the last message was *handled* then.

    A book with the verdict `THAWED` is to be replaced by a new one, as only then is known what lives.
    """
    still = now - handled
    if portions - book.thawed_portions >= MATTERS + GROWN * book.living / PORTION and (
        still >= RESTED or now - book.thawed_at >= NEVER_RESTS
    ):
        return book, Verdict.THAWED
    if portions == book.portions or (still < IDLE and now - book.at < PATIENCE):
        return book, Verdict.NOTHING
    return replace(book, at=now, portions=portions), Verdict.YOUNG
