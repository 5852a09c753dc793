"""Measure how fast simulated tests run: `python benchmarks/simulation.py --json FILE`.

Tests of twenty messages: one actor on the loop that is asked in turn, alone and below a supervisor; and a pool of two
workers in processes of their own, of which some are killed by chance and one by the test. Runs a second of CPU time,
in one process that is put on one processor: what else the machine does is not in it. What is told is the median of the
batches, the slowest and the fastest of them.
"""

import argparse
import asyncio
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from llmactors import Actor, ActorRef, message
from llmactors.hosts import Process
from llmactors.testing import Faults, World, simulate
from supervisors import Supervisor, child, pool

from cases.processes import pin, processors
from measuring.machine import load
from measuring.told import conditions, write
from run import at_least_one

MESSAGES = 20
GOAL = 300.0
"""Runs a second."""


class Counter(Actor):
    """Counts."""

    def __init__(self) -> None:
        self.count = 0

    @message
    def add(self, amount: int) -> int:
        """Add, and return the sum."""
        self.count += amount
        return self.count


class Net(Actor):
    """Takes its time."""

    @message
    async def predict(self, number: int) -> int:
        """Return the square, a little later."""
        await asyncio.sleep(0.1)
        return number * number


class Counting(Supervisor):
    """One actor on the loop."""

    counter = child(Counter)


class Predicting(Supervisor):
    """Two workers, each in a process of its own."""

    nets = pool(Net, size=2, host=Process(), redeliver=5)


@simulate(Counter)
async def alone(world: World) -> None:
    """Ask one actor twenty times."""
    await ask_in_turn(world.ref("/"))


@simulate(Counting)
async def asked_in_turn(world: World) -> None:
    """Ask a child of a supervisor twenty times."""
    await ask_in_turn(world.ref(Counting.counter))


async def ask_in_turn(counter: ActorRef[Counter]) -> None:
    """Ask one actor again and again."""
    for number in range(1, MESSAGES + 1):
        assert await counter.ask(Counter.add(1)) == number


@simulate(Predicting, faults=Faults(kill=Predicting.nets, rate=0.01))
async def killed_at_work(world: World) -> None:
    """Ask a pool twenty times at once, while its workers are killed."""
    jobs = [world.ask(Predicting.nets, Net.predict(number), timeout=60) for number in range(MESSAGES)]
    await world.kill(Predicting.nets, after="taken")
    await world.heal()
    assert await world.settle(jobs, within=120) == [number * number for number in range(MESSAGES)]


TESTS: Mapping[str, Callable[..., None]] = {
    "one actor": alone,
    "one actor below a supervisor": asked_in_turn,
    "a pool whose workers are killed": killed_at_work,
}


def measure(runs: int, batches: int) -> dict[str, list[float]]:
    """Return by test the runs a second of each batch, in CPU time."""
    rates: dict[str, list[float]] = {name: [] for name in TESTS}
    for number in range(batches + 1):
        for name, test in TESTS.items():
            simulation: Any = test.simulation  # type: ignore[attr-defined]  # that of the decorator
            simulation.runs = runs
            began = time.process_time()
            made = simulation().runs
            if number:  # the first batch warms up
                rates[name].append(made / (time.process_time() - began))
    return rates


def table(rates: Mapping[str, Sequence[float]]) -> Table:
    """Return the figures for a terminal."""
    shown = Table("", "runs a second", "slowest and fastest", "goal", title=f"Simulated tests of {MESSAGES} asks")
    for name, each in rates.items():
        shown.add_row(name, f"{statistics.median(each):.0f}", f"{min(each):.0f} to {max(each):.0f}", f"≥ {GOAL:.0f}")
    return shown


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, print the table, and write what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=at_least_one, default=300, help="runs a batch (default: 300)")
    parser.add_argument("--batches", type=at_least_one, default=7, help="batches of each test (default: 7)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures to FILE")
    options = parser.parse_args(arguments)
    busy = load()
    pin(processors()[0])
    rates = measure(options.runs, options.batches)
    Console().print(table(rates))
    medians = {name: statistics.median(each) for name, each in rates.items()}
    found = {**conditions(busy), "runs": options.runs, "rates": rates, "medians": medians, "goal": GOAL}
    write(found, options.json)


if __name__ == "__main__":
    main()
