"""Streams under faults of either side: items come in order, within the window, to an end that says what it is."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
from shaken import PATIENT, begin, note, noted, settled, words

from llmactors import Actor, message
from llmactors.errors import ActorEndedError, StreamIdleError
from llmactors.hosts import Process
from llmactors.testing import At, Faults, Injected, LifeEnded, World, simulate
from supervisors import Supervisor, child

ITEMS, WINDOW, IDLE = 10, 4, 5.0


class Spring(Actor):
    """Gives numbers, as fast as they are taken."""

    @message(limit=None)
    async def flow(self, reading: int) -> AsyncIterator[int]:
        note("opened", reading)
        try:
            for number in range(ITEMS):
                if number % 3 == 0:
                    await asyncio.sleep(0.01)
                note("made", reading, number)
                yield number
        finally:
            note("closed", reading)

    @message(timeout=1_000.0)
    def rest(self) -> str:
        return "rested"


class Drinker(Actor):
    """Reads a stream, all of it or some."""

    @message(timeout=1_000.0, limit=None, raises=(ActorEndedError,))
    async def drink(self, where: str, reading: int, most: int, pause: float) -> int:
        try:
            return await self.read(where, reading, most, pause)
        except StreamIdleError:
            note("cut", reading)
            return -1

    async def read(self, where: str, reading: int, most: int, pause: float) -> int:
        took = 0
        async with self.context.ref(where).stream(Spring.flow(reading), window=WINDOW, idle=IDLE) as items:
            async for item in items:
                note("took", reading, item)
                took += 1
                if took >= most:
                    note("left", reading)
                    break
                await asyncio.sleep(pause)
            else:
                note("whole", reading)
        return took


class Garden(Supervisor):
    intensity = PATIENT
    near = child(Spring)
    far = child(Spring, host=Process())
    ann = child(Drinker)
    bob = child(Drinker, host=Process())


PLACES = ("/near", "/far", "/ann", "/bob")
HARM = Faults(
    crash=[At(path, when=when) for path in PLACES for when in ("taken", "await", "finished")],
    kill=[At(path, when=when) for path in PLACES for when in ("taken", "await", "finished")],
    stall_stream=["/near", "/far"],
    delay=True,
    drop=True,
    rate=0.01,
    most=3,
)


@pytest.mark.parametrize("spring", ["near", "far"])
@simulate(Garden, faults=HARM)
async def test_a_stream_is_read_in_order_and_whole_or_says_that_it_is_not(world: World, spring: str) -> None:
    begin(world)
    random, jobs = world.random, []
    for reading in range(4):
        most, pause = random.choice([2, 5, ITEMS + 1, ITEMS + 1]), random.choice([0.0, 0.0, 0.02, IDLE + 1.0])
        jobs.append(world.ask(random.choice(["/ann", "/bob"]), Drinker.drink(spring, reading, most, pause)))
        match random.randrange(6):
            case 0:
                world.ref(random.choice(PLACES)).kill()
            case 1 | 2:
                await world.advance(random.choice([0.01, 0.03, 1.0]))
    await settled(job for job in jobs)
    await world.heal()
    assert await world.ask(f"/{spring}", Spring.rest()) == "rested", "nobody holds the spring any more"
    await world.advance(10.0)
    judge(world)
    for happened in ("whole", "left", "cut"):
        world.sometimes(f"a stream was {happened}", noted(world, happened))
    world.sometimes("a fault happened", world.seen(Injected))


def judge(world: World) -> None:
    """Follow every reading; a spring that lives has closed what it opened, when its reader has gone."""
    made: dict[str, int] = {}
    took: dict[str, int] = {}
    opened: set[str] = set()
    for event in world.events:
        what, *about = words(event) or [""]
        reading = about[0] if about else ""
        match what:
            case "opened":
                opened.add(reading)
            case "closed":
                opened.discard(reading)
            case "made":
                assert int(about[1]) == made.get(reading, 0)
                made[reading] = int(about[1]) + 1
                assert made[reading] - took.get(reading, 0) <= WINDOW + 1, "no further ahead than the window"
            case "took":
                assert int(about[1]) == took.get(reading, 0), "what is read comes in order, without gaps"
                took[reading] = int(about[1]) + 1
            case "whole":
                assert took.get(reading) == ITEMS, "what ends without an error is whole"
        if isinstance(event, LifeEnded) and event.path in {"/near", "/far"}:
            opened.clear()
    assert not opened, "what nobody reads any more is closed"
