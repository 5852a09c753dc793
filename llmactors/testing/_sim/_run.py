"""One simulated run, from boot to the last look at what is left."""

from __future__ import annotations

import asyncio
import hashlib
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from random import Random
from typing import TYPE_CHECKING, Any, Final

from llmactors.testing._core.judge import Broken, Judge
from llmactors.testing._faults import NO_FAULTS, Faults
from llmactors.testing._sim._chooser import Chooser
from llmactors.testing._sim._exploring import Exploring
from llmactors.testing._sim._fence import on
from llmactors.testing._sim._hand import SimHand
from llmactors.testing._sim._loop import SimLoop
from llmactors.testing._sim._recorder import Recorder
from llmactors.testing._sim._stage import Stage
from llmactors.testing._sim._system import SimSystem
from llmactors.testing._world import World
from llmactors.testing.errors import InjectedCrashError

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Mapping

    from llmactors.testing import _values as events
    from llmactors.testing._core.choices import Choice
    from llmactors.testing._core.laws import Law
    from llmactors.testing._core.schedules import Picker
    from llmactors.testing._sim._chooser import Replay

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
    """

    test: Callable[..., Coroutine[Any, Any, None]]
    root: Callable[..., Any] | None = None
    args: tuple[Any, ...] = ()
    faults: Faults = NO_FAULTS
    laws: tuple[Callable[[], Law], ...] = ()
    check_messages: bool = True
    arguments: Mapping[str, Any] = field(default_factory=dict)


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
    """

    seed: int
    history: list[events.Event]
    choices: tuple[Choice, ...]
    points: int
    broken: Broken | None = None
    error: BaseException | None = None
    seconds: float = 0.0
    interesting: dict[str, bool] = field(default_factory=dict)

    def digest(self) -> str:
        """Return a hash of all that happened."""
        told = hashlib.blake2b(digest_size=16)
        for event in self.history:
            told.update(repr(event).encode())
        return told.hexdigest()


def play(program: Program, seed: int, picker: Picker | None = None, replay: Replay | None = None) -> Outcome:
    """Run *program* once, by a schedule and a seed or as a tape says."""
    return play_with(Chooser(Random(seed), picker, replay), program, seed)  # noqa: S311  no secret


def play_with(chooser: Chooser, program: Program, seed: int) -> Outcome:
    """Run *program* once, all choices made by *chooser*."""
    loop = SimLoop(chooser)  # type: ignore[abstract]  # what is missing is refused by name
    recorder = Recorder(loop.time, Judge(law() for law in program.laws))
    rules = program.faults.rules() if program.faults else ()
    stage = Stage(loop, chooser, recorder, rules, program.faults.most)
    outcome = Outcome(seed, recorder.history, (), 0)
    run = _Run(program, stage, seed)
    if isinstance(chooser, Exploring):
        chooser.history, run.exploring = recorder.history, chooser
    main = loop.create_task(run.main(), name="the test")
    try:
        with on(stage):
            loop.run_until_complete(main)
    except (Exception, asyncio.CancelledError) as error:  # noqa: BLE001  the loop's own complaints
        run.error = run.error or error
    finally:
        _end(loop, stage, main)
    outcome.choices, outcome.points, outcome.seconds = tuple(chooser.taken), chooser.points, loop.now
    outcome.error, outcome.interesting = run.error, {} if run.world is None else run.world.interesting
    outcome.broken = run.verdict()
    return outcome


class _Run:
    def __init__(self, program: Program, stage: Stage, seed: int) -> None:
        self.program, self.stage, self.seed = program, stage, seed
        self.world: World | None = None
        self.error: BaseException | None = None
        self.through = False  # the test has come to its end
        self.exploring: Exploring | None = None
        self._looked = 0

    async def main(self) -> None:
        program, stage = self.program, self.stage
        system = SimSystem(stage, self.seed, program.root, *program.args, check_messages=program.check_messages)
        hand = SimHand(stage, self.seed)
        try:
            async with system:
                self.world = World(hand)
                stage.loop.after = partial(self._look, system, hand)
                if self.exploring is not None:
                    self.exploring.active = True
                try:
                    await program.test(self.world, **program.arguments)
                finally:
                    if self.exploring is not None:
                        self.exploring.stop()
                self.through = True
                hand.checks.clear()
        except (GeneratorExit, KeyboardInterrupt, SystemExit):
            raise
        except BaseException as error:  # noqa: BLE001  it is what the run is judged by; a test framework's are no Exceptions
            if self.error is None and not (self.through and is_injected(error)):
                self.error = error
        stage.loop.after = None
        stage.injector.close()
        for _ in range(TURNS):
            if not stage.loop.others():
                break
            await asyncio.sleep(0)
        stage.recorder.judge.look(system)
        stage.recorder.judge.over()

    def _look(self, system: SimSystem, hand: SimHand) -> None:
        recorder = self.stage.recorder
        if len(recorder.history) != self._looked:  # else there is nothing to be seen that was not
            self._looked = len(recorder.history)
            recorder.judge.look(system)
        if hand.checks:
            for check in tuple(hand.checks):
                check()

    def verdict(self) -> Broken | None:
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
            return Broken(COMPLAINS, told(stage.loop.complaints[0]), last)
        return None


def is_injected(error: BaseException) -> bool:
    """Say whether an error is a fault of ours that nobody heard of, and not something that came of one."""
    if isinstance(error, BaseExceptionGroup):
        return all(is_injected(one) for one in error.exceptions)
    return isinstance(error, InjectedCrashError)


def told(context: dict[str, Any]) -> str:
    error = context.get("exception")
    return f"{context.get('message')}" + ("" if error is None else f" ({type(error).__name__}: {error})")


def _end(loop: SimLoop, stage: Stage, main: asyncio.Task[None]) -> None:
    """Leave nothing of a run behind, whatever became of it: first the test ends in order, then what is left."""
    stage.recorder.closed = True
    loop.held = loop.after = None
    for left in ([main], list(asyncio.all_tasks(loop))):
        tasks = [task for task in left if not task.done()]
        for task in tasks:
            task.cancel()
        if tasks:
            loop.steps = 0
            with suppress(Exception):  # they will not end: the run has failed with it
                loop.run_until_complete(asyncio.gather(*tasks, return_exceptions=True))
    for coroutine in stage.left_behind:
        coroutine.close()
    loop.close()
