"""Streams behave the same wherever their producer runs."""

import asyncio
from typing import Any

import pytest
from performers import Worker

from llmactors import Stream
from llmactors.errors import ActorEndedError, StreamIdleError


async def test_a_stream_gives_its_items_in_order_and_ends(system: Any, host: Any) -> None:
    worker = await system.spawn(Worker, host=host)
    async with worker.stream(Worker.count(200)) as numbers:
        assert [number async for number in numbers] == list(range(200))
    assert await worker.ask(Worker.add(1)) == 1


async def test_a_slow_reader_slows_the_producer(system: Any, host: Any, probe: Any) -> None:
    worker = await system.spawn(Worker, probe, host=host)
    async with worker.stream(Worker.count(100), window=4) as numbers:
        await probe.actor.wait(4)
        await asyncio.sleep(0)
        assert len(probe.actor.notes) == 4
        assert [await anext(numbers) for _ in range(4)] == [0, 1, 2, 3]
        await probe.actor.wait(8)


async def test_leaving_a_stream_closes_the_producer(system: Any, host: Any, probe: Any) -> None:
    worker = await system.spawn(Worker, probe, host=host)
    async with worker.stream(Worker.count(1000), window=4) as numbers:
        async for number in numbers:
            if number == 3:
                break
    while "closed" not in probe.actor.notes:
        await probe.actor.wait(len(probe.actor.notes) + 1)
    assert await worker.ask(Worker.add(1)) == 1


async def test_a_stream_whose_reader_stands_still_is_cut(system: Any, host: Any, probe: Any) -> None:
    worker = await system.spawn(Worker, probe, host=host)
    async with worker.stream(Worker.count(1000), window=2, idle=0.05) as numbers:
        while "closed" not in probe.actor.notes:
            await probe.actor.wait(len(probe.actor.notes) + 1)
        with pytest.raises(StreamIdleError):
            assert [number async for number in numbers] == [0, 1]


async def read_into(got: list[int], stream: Stream[int]) -> None:
    async with stream as numbers:
        async for number in numbers:
            got.append(number)  # noqa: PERF401  what came before an error counts too


async def test_g06_a_crash_in_the_middle_ends_the_stream_with_its_cause(keep: Any) -> None:
    worker = await keep(Worker, revivals=1)
    got: list[int] = []
    with pytest.raises(ActorEndedError) as caught:
        await read_into(got, worker.stream(Worker.count_and_crash(3)))
    assert got == [0, 1, 2]
    assert "in the middle" in str(caught.value.__cause__)
    assert await worker.ask(Worker.add(1)) == 1


async def test_g05_a_stream_is_never_delivered_again(keep: Any, probe: Any) -> None:
    worker = await keep(Worker, probe, revivals=1, again=True, redeliver=3)
    with pytest.raises(ActorEndedError):
        async with worker.stream(Worker.count_and_crash(2)) as numbers:
            assert [number async for number in numbers] == [0, 1]
    assert await worker.ask(Worker.add(1)) == 1


async def test_a_queued_stream_waits_for_the_next_incarnation(keep: Any) -> None:
    worker = await keep(Worker, revivals=1)
    worker.tell(Worker.crash())
    async with worker.stream(Worker.count(3)) as numbers:
        assert [number async for number in numbers] == [0, 1, 2]


async def test_a_stream_is_the_message_in_hand(system: Any, host: Any, probe: Any) -> None:
    worker = await system.spawn(Worker, probe, host=host)
    async with worker.stream(Worker.count(10), window=2) as numbers:
        adding = asyncio.ensure_future(worker.ask(Worker.add(1)))
        assert await anext(numbers) == 0
        assert not adding.done()
        assert [number async for number in numbers] == list(range(1, 10))
    assert await adding == 1
