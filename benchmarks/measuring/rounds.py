"""Rounds: every runtime in turn, each measurement in a fresh process that leaves nothing behind.

Every other round goes in the opposite order: what else the machine is doing meanwhile falls on all of them.
"""

import contextlib
import json
import os
import subprocess
import sys
import uuid
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil

from cases import KNOWN
from measure import ABSENT
from measuring.figures import Figure, Figures
from runtimes import RUNTIMES, AbsentError

MEASURE = Path(__file__).resolve().parents[1] / "measure.py"
MOST_SECONDS = 180
"""A measurement that takes longer is stuck."""
MOST_TO_END = 10
MARK = "LLMAGENTOS_BENCHMARK"
"""In the environment of a measurement and of all that it starts."""
PYTHON = "BENCH_PYTHON_"
"""Before a runtime's name in capitals: the environment variable that names its interpreter."""


class FailedError(Exception):
    """A measurement ended otherwise than with a figure."""


@dataclass(slots=True)
class Outcome:
    """What a run found out."""

    taken: defaultdict[tuple[str, str, str], list[float]] = field(default_factory=lambda: defaultdict(list))
    absent: dict[str, str] = field(default_factory=dict)
    """By module, why it could not be measured."""
    failed: dict[tuple[str, str], str] = field(default_factory=dict)
    """By runtime and case, how it failed."""
    versions: dict[str, dict[str, str]] = field(default_factory=dict)

    def figures(self) -> Figures:
        """Return what was measured."""
        return Figures(Figure(case, reading, name, tuple(taken)) for (case, reading, name), taken in self.taken.items())

    def absentees(self) -> list[dict[str, object]]:
        """Return who was not there, what for, why, and what to do about it."""
        return [
            {"runtime": name, "cases": list(counts), "why": self.absent[module], "remedy": runtime.remedy}
            for name, runtime in RUNTIMES.items()
            for module, counts in runtime.modules.items()
            if module in self.absent
        ]


def interpreters(named: Mapping[str, str]) -> dict[str, str]:
    """Return the interpreter of every runtime: the one *named*, the environment's, or this one."""
    return {
        name: named.get(name) or os.environ.get(PYTHON + name.upper().replace("-", "_")) or sys.executable
        for name in RUNTIMES
    }


def measure(
    cases: Iterable[str],
    names: Sequence[str],
    *,
    n: int | None,
    rounds: int,
    pythons: Mapping[str, str],
    said: Callable[[str], None],
) -> Outcome:
    """Measure every runtime on every case, *rounds* times in turns. Those that are absent or fail are left out."""
    outcome = Outcome()
    cases = list(cases)
    for number in range(rounds):
        for case in cases:
            for name in names if number % 2 == 0 else names[::-1]:
                if case in RUNTIMES[name].counts and (name, case) not in outcome.failed:
                    said(f"round {number + 1} of {rounds}: {case}, {name}")
                    _once(outcome, name, case, n, pythons[name])
    return outcome


def _once(outcome: Outcome, name: str, case: str, n: int | None, python: str) -> None:
    module = RUNTIMES[name].module_of(case)
    if module in outcome.absent:
        return
    try:
        try:
            result = once(name, case, n, python)
        except FailedError:  # some fail now and then; those that fail twice in a row are out
            result = once(name, case, n, python)
    except AbsentError as absent:
        outcome.absent[module] = str(absent)
    except FailedError as failed:
        outcome.failed[name, case] = str(failed)
    else:
        outcome.versions[name] = {"version": result["version"], "python": result["python"]}
        for reading in KNOWN[case].readings:
            outcome.taken[case, reading.name, name].append(float(result["readings"][reading.name]))


def once(name: str, case: str, n: int | None, python: str) -> dict[str, Any]:
    """Measure one case of one runtime in a fresh process; return its readings, its version and its Python's.

    Raises:
        AbsentError: The runtime, or the interpreter, is not there.
        FailedError: Anything else went wrong.
    """
    try:
        done = run_alone([python, str(MEASURE), name, case, str(n or 0)])
    except FileNotFoundError as missing:
        raise AbsentError(f"there is no interpreter {python}") from missing
    except subprocess.TimeoutExpired as stuck:
        raise FailedError(f"took longer than {MOST_SECONDS} s") from stuck
    said = done.stderr.strip().splitlines() or ["said nothing"]
    if done.returncode == ABSENT:
        raise AbsentError(said[-1])
    if done.returncode != 0:
        raise FailedError(said[-1])
    result: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return result


def run_alone(command: Sequence[str]) -> subprocess.CompletedProcess[str]:
    """Run *command* and end every process that it leaves behind, daemons included.

    Raises:
        FileNotFoundError: There is no such program.
        subprocess.TimeoutExpired: It took longer than `MOST_SECONDS`.
    """
    mark = uuid.uuid4().hex
    try:
        return subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=MOST_SECONDS,
            env={**os.environ, MARK: mark},
        )
    finally:
        left = [process for process in psutil.process_iter() if _is_marked(process, mark)]
        for process in left:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
        psutil.wait_procs(left, timeout=MOST_TO_END)


def _is_marked(process: psutil.Process, mark: str) -> bool:
    try:
        return process.environ().get(MARK) == mark
    except (psutil.Error, OSError):  # gone meanwhile, or not ours to look at
        return False
