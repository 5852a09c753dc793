"""`on_start`, async handlers and `on_stop` of a life run in one task: what the first opens, the last may close."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import pytest
from keepers import keeper, turns

from llmactors import Actor, ActorSystem, Ended, Exit, Started, message
from llmactors.errors import AskTimeoutError


class Resident(Actor):
    """Holds task-bound contexts open for its whole life."""

    def __init__(self, tasks: set["asyncio.Task[object] | None"]) -> None:
        self.tasks = tasks
        self.stack = AsyncExitStack()
        self.ticks = 0

    def note(self) -> None:
        self.tasks.add(asyncio.current_task())

    async def on_start(self) -> None:
        self.note()
        self.group = await self.stack.enter_async_context(asyncio.TaskGroup())
        await self.stack.enter_async_context(asyncio.timeout(60))
        self.ticker = self.group.create_task(self.tick())

    async def tick(self) -> None:
        while True:
            self.ticks += 1
            await asyncio.sleep(0)

    async def on_stop(self, _exit: Exit) -> None:
        self.note()
        self.ticker.cancel()
        await self.stack.aclose()

    @message
    async def at_once(self) -> None:
        self.note()

    @message
    async def in_steps(self) -> int:
        self.note()
        await asyncio.sleep(0)
        self.note()
        return await self.group.create_task(self.number())

    async def number(self) -> int:
        await asyncio.sleep(0)
        return 7

    @message(timeout=0.01)
    async def too_long(self) -> None:
        self.note()
        await asyncio.get_running_loop().create_future()

    @message
    async def stream(self) -> AsyncIterator[int]:
        self.note()
        yield 1
        await asyncio.sleep(0)
        self.note()
        yield 2

    @message
    async def boom(self) -> None:
        self.note()
        await asyncio.sleep(0)
        raise ValueError("boom")

    @message
    async def leaves_with_an_error(self) -> None:
        raise ValueError("at once")


@pytest.mark.parametrize("ending", ["stop", "boom", "leaves_with_an_error"])
async def test_everything_async_in_a_life_runs_in_one_task(ending: str) -> None:
    tasks: set[asyncio.Task[object] | None] = set()
    async with ActorSystem() as system:
        watcher, ref = await keeper(system), await system.spawn(Resident, tasks)
        watcher.context.monitor(ref)
        for _ in range(3):
            await ref.ask(Resident.at_once())
            assert await ref.ask(Resident.in_steps()) == 7
            ref.tell(Resident.at_once())
            async with ref.stream(Resident.stream()) as numbers:
                assert [number async for number in numbers] == [1, 2]
            with pytest.raises(AskTimeoutError):
                await ref.ask(Resident.too_long())
        if ending == "stop":
            ref.stop()
        else:
            ref.tell(getattr(Resident, ending)())
        await ref.wait_ended()
        assert len(tasks) == 1
        task = tasks.pop()
        assert task is not None
        await turns()
        assert task.done()


async def test_a_task_group_of_the_life_that_fails_ends_it() -> None:
    class Failing(Resident):
        async def tick(self) -> None:
            await asyncio.sleep(0)
            raise OSError("background")

    async with ActorSystem() as system:
        watcher, ref = await keeper(system), await system.spawn(Failing, set())
        watcher.context.monitor(ref)
        ref.tell(Resident.too_long())
        await turns()
        ref.stop()
        await ref.wait_ended()


async def test_each_life_has_a_task_of_its_own() -> None:
    tasks: set[asyncio.Task[object] | None] = set()
    async with ActorSystem() as system:
        owner = await keeper(system)
        slot = owner.opens(Resident, tasks)
        for life in range(1, 4):
            await owner.hears(Started, life)
            await slot.ref.ask(Resident.in_steps())
            slot.stop()
            await owner.hears(Ended, life)
            slot.revive()
        await owner.hears(Started, 4)
        slot.stop()
        await owner.hears(Ended, 4)
        assert len(tasks) == 4


class Quick(Actor):
    """Its async `on_start` ends at once."""

    def __init__(self) -> None:
        self.tasks: set[asyncio.Task[object] | None] = set()

    async def on_start(self) -> None:
        self.tasks.add(asyncio.current_task())

    @message
    async def work(self) -> None:
        self.tasks.add(asyncio.current_task())
        await asyncio.sleep(0)
        self.tasks.add(asyncio.current_task())

    async def on_stop(self, _exit: Exit) -> None:
        self.tasks.add(asyncio.current_task())


async def test_a_life_whose_on_start_never_waits_has_one_task_too() -> None:
    async with ActorSystem() as system:
        ref = await system.spawn(Quick)
        actor: Quick = ref.actor
        await ref.ask(Quick.work())
        await ref.ask(Quick.work())
        ref.stop()
        await ref.wait_ended()
        assert len(actor.tasks) == 1


async def test_an_idle_actor_without_async_on_start_holds_no_task() -> None:
    class Plain(Actor):
        @message
        async def work(self) -> None:
            await asyncio.sleep(0)

    async with ActorSystem() as system:
        refs = [await system.spawn(Plain) for _ in range(50)]
        for ref in refs:
            await ref.ask(Plain.work())
        await turns()
        assert len(asyncio.all_tasks()) < 10
