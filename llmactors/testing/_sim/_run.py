"""One simulated run, from boot to the last look at what is left."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from random import Random
from typing import TYPE_CHECKING, Any

from llmactors.testing._core.judge import Judge
from llmactors.testing._sim._chooser import Chooser
from llmactors.testing._sim._exploring import Exploring
from llmactors.testing._sim._fence import on
from llmactors.testing._sim._hand import SimHand
from llmactors.testing._sim._loop import SimLoop
from llmactors.testing._sim._playing import Outcome, Playing, Program
from llmactors.testing._sim._recorder import Recorder
from llmactors.testing._sim._stage import Stage
from llmactors.testing._sim._system import SimSystem

if TYPE_CHECKING:
    from collections.abc import Callable

    from llmactors.testing._core.schedules import Picker
    from llmactors.testing._sim._chooser import Replay


def play(program: Program, seed: int, picker: Picker | None = None, replay: Replay | None = None) -> Outcome:
    """Run *program* once, by a schedule and a seed or as a tape says."""
    return play_with(Chooser(Random(seed), picker, replay), program, seed)  # noqa: S311  no secret


def play_with(chooser: Chooser, program: Program, seed: int) -> Outcome:
    """Run *program* once, all choices made by *chooser*."""
    loop = SimLoop(chooser)  # type: ignore[abstract]  # what is missing is refused by name
    recorder = Recorder(loop.time, Judge(law() for law in program.laws))
    stage = Stage(loop, chooser, recorder, program.faults.rules(), program.faults.most)
    stage.tables = program.tables
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
    return run.outcome(tuple(chooser.taken), chooser.points, loop.now)


class _Run(Playing):
    def __init__(self, program: Program, stage: Stage, seed: int) -> None:
        super().__init__(program, stage, seed)
        self.exploring: Exploring | None = None

    def make_system(self) -> SimSystem:
        program, stage = self.program, self.stage
        return SimSystem(stage, self.seed, program.root, *program.args, check_messages=program.check_messages)

    def begins(self, system: SimSystem, hand: SimHand) -> None:
        self.stage.loop.after = looking(self.stage.recorder, system, hand)
        if self.exploring is not None:
            self.exploring.active = True

    def is_over(self) -> None:
        if self.exploring is not None:
            self.exploring.stop()

    def closed(self) -> None:
        self.stage.loop.after = None


def looking(recorder: Recorder, system: Any, hand: SimHand) -> Callable[[], None]:
    """Return what is called after each step: it looks whether the laws hold, and what the test says holds always."""
    history, judge = recorder.history, recorder.judge
    looked = 0

    def look() -> None:
        nonlocal looked
        if len(history) != looked:  # else there is nothing to be seen that was not
            looked = len(history)
            judge.look(system)
        if hand.checks:
            hand.look()

    return look


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
        with suppress(RuntimeError):  # it goes on waiting while it clears away
            coroutine.close()
    loop.close()
