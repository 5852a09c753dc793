"""Pools under every fault: no job is lost, none is handled more often than it may be, and batches keep together."""

import asyncio
from dataclasses import replace

from shaken import EVERYTHING, PATIENT, settled

from llmactors import Actor, Mailbox, message
from llmactors.hosts import Process
from llmactors.testing import At, Faults, Redelivered, World, simulate
from supervisors import Backoff, Supervisor, pool


class Net(Actor):
    """Squares, one at a time."""

    async def on_start(self) -> None:
        await asyncio.sleep(0.01)

    @message(limit=30.0)
    async def square(self, number: int) -> int:
        await asyncio.sleep(0.1)
        return number * number

    @message
    def double(self, number: int) -> int:
        return 2 * number


class Batched(Actor):
    """Squares, several at a time."""

    @message.batched(4, within=0.05)
    async def square(self, numbers: list[int]) -> list[int]:
        await asyncio.sleep(0.1)
        return [number * number for number in numbers]


class Pools(Supervisor):
    intensity = PATIENT
    nets = pool(Net, size=2, host=Process(), redeliver=5, intensity=PATIENT)
    loops = pool(Net, size=3, redeliver=5, intensity=PATIENT, backoff=Backoff(0.05))
    batches = pool(Batched, size=2, redeliver=5, intensity=PATIENT)
    small = pool(Net, size=1, redeliver=5, intensity=PATIENT, mailbox=Mailbox(capacity=4))
    urgent = pool(Net, size=2, redeliver=5, intensity=PATIENT, mailbox=Mailbox(priority=lambda _: 1))


STARTED = [At("/*/*", nth=number, rate=0.1) for number in (2, 3, 4)]
"""Restarts that fail."""

LOST_BY_NOBODY = Faults(
    crash=["/*/net-*", At("/*/net-*", when="await"), At("/*/net-*", when="finished"), "/*/batched-*"],
    kill=["/*/net-*", At("/*/net-*", when="await"), At("/*/net-*", when="finished"), "/*/batched-*"],
    oom="/*/net-*",
    slow=True,
    delay=True,
    partition="/nets/*",
    duplicate="/*/*",
    start_failure=STARTED,
    rate=0.03,
    most=5,
)


@simulate(Pools, faults=LOST_BY_NOBODY)
async def test_no_job_of_a_pool_is_lost(world: World) -> None:
    jobs = []
    for number in range(8):
        where = world.random.choice([Pools.nets, Pools.loops, Pools.urgent])
        what = world.random.choice([Net.square, Net.double])
        jobs.append(world.ask(where, what(number), timeout=600))
        jobs.append(world.ask(Pools.batches, Batched.square(number), timeout=600))
        if world.random.random() < 0.2:
            await world.advance(world.random.choice([0.05, 0.5]))
    await world.heal()
    done = await world.settle(jobs, within=300)
    assert [answer in {number * number, 2 * number} for number, answer in enumerate(done[::2])] == [True] * 8
    assert done[1::2] == [number * number for number in range(8)]
    world.sometimes("a job was handed to another worker", world.seen(Redelivered))


@simulate(Pools, faults=replace(EVERYTHING, start_failure=STARTED))
async def test_a_pool_that_is_harmed_everywhere_works_again(world: World) -> None:
    places = [Pools.nets, Pools.loops, Pools.small, Pools.urgent]
    jobs = [world.ask(world.random.choice(places), Net.square(number), timeout=30.0) for number in range(10)]
    workers = [ref for where in places for ref in world.ref(where).children()]
    for _ in range(3):
        world.random.choice(workers).kill("the test says so")
        await world.advance(0.1)
        world.random.choice(workers).stop()
    await settled(jobs)
    await world.heal()
    await world.advance(60.0)
    for where in places:
        assert await world.ask(where, Net.square(3), timeout=60.0) == 9
