"""One run with real processes, in real time: the same test, the same plan, the same laws as far as they can be seen."""

from __future__ import annotations

import asyncio
from random import Random
from typing import TYPE_CHECKING, Any

from llmactors import _lives as lives
from llmactors._core.flags import REMOTE
from llmactors._system import ActorSystem
from llmactors.hosts._loop import LOOP, Loop
from llmactors.hosts.process._config import Process
from llmactors.testing import _values as events
from llmactors.testing._core.judge import Judge
from llmactors.testing._real._cells import RealLoopHost, RealProcessHost
from llmactors.testing._real._disk import disk
from llmactors.testing._real._inject import RealInjector
from llmactors.testing._sim._cells import SimContext
from llmactors.testing._sim._chooser import Chooser
from llmactors.testing._sim._playing import Outcome, Playing, Program
from llmactors.testing._sim._recorder import Recorder
from llmactors.testing._sim._stage import Sending, Stage
from llmactors.testing.errors import InjectedStartError, SimulationError

if TYPE_CHECKING:
    from collections.abc import Callable

    from llmactors._context import Context
    from llmactors._ref import ActorRef
    from llmactors.hosts._port import Host, HostConfig
    from llmactors.testing._sim._hand import SimHand


class Clock:
    """Real time, from 0, and what else a stage needs of its loop.

    Attributes:
        complaints: What went to the loop's exception handler.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop, self._began = loop, loop.time()
        self.complaints: list[dict[str, Any]] = []

    def time(self) -> float:
        """Return the seconds since it was made."""
        return self._loop.time() - self._began

    def others(self) -> bool:
        """Say that callbacks may wait for their turn: a real loop does not tell."""
        return True

    def let_go(self) -> None:
        """Nothing to do: what stands still does so in another process."""


class RealStage(Stage):
    """A stage on which real processes play.

    What worker processes do with a message is not seen from here: of what they are told nothing is noted, of what they
    are asked how it ended.
    """

    injects = RealInjector
    injector: RealInjector

    def starts(self, cell: Any) -> bool:
        """Say whether an incarnation may start; one that may not has failed by then."""
        try:
            if cell.owner is not None:
                self.injector.at_start(cell)
        except InjectedStartError as error:
            lives.start_failed(cell, error)
            return False
        return True

    def sent(self, cell: Any, message: Any, kind: events.Kind) -> Sending:
        """A message is sent; of one to a worker that nobody asks for nothing more is seen."""
        sending = super().sent(cell, message, kind)
        if cell.flags & REMOTE and kind != "ask":
            self.crosses(cell, sending.message)
        return sending

    def crosses(self, cell: Any, message: Any) -> None:
        """A message goes over to a worker."""
        letter = self.recorder.letter(message)
        if letter is not None:
            if letter.to != cell.where:
                by = letter.by or letter.to
                self.recorder.note(events.PassedOn, cause=letter.cause, letter=letter.number, by=by, to=cell.where)
                letter.to = cell.where
            self.recorder.note(events.Crossed, cause=letter.cause, letter=letter.number, path=cell.where)
        number = self.injector.crosses(cell, message)
        if letter is not None:
            letter.ordinal = number


class RealSystem(ActorSystem):
    """A system that says what happens in it."""

    def __init__(self, stage: Stage, root: Callable[..., Any] | None, *args: Any, check_messages: bool) -> None:
        self.stage = stage
        stage.system = self
        super().__init__(root, *args, check_messages=check_messages)

    def is_next_root(self, label: str | int) -> bool:
        """Say whether a cell of that name, new under the system itself, is the root of the tree."""
        return self.root is None and self._root_class is not None and label == self._root_name()

    def make_context(self, cell: ActorRef[Any], actor: Any) -> Context[Any]:
        """Make an actor's context, whose monitors say when they fire."""
        return SimContext(cell, actor)

    def host(self, config: HostConfig | None) -> Host:
        """Return the runtime of a host, whose cells say what happens to them.

        Raises:
            SimulationError: Actors of that host cannot be watched.
        """
        key = LOOP if config is None else config
        if key not in self.hosts:
            if isinstance(key, Loop):
                self.hosts[key] = RealLoopHost(self)
            elif isinstance(key, Process):
                key.runtime(self)  # where it cannot be, this says so
                self.hosts[key] = RealProcessHost(self, key)
            else:
                raise SimulationError(f"{key!r} cannot be watched by a test: run its actors on Loop() or Process()")
        return self.hosts[key]

    def dead_letter(self, message: Any, cell: ActorRef[Any], reason: str) -> None:
        """Count a message that nobody handled, and tell of it."""
        self.stage.dead_letter(message, cell.path, reason)
        super().dead_letter(message, cell, reason)


def play_for_real(program: Program, seed: int) -> Outcome:
    """Run *program* once, in real time and with real processes."""
    with asyncio.Runner() as runner:
        loop = runner.get_loop()
        clock = Clock(loop)
        loop.set_exception_handler(lambda _, context: clock.complaints.append(context))
        recorder = Recorder(clock.time, Judge(law() for law in program.laws))
        rules = program.faults.rules() if program.faults else ()
        chooser = Chooser(Random(seed))  # noqa: S311  no secret
        stage = RealStage(clock, chooser, recorder, rules, program.faults.most)  # type: ignore[arg-type]  # as much of a loop as it needs
        run = _Run(program, stage, seed)
        with disk(stage.disk_is_full):
            runner.run(run.main())
    return run.outcome((), 0, recorder.history[-1].at if recorder.history else 0.0)


class _Run(Playing):
    def make_system(self) -> RealSystem:
        program = self.program
        return RealSystem(self.stage, program.root, *program.args, check_messages=program.check_messages)

    def begins(self, system: RealSystem, hand: SimHand) -> None:
        del system
        self.stage.recorder.after = hand.look

    def is_over(self) -> None:
        """Nothing follows: what is left of the run is looked at too."""

    def closed(self) -> None:
        self.stage.recorder.after = None
