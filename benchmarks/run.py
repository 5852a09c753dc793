"""Measure llmactors beside its rivals, in turns, on this machine: `python benchmarks/run.py --json figures.json`.

Every round measures every runtime on every case once, each in a fresh process. What the cases are is in `cases`, who
can do them in `runtimes`. A rival that is not installed is reported with what to do about it. One that needs another
interpreter gets it by `--python casty=/path/to/python`, or by an environment variable (`BENCH_PYTHON_CASTY`).
"""

import argparse
import importlib.util
import sys
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from cases import CASES
from measuring.machine import load
from measuring.rounds import Outcome, interpreters, measure
from measuring.tables import terminal_table
from measuring.told import conditions, write
from runtimes import EXTRA, OURS, RUNTIMES

RIVALS = [name for name in RUNTIMES if name != OURS]


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, print the table, and write what was asked for."""
    options = _options(arguments)
    names = [OURS, *dict.fromkeys(options.against or RIVALS)]
    busy = load()
    console, progress = Console(), Console(stderr=True)
    with progress.status("measuring") as status:
        outcome = measure(
            dict.fromkeys(options.case or CASES),
            names,
            n=options.n,
            rounds=options.rounds,
            pythons=interpreters(dict(options.python)),
            said=status.update,
        )
    console.print(terminal_table(outcome.figures()))
    for line in shortfalls(outcome):
        console.print(line, markup=False, highlight=False)
    found = report(outcome, options.rounds, busy)
    write(found, options.json)
    if options.chart is not None:
        from measuring.charts import draw_ratios  # noqa: PLC0415  takes a library that only charts need

        draw_ratios(outcome.figures(), options.chart)
    if any(OURS in key for key in outcome.failed) or any(one["runtime"] == OURS for one in outcome.absentees()):
        sys.exit(f"{OURS} itself could not be measured")


def shortfalls(outcome: Outcome) -> list[str]:
    """Return a sentence for each runtime that was absent, and for each that failed."""
    absent = [f"absent: {one['runtime']}: {one['why']}. Remedy: {one['remedy']}" for one in outcome.absentees()]
    failed = [f"failed: {name} at {case}: {why}" for (name, case), why in outcome.failed.items()]
    return absent + failed


def report(outcome: Outcome, rounds: int, busy: float | None) -> dict[str, object]:
    """Return what was measured, when, on what kind of machine and with which versions, for a machine to read."""
    return {
        **conditions(busy),
        "rounds": rounds,
        "versions": outcome.versions,
        "absent": outcome.absentees(),
        "failed": [{"runtime": name, "case": case, "why": why} for (name, case), why in outcome.failed.items()],
        "figures": outcome.figures().as_json(),
    }


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--case", action="append", choices=CASES, help="measure this case only; may be repeated")
    parser.add_argument("--against", action="append", choices=RIVALS, help="measure beside this rival only; as --case")
    parser.add_argument("--n", type=at_least_one, help="operations a measurement (default: each runtime's own count)")
    parser.add_argument("--rounds", type=at_least_one, default=5, help="measurements of each (default: 5)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures to FILE too")
    parser.add_argument("--chart", type=Path, metavar="FILE.png", help="draw the ratios into FILE.png")
    parser.add_argument(
        "--python", type=_interpreter, action="append", default=[], metavar="RIVAL=PATH", help="its interpreter"
    )
    options = parser.parse_args(arguments)
    if options.chart is not None and importlib.util.find_spec("matplotlib") is None:
        parser.error(f"--chart draws with matplotlib: {EXTRA}")
    return options


def at_least_one(text: str) -> int:
    """Read a number of the command line that is 1 or more."""
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text} is too few; measure at least 1")
    return number


def _interpreter(text: str) -> tuple[str, str]:
    name, separator, path = text.partition("=")
    if not separator or name not in RUNTIMES:
        raise argparse.ArgumentTypeError(f"{text!r} is not RIVAL=PATH with one of {', '.join(RUNTIMES)}")
    return name, path


if __name__ == "__main__":
    main()
