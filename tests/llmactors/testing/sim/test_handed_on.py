"""Messages that change hands in a simulated run: in batches, and in pools that take them back."""

import asyncio

from llmactors import Actor, message
from llmactors.testing import At, Faults, Redelivered, World, simulate
from supervisors import Intensity, Supervisor, pool


class Worker(Actor):
    """Squares, four at a time, or one by one."""

    @message.batched(4, within=0.05)
    async def square(self, numbers: list[int]) -> list[int]:
        await asyncio.sleep(0.1)
        return [number * number for number in numbers]

    @message.batched(3, within=0.0)
    def double(self, numbers: list[int]) -> list[int]:
        return [2 * number for number in numbers]

    @message
    async def triple(self, number: int) -> int:
        await asyncio.sleep(0.1)
        return 3 * number


class App(Supervisor):
    workers = pool(Worker, size=2, redeliver=5, intensity=Intensity(100, within=5.0))


PLACES = (At("/workers/*"), At("/workers/*", when="finished"))


@simulate(App, faults=Faults(kill=PLACES, slow=PLACES, hang=PLACES, rate=0.05), runs=100)
async def test_a_batch_that_is_cut_off_comes_back_whole(world: World) -> None:
    squares = [world.ask("/workers", Worker.square(number), timeout=600) for number in range(6)]
    doubles = [world.ask("/workers", Worker.double(number), timeout=600) for number in range(6)]
    await world.advance(1.0)
    await world.heal()
    assert await world.settle(squares, within=300) == [number * number for number in range(6)]
    assert await world.settle(doubles, within=300) == [2 * number for number in range(6)]
    world.sometimes("a batch came back", world.seen(Redelivered))


@simulate(App, runs=100)
async def test_what_a_worker_gives_back_untouched_is_taken_by_another(world: World) -> None:
    jobs = [world.ask("/workers", Worker.triple(number), timeout=600) for number in range(6)]
    first, second = world.ref("/workers").children()
    for ref in (first, second, first):
        ref.stop()
        await world.advance(0.03)
    await world.heal()
    assert await world.settle(jobs, within=300) == [3 * number for number in range(6)]
