"""Ten thousand agents under one rate: `python benchmarks/budgets/rates.py --json FILE`.

All of them always have something to do, and may handle 1 000 messages a second together. What is told: how many they
handle each second, how evenly that is shared among them, and what CPU time it takes while nearly all of them wait.
"""

import argparse
import asyncio
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from rich.console import Console
from rich.table import Table

from llmactors import Actor, ActorSystem, message
from supervisors import Budget, Rate, ResourceSupervisor, child

from measuring.machine import load
from measuring.told import conditions, write


class Agent(Actor):
    """Always has one more thing to do."""

    def __init__(self) -> None:
        self.count = 0

    @message
    def go_on(self) -> None:
        """Do a thing, and go on with the next."""
        self.count += 1
        self.context.self_ref.tell(Agent.go_on())


class Team(ResourceSupervisor):
    """So many agents under one rate.

    Args:
        agents: How many.
        rate: Messages a second, together.
    """

    def __init__(self, agents: int, rate: float) -> None:
        type(self).budget = Budget(Rate(messages=rate))
        super().__init__([child(Agent, name=f"agent-{number}") for number in range(agents)])


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What was measured.

    Attributes:
        seconds: how long each second of the measurement really took.
        handled: messages handled in each second, by the clock.
        cores: CPU seconds a second, in each.
        least: messages of the agent that had the fewest.
        greatest: messages of the agent that had the most.
    """

    seconds: list[float]
    handled: list[float]
    cores: list[float]
    least: int
    greatest: int


async def measure(agents: int, rate: float, seconds: int) -> Found:
    """Let them work for so many seconds, and count."""
    async with ActorSystem(Team, agents, rate) as system:
        refs = [system.ref(f"agent-{number}") for number in range(agents)]
        for ref in refs:
            ref.tell(Agent.go_on())
        while any(ref.state == "ready" for ref in refs):  # noqa: ASYNC110 - until all have asked for their turn
            await asyncio.sleep(0.5)
        first = [ref.actor.count for ref in refs]
        taken, handled, cores = list[float](), list[float](), list[float]()
        before, at, used = sum(first), time.perf_counter(), time.process_time()
        for _ in range(seconds):
            await asyncio.sleep(1.0)
            total, now, cpu = sum(ref.actor.count for ref in refs), time.perf_counter(), time.process_time()
            taken.append(now - at)
            handled.append((total - before) / (now - at))
            cores.append((cpu - used) / (now - at))
            before, at, used = total, now, cpu
        each = [ref.actor.count - start for ref, start in zip(refs, first, strict=True)]
    return Found(seconds=taken, handled=handled, cores=cores, least=min(each), greatest=max(each))


def table(found: Found, agents: int, rate: float) -> Table:
    """Return the figures for a terminal."""
    total = sum(a * s for a, s in zip(found.handled, found.seconds, strict=True)) / sum(found.seconds)
    shown = Table("", "measured", "goal", title=f"{agents:,} agents, {rate:,.0f} messages a second")
    shown.add_row("messages a second", f"{total:,.1f} ({total / rate - 1:+.2%})", "± 5 %")
    shown.add_row("in the worst second", f"{max(found.handled, key=lambda each: abs(each - rate)):,.1f}", "± 5 %")
    shown.add_row("messages an agent", f"{found.least} to {found.greatest}", "one apart")
    shown.add_row("cores, least to greatest", f"{min(found.cores):.3f} to {max(found.cores):.3f}", "flat")
    return shown


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, print the table, and write what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--agents", type=int, default=10_000, help="how many (default: 10 000)")
    parser.add_argument("--rate", type=float, default=1_000.0, help="messages a second (default: 1 000)")
    parser.add_argument("--seconds", type=int, default=20, help="of the measurement (default: 20)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures to FILE")
    options = parser.parse_args(arguments)
    busy = load()
    found = asyncio.run(measure(options.agents, options.rate, options.seconds))
    Console().print(table(found, options.agents, options.rate))
    write({**conditions(busy), **asdict(found)}, options.json)


if __name__ == "__main__":
    main()
