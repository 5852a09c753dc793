"""Measure what accounts cost: `python benchmarks/budgets/accounting.py --json FILE`.

A tell and a hop of a ring, with the accounts, without them, and without the clock that turns need too, in turns in
one process that is put on one processor, in CPU time: what else the machine does is not in it. Every other round goes
in the opposite order. The cost is the ratio of two in each round; what is told is the median of the rounds, the middle
half of them, and the ratio of the least.
"""

import argparse
import asyncio
import gc
import statistics
import sys
import time
from collections.abc import Callable, Coroutine, Mapping, Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from rich.console import Console
from rich.table import Table
from unaccounted import UnaccountedSystem, UntimedSystem

from llmactors import ActorSystem

from cases.processes import pin, processors
from cases.rings import RING
from measuring.machine import load
from measuring.told import conditions, write
from runtimes.ours.rings import Node, go_round
from runtimes.ours.tells import tells

Measured = Callable[[ActorSystem, int], Coroutine[None, None, float]]
GOALS: Mapping[str, float] = {"tell": 0.05, "ring": 0.10}
"""What accounts may cost, as a part of what it costs without them."""


async def _ring(system: ActorSystem, n: int) -> float:
    return await go_round(system, Node, RING, n)


KINDS: Mapping[str, type[ActorSystem]] = {
    "with": ActorSystem,
    "without": UnaccountedSystem,
    "untimed": UntimedSystem,
}
BESIDE = [kind for kind in KINDS if kind != "with"]
CASES: Mapping[str, Measured] = {"tell": tells, "ring": _ring}


async def _alone(kind: type[ActorSystem], case: Measured, n: int) -> float:
    async with kind() as system:
        gc.collect()
        gc.disable()
        try:
            began = time.process_time()
            await case(system, n)
            return (time.process_time() - began) / n * 1e9
        finally:
            gc.enable()


def measure(n: int, rounds: int) -> dict[str, dict[str, list[float]]]:
    """Return by case the nanoseconds of an operation in each round, by kind of system."""
    taken: dict[str, dict[str, list[float]]] = {name: {kind: [] for kind in KINDS} for name in CASES}
    kinds = list(KINDS.items())
    for number in range(rounds + 1):
        for name, case in CASES.items():
            for which, kind in kinds[:: 1 if number % 2 == 0 else -1]:
                nanoseconds = asyncio.run(_alone(kind, case, n))
                if number:  # the first round warms up
                    taken[name][which].append(nanoseconds)
    return taken


def costs(taken: Mapping[str, Sequence[float]], beside: str) -> list[float]:
    """Return what accounts cost in each round, as a part of what it costs *without* them, or *untimed*; in order."""
    return sorted(one / other - 1 for one, other in zip(taken["with"], taken[beside], strict=True))


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, print the table, and write what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--n", type=int, default=50_000, help="operations a measurement (default: 50 000)")
    parser.add_argument("--rounds", type=int, default=60, help="measurements of each (default: 60)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures to FILE")
    options = parser.parse_args(arguments)
    busy = load()
    pin(processors()[0])
    taken = measure(options.n, options.rounds)
    Console().print(table(taken))
    cost = {name: {beside: statistics.median(costs(each, beside)) for beside in BESIDE} for name, each in taken.items()}
    write({**conditions(busy), "nanoseconds": taken, "cost": cost, "goals": GOALS}, options.json)


def table(taken: Mapping[str, Mapping[str, list[float]]]) -> Table:
    """Return the figures for a terminal."""
    headings = ("", "with", "beside", "takes", "cost", "middle half", "of the least", "goal")
    shown = Table(*headings, title="What accounts cost")
    for name, each in taken.items():
        for beside in BESIDE:
            parts = costs(each, beside)
            shown.add_row(
                name,
                f"{statistics.median(each['with']):.0f} ns",
                beside,
                f"{statistics.median(each[beside]):.0f} ns",
                f"{statistics.median(parts):+.1%}",
                f"{parts[len(parts) // 4]:+.1%} to {parts[-1 - len(parts) // 4]:+.1%}",
                f"{min(each['with']) / min(each[beside]) - 1:+.1%}",
                f"≤ {GOALS[name]:.0%}" if beside == "without" else "",
            )
    return shown


if __name__ == "__main__":
    main()
