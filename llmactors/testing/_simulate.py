"""`simulate`: a coroutine function that becomes a test of many simulated runs."""

from __future__ import annotations

import inspect
import zlib
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any

from llmactors.testing._campaign import Campaign, Result
from llmactors.testing._faults import NO_FAULTS, Faults
from llmactors.testing._laws import installed_laws
from llmactors.testing._options import OPTIONS, TOLD
from llmactors.testing._sim._quiet import quiet
from llmactors.testing._sim._run import Program
from llmactors.testing.errors import SimulationFailedError

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Iterable

    from llmactors.testing._core.laws import Law

RUNS = 200

Test = "Callable[..., Coroutine[Any, Any, None]]"


class Simulation:
    """A test of many simulated runs; call it to run them.

    Attributes:
        program: What is run.
        runs: How often, unless the command line says otherwise.
        name: The test's name.
    """

    def __init__(self, program: Program, runs: int, name: str) -> None:
        self.program, self.runs, self.name = program, runs, name

    @property
    def base(self) -> int:
        """The first seed: the same for the same test every time."""
        return zlib.crc32(self.name.encode()) & 0xFFFF_0000

    def campaign(self, **arguments: Any) -> Campaign:
        """Return its runs, with what the test takes beside the world."""
        program = self.program
        if arguments:
            program = Program(
                test=program.test,
                root=program.root,
                args=program.args,
                faults=program.faults,
                laws=program.laws,
                check_messages=program.check_messages,
                arguments=arguments,
            )
        return Campaign(program, self.base)

    def __call__(self, **arguments: Any) -> Result:
        """Run it as often as it says, or as the command line says.

        Raises:
            SimulationFailedError: A run broke a law or failed the test; the text is the report.
        """
        campaign = self.campaign(**arguments)
        with quiet():
            if OPTIONS.seed is not None:
                result = campaign.only(OPTIONS.seed)
            else:
                result = campaign.hunt(OPTIONS.runs or self.runs, OPTIONS.seconds)
        TOLD.append(
            f"{self.name}: {result.runs} runs, {len(result.classes)} of them different, {result.seconds:.1f} s"
            + "".join(f"; {label}: {times}" for label, times in result.interesting.items())
        )
        self._judge(result)
        return result

    def _judge(self, result: Result) -> None:
        if result.failed is not None and result.smallest is not None:
            broken = result.smallest.broken or result.failed.broken
            assert broken is not None
            from llmactors.testing._failure import told_failure  # noqa: PLC0415  only what fails needs it

            raise SimulationFailedError(
                told_failure(self, result, Path(OPTIONS.folder)), broken.law, result.failed.seed
            ) from result.smallest.error
        if OPTIONS.seed is None and result.never():
            labels = ", ".join(repr(label) for label in result.never())
            raise SimulationFailedError(
                f"in none of {result.runs} runs was it so that {labels}: the interesting case was never tested", None, 0
            )


def simulate(
    root: Callable[..., Any] | None = None,
    *args: Any,
    faults: Faults = NO_FAULTS,
    runs: int = RUNS,
    laws: Iterable[type[Law]] = (),
    check_messages: bool = True,
) -> Callable[[Callable[..., Coroutine[Any, Any, None]]], Callable[..., None]]:
    """Make a coroutine function that takes a `World` a test of many simulated runs.

    Each run has a schedule and faults of its own, from one seed. In all of them the laws hold that the installed
    packages bring along, and the test passes; if not, the failure tells the smallest cause, and how to replay it.

    Args:
        root: The class of the root actor, usually a `Supervisor`.
        args: For its constructor.
        faults: What may go wrong.
        runs: How many runs; `--sim-runs` and `--sim-seconds` say otherwise.
        laws: Laws beside those of the installed packages.
        check_messages: Have every message make the trip to another process and back.
    """

    def decorate(test: Callable[..., Coroutine[Any, Any, None]]) -> Callable[..., None]:
        if not inspect.iscoroutinefunction(test):
            raise TypeError(f"{test.__qualname__}: a simulated test is an `async def` that takes a world")
        program = Program(
            test=test,
            root=root,
            args=args,
            faults=faults,
            laws=(*installed_laws(), *laws),
            check_messages=check_messages,
        )
        simulation = Simulation(program, runs, f"{test.__module__}.{test.__qualname__}")

        @wraps(test)
        def simulated(**arguments: Any) -> None:
            simulation(**arguments)

        signature = inspect.signature(test)
        parameters = list(signature.parameters.values())
        if not parameters:
            raise TypeError(f"{test.__qualname__} takes no world: write `async def {test.__name__}(world: World)`")
        simulated.__signature__ = signature.replace(  # type: ignore[attr-defined]
            parameters=parameters[1:], return_annotation=None
        )
        simulated.simulation = simulation  # type: ignore[attr-defined]
        del simulated.__wrapped__  # else pytest asks that one for its fixtures
        return simulated

    return decorate
