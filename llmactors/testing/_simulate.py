"""`simulate`: a coroutine function that becomes a test of many simulated runs."""

from __future__ import annotations

import inspect
import time
import zlib
from dataclasses import replace
from functools import wraps
from typing import TYPE_CHECKING, Any, Final, Literal

from llmactors.testing._campaign import Campaign, Result
from llmactors.testing._core.tape import misfit
from llmactors.testing._faults import NO_FAULTS, Faults
from llmactors.testing._laws import installed_laws
from llmactors.testing._options import OPTIONS
from llmactors.testing._report import met
from llmactors.testing._sim._fence import fenced
from llmactors.testing._sim._playing import Program
from llmactors.testing._sim._quiet import quiet
from llmactors.testing.errors import SimulationError, SimulationFailedError

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Iterable

    from llmactors.testing._core.laws import Law
    from llmactors.testing._core.tape import Tape

RUNS: Final = 200
REAL_RUNS: Final = 3


class Simulation:
    """A test of many simulated runs; call it to run them.

    Attributes:
        program: What is run.
        runs: How often, unless the command line says otherwise.
        name: The test's name.
        level: At which level, unless the command line says otherwise.
    """

    def __init__(self, program: Program, runs: int, name: str, level: str = "sim") -> None:
        self.program, self.runs, self.name, self.level = program, runs, name, level

    @property
    def base(self) -> int:
        """The first seed: the same for the same test every time."""
        return zlib.crc32(self.name.encode()) & 0xFFFF_0000

    def campaign(self, **arguments: Any) -> Campaign:
        """Return its runs, with what the test takes beside the world."""
        return Campaign(replace(self.program, arguments=arguments), self.base)

    def __call__(self, **arguments: Any) -> Result:
        """Run it as often as it says, or as the command line says.

        Raises:
            SimulationFailedError: A run broke a law or failed the test; the text is the report.
        """
        level = OPTIONS.level or self.level
        runs = OPTIONS.runs or (min(self.runs, REAL_RUNS) if level == "real" else 1 if level == "plain" else self.runs)
        with quiet():
            result = self._real(runs, arguments) if level == "real" else self._simulated(level, runs, arguments)
        OPTIONS.told.append(_told(self._title, result, self.program.faults))
        self._judge(result, runs)
        return result

    def _simulated(self, level: str, runs: int, arguments: dict[str, Any]) -> Result:
        campaign = self.campaign(**arguments)
        with fenced():
            if level == "systematic" and OPTIONS.seed is None:
                return campaign.explore(runs, OPTIONS.seconds)
            return campaign.hunt(runs, OPTIONS.seconds) if OPTIONS.seed is None else campaign.only(OPTIONS.seed)

    def _real(self, runs: int, arguments: dict[str, Any]) -> Result:
        from llmactors.testing._real._campaign import run_for_real  # noqa: PLC0415  only Linux has what it takes

        program = replace(self.program, arguments=arguments)
        seeds = range(self.base, self.base + runs) if OPTIONS.seed is None else (OPTIONS.seed,)
        return run_for_real(program, seeds, OPTIONS.seconds)

    def play(self, tape: Tape, **arguments: Any) -> Result:
        """Run it once, as a tape says.

        Raises:
            SimulationFailedError: The run broke a law or failed the test.
            SimulationError: The tape no longer fits the program: what makes it its run did not come up.
        """
        campaign, began = self.campaign(**arguments), time.perf_counter()
        with quiet(), fenced():
            outcome, unmet = campaign.again(self.base if tape.seed is None else tape.seed, tape.choices)
        result = Result(runs=1, seconds=time.perf_counter() - began, unmet=unmet)
        if outcome.broken is not None:
            result.failed = result.smallest = outcome
            self._fail(result, 1)
        OPTIONS.told.append(f"{self._title}: {met(tape.choices, unmet)}")
        missed = misfit(tape.choices, unmet)
        if missed is not None:
            raise SimulationError(
                f"this tape no longer fits the program, and that it passed means nothing: {met(tape.choices, unmet)}; "
                f"without `{missed.point} => {missed.pick}` it is another run. Find the failure anew, or throw it away"
            )
        return result

    @property
    def _title(self) -> str:
        return OPTIONS.test or self.name

    def _judge(self, result: Result, runs: int) -> None:
        if result.failed is not None:
            self._fail(result, runs)
        never = ", ".join(repr(label) for label in result.never())
        if OPTIONS.seed is None and never:
            raise SimulationFailedError(
                f"in none of {result.runs} runs it was so that {never}: the interesting case was never tested", None, 0
            )

    def _fail(self, result: Result, runs: int) -> None:
        from llmactors.testing._failure import told_failure  # noqa: PLC0415  only what fails needs it

        failed, smallest = result.failed, result.smallest
        assert failed is not None
        assert failed.broken is not None
        text = told_failure(self._title, self.program.root, result, runs, folder=OPTIONS.folder)
        cause = failed.error if smallest is None else smallest.error
        raise SimulationFailedError(f"\n{text}", failed.broken.law, failed.seed) from cause


def _told(title: str, result: Result, faults: Faults) -> str:
    rate = result.runs / result.seconds if result.seconds else 0.0
    every = {None: "", True: ", every order", False: ", not every order"}[result.complete]
    line = f"{title}: {result.runs} runs{every}, {len(result.classes)} different, {rate:.0f} a second"
    line += "".join(f"; {label}: {times} times" for label, times in result.interesting.items())
    unmet = [str(rule) for number, rule in enumerate(faults.rules() if faults else ()) if number not in result.met]
    return line + (f"; no place for {', '.join(unmet)}" if unmet else "")


def simulate(
    root: Callable[..., Any] | None = None,
    *args: Any,
    faults: Faults = NO_FAULTS,
    runs: int = RUNS,
    laws: Iterable[type[Law]] = (),
    check_messages: bool = True,
    level: Literal["plain", "sim", "systematic", "real"] = "sim",
) -> Callable[[Callable[..., Coroutine[Any, Any, None]]], Callable[..., None]]:
    """Make a coroutine function that takes a `World` a test of many simulated runs.

    Each run has a schedule and faults of its own, from one seed. In all of them the laws hold that the installed
    packages bring along, and the test passes; if not, the failure tells the smallest cause, and how to replay it.

    Args:
        root: The class of the root actor, usually a `Supervisor`.
        args: For its constructor.
        faults: What may go wrong.
        runs: How many runs, at most three of them real; `--sim-runs` and `--sim-seconds` say otherwise.
        laws: Laws beside those of the installed packages.
        check_messages: Have every message make the trip to another process and back.
        level: `"plain"` is one run in virtual time without an adversary; `"systematic"` is every order of messages that
            makes a difference, for small trees, and each fault at each place; `"real"` is a few runs with real
            processes, real signals and real time. `--sim-level` says otherwise.

    Raises:
        TypeError: What is decorated is no coroutine function that takes a world.
    """

    def decorate(test: Callable[..., Coroutine[Any, Any, None]]) -> Callable[..., None]:
        signature = inspect.signature(test)
        if not inspect.iscoroutinefunction(test) or not signature.parameters:
            raise TypeError(f"{test.__qualname__}: write `async def {test.__name__}(world: World) -> None`")
        program = Program(
            test=test,
            root=root,
            args=args,
            faults=faults,
            laws=(*installed_laws(), *laws),
            check_messages=check_messages,
        )
        simulation = Simulation(program, runs, f"{test.__module__}.{test.__qualname__}", level)

        @wraps(test)
        def simulated(**arguments: Any) -> None:
            simulation(**arguments)

        simulated.__signature__ = signature.replace(  # type: ignore[attr-defined]  # what pytest is to give it
            parameters=list(signature.parameters.values())[1:], return_annotation=None
        )
        simulated.simulation = simulation  # type: ignore[attr-defined]  # for those who look into it
        del simulated.__wrapped__  # else pytest asks that one for its fixtures
        return simulated

    return decorate
