"""Pools whose workers are processes: what is passed on behaves there as what was sent there."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator

import pytest
from soakers import NEVER, Parcel, Soaked
from waiting import until

from llmactors import ActorSystem
from llmactors.errors import ActorEndedError, AskTimeoutError
from llmactors.hosts import Process
from supervisors import Supervisor, pool


class App(Supervisor):
    """Two processes behind a queue, and one."""

    many = pool(Soaked, size=2, host=Process(), intensity=NEVER)
    one = pool(Soaked, size=1, host=Process(), intensity=NEVER)


@pytest.fixture
async def system() -> AsyncIterator[ActorSystem]:
    async with ActorSystem(App) as running:
        yield running


@pytest.mark.parametrize("window", [1, 4, 32])
async def test_a_stream_through_a_pool_of_processes_goes_on_as_its_reader_takes(
    system: ActorSystem, window: int
) -> None:
    async with asyncio.timeout(10), system.ref(App.many).stream(Soaked.count(200), window=window) as numbers:
        assert [number async for number in numbers] == list(range(200))


async def test_a_process_whose_message_nobody_waits_for_when_its_turn_comes_is_free_again(system: ActorSystem) -> None:
    one = system.ref(App.one)
    assert await one.ask(Soaked.take(Parcel(1, b""))) == 1
    (worker,) = one.children()
    worker.pause()
    with pytest.raises(AskTimeoutError):
        await one.ask(Soaked.take(Parcel(2, b"")), timeout=0.05)
    async with one.stream(Soaked.count(3)):
        pass  # left before the first item
    worker.resume()
    assert await one.ask(Soaked.take(Parcel(3, b""))) == 3
    async with asyncio.timeout(10), one.stream(Soaked.count(3)) as numbers:
        assert [number async for number in numbers] == [0, 1, 2]


async def test_a_stream_that_waits_for_a_process_survives_its_death_and_one_that_has_begun_does_not(
    system: ActorSystem,
) -> None:
    one = system.ref(App.one)
    (worker,) = one.children()
    async with asyncio.timeout(20), one.stream(Soaked.count(1000), window=2) as begun:
        assert await anext(begun) == 0
        async with one.stream(Soaked.count(3)) as waiting:
            third = asyncio.ensure_future(anext(waiting))
            await asyncio.sleep(0)
            pid = worker.usage().pid
            assert pid is not None
            os.kill(pid, signal.SIGKILL)
            assert await third == 0
            assert [number async for number in waiting] == [1, 2]
        with pytest.raises(ActorEndedError):
            assert len([number async for number in begun]) < 3
    await until(lambda: worker.usage().restarts == 1)
