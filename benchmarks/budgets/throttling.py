"""Show that a rate of CPU is held: `python benchmarks/budgets/throttling.py --json FILE`.

Two identical busy actors, one of them with `Rate(cpu=0.25)`, and a quiet one that is asked all the time: on the loop,
then in worker processes held by control groups (where they can be written), then held by stopping and continuing. What
each got is the system's own count of its slices, or the kernel's count of its process.
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
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from players import Busy, Quiet
from rich.console import Console
from rich.table import Table

from llmactors import ActorRef, ActorSystem, limits
from llmactors.hosts import Loop, Process
from supervisors import Budget, Rate, ResourceSupervisor, child

from measuring.machine import load
from measuring.told import conditions, write

SHARE = 0.25
WORKER = Process(preload=("players",))
SWITCH = "LLMACTORS_CGROUPS"


@dataclass(frozen=True)
class Round:
    """What one round has shown.

    Attributes:
        way: where the actors ran, and what held them.
        held: cores that the throttled one got.
        free: cores that the other got.
        p50: seconds that half of the asks to the quiet one took at most.
        p99: the same, of 99 in 100.
        asks: how many there were.
    """

    way: str
    held: float
    free: float
    p50: float
    p99: float
    asks: int


async def play(host: Any, seconds: float) -> Round:
    """Let the three run for so long."""
    team = type(
        "Team",
        (ResourceSupervisor,),
        {
            "children": [
                child(Busy, name="held", host=host, budget=Budget(Rate(cpu=SHARE))),
                child(Busy, name="free", host=host),
                child(Quiet, name="quiet", host=host),
            ]
        },
    )
    async with ActorSystem(team) as system:
        held, free, quiet = (system.ref(name) for name in ("held", "free", "quiet"))
        for ref in (held, free):
            ref.tell(Busy.spin() if limits.has_process(ref) else Busy.go_on())
        await quiet.ask(Quiet.answer())
        await asyncio.sleep(0.5)
        before, began = [limits.measure(ref).cpu for ref in (held, free)], time.perf_counter()
        took = await _ask_on_and_on(quiet, began + seconds)
        passed = time.perf_counter() - began
        got = [(limits.measure(ref).cpu - cpu) / passed for ref, cpu in zip((held, free), before, strict=True)]
        way = str(limits.enforcement(held))
        for ref in (held, free):
            ref.kill()
    cuts = statistics.quantiles(took, n=100)
    return Round(way, got[0], got[1], cuts[49], cuts[98], len(took))


async def _ask_on_and_on(quiet: ActorRef[Quiet], end: float) -> list[float]:
    took = []
    while (now := time.perf_counter()) < end:
        await quiet.ask(Quiet.answer())
        took.append(time.perf_counter() - now)
        await asyncio.sleep(0.002)
    return took


def measure(seconds: float, rounds: int) -> list[Round]:
    """Play every way, in turns."""
    done = []
    for _ in range(rounds):
        for host, switch in ((Loop(), ""), (WORKER, ""), (WORKER, "off")):
            os.environ[SWITCH] = switch
            done.append(asyncio.run(play(host, seconds)))
    os.environ.pop(SWITCH)
    return done


def table(done: Sequence[Round]) -> Table:
    """Return what was measured, for a terminal."""
    told = Table(title=f"Two busy actors, one with Rate(cpu={SHARE}), and a quiet one that is asked")
    for heading in ("held by", "rounds", "cores", "least", "most", "free one", "ask p50", "p99: median", "worst"):
        told.add_column(heading, justify="left" if heading == "held by" else "right")
    for way in dict.fromkeys(each.way for each in done):
        mine = [each for each in done if each.way == way]
        held = [each.held for each in mine]
        told.add_row(
            way,
            str(len(mine)),
            *(f"{cores:.3f}" for cores in (statistics.median(held), min(held), max(held))),
            f"{statistics.median(each.free for each in mine):.2f}",
            f"{1e3 * statistics.median(each.p50 for each in mine):.2f} ms",
            f"{1e3 * statistics.median(each.p99 for each in mine):.2f} ms",
            f"{1e3 * max(each.p99 for each in mine):.2f} ms",
        )
    return told


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, print the table, and write what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=5.0, help="length of a round (default: 5)")
    parser.add_argument("--rounds", type=int, default=5, help="rounds of each (default: 5)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures to FILE")
    options = parser.parse_args(arguments)
    busy = load()
    done = measure(options.seconds, options.rounds)
    Console().print(table(done))
    write({**conditions(busy), "share": SHARE, "rounds": [asdict(each) for each in done]}, options.json)


if __name__ == "__main__":
    main()
