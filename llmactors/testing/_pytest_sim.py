"""The part of the pytest plugin that is about simulation: options, what was run, and tapes that are replayed.

A file `*.tape` in a folder that pytest collects is a test: what is on it must not break anything any more.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from llmactors.testing._core.tape import Tape, loads
from llmactors.testing._options import LEVELS, OPTIONS
from llmactors.testing.errors import SimulationError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from llmactors.testing._simulate import Simulation

TOLD = "llmactors_simulations"


def add_options(parser: pytest.Parser) -> None:
    """Add the options."""
    group = parser.getgroup("simulation", "simulation of actors (llmactors)")
    group.addoption("--sim-runs", type=_positive, metavar="N", help="runs of each simulated test")
    group.addoption(
        "--sim-seconds", type=_seconds, metavar="S", help="seconds for each simulated test, instead of a number of runs"
    )
    group.addoption(
        "--sim-seed",
        type=_seed,
        metavar="SEED",
        help="run each simulated test once, with this seed (as a failure says)",
    )
    group.addoption(
        "--sim-level",
        choices=LEVELS,
        help="plain: in virtual time, without an adversary; sim: every choice by a seed (the default); "
        "systematic: every order that makes a difference, and each fault at each place; "
        "real: with real processes, signals and seconds",
    )
    group.addoption(
        "--sim-dir", default=".sim", metavar="DIR", help="where the tapes and timelines of failures go (default: .sim)"
    )


def _positive(text: str) -> int:
    value = int(text)
    if value < 1:
        raise ValueError(f"{text}: a number of runs is 1 or more")
    return value


def _seconds(text: str) -> float:
    value = float(text)
    if not value > 0:
        raise ValueError(f"{text}: give seconds, more than 0")
    return value


def _seed(text: str) -> int:
    return int(text, 0)


def configure(config: pytest.Config) -> None:
    """Take the options over."""
    OPTIONS.runs, OPTIONS.seconds = config.option.sim_runs, config.option.sim_seconds
    OPTIONS.seed, OPTIONS.level = config.option.sim_seed, config.option.sim_level
    folder = Path(config.option.sim_dir)
    OPTIONS.folder = folder if folder.is_absolute() else config.rootpath / folder
    OPTIONS.told = []


# -- what was run --------------------------------------------------------------------------------------------
def send_told(session: pytest.Session) -> None:
    """Have a worker of pytest-xdist send its controller what it ran."""
    output: dict[str, Any] | None = getattr(session.config, "workeroutput", None)
    if output is not None:
        output[TOLD] = list(OPTIONS.told)


def take_told(node: Any) -> None:
    """Take over what a worker of pytest-xdist ran."""
    OPTIONS.told += getattr(node, "workeroutput", {}).get(TOLD, [])


def summarise(reporter: Any) -> None:
    """Tell what was simulated."""
    if OPTIONS.told and reporter.verbosity >= 0:
        reporter.section("simulated", sep="-")
        for line in sorted(OPTIONS.told):
            reporter.line(line)


# -- tapes ---------------------------------------------------------------------------------------------------
class TapeFile(pytest.File):
    """A file that holds a tape."""

    def collect(self) -> Iterable[TapeItem]:
        """Yield its one test."""
        yield TapeItem.from_parent(self, name=self.path.stem)


class TapeItem(pytest.Item):
    """A run that once broke something, and must not any more."""

    def runtest(self) -> None:
        """Replay it."""
        tape = loads(self.path.read_text(encoding="utf-8"), str(self.path))
        simulation, arguments = self._find(tape)
        told = len(OPTIONS.told)
        try:
            simulation.play(tape, **arguments)
        finally:
            self.add_report_section("call", "tape", "\n".join(OPTIONS.told[told:]))

    def _find(self, tape: Tape) -> tuple[Simulation, dict[str, Any]]:
        place, _, name = tape.test.partition("::")
        path = self.config.rootpath / place
        if not place.endswith(".py") or not path.is_file():
            raise pytest.UsageError(
                f"{self.path}: its test is `{tape.test}`, and there is no file {path}: write `test: FILE.py::NAME`"
            )
        module = pytest.Module.from_parent(self.parent, path=path)
        for item in _functions(module):
            if item.nodeid.partition("::")[2] == name:
                simulation = getattr(item.obj, "simulation", None)
                if simulation is None:
                    raise pytest.UsageError(f"{self.path}: `{tape.test}` is not simulated")
                callspec = getattr(item, "callspec", None)
                return simulation, {} if callspec is None else dict(callspec.params)
        raise pytest.UsageError(f"{self.path}: there is no test `{tape.test}` any more")

    def repr_failure(self, excinfo: Any, style: Any = None) -> Any:
        """Tell a failure in its own words."""
        if isinstance(excinfo.value, (AssertionError, SimulationError, ValueError, pytest.UsageError)):
            return str(excinfo.value)
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, None, str]:
        """Say where it is."""
        return self.path, None, f"tape {self.name}"


def _functions(collector: Any) -> Iterator[pytest.Function]:
    for one in collector.collect():
        if isinstance(one, pytest.Function):
            yield one
        elif isinstance(one, pytest.Collector):
            yield from _functions(one)


def collect_file(file_path: Path, parent: pytest.Collector) -> TapeFile | None:
    """Collect tapes."""
    return TapeFile.from_parent(parent, path=file_path) if file_path.suffix == ".tape" else None
