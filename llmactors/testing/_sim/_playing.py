"""What is played, how, and what has become of it: the same for simulated runs and for real ones."""

from __future__ import annotations

import asyncio
import hashlib
from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from llmactors.testing._core.judge import Broken
from llmactors.testing._faults import NO_FAULTS, Faults
from llmactors.testing._sim._hand import SimHand
from llmactors.testing._world import World
from llmactors.testing.errors import InjectedCrashError

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Mapping

    from llmactors.testing import _values as events
    from llmactors.testing._core.choices import Choice
    from llmactors.testing._core.laws import Law
    from llmactors.testing._sim._stage import Stage

ALWAYS: Final = "what the test says holds always"
PASSES: Final = "the test passes"
OUTSIDE: Final = "nothing of the world outside is used"
COMPLAINS: Final = "no error goes unseen"
TURNS: Final = 20  # of the loop, for what is on its way out


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """What is run: a test, its tree, its faults and its laws.

    Args:
        test: The test; it is given the world.
        root: The root's class, or None.
        args: For the root's constructor.
        faults: The fault plan.
        laws: Makers of laws; each run has its own.
        check_messages: Have every message make the trip to another process and back.
        arguments: For the test, beside the world.

    Attributes:
        tables: What one run leaves to the next: how messages reach the handlers of a class.
    """

    test: Callable[..., Coroutine[Any, Any, None]]
    root: Callable[..., Any] | None = None
    args: tuple[Any, ...] = ()
    faults: Faults = NO_FAULTS
    laws: tuple[Callable[[], Law], ...] = ()
    check_messages: bool = True
    arguments: Mapping[str, Any] = field(default_factory=dict)
    tables: dict[Any, Any] = field(default_factory=dict, init=False, repr=False, compare=False)


@dataclass(slots=True)
class Outcome:
    """What became of one run.

    Attributes:
        seed: Its seed.
        history: What happened.
        choices: What was chosen instead of the plain course.
        points: How many choices there were.
        broken: The first thing that was broken; None where nothing was.
        error: What the test raised, where it did.
        seconds: Virtual seconds that it took.
        interesting: What the test says has to be so in some run.
        met: Lines of the fault plan, from 0, for which there was a place in it.
    """

    seed: int
    history: list[events.Event]
    choices: tuple[Choice, ...]
    points: int
    broken: Broken | None = None
    error: BaseException | None = None
    seconds: float = 0.0
    interesting: dict[str, bool] = field(default_factory=dict)
    met: frozenset[int] = frozenset()

    def digest(self) -> str:
        """Return a hash of all that happened."""
        told = hashlib.blake2b(digest_size=16)
        for event in self.history:
            told.update(repr(event).encode())
        return told.hexdigest()


class Playing(ABC):
    """One run of a program on a stage, from boot to the last look at what is left.

    Attributes:
        world: What the test has in hand; None before its system is up.
        error: What ended the run before its time; None where nothing did.
    """

    def __init__(self, program: Program, stage: Stage, seed: int) -> None:
        self.program, self.stage, self.seed = program, stage, seed
        self.world: World | None = None
        self.error: BaseException | None = None
        self._through = False  # the test has come to its end

    @abstractmethod
    def make_system(self) -> Any:
        """Make the system that is on this stage."""

    @abstractmethod
    def begins(self, system: Any, hand: SimHand) -> None:
        """The test begins."""

    @abstractmethod
    def is_over(self) -> None:
        """The test is over."""

    @abstractmethod
    def closed(self) -> None:
        """The system has closed."""

    async def main(self) -> None:
        """Play it."""
        program, stage, system = self.program, self.stage, self.make_system()
        hand = SimHand(stage, self.seed)
        try:
            async with system:
                self.world = World(hand)
                self.begins(system, hand)
                try:
                    await program.test(self.world, **program.arguments)
                finally:
                    self.is_over()
                self._through = True
                hand.checks.clear()
        except (GeneratorExit, KeyboardInterrupt, SystemExit):
            raise
        except BaseException as error:  # noqa: BLE001  it is what the run is judged by; a test framework's are no Exceptions
            if self.error is None and not (self._through and is_injected(error)):
                self.error = error
        self.closed()
        stage.injector.close()
        for _ in range(TURNS):
            if not stage.loop.others():
                break
            await asyncio.sleep(0)
        stage.recorder.judge.look(system, everybody=True)
        stage.recorder.judge.over()

    def outcome(self, choices: tuple[Choice, ...], points: int, seconds: float) -> Outcome:
        """Return what became of it; what was chosen, and the seconds that it took, the caller knows."""
        return Outcome(
            self.seed,
            self.stage.recorder.history,
            choices,
            points,
            broken=self._verdict(),
            error=self.error,
            seconds=seconds,
            interesting={} if self.world is None else self.world.interesting,
            met=frozenset(self.stage.injector.met),
        )

    def _verdict(self) -> Broken | None:
        """Return the first thing that was broken."""
        stage, world = self.stage, self.world
        last = len(stage.recorder.history) - 1
        if stage.outside is not None:
            return Broken(OUTSIDE, str(stage.outside), last)
        if stage.recorder.judge.broken:
            return stage.recorder.judge.broken[0]
        if world is not None and world.broken:
            return Broken(ALWAYS, world.broken[0], last)
        if self.error is not None:
            return Broken(PASSES, f"{type(self.error).__name__}: {self.error}", last)
        if stage.loop.complaints:
            return Broken(COMPLAINS, _told(stage.loop.complaints[0]), last)
        return None


def is_injected(error: BaseException) -> bool:
    """Say whether an error is a fault of ours that nobody heard of, and not something that came of one."""
    if isinstance(error, BaseExceptionGroup):
        return all(is_injected(one) for one in error.exceptions)
    return isinstance(error, InjectedCrashError)


def _told(context: dict[str, Any]) -> str:
    error = context.get("exception")
    return f"{context.get('message')}" + ("" if error is None else f" ({type(error).__name__}: {error})")
