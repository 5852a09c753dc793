"""An answer is what it was when it was given: its asker does not see what the handler does to it afterwards."""

import asyncio

import pytest

from llmactors import Actor, Later, message
from llmactors.errors import NotSerialisableError
from llmactors.hosts import Process
from llmactors.testing import At, Faults, World, simulate
from supervisors import Supervisor, child, pool


class Keeper(Actor):
    def __init__(self) -> None:
        self.kept: list[int] = []
        self.asked: list[Later[list[int]]] = []
        self.secret = object()

    @message
    def keep(self, number: int) -> list[int]:
        self.kept.append(number)
        return self.kept

    @message
    async def keep_slowly(self, number: int) -> list[int]:
        await asyncio.sleep(0.1)
        self.kept.append(number)
        return self.kept

    @message
    def promise(self) -> Later[list[int]]:
        self.asked.append(Later())
        return self.asked[-1]

    @message
    def have(self) -> Later[list[int]]:
        later = Later[list[int]]()
        later.answer(self.kept)
        self.kept.append(-1)
        return later

    @message
    def fulfil(self) -> None:
        for later in self.asked:
            later.answer(self.kept)
        self.kept.append(-1)

    @message
    def show(self) -> object:
        return self.secret

    @message
    def promise_what_cannot_cross(self) -> Later[object]:
        later = Later[object]()
        later.answer(object())
        return later


class Batcher(Actor):
    def __init__(self) -> None:
        self.kept: list[int] = []

    @message.batched(2, within=0.1)
    def keep(self, numbers: list[int]) -> list[list[int]]:
        self.kept.extend(numbers)
        return [self.kept for _ in numbers]

    @message.batched(2, within=0.1)
    async def keep_slowly(self, numbers: list[int]) -> list[list[int]]:
        await asyncio.sleep(0.1)
        self.kept.extend(numbers)
        return [self.kept for _ in numbers]


class App(Supervisor):
    keeper = child(Keeper, host=Process())
    here = child(Keeper)
    batcher = child(Batcher, host=Process())
    keepers = pool(Keeper, size=1, host=Process())


KEEPERS = [App.keeper, App.here]


@pytest.mark.parametrize("who", KEEPERS, ids=["in a process", "on the loop"])
@pytest.mark.parametrize("keep", [Keeper.keep, Keeper.keep_slowly], ids=["at once", "slowly"])
def test_what_a_handler_does_to_its_answer_later_is_not_seen(keep: object, who: object) -> None:
    @simulate(App, runs=20)
    async def asks(world: World) -> None:
        jobs = [world.ask(who, keep(number)) for number in range(3)]  # type: ignore[operator]  # an endpoint
        said = await world.settle(jobs)
        assert sorted(map(len, said)) == [1, 2, 3]
        said[0].clear()
        assert len(await world.ask(who, Keeper.keep(3))) == 4

    asks()


def test_nor_by_way_of_a_pool() -> None:
    @simulate(App, runs=20)
    async def asks(world: World) -> None:
        said = await world.settle([world.ask(App.keepers, Keeper.keep(number)) for number in range(3)])
        assert sorted(map(len, said)) == [1, 2, 3]

    asks()


def test_nor_where_the_answer_is_heard_later() -> None:
    @simulate(App, faults=Faults(slow=At(App.keeper, when="finished", seconds=1, rate=1.0), most=1), runs=5)
    async def asks(world: World) -> None:
        said = await world.settle([world.ask(App.keeper, Keeper.keep(number), timeout=9) for number in range(3)])
        assert sorted(map(len, said)) == [1, 2, 3]

    asks()


@pytest.mark.parametrize("who", KEEPERS, ids=["in a process", "on the loop"])
def test_an_answer_that_is_given_later_is_what_it_is_then(who: object) -> None:
    @simulate(App, runs=20)
    async def asks(world: World) -> None:
        first, second = world.ask(who, Keeper.promise()), world.ask(who, Keeper.promise())
        await world.advance(0.1)
        assert await world.ask(who, Keeper.keep(1)) == [1]
        world.tell(who, Keeper.fulfil())
        assert await world.settle([first, second]) == [[1], [1]]
        assert await world.ask(who, Keeper.have()) == [1, -1, -1]  # it crosses when the handler returns
        assert await world.ask(who, Keeper.keep(2)) == [1, -1, -1, 2]

    asks()


@pytest.mark.parametrize("keep", [Batcher.keep, Batcher.keep_slowly], ids=["at once", "slowly"])
def test_the_answers_of_a_batch_are_what_they_were(keep: object) -> None:
    @simulate(App, runs=20)
    async def asks(world: World) -> None:
        jobs = [world.ask(App.batcher, keep(number)) for number in range(4)]  # type: ignore[operator]  # an endpoint
        assert sorted(map(len, await world.settle(jobs))) == [2, 2, 4, 4]

    asks()


def test_an_answer_that_cannot_cross_is_its_askers_error_and_the_actor_lives_on() -> None:
    @simulate(App, runs=5)
    async def asks(world: World) -> None:
        with pytest.raises(NotSerialisableError, match=r"the answer of Keeper\.show"):
            await world.ask(App.keeper, Keeper.show())
        with pytest.raises(NotSerialisableError, match="the answer"):
            await world.ask(App.keeper, Keeper.promise_what_cannot_cross())
        assert await world.ask(App.keeper, Keeper.keep(1)) == [1]

    asks()
