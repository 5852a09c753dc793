"""Every order of deliveries that makes a difference, and each fault at each place."""

from typing import Any

import pytest

from llmactors import Actor, message
from llmactors.errors import ActorEndedError
from llmactors.testing import Faults, Injected, SimulationFailedError, World, simulate
from llmactors.testing._campaign import Result
from supervisors import Supervisor, child


class Cell(Actor):
    def __init__(self) -> None:
        self.seen: list[int] = []

    @message
    def put(self, value: int) -> None:
        self.seen.append(value)

    @message
    def seen_so_far(self) -> list[int]:
        return self.seen


class Sender(Actor):
    @message
    def send(self, value: int, times: int) -> None:
        for _ in range(times):
            self.context.ref("cell").tell(Cell.put(value))


class Three(Supervisor):
    one = child(Cell)
    two = child(Cell)
    three = child(Cell)


class Two(Supervisor):
    cell = child(Cell)
    left = child(Sender)
    right = child(Sender)


def explored(test: Any, **arguments: Any) -> Result:
    simulation: Any = test.simulation
    result: Result = simulation(**arguments)
    return result


def test_messages_to_actors_that_do_not_talk_to_each_other_have_one_order() -> None:
    @simulate(Three, level="systematic", runs=2_000)
    async def tells(world: World) -> None:
        for number in range(4):
            for spec in (Three.one, Three.two, Three.three):
                world.tell(spec, Cell.put(number))
        await world.advance(1.0)

    result = explored(tells)
    assert (result.runs, result.complete) == (1, True)  # of 34 650


@pytest.mark.parametrize(("times", "orders"), [(1, 2), (2, 6), (3, 20)])
def test_two_senders_to_one_actor_have_as_many_orders_as_there_are_ways_to_mix_them(times: int, orders: int) -> None:
    seen: set[tuple[int, ...]] = set()

    @simulate(Two, level="systematic", runs=2_000)
    async def tells(world: World) -> None:
        for _ in range(times):
            world.tell(Two.left, Sender.send(1, 1))
            world.tell(Two.right, Sender.send(2, 1))
        await world.advance(1.0)
        seen.add(tuple(await world.ask(Two.cell, Cell.seen_so_far())))

    result = explored(tells)
    assert result.complete
    assert len(seen) == orders
    assert result.runs < 4 * orders


def test_an_order_that_breaks_something_is_found_and_shrunk() -> None:
    @simulate(Two, level="systematic", runs=2_000)
    async def hopes(world: World) -> None:
        world.tell(Two.left, Sender.send(1, 1))
        world.tell(Two.right, Sender.send(2, 1))
        await world.advance(1.0)
        assert await world.ask(Two.cell, Cell.seen_so_far()) == [1, 2]

    with pytest.raises(SimulationFailedError, match=r"\[2, 1\]"):
        hopes()


def test_each_fault_of_the_plan_happens_at_each_place() -> None:
    places: set[str] = set()

    @simulate(Two, level="systematic", runs=2_000, faults=Faults(crash=Two.cell, kill=Two.left))
    async def asks(world: World) -> None:
        world.tell(Two.left, Sender.send(1, 2))
        await world.advance(1.0)
        try:
            await world.ask(Two.cell, Cell.seen_so_far())
        except ActorEndedError:
            assert world.seen(Injected)
        places.update(f"{event.fault} {event.point}" for event in world.events if isinstance(event, Injected))

    assert explored(asks).complete
    assert places == {
        "crash taken Cell.put #1",
        "crash taken Cell.put #2",
        "crash taken Cell.seen_so_far #1",
        "kill taken Sender.send #1",
    }


def test_what_is_too_much_to_be_seen_is_not_called_complete() -> None:
    @simulate(Two, level="systematic", runs=5)
    async def tells(world: World) -> None:
        for _ in range(4):
            world.tell(Two.left, Sender.send(1, 1))
            world.tell(Two.right, Sender.send(2, 1))
        await world.advance(1.0)

    result = explored(tells)
    assert (result.runs, result.complete) == (5, False)
