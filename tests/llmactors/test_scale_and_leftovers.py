"""Many actors, little memory, and nothing left."""

import asyncio
import gc
import time
import tracemalloc
import weakref
from typing import Any

import pytest
from counting import lines
from keepers import Counter, Keeper, keeper, turns, until

from llmactors import Actor, ActorRef, ActorSystem, Started, message

MANY = 100_000


class Idle(Actor):
    @message
    def hello(self) -> int:
        return 1


@pytest.mark.slow
async def test_a_hundred_thousand_actors_spawn_answer_once_and_stop() -> None:
    async with ActorSystem() as system:
        refs = [await system.spawn(Idle) for _ in range(MANY)]
        assert sum([await ref.ask(Idle.hello()) for ref in refs]) == MANY
        assert sum(1 for _ in system.actors()) == MANY
        begin = time.process_time()
    assert time.process_time() - begin < 15
    assert {ref.state for ref in refs} == {"discarded"}


class Link(Actor):
    """Spawns the next of a chain."""

    def __init__(self, left: int) -> None:
        self.left = left

    def on_start(self) -> None:
        if self.left:
            self.context.spawn(Link, self.left - 1)


async def cost_of_ending(how: str, what: str, many: int) -> int:
    """Count the lines that it takes to end a chain of so many, or an owner of so many slots."""
    async with ActorSystem() as system:
        if what == "chain":
            top: ActorRef[Any] = await system.spawn(Link, many)
        else:
            owner = await keeper(system)
            for number in range(many):
                owner.opens(Idle, name=f"n{number}")
            top = owner.context.self_ref
        await until(lambda: sum(1 for _ in system.actors()) > many and top.state == "idle")
        with lines() as count:
            getattr(top, how)()
            await top.wait_ended()
            return count()


@pytest.mark.parametrize("what", ["chain", "slots"])
@pytest.mark.parametrize("how", ["stop", "kill"])
async def test_what_it_takes_to_end_many_grows_with_how_many_there_are_and_no_faster(how: str, what: str) -> None:
    few, many = await cost_of_ending(how, what, 50), await cost_of_ending(how, what, 400)
    assert many < 9 * few


@pytest.mark.slow
@pytest.mark.parametrize("how", ["stop", "kill"])
async def test_an_owner_of_a_hundred_thousand_ends_in_linear_time(how: str) -> None:
    async with ActorSystem() as system:
        owner = await keeper(system)
        for _ in range(MANY):
            owner.context.spawn(Idle)
        begin = time.process_time()
        ref = owner.context.self_ref
        getattr(ref, how)()
        await ref.wait_ended()
        assert time.process_time() - begin < 15


@pytest.mark.slow
async def test_a_keeper_of_twenty_thousand_slots_is_killed_in_linear_time() -> None:
    async with ActorSystem() as system:
        owner = await keeper(system)
        for number in range(20_000):
            owner.opens(Idle, name=f"n{number}")
        begin = time.process_time()
        ref = owner.context.self_ref
        ref.kill()
        await ref.wait_ended()
        assert time.process_time() - begin < 10
        await turns()


async def test_an_idle_actor_takes_less_than_450_bytes() -> None:
    count = 5_000
    async with ActorSystem() as system:
        for _ in range(100):
            await system.spawn(Idle)
        gc.collect()
        tracemalloc.start()
        try:
            before, _ = tracemalloc.get_traced_memory()
            for _ in range(count):
                await system.spawn(Idle)
            gc.collect()
            after, _ = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
        assert (after - before) / count < 450


class Rich(Keeper):
    """Uses all that a life can hold."""

    async def on_start(self) -> None:
        await asyncio.sleep(0)
        self.opens(Counter)
        self.context.spawn(Counter)
        self.context.send_after(1e6, "never")
        self.context.monitor(self.context.self_ref)


async def use(system: ActorSystem) -> list["weakref.ref[Any]"]:
    """Run actors of many kinds, and return weak refs to their cells and instances."""
    refs: list[ActorRef[Any]] = [await system.spawn(cls) for cls in (Rich, Counter, Keeper)]
    await refs[0].actor.hears(Started)
    refs[2].actor.context.link(refs[1])
    refs[2].actor.context.monitor(refs[1])
    asks = [asyncio.create_task(refs[1].ask(Counter.stuck())) for _ in range(3)]
    await turns()
    for ask in asks:
        ask.cancel()
    await asyncio.gather(*asks, return_exceptions=True)
    return [weakref.ref(thing) for ref in refs for thing in (ref, ref.actor)]


async def test_a_stopped_system_frees_its_cells() -> None:
    async def live() -> list["weakref.ref[Any]"]:
        async with ActorSystem() as system:
            return await use(system)

    weak = await live()
    await turns()
    gc.collect()
    assert [thing() for thing in weak if thing() is not None] == []


async def test_an_actor_that_has_ended_is_freed_without_the_collector() -> None:
    async with ActorSystem() as system:
        await use(system)
        gc.collect()
        gc.disable()
        try:
            for cls in (Counter, Rich, Keeper):
                ref: Any = await system.spawn(cls)
                if cls is Rich:
                    await ref.actor.hears(Started)
                if cls is Counter:
                    ref.tell(Counter.open())
                    await ref.ask(Counter.add_when_open(1))
                assert ref.actor.context.name
                weak = [weakref.ref(ref), weakref.ref(ref.actor)]
                ref.stop()
                await ref.wait_ended()
                del ref
                await turns(20)
                system.scheduler.deadlines.tick()
                assert [thing() for thing in weak] == [None, None], cls
        finally:
            gc.enable()


async def test_lives_that_come_and_go_leave_nothing_with_those_that_stay() -> None:
    async with ActorSystem() as system:
        owner, target = await keeper(system), await system.spawn(Counter)
        for _ in range(200):
            actor = await keeper(system)
            actor.context.monitor(target)
            actor.context.monitor(target, until="discarded")
            actor.context.link(target)
            owner.context.monitor(actor.context.self_ref)
            ref = actor.context.self_ref
            ref.stop()
            await ref.wait_ended()
        await turns()
        extra, mine = target.need_extra(), owner.context.self_ref.need_extra()
        assert [len(known or ()) for known in (extra.monitors, extra.watchers, extra.links, mine.watching)] == [0] * 4


async def test_waits_that_are_given_up_are_forgotten() -> None:
    async with ActorSystem() as system:
        owner = await keeper(system)
        slot = owner.context.open("slot", Counter)
        for _ in range(10):
            waits = [asyncio.ensure_future(slot.ref.wait_ended()), asyncio.ensure_future(slot.ref)]
            await turns(2)
            for wait in waits:
                wait.cancel()
            await turns(3)
        extra = slot.ref.need_extra()
        assert [len(extra.gone or ()), len(extra.up or ())] == [0, 0]


class Thing:
    """Can be referred to weakly."""


class Holder(Actor):
    def __init__(self) -> None:
        self.gate = asyncio.Event()
        self.tasks: list[asyncio.Task[Any] | None] = []

    @message
    async def hold(self, thing: object) -> object:
        self.tasks.append(asyncio.current_task())
        await self.gate.wait()
        return thing


async def test_suspended_handlers_that_have_finished_are_not_kept_until_their_limit() -> None:
    async with ActorSystem() as system:
        ref, thing = await system.spawn(Holder), Thing()
        weak = weakref.ref(thing)
        ask = asyncio.create_task(ref.ask(Holder.hold(thing), timeout=50))
        await until(lambda: ref.need_extra().jobs)
        await asyncio.sleep(0.05)
        ref.actor.gate.set()
        await ask
        del ask, thing
        await turns()
        gc.collect()
        assert weak() is None


async def test_the_task_of_a_suspended_handler_that_has_finished_is_lent_to_the_next() -> None:
    async with ActorSystem() as system:
        tasks: set[asyncio.Task[Any] | None] = set()
        for _ in range(5):
            ref = await system.spawn(Holder)
            ask = asyncio.create_task(ref.ask(Holder.hold(1)))
            await until(lambda ref=ref: ref.need_extra().jobs)  # type: ignore[misc]
            ref.actor.gate.set()
            await ask
            tasks.update(ref.actor.tasks)
        assert len(tasks) == 1


async def test_tasks_beyond_the_spares_that_are_kept_end_with_their_handlers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("llmactors._steps.SPARES", 2)
    async with ActorSystem() as system:
        before = len(asyncio.all_tasks())
        refs = [await system.spawn(Holder) for _ in range(10)]
        asks = [asyncio.create_task(ref.ask(Holder.hold(1))) for ref in refs]
        await until(lambda: all(ref.need_extra().jobs for ref in refs))
        for ref in refs:
            ref.actor.gate.set()
        await asyncio.gather(*asks)
        await turns()
        assert len(asyncio.all_tasks()) == before + 2
