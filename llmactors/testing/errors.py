"""Every error of the testing kit. Those that fail a test are `AssertionError`s.

AssertionError
├── ExpectationError          what was expected did not come, or what was not expected did
├── LeftBehindError           a test left something behind
├── NotSettledError           asks that should have been answered by then were not
└── SimulationFailedError     a simulated run broke a law or failed its test; the text is the report
LLMActorsError
├── FaultPlanError            a fault plan makes no sense (a ValueError too)
├── NotAnsweredError          the answer of a driven actor is not there yet
├── SimulationError           a simulated run cannot go on as it is
│   └── OutsideWorldError     code under test uses what a simulation cannot decide: a real clock, a thread, a socket
└── VirtualTimeError          something that has no place in virtual time
    └── NothingHappensError   everybody waits for what nobody does

Faults that are injected are errors of their own, so that a test can tell them from those of the code under test:
`InjectedCrashError` leaves a handler, `InjectedStartError` keeps an actor from starting.
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


class NotSettledError(AssertionError):
    """Asks that should have been answered by now were not."""

    def __init__(self, names: Sequence[str], within: float) -> None:
        super().__init__(f"not settled within {within:g} s: {', '.join(names)}")
        self.names, self.within = tuple(names), within


class SimulationFailedError(AssertionError):
    """A run broke a law, or failed its test. The text is the report.

    Attributes:
        law: What was broken; None where the test itself failed.
        seed: The seed of the run.
    """

    def __init__(self, report: str, law: str | None, seed: int) -> None:
        super().__init__(report)
        self.law, self.seed = law, seed


class VirtualTimeError(LLMActorsError):
    """Something was asked of virtual time that it cannot do. The text says what to do instead."""


class NothingHappensError(VirtualTimeError):
    """Everybody waits, and there is nothing to wait for. `waiting` says who stands where, a line for each task."""

    def __init__(self, why: str, waiting: Sequence[str]) -> None:
        super().__init__("\n".join([why, *(f"  {line}" for line in waiting)]))
        self.waiting = tuple(waiting)


class NotAnsweredError(LLMActorsError):
    """The answer of a driven actor was read, and is not there yet: its handler waits. The text says what for."""


class FaultPlanError(LLMActorsError, ValueError):
    """A fault plan makes no sense."""

    def __init__(self, field: str, value: object, remedy: str) -> None:
        super().__init__(f"{field}={value!r} makes no fault plan: give {remedy}")
        self.field, self.value, self.remedy = field, value, remedy


class SimulationError(LLMActorsError):
    """A simulated run cannot go on as it is. The text says why, and what to do."""


class OutsideWorldError(SimulationError):
    """Code under test uses something that a simulation cannot decide, so the run could not be repeated."""

    def __init__(self, what: str, where: str, remedy: str) -> None:
        super().__init__(f"{where} uses {what}, which is another one in every run; {remedy}")
        self.what, self.where, self.remedy = what, where, remedy


class InjectedCrashError(Exception):
    """A fault that was injected: an exception leaves the handler here."""

    def __init__(self, point: str) -> None:
        super().__init__(f"injected at {point}")
        self.point = point


class InjectedStartError(Exception):
    """A fault that was injected: the actor cannot start."""

    def __init__(self, point: str) -> None:
        super().__init__(f"injected at {point}")
        self.point = point
