"""How evenly CPU time is shared: `python benchmarks/budgets/weights.py --json FILE`.

Two actors of equal weight want all the CPU that there is, one in long messages and one in short ones; then the same
with weights of two to one. Then two worker processes that compute, on one processor between them. What is told is each
one's share of what both used; a busy child is not to starve its sibling by more than a tenth.
"""

import argparse
import asyncio
import os
import sys
import time
from collections.abc import Sequence
from itertools import product
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import players
from rich.console import Console
from rich.table import Table

from llmactors import Actor, ActorRef, ActorSystem, message
from llmactors.hosts import Process
from supervisors import ResourceSupervisor, child

from measuring.machine import load
from measuring.told import conditions, write

LONG, SHORT = 0.002, 0.0001
"""Seconds of CPU time that a message takes."""


class Busy(Actor):
    """Always has one more thing to do.

    Args:
        seconds: What each takes.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds

    @message
    def go_on(self) -> None:
        """Compute, and go on."""
        end = time.thread_time() + self._seconds
        while time.thread_time() < end:
            pass
        self.context.self_ref.tell(Busy.go_on())


class Team(ResourceSupervisor):
    """One with long messages and one with short ones.

    Args:
        weight: Of the first; the second's is 1.
    """

    def __init__(self, weight: float) -> None:
        super().__init__([child(Busy, LONG, name="long", weight=weight), child(Busy, SHORT, name="short")])


class Processes(ResourceSupervisor):
    """Two worker processes, of which neither has a rate.

    Args:
        weight: Of the first; the second's is 1.
    """

    def __init__(self, weight: float) -> None:
        heavy = child(players.Busy, name="heavy", host=Process(), weight=weight)
        super().__init__([heavy, child(players.Busy, name="light", host=Process())])


async def share(weight: float, seconds: float) -> float:
    """Return the part that the one with long messages had of what both used."""
    async with ActorSystem(Team, weight) as system:
        refs = [system.ref("long"), system.ref("short")]
        for ref in refs:
            ref.tell(Busy.go_on())
        return await _part(refs, seconds)


async def share_of_processes(weight: float, seconds: float) -> float:
    """Return the part that the first of two worker processes had of what both used."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(before)})  # what is begun from now on stays on it
    try:
        async with ActorSystem(Processes, weight) as system:
            refs = [system.ref("heavy"), system.ref("light")]
            for ref in refs:
                ref.tell(players.Busy.spin())
            part = await _part(refs, seconds)
            for ref in refs:
                ref.kill()
    finally:
        os.sched_setaffinity(0, before)
    return part


async def _part(refs: Sequence[ActorRef[Any]], seconds: float) -> float:
    await asyncio.sleep(0.5)
    before = [ref.usage().cpu for ref in refs]
    await asyncio.sleep(seconds)
    used = [ref.usage().cpu - start for ref, start in zip(refs, before, strict=True)]
    return used[0] / sum(used)


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, print the table, and write what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=3.0, help="of one measurement (default: 3)")
    parser.add_argument("--rounds", type=int, default=5, help="measurements of each (default: 5)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures to FILE")
    options = parser.parse_args(arguments)
    busy = load()
    shown = Table("weights", "wanted", "had, least to greatest", "off by at most", "goal", title="Shares of CPU time")
    found: dict[str, list[float]] = {}
    for measure, weight in product((share, share_of_processes), (1.0, 2.0)):
        wanted = weight / (weight + 1)
        what = f"{weight:g}:1, " + ("on the loop" if measure is share else "in processes")
        had = found[what] = sorted(asyncio.run(measure(weight, options.seconds)) for _ in range(options.rounds))
        off = max(abs(each / wanted - 1) for each in had)
        shown.add_row(what, f"{wanted:.1%}", f"{had[0]:.1%} to {had[-1]:.1%}", f"{off:.1%}", "≤ 10 %")
    Console().print(shown)
    write({**conditions(busy), "shares": found}, options.json)


if __name__ == "__main__":
    main()
