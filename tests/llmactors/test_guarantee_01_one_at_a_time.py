"""Guarantee 1: one message at a time, unless the class declares more."""

import asyncio
from contextvars import ContextVar

import pytest
from keepers import Counter, turns

from llmactors import Actor, ActorRef, ActorSystem, message
from llmactors.errors import ActorEndedError, WaitCycleError


class Careful(Actor):
    """Notices whether two handlers ever overlap."""

    def __init__(self) -> None:
        self.inside = self.most = self.done = 0

    @message
    async def work(self, steps: int) -> None:
        self.inside += 1
        self.most = max(self.most, self.inside)
        for _ in range(steps):
            await asyncio.sleep(0)
        self.inside -= 1
        self.done += 1

    @message
    def plain(self) -> int:
        self.most = max(self.most, self.inside + 1)
        return self.most


class Wide(Careful):
    concurrency = 3


@pytest.mark.parametrize(("cls", "most"), [(Careful, 1), (Wide, 3)])
async def test_as_many_handlers_overlap_as_the_class_declares(cls: type[Careful], most: int) -> None:
    async with ActorSystem() as system:
        ref: ActorRef[Careful] = await system.spawn(cls)
        asks = [asyncio.create_task(ref.ask(Careful.work(step % 4))) for step in range(30)]
        for _ in range(10):
            ref.tell(Careful.work(2))
            await asyncio.sleep(0)
        await asyncio.gather(*asks)
        assert await ref.ask(Careful.plain()) <= most
        actor: Careful = ref.actor
        assert actor.most == most


async def test_a_tell_never_runs_the_handler_inside_its_senders_call() -> None:
    async with ActorSystem() as system:
        ref = await system.spawn(Counter)
        assert ref.tell(Counter.add(1))
        assert ref.actor.seen == []
        await turns()
        assert ref.actor.seen == [1]


class Echo(Actor):
    @message
    async def through(self, depth: int, refs: list[ActorRef["Echo"]]) -> int:
        return 0 if not depth else 1 + await refs[depth - 1].ask(Echo.through(depth - 1, refs))


async def test_asks_inside_asks_may_go_as_deep_as_they_like() -> None:
    async with ActorSystem() as system:
        refs = [await system.spawn(Echo) for _ in range(200)]
        assert await refs[-1].ask(Echo.through(199, refs)) == 199


def test_an_actor_that_asks_itself_does_not_handle_the_one_while_the_other_is_in_hand() -> None:
    async def main() -> None:
        async with ActorSystem() as system:
            ref = await system.spawn(Echo)
            with pytest.raises(ActorEndedError) as ended:
                await ref.ask(Echo.through(1, [ref]))
            assert isinstance(ended.value.__cause__, WaitCycleError)

    with pytest.raises(WaitCycleError):  # it ended the actor, and nobody else heard
        asyncio.run(main())


async def test_a_flood_of_asks_handed_over_directly_leaves_the_loop_its_turns() -> None:
    async with ActorSystem() as system:
        ref = await system.spawn(Counter)
        turned = 0

        async def quiet() -> None:
            nonlocal turned
            while True:
                turned += 1
                await asyncio.sleep(0)

        task = asyncio.create_task(quiet())
        for _ in range(5_000):
            await ref.ask(Counter.add(1))
        task.cancel()
        assert turned > 20


COLOUR: ContextVar[str] = ContextVar("colour", default="none")


class Painter(Actor):
    @message
    def paint(self, colour: str) -> str:
        before = COLOUR.get()
        COLOUR.set(colour)
        return before

    @message
    async def paint_slowly(self, colour: str) -> str:
        before = COLOUR.get()
        COLOUR.set(colour)
        await asyncio.sleep(0)
        return before


async def test_what_a_handler_sets_in_the_context_does_not_reach_its_asker() -> None:
    async with ActorSystem() as system:
        ref = await system.spawn(Painter)
        await ref.ask(Painter.paint("red"))
        ref.tell(Painter.paint("green"))
        await ref.ask(Painter.paint_slowly("blue"))
        await ref.ask(Painter.paint("red"))
        assert COLOUR.get() == "none"


async def test_an_async_handler_does_not_see_what_another_set() -> None:
    async with ActorSystem() as system:
        ref = await system.spawn(Painter)
        await ref.ask(Painter.paint_slowly("blue"))
        assert await ref.ask(Painter.paint_slowly("red")) == "none"
        assert await ref.ask(Painter.paint_slowly("red")) == "none"


class TaskMinded(Actor):
    @message
    async def name(self) -> str:
        task = asyncio.current_task()
        assert task is not None
        first = task
        await asyncio.sleep(0)
        assert asyncio.current_task() is first
        return task.get_name()

    @message
    async def in_time(self, seconds: float) -> str:
        try:
            async with asyncio.timeout(seconds):
                await asyncio.get_running_loop().create_future()
        except TimeoutError:
            return "timed out"
        return "never"

    @message
    async def grouped(self) -> list[int]:
        async def give(value: int) -> int:
            await asyncio.sleep(0)
            return value

        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(give(value)) for value in range(3)]
        return [task.result() for task in tasks]

    @message
    async def broken_group(self) -> str:
        async def fail() -> None:
            await asyncio.sleep(0)
            raise KeyError("inside")

        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(fail())
                await asyncio.get_running_loop().create_future()
        except BaseExceptionGroup as group:
            return "told" if group.subgroup(KeyError) else "told otherwise"
        return "not told"

    @message
    async def cancels_itself(self) -> str:
        task = asyncio.current_task()
        assert task is not None
        task.cancel()
        try:
            await asyncio.get_running_loop().create_future()
        except asyncio.CancelledError:
            task.uncancel()
            await asyncio.sleep(0)
            return "cancelled"
        return "not cancelled"

    @message
    async def cancels_itself_and_returns(self) -> str:
        task = asyncio.current_task()
        assert task is not None
        task.cancel()
        return "returned"


@pytest.mark.parametrize("rounds", [1, 3])
async def test_async_libraries_find_a_real_task_in_an_async_handler(rounds: int) -> None:
    async with ActorSystem() as system:
        ref = await system.spawn(TaskMinded)
        for _ in range(rounds):
            assert await ref.ask(TaskMinded.name())
            assert await ref.ask(TaskMinded.in_time(0)) == "timed out"
            assert await ref.ask(TaskMinded.in_time(0.001)) == "timed out"
            assert await ref.ask(TaskMinded.grouped()) == [0, 1, 2]
            assert await ref.ask(TaskMinded.broken_group()) == "told"
            assert await ref.ask(TaskMinded.cancels_itself(), timeout=1) == "cancelled"
            assert await ref.ask(TaskMinded.cancels_itself_and_returns(), timeout=1) == "returned"
            assert await ref.ask(TaskMinded.cancels_itself(), timeout=1) == "cancelled"


async def test_the_task_of_the_asker_is_its_own_again_after_a_direct_ask() -> None:
    async with ActorSystem() as system:
        ref = await system.spawn(TaskMinded)
        mine = asyncio.current_task()
        await ref.ask(TaskMinded.name())
        assert asyncio.current_task() is mine
