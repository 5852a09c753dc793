"""What one of llmactors' actors feels of the others, and of the garbage collector."""

import asyncio
import time

from llmactors import Actor, ActorRef, ActorSystem, Mailbox, message

from cases.kinds import Readings
from cases.latency import (
    BEGINNING,
    BURST,
    INFLIGHT,
    PAUSE,
    PRODUCERS,
    SETTLE,
    Pauses,
    probe,
    skewed,
    traffic_seconds,
)
from runtimes.ours.program import QUEUED, program


class Tally:
    """What the flooded actor has handled, and what was sent to it."""

    def __init__(self) -> None:
        self.handled = self.sent = 0
        self.over = False


class Flooded(Actor):
    """Counts."""

    mailbox = Mailbox(capacity=2 * INFLIGHT)

    def __init__(self, tally: Tally) -> None:
        self._tally = tally

    @message
    def add(self, amount: int) -> None:
        """Count."""
        self._tally.handled += amount


class Producer(Actor):
    """Keeps the other one busy."""

    def __init__(self, tally: Tally, flooded: ActorRef[Flooded]) -> None:
        self._tally, self._flooded = tally, flooded

    @message(limit=None)
    async def flood(self) -> None:
        """Send burst after burst until it is over."""
        tally, flooded = self._tally, self._flooded
        while not tally.over:
            if tally.sent - tally.handled < INFLIGHT:
                for _ in range(BURST):
                    flooded.tell(Flooded.add(1))
                tally.sent += BURST
            await asyncio.sleep(0)


class Quiet(Actor):
    """Answers."""

    @message
    def echo(self, value: int) -> int:
        """Answer."""
        return value


async def _skew(system: ActorSystem, n: int) -> Readings:
    tally = Tally()
    flooded, quiet = await system.spawn(Flooded, tally), await system.spawn(Quiet)
    for _ in range(PRODUCERS):
        (await system.spawn(Producer, tally, flooded)).tell(Producer.flood())
    await asyncio.sleep(SETTLE)
    before = tally.handled
    latencies, seconds = await probe(lambda: quiet.ask(Quiet.echo(1)), n)
    handled = tally.handled - before
    tally.over = True
    return skewed(latencies, seconds, handled)


async def _gc_pause(system: ActorSystem, n: int) -> Readings:
    pauses = Pauses()
    actors = [await system.spawn(Quiet) for _ in range(n)]
    beginning = pauses.longest()
    ends = time.perf_counter() + traffic_seconds(n)
    place = 0
    while time.perf_counter() < ends:
        for actor in actors[place : place + BURST]:
            actor.tell(Quiet.echo(1))
        await actors[place].ask(Quiet.echo(1))
        place = (place + BURST) % n
        await asyncio.sleep(0)
    longest = pauses.longest()
    pauses.close()
    return {PAUSE.name: longest, BEGINNING.name: beginning}


MEASURES = {"skew": program(_skew), "skew-queued": program(_skew, QUEUED), "gc-pause": program(_gc_pause)}
