"""Measure llmactors beside its rivals, in turns, on this machine: `python benchmarks/run.py --json figures.json`.

Every round measures every rival on every case once, each in a fresh process, and every other round in the opposite
order: what else the machine is doing meanwhile then falls on all of them. What is measured is in `rivals/measured.py`.
"""

import argparse
import importlib.metadata
import json
import os
import platform
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path

from figures import Figure, ours_in, table
from measure import NOT_INSTALLED
from rivals.measured import CASES

HERE = Path(__file__).resolve().parent
OURS = "llmactors"
RIVALS = {OURS: "ours", "asyncio": "asyncio_queues", "pykka": "pykka_actors"}
"""The module in `rivals` that measures each."""
VERSIONS_OF = ("llmagentos", "uvloop", "pykka")
MOST_SECONDS = 300
"""A measurement that takes longer is stuck."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, print the table, and write the JSON file if one was asked for."""
    options = _options(arguments)
    rivals = [OURS, *(options.against or [rival for rival in RIVALS if rival != OURS])]
    figures = measure(options.case or CASES, rivals, options.n, options.rounds)
    print(table(figures, OURS))
    if options.json is not None:
        options.json.write_text(json.dumps(report(figures, options.rounds), indent=2) + "\n", encoding="utf-8")


def measure(cases: Iterable[str], rivals: Sequence[str], n: int | None, rounds: int) -> list[Figure]:
    """Measure every rival on every case, *rounds* times in turns; those not installed are left out, and said so."""
    taken: defaultdict[tuple[str, str], list[float]] = defaultdict(list)
    present = list(rivals)
    cases = list(cases)
    for number in range(rounds):
        for case in cases:
            for rival in present[:] if number % 2 == 0 else present[::-1]:
                microseconds = once(rival, case, n)
                if microseconds is None:
                    present.remove(rival)
                else:
                    taken[case, rival].append(microseconds)
    return [Figure(case, rival, tuple(taken[case, rival])) for case in cases for rival in rivals if taken[case, rival]]


def once(rival: str, case: str, n: int | None) -> float | None:
    """Measure one rival on one case in a fresh process; return microseconds per operation, None if not installed."""
    command = [sys.executable, str(HERE / "measure.py"), RIVALS[rival], case, str(n or 0)]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False, timeout=MOST_SECONDS)
    if done.returncode == NOT_INSTALLED and rival == OURS:
        sys.exit("there is nothing to compare with: install this project first (`pip install .[bench]`)")
    if done.returncode == NOT_INSTALLED:
        return None
    done.check_returncode()
    result = json.loads(done.stdout)
    return float(result["seconds"]) / int(result["n"]) * 1e6


def report(figures: Sequence[Figure], rounds: int) -> dict[str, object]:
    """Return what was measured, where and with which versions, for a machine to read."""
    return {
        "when": datetime.now(UTC).isoformat(timespec="seconds"),
        "python": platform.python_version(),
        "implementation": platform.python_implementation(),
        "platform": platform.platform(),
        "processors": os.cpu_count(),
        "versions": dict(_versions()),
        "rounds": rounds,
        "figures": [figure.as_json(ours_in(figures, figure.case, OURS)) for figure in figures],
    }


def _versions() -> Iterable[tuple[str, str]]:
    for distribution in VERSIONS_OF:
        try:
            yield distribution, importlib.metadata.version(distribution)
        except importlib.metadata.PackageNotFoundError:
            continue


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--case", action="append", choices=CASES, help="measure this case only; may be repeated")
    others = [rival for rival in RIVALS if rival != OURS]
    parser.add_argument("--against", action="append", choices=others, help="measure against this rival only; as --case")
    parser.add_argument("--n", type=_at_least_one, help="operations a measurement (default: each rival's own count)")
    parser.add_argument("--rounds", type=_at_least_one, default=5, help="measurements of each (default: 5)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures to FILE too")
    return parser.parse_args(arguments)


def _at_least_one(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text} is too few; measure at least 1")
    return number


if __name__ == "__main__":
    main()
