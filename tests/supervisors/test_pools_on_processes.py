"""Pools whose workers are processes: what is passed on behaves there as what was sent there."""

import asyncio
import os
import signal
import time
from collections.abc import AsyncIterator
from typing import Any

import pytest
from soakers import NEVER, Parcel, Soaked
from waiting import until

from llmactors import Actor, ActorRef, ActorSystem, Mailbox, message
from llmactors.errors import ActorEndedError, AskTimeoutError
from llmactors.hosts import Process, Thread
from supervisors import Supervisor, pool


class Batching(Actor):
    """Answers with how many it was asked together, and where."""

    @message.batched(4, within=5.0, timeout=60.0)
    def predict(self, xs: list[int]) -> list[tuple[int, int, int]]:
        """Answer to four."""
        return [(x, os.getpid(), len(xs)) for x in xs]

    @message.batched(4, within=0, timeout=60.0)
    def at_once(self, xs: list[int]) -> list[tuple[int, int, int]]:
        """Answer to those that are there."""
        time.sleep(0.01)
        return self.predict(xs)

    @message.batched(4, within=30.0, timeout=60.0)
    def patiently(self, xs: list[int]) -> list[tuple[int, int, int]]:
        """Wait for four for long."""
        return self.predict(xs)


class Urgent(Batching):
    """Takes the largest first."""

    mailbox = Mailbox(priority=lambda message: getattr(message, "xs", 0))


class Nets(Supervisor):
    """Pools of what handles batches."""

    processes = pool(Batching, size=2, host=Process(), intensity=NEVER, redeliver=1)
    threads = pool(Batching, size=2, host=Thread(), intensity=NEVER, redeliver=1)


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


@pytest.fixture(params=["processes", "threads"])
async def nets(request: pytest.FixtureRequest) -> AsyncIterator[ActorRef[Any]]:
    async with ActorSystem(Nets) as running:
        yield running.ref(request.param)


async def test_a_pool_hands_each_worker_a_whole_batch(nets: ActorRef[Any]) -> None:
    answers = await asyncio.gather(*(nets.ask(Batching.predict(x)) for x in range(8)))
    assert [x for x, _, _ in answers] == list(range(8))
    assert [together for _, _, together in answers] == [4] * 8


async def test_a_worker_that_gathers_is_given_what_comes_later(nets: ActorRef[Any]) -> None:
    asked = []
    for x in range(4):
        asked.append(asyncio.ensure_future(nets.ask(Batching.patiently(x))))
        await asyncio.sleep(0.01)
    answers = await asyncio.gather(*asked)
    assert [together for _, _, together in answers] == [4] * 4
    assert len({where for _, where, _ in answers}) == 1


async def test_without_patience_a_worker_is_given_what_waits(nets: ActorRef[Any]) -> None:
    answers = await asyncio.gather(*(nets.ask(Batching.at_once(x)) for x in range(26)))
    assert [x for x, _, _ in answers] == list(range(26))
    together = [together for _, _, together in answers]
    assert together[0] == 1, "it finds a worker that is free"
    assert max(together) == 4, "what comes while both are at work waits, and is given together"


async def test_what_a_killed_process_had_gathered_is_handled_by_another(nets: ActorRef[Any]) -> None:
    asked = [asyncio.ensure_future(nets.ask(Batching.patiently(x))) for x in range(3)]
    await until(lambda: nets.children()[0].usage().mailbox == 0 and nets.children()[0].state != "starting")
    await asyncio.sleep(0.05)
    nets.children()[0].kill()
    asked.append(asyncio.ensure_future(nets.ask(Batching.patiently(3))))
    answers = await asyncio.gather(*asked)
    assert [x for x, _, _ in answers] == list(range(4))


async def test_a_process_whose_mailbox_sorts_is_given_batches_in_that_order() -> None:
    async with ActorSystem() as system:
        urgent = await system.spawn(Urgent, host=Process())
        urgent.pause()
        asked = [asyncio.ensure_future(urgent.ask(Batching.at_once(x))) for x in range(8)]
        await asyncio.sleep(0)
        urgent.resume()
        answers = await asyncio.gather(*asked)
        assert [together for _, _, together in answers] == [4] * 8
