"""What a supervisor costs does not grow with the number of its children (row A102)."""

import asyncio
import time
from collections.abc import Awaitable, Callable

import pytest

from llmactors import Actor, ActorRef, ActorSystem
from supervisors import ChildSpec, DynamicSupervisor, Supervisor, child

FACTOR = 10.0
"""How much dearer a child may be among many: OTP's own bound. It is nearer to 1.5, but tests run on busy machines."""


Measure = Callable[[int], Awaitable[tuple[float, float]]]


class Idle(Actor):
    """Does nothing."""


class Crowd(DynamicSupervisor):
    """Children that come and go."""


class Many(Supervisor):
    """Children that stand in a list."""

    def __init__(self, n: int) -> None:
        super().__init__([child(Idle, name=f"idle-{number}") for number in range(n)])


async def start(crowd: ActorRef[Crowd], spec: ChildSpec[Idle], n: int) -> None:
    for _ in range(0, n, 500):
        await asyncio.gather(*(crowd.ask(Crowd.start_child(spec)) for _ in range(500)))


async def dynamic(n: int) -> tuple[float, float]:
    """Return the seconds per child to start and to stop *n* children."""
    async with ActorSystem(Crowd) as system:
        began = time.perf_counter()
        await start(system.ref("/"), child(Idle), n)
        up = time.perf_counter()
        assert (await system.ref("/").ask(Crowd.count_children())).active == n
        stopping = time.perf_counter()
    return (up - began) / n, (time.perf_counter() - stopping) / n


async def static(n: int) -> tuple[float, float]:
    """Return the seconds per child to start and to stop *n* children."""
    began = time.perf_counter()
    async with ActorSystem(Many, n) as system:
        assert len(system.ref("/").children()) == n
        up = time.perf_counter()
    return (up - began) / n, (time.perf_counter() - up) / n


@pytest.mark.slow
@pytest.mark.parametrize("row", ["A102"])
@pytest.mark.parametrize("kind", [dynamic, static])
async def test_starting_and_stopping_are_linear_in_the_number_of_children(row: str, kind: Measure) -> None:
    few, many = await kind(1_000), await kind(20_000)
    assert many[0] < FACTOR * few[0]
    assert many[1] < FACTOR * few[1]


@pytest.mark.slow
@pytest.mark.parametrize("row", ["A102", "A28"])
async def test_children_that_come_and_go_leave_nothing_behind(row: str) -> None:
    async with ActorSystem(Crowd) as system:
        crowd = system.ref("/")
        for _ in range(3_000):
            it = await crowd.ask(Crowd.start_child(child(Idle, restart="temporary")))
            it.stop()
            await it.wait_ended()
        keeper = crowd.actor._keeper
        assert (await crowd.ask(Crowd.count_children())).specs == 0
        held = (keeper.specs, keeper.slots, keeper._in_hand, keeper._starts, keeper._stops, keeper._timers)
        assert [len(one) for one in held] == [0] * 6
