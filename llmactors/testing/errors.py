"""Every error of the testing kit. Those that fail a test are `AssertionError`s.

AssertionError
├── ExpectationError     what was expected did not come, or what was not expected did
└── LeftBehindError      a test left something behind
LLMActorsError
├── VirtualTimeError     something that has no place in virtual time
│   └── NothingHappensError   everybody waits for what nobody does
└── NotAnsweredError     the answer of a driven actor is not there yet
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from llmactors.errors import LLMActorsError

if TYPE_CHECKING:
    from collections.abc import Sequence


class ExpectationError(AssertionError):
    """What a test expected did not come, or what it did not expect did; the text shows what came instead."""


class LeftBehindError(AssertionError):
    """A test left something behind, or something happened in it that nobody expected. `left` has a line for each."""

    def __init__(self, left: Sequence[str]) -> None:
        super().__init__("\n".join(["the test left something behind that nobody expected:", *(f"  {x}" for x in left)]))
        self.left = tuple(left)


class VirtualTimeError(LLMActorsError):
    """Something was asked of virtual time that it cannot do. The text says what to do instead."""


class NothingHappensError(VirtualTimeError):
    """Everybody waits, and there is nothing to wait for. `waiting` says who stands where, a line for each task."""

    def __init__(self, why: str, waiting: Sequence[str]) -> None:
        super().__init__("\n".join([why, *(f"  {line}" for line in waiting)]))
        self.waiting = tuple(waiting)


class NotAnsweredError(LLMActorsError):
    """The answer of a driven actor was read, and is not there yet: its handler waits. The text says what for."""
