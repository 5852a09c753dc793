"""Show that a ceiling of memory is held: `python benchmarks/budgets/ceilings.py --json FILE`.

A worker that allocates 64 MiB every 10 ms under `Ceiling(memory="256 MiB")` is killed and restarted, again and again,
while another actor is asked all the time: by control groups (where they can be written), then without them. Every end
must have the ceiling as its cause, no other ask may fail, and this process must not grow: what the first half of the
ends make it take (code that ran for the first time, room in the allocator) is told apart from what the second half do.
"""

import argparse
import asyncio
import os
import statistics
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import psutil
from players import Greedy, Quiet
from rich.console import Console
from rich.table import Table

from llmactors import ActorRef, ActorSystem, limits
from llmactors.errors import ActorEndedError, MemoryCeilingError
from llmactors.hosts import Process
from supervisors import Budget, Ceiling, Intensity, ResourceSupervisor, child

from measuring.machine import load
from measuring.told import conditions, write

SWITCH = "LLMACTORS_CGROUPS"
WORKER = Process(preload=("players",))


class Team(ResourceSupervisor):
    """The two of them."""

    intensity = Intensity(1_000, within=5.0)
    greedy = child(Greedy, host=WORKER, budget=Budget(Ceiling(memory="256 MiB")))
    modest = child(Quiet, host=WORKER)


@dataclass(frozen=True)
class Result:
    """What one way has shown.

    Attributes:
        way: what held the worker.
        ends: how often it was killed.
        for_memory: how often with the ceiling as the cause.
        asks: asks to the other actor.
        failed: how many of them failed.
        slowest: seconds that the slowest of them took.
        back: seconds from a death to the first answer of the next life, the median.
        warming: bytes by which this process grew in the first half of the ends.
        grown: bytes by which it grew in the second.
    """

    way: str
    ends: int
    for_memory: int
    asks: int
    failed: int
    slowest: float
    back: float
    warming: int
    grown: int


class Asker:
    """Asks the modest one until it is stopped."""

    def __init__(self) -> None:
        self.asks = self.failed = 0
        self.slowest = 0.0

    async def go_on(self, modest: ActorRef[Quiet]) -> None:
        """Ask, and count what fails."""
        while True:
            began = time.perf_counter()
            try:
                await modest.ask(Quiet.answer())
            except Exception:  # noqa: BLE001  counted
                self.failed += 1
            self.asks += 1
            self.slowest = max(self.slowest, time.perf_counter() - began)
            await asyncio.sleep(0.005)


async def play(times: int) -> Result:
    """Have it killed so often."""
    process, asker = psutil.Process(), Asker()
    async with ActorSystem(Team) as system:
        greedy, modest = system.ref(Team.greedy), system.ref(Team.modest)
        await modest.ask(Quiet.answer())
        way = str(limits.enforcement(greedy))
        asking = asyncio.create_task(asker.go_on(modest))
        for_memory, back, rss = 0, [], [process.memory_info().rss]
        for _ in range(times):
            try:
                await greedy.ask(Greedy.grab())
            except ActorEndedError as ended:
                for_memory += isinstance(ended.__cause__, MemoryCeilingError)
            died = time.perf_counter()
            await greedy.ask(Greedy.answer())
            back.append(time.perf_counter() - died)
            rss.append(process.memory_info().rss)
        ends = greedy.usage().restarts
        asking.cancel()
    begin, middle, end = rss[0], rss[times // 2], rss[-1]
    asked = asker.asks, asker.failed, asker.slowest
    return Result(way, ends, for_memory, *asked, statistics.median(back), middle - begin, end - middle)


def measure(times: int) -> list[Result]:
    """Play every way."""
    done = []
    for switch in ("", "off"):
        os.environ[SWITCH] = switch
        done.append(asyncio.run(play(times)))
    os.environ.pop(SWITCH)
    return done


def table(done: Sequence[Result]) -> Table:
    """Return what was measured, for a terminal."""
    told = Table(title="A worker that allocates 64 MiB every 10 ms under a ceiling of 256 MiB")
    headings = ("held by", "ends", "for memory", "other asks", "failed", "slowest", "back after", "grew", "then grew")
    for heading in headings:
        told.add_column(heading, justify="left" if heading == "held by" else "right")
    for each in done:
        told.add_row(
            each.way,
            *(str(number) for number in (each.ends, each.for_memory, each.asks, each.failed)),
            f"{1e3 * each.slowest:.1f} ms",
            f"{1e3 * each.back:.1f} ms",
            f"{each.warming / 2**20:.2f} MiB",
            f"{each.grown / 2**20:.2f} MiB",
        )
    return told


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, print the table, and write what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--times", type=int, default=20, help="how often it is killed (default: 20)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures to FILE")
    options = parser.parse_args(arguments)
    busy = load()
    done = measure(options.times)
    Console().print(table(done))
    write({**conditions(busy), "results": [asdict(each) for each in done]}, options.json)


if __name__ == "__main__":
    main()
