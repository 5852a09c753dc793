"""Faults that are really done: memory that is not there, a message that comes twice, a stream that stands still."""

import asyncio
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from netting import Net, Nets, Store
from waiting import until

from llmactors import ActorSystem
from llmactors.errors import ActorEndedError
from llmactors.testing import At, Crossed, Faults, Injected, LifeEnded, LifeUp, World, inject, simulate
from llmactors.testing._laws import LAWS
from llmactors.testing._real._run import play_for_real
from llmactors.testing._sim._playing import Outcome, Program
from llmactors.testing._sim._quiet import quiet

pytestmark = pytest.mark.slow

FOR_ALL_TIME = 600.0
STARVED = r"MemoryError|no memory left"


def run(test: Any, faults: Faults) -> Outcome:
    with quiet():
        outcome = play_for_real(Program(test=test, root=Nets, faults=faults, laws=LAWS), 0)
    if outcome.error is not None:
        raise outcome.error
    assert outcome.broken is None, outcome.broken
    return outcome


def injected(outcome: Outcome) -> list[tuple[str, str]]:
    return [(event.fault, event.path) for event in outcome.history if isinstance(event, Injected)]


def ends(outcome: Outcome) -> list[str]:
    return [event.exit for event in outcome.history if isinstance(event, LifeEnded) and not event.clean]


def test_a_worker_out_of_memory_that_needs_more_has_a_memory_error_in_its_handler() -> None:
    async def holds(world: World) -> None:
        with pytest.raises(ActorEndedError, match=STARVED):
            await world.ask(Nets.apart, Store.hold(4_000), timeout=30)
        assert await world.ask(Nets.apart, Store.hold(1), timeout=30) == 1

    outcome = run(holds, Faults(oom=At(Nets.apart, message="Store.hold", nth=1)))
    assert injected(outcome) == [("oom", "/apart")]
    (end,) = ends(outcome)
    assert "MemoryError" in end or "no memory left" in end


def test_one_that_needs_no_more_for_its_message_ends_all_the_same() -> None:
    async def waits(world: World) -> None:
        with pytest.raises(ActorEndedError, match="no memory left"):
            await world.ask(Nets.apart, Store.wait(30.0), timeout=30)
        assert await world.ask(Nets.apart, Store.wait(0.0), timeout=30) == "waited"

    outcome = run(waits, Faults(oom=At(Nets.apart, nth=1)))
    assert ends(outcome) == [end for end in ends(outcome) if "exit status 71: it had no memory left" in end]


@pytest.mark.parametrize("level", ["sim", "real"])
def test_a_worker_without_memory_ends_in_the_same_words_at_every_level(level: Any) -> None:
    @simulate(Nets, faults=Faults(oom=At(Nets.apart, nth=1)), level=level, runs=2)
    async def waits(world: World) -> None:
        try:
            said = await world.ask(Nets.apart, Store.wait(30.0), timeout=60)
        except ActorEndedError as error:
            said = str(error)
        world.sometimes("it had no memory left", "was lost (exit status 71: it had no memory left)" in said)
        assert said == "waited" or "no memory left" in said  # the first simulated run is without faults

    waits()


async def test_memory_is_taken_from_a_living_worker_by_hand() -> None:
    async with ActorSystem(Nets) as system:
        store = system.ref(Nets.apart)
        assert await store.ask(Store.hold(1), timeout=30) == 1
        waits = asyncio.ensure_future(store.ask(Store.wait(30.0), timeout=30))
        await until(lambda: store.state == "running")
        inject(store, "oom")
        with pytest.raises(ActorEndedError, match="no memory left"):
            await waits
        assert await store.ask(Store.hold(1), timeout=30) == 1


def test_a_message_comes_twice_to_a_mailbox_that_redelivers() -> None:
    async def predicts(world: World) -> None:
        assert await world.ask(Nets.nets, Net.predict(7), timeout=30) == 49

    outcome = run(predicts, Faults(duplicate=At(Nets.nets, nth=1), most=1))
    assert [fault for fault, _ in injected(outcome)] == ["duplicate"]
    assert ["SIGKILL" in end for end in ends(outcome)] == [True]


def test_no_message_comes_twice_to_one_that_does_not() -> None:
    async def keeps(world: World) -> None:
        assert await world.ask(Nets.apart, Store.keep(1), timeout=30) == 1

    outcome = run(keeps, Faults(duplicate=At(Nets.apart, nth=1)))
    assert injected(outcome) == []
    assert outcome.met == set()


def test_a_stream_of_a_worker_stands_still_and_goes_on_where_it_was() -> None:
    async def reads(world: World) -> None:
        numbers = world.ref(Nets.apart).stream(Store.count(5)).__aiter__()
        first = asyncio.ensure_future(anext(numbers))
        await world.eventually("it stands still", lambda: world.seen(Injected))
        assert await world.ask(Nets.apart, Store.keep(1), timeout=30) == 1  # the worker itself does not
        assert not first.done()
        await world.heal()
        assert [await first, *[number async for number in numbers]] == [0, 1, 2, 3, 4]

    outcome = run(reads, Faults(stall_stream=At(Nets.apart, nth=1, seconds=FOR_ALL_TIME), most=1))
    assert injected(outcome) == [("stall_stream", "/apart")]


def test_a_stream_that_is_left_while_it_stands_still_is_over() -> None:
    async def leaves(world: World) -> None:
        numbers = world.ref(Nets.apart).stream(Store.count(5))
        first = asyncio.ensure_future(anext(numbers.__aiter__()))
        await world.eventually("it stands still", lambda: world.seen(Injected))
        await numbers.aclose()
        with pytest.raises(StopAsyncIteration):
            await anext(numbers)
        first.cancel()

    run(leaves, Faults(stall_stream=At(Nets.apart, nth=1, seconds=FOR_ALL_TIME), most=1))


def test_an_actor_on_the_loop_finds_the_disk_full_and_nobody_else_does(tmp_path: Path) -> None:
    async def writes(world: World) -> None:
        assert await world.ask(Nets.store, Store.write(str(tmp_path / "first"))) == "OSError"
        (tmp_path / "other").write_text("written", encoding="utf-8")
        assert await world.ask(Nets.store, Store.write(str(tmp_path / "second"))) == "written"

    outcome = run(writes, Faults(disk_full=At(Nets.store, nth=1)))
    assert injected(outcome) == [("disk_full", "/store")]


def test_a_fault_by_chance_is_on_record_when_it_was_done_and_not_when_its_message_crossed() -> None:
    async def waits(world: World) -> None:
        with pytest.raises(ActorEndedError):
            await world.ask(Nets.apart, Store.wait(30.0), timeout=30)

    history = run(waits, Faults(kill=At(Nets.apart, nth=1))).history
    crossed = next(event for event in history if isinstance(event, Crossed) and event.path == "/apart")
    done = next(event for event in history if isinstance(event, Injected))
    ended = next(event for event in history if isinstance(event, LifeEnded) and event.path == "/apart")
    assert crossed.at < done.at <= ended.at


def test_it_is_done_at_the_message_that_it_names_and_not_at_the_one_before() -> None:
    async def keeps(world: World) -> None:
        assert await world.ask(Nets.apart, Store.hold(1), timeout=30) == 1
        first = world.ask(Nets.apart, Store.wait(0.1), timeout=30)
        second = world.ask(Nets.apart, Store.wait(30.0), timeout=30)
        assert await first == "waited"
        with pytest.raises(ActorEndedError):
            await second

    outcome = run(keeps, Faults(kill=At(Nets.apart, message="Store.wait", nth=2)))
    assert [event.point for event in outcome.history if isinstance(event, Injected)] == ["taken Store.wait #2"]


@pytest.mark.parametrize("when", ["taken", "finished"])
def test_a_message_that_is_over_before_it_is_seen_in_hand_is_struck_when_it_has_finished(when: Any) -> None:
    async def keeps(world: World) -> None:
        assert await world.ask(Nets.apart, Store.hold(1), timeout=30) == 1
        with suppress(ActorEndedError):  # it was seen in hand after all
            await world.ask(Nets.apart, Store.keep(1), timeout=30)
        await world.eventually("it was struck", lambda: world.seen(Injected))

    outcome = run(keeps, Faults(kill=At(Nets.apart, message="Store.keep", nth=1, when=when)))
    (point,) = (event.point for event in outcome.history if isinstance(event, Injected))
    assert point in {f"{when} Store.keep #1", "finished Store.keep #1"}


def test_a_fault_that_was_chosen_and_never_done_is_neither_on_record_nor_counted() -> None:
    async def keeps(world: World) -> None:
        assert await world.ask(Nets.apart, Store.hold(1), timeout=30) == 1
        job = world.ask(Nets.apart, Store.wait(30.0), timeout=30)
        await world.eventually("it has crossed", lambda: sum(isinstance(one, Crossed) for one in world.events) == 2)
        await world.kill(Nets.apart, after="taken")  # so it does not come to the end of its message
        with pytest.raises(ActorEndedError):
            await job
        await world.eventually("it is up again", lambda: sum(map(_is_up, world.events)) == 2)
        assert await world.ask(Nets.apart, Store.wait(0.05), timeout=30) == "waited"
        await world.eventually("it has crashed", lambda: any(map(_crash, world.events)))

    plan = Faults(crash=At(Nets.apart, message="Store.wait", when="finished", rate=1.0), most=1)
    (crash,) = (event for event in run(keeps, plan).history if isinstance(event, Injected) and _crash(event))
    assert crash.point == "finished Store.wait #2"


def _is_up(event: Any) -> bool:
    return isinstance(event, LifeUp) and event.path == "/apart"


def _crash(event: Any) -> bool:
    return isinstance(event, Injected) and event.fault == "crash"
