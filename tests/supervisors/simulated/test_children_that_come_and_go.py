"""Children that come and go, one-off tasks and partitions, under every fault."""

import asyncio
from dataclasses import replace
from typing import Any

from shaken import EVERYTHING, PATIENT, settled

from llmactors import Actor, ActorRef, message
from llmactors.hosts import Process
from llmactors.testing import At, Injected, World, simulate
from supervisors import DynamicSupervisor, Partitions, PartitionSupervisor, Supervisor, TaskSupervisor, child


class Guest(Actor):
    """Stays as long as it is needed."""

    async def on_start(self) -> None:
        await asyncio.sleep(0.01)

    @message
    async def stay(self, seconds: float) -> str:
        await asyncio.sleep(seconds)
        return "stayed"

    @message
    def leave(self) -> None:
        self.context.stop()


class Inn(DynamicSupervisor):
    intensity = PATIENT
    max_children = 4


class Errands(TaskSupervisor):
    intensity = PATIENT


class Parts(PartitionSupervisor[Guest]):
    intensity = PATIENT


class Village(Supervisor):
    intensity = PATIENT
    inn = child(Inn)
    errands = child(Errands)
    parts = child(Parts, child(Guest), 3)


async def double(number: int) -> int:
    await asyncio.sleep(0.1)
    return 2 * number


RESTARTS_FAIL = replace(EVERYTHING, start_failure=[At("/*/*", nth=2, rate=0.2), At("/inn/*", rate=0.1)])


@simulate(Village, faults=RESTARTS_FAIL)
async def test_children_that_come_and_go_leave_nothing_behind(world: World) -> None:
    random, guests = world.random, list[ActorRef[Guest]]()
    jobs: list[asyncio.Task[Any]] = []

    async def arrive(number: int) -> None:
        spec = child(
            Guest,
            restart=random.choice(["permanent", "transient", "temporary"]),
            host=random.choice([None, Process()]),
            name=random.choice(["", f"guest {number}"]),
        )
        guests.append(await world.ask("/inn", DynamicSupervisor.start_child(spec), timeout=30.0))

    for number in range(8):
        jobs.append(asyncio.create_task(arrive(number), name=f"guest {number} arrives"))
        jobs.append(asyncio.create_task(_double(world, number), name=f"double {number}"))
        await world.advance(random.choice([0.0, 0.05, 0.3]))
        if guests:
            guest = random.choice(guests)
            match random.randrange(4):
                case 0:
                    jobs.append(world.ask(guest, Guest.stay(0.2), timeout=20.0))
                case 1:
                    guest.tell(Guest.leave())
                case 2:
                    guest.kill("the test says so")
                case _:
                    over = DynamicSupervisor.terminate_child(guest)
                    jobs.append(asyncio.create_task(_ask(world, over), name="end a guest"))
    await settled(jobs)
    await world.heal()
    await world.advance(30.0)
    assert await world.ask("/errands", TaskSupervisor.async_nolink(double, 4), timeout=30.0) == 8
    assert (await world.ask("/inn", DynamicSupervisor.count_children(), timeout=30.0)).active <= 4
    parts = await Partitions.of(world.ref(Village.parts))
    assert [await parts[key].ask(Guest.stay(0.1), 30.0) for key in ("ann", "bob")] == ["stayed"] * 2
    world.sometimes("a fault happened", world.seen(Injected))


async def _double(world: World, number: int) -> None:
    assert await world.ask("/errands", TaskSupervisor.async_nolink(double, number), timeout=30.0) == 2 * number


async def _ask(world: World, over: Any) -> None:
    await world.ref("/inn").ask(over, 30.0)


@simulate(Village, faults=RESTARTS_FAIL)
async def test_a_stream_of_tasks_is_whole_or_says_that_it_is_not(world: World) -> None:
    seen: list[int] = []

    async def read() -> None:
        stream = TaskSupervisor.stream(double, range(6), concurrency=3, timeout=None)
        async with world.ref(Village.errands).stream(stream) as outcomes:
            async for outcome in outcomes:
                seen.append(outcome.label)  # noqa: PERF401  what was seen before the stream broke off counts, too
        assert seen == list(range(6))

    await settled([asyncio.create_task(read(), name="read")])
    assert seen == list(range(len(seen))), "in order"
    await world.heal()
    seen.clear()
    await read()
