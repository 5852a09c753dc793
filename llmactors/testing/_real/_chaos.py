"""Chaos: a whole program under a fault plan for some time, and what became of it."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import partial
from itertools import chain
from typing import TYPE_CHECKING, Any, Final

from llmactors.testing._laws import installed_laws
from llmactors.testing._sim._playing import PASSES, Program
from llmactors.testing._values import DeadLettered, Event, Injected, LifeBegan, LifeEnded, Resolved

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from llmactors.testing._core.judge import Broken
    from llmactors.testing._core.laws import Law
    from llmactors.testing._faults import Faults
    from llmactors.testing._sim._playing import Outcome
    from llmactors.testing._world import World

BOOT: Final = 60.0  # seconds for those to come up whom the plan names
CONVERGE: Final = 10.0  # seconds after the last fault, for what has to come up again
GRAIN: Final = 0.1  # seconds between two looks


@dataclass(frozen=True, slots=True, kw_only=True)
class ChaosReport:
    """What was done to a program, and what became of it.

    Attributes:
        seconds: How long it ran.
        injected: How often each fault was injected into whom.
        restarts: How often each actor was begun again, as far as any was.
        exits: How often lives ended in which way, without those that were told to stop.
        asks: How often asks ended in which way.
        dead_letters: How many messages nobody handled, by reason.
        unmet: Lines of the plan for which there was never a place: nobody and no message was as they say.
        recovered: Whether everybody was up again after the last fault.
        broken: The law that was broken; None where none was.
        error: What ended the program before its time; None where nothing did.
        history: All that happened.
    """

    seconds: float
    injected: dict[tuple[str, str], int]
    restarts: dict[str, int]
    exits: dict[str, int]
    asks: dict[str, int]
    dead_letters: dict[str, int]
    unmet: tuple[str, ...]
    recovered: bool
    broken: Broken | None
    error: str | None
    history: Sequence[Event]

    @property
    def came_through(self) -> bool:
        """Whether no law was broken, nothing ended the program, and everybody was up again; faults or none."""
        return self.recovered and self.broken is None and self.error is None

    @property
    def tried(self) -> bool:
        """Whether the plan was tried: something was injected, and there was a place for each of its lines."""
        return bool(self.injected) and not self.unmet

    @property
    def ok(self) -> bool:
        """Whether the plan was tried, and the program came through."""
        return self.tried and self.came_through


def chaos(
    root: Callable[..., Any],
    *args: Any,
    faults: Faults,
    seconds: float,
    seed: int = 0,
    laws: Iterable[type[Law]] = (),
) -> ChaosReport:
    """Run a program for real, with faults injected for some time; then they end, and it has to recover.

    Args:
        root: The class of the root actor.
        args: For its constructor.
        faults: The fault plan; its `most` counts for the whole time.
        seconds: How long faults are injected.
        seed: Of chance: which faults happen where depends on it and on the time that things take.
        laws: Laws beside those of the installed packages.
    """
    from llmactors.testing._real._run import play_for_real  # noqa: PLC0415  what it takes is not everywhere

    recovered = False

    async def hurts(world: World) -> None:
        nonlocal recovered
        await _wait(partial(_is_there, world, faults), BOOT)
        await world.advance(seconds)
        await world.heal()
        recovered = await _wait(partial(_is_up, world), CONVERGE)

    program = Program(
        test=hurts, root=root, args=args, faults=faults, laws=(*installed_laws(), *laws), check_messages=False
    )
    outcome = play_for_real(program, seed)
    unmet = [str(rule) for line, rule in enumerate(faults.rules()) if line not in outcome.met]
    return _report(outcome, unmet, recovered=recovered)


async def _wait(so: Callable[[], bool], seconds: float) -> bool:
    """Wait until it is so; False when it is not in time."""
    loop = asyncio.get_running_loop()
    until = loop.time() + seconds
    while not so():
        if loop.time() >= until:
            return False
        await asyncio.sleep(GRAIN)
    return True


def _is_up(world: World) -> bool:
    """Say whether everybody is up."""
    return all(ref.state not in {"starting", "down", "stopping"} for ref in world.system.actors())


def _is_there(world: World, faults: Faults) -> bool:
    """Say whether everybody is up, and those are there whom the plan names by a pattern."""
    patterns = {rule.at.who for rule in faults.rules() if isinstance(rule.at.who, str)}
    paths = [(ref.path, ref.name) for ref in world.system.actors()]
    return _is_up(world) and all(any(fnmatchcase(name, one) for name in chain(*paths)) for one in patterns)


def _report(outcome: Outcome, unmet: Iterable[str], *, recovered: bool) -> ChaosReport:
    history, ended_by_itself = outcome.history, outcome.broken is not None and outcome.broken.law == PASSES
    lives: Counter[str] = Counter(event.path for event in history if isinstance(event, LifeBegan))
    return ChaosReport(
        seconds=outcome.seconds,
        injected=Counter((event.fault, event.path) for event in history if isinstance(event, Injected)),
        restarts={path: count - 1 for path, count in lives.items() if count > 1},
        exits=Counter(event.exit for event in history if isinstance(event, LifeEnded) and not event.clean),
        asks=Counter(event.outcome for event in history if isinstance(event, Resolved)),
        dead_letters=Counter(event.reason for event in history if isinstance(event, DeadLettered)),
        unmet=tuple(unmet),
        recovered=recovered,
        broken=None if ended_by_itself else outcome.broken,
        error=None if outcome.error is None else f"{type(outcome.error).__name__}: {outcome.error}",
        history=history,
    )
