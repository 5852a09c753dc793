"""Virtual time: seconds pass only when nothing else can happen."""

import asyncio
import time
from collections.abc import Callable
from typing import Any

import pytest

from llmactors import Actor, ActorSystem, Exited, message
from llmactors.errors import AskTimeoutError
from llmactors.hosts import Process, Thread
from llmactors.testing import (
    NothingHappensError,
    VirtualClock,
    VirtualLoop,
    VirtualTimeError,
    run_in_virtual_time,
)

HOUR = 3_600.0
clock = VirtualClock()


class Slow(Actor):
    @message(timeout=HOUR)
    async def wait(self, seconds: float) -> float:
        await asyncio.sleep(seconds)
        return asyncio.get_running_loop().time()


def in_virtual_time(**options: Any) -> Callable[[Callable[[], Any]], Callable[[], None]]:
    def decorate(test: Callable[[], Any]) -> Callable[[], None]:
        def runs() -> None:
            run_in_virtual_time(test(), **options)

        runs.__name__, runs.__doc__ = test.__name__, test.__doc__
        return runs

    return decorate


@in_virtual_time()
async def test_a_sleep_of_an_hour_is_over_when_nothing_else_is_left_to_do() -> None:
    real = time.monotonic()
    await asyncio.sleep(HOUR)
    assert clock.now() == HOUR
    assert time.monotonic() - real < 60


@in_virtual_time()
async def test_timeouts_and_the_deadlines_of_asks_are_virtual_too() -> None:
    async with ActorSystem() as system:
        slow = await system.spawn(Slow)
        with pytest.raises(AskTimeoutError):
            await slow.ask(Slow.wait(HOUR), timeout=10)
        assert 10 <= clock.now() < 11
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(asyncio.Event().wait(), 30)


@in_virtual_time()
async def test_a_system_takes_its_clock_and_the_same_chance_from_the_loop() -> None:
    async with ActorSystem() as one, ActorSystem() as other:
        assert one.ports.clock() == clock.now()
        assert one.ports.random.random() == other.ports.random.random()


@in_virtual_time()
async def test_advancing_comes_back_when_all_that_is_due_has_been_done() -> None:
    done: list[float] = []

    async def work(at: float) -> None:
        await asyncio.sleep(at)
        await asyncio.sleep(0)
        done.append(at)

    tasks = [asyncio.create_task(work(at)) for at in (1.0, 5.0, 5.5)]
    await clock.advance(5)
    assert (clock.now(), done) == (5.0, [1.0, 5.0])
    await asyncio.gather(*tasks)
    assert clock.now() == 5.5


@in_virtual_time(autojump=False)
async def test_without_autojump_time_moves_only_as_far_as_it_is_advanced() -> None:
    woken = asyncio.Event()
    asyncio.get_running_loop().call_later(60, woken.set)
    await clock.settle()
    await clock.advance(59.9)
    assert not woken.is_set()
    await clock.advance(0.1)
    assert woken.is_set()
    assert not clock.autojump


@in_virtual_time()
async def test_no_timer_is_early_not_even_by_a_nanosecond() -> None:
    other = asyncio.create_task(asyncio.sleep(1 - 1e-12))
    await asyncio.sleep(1)
    assert clock.now() == 1
    await other


@in_virtual_time(autojump=False)
async def test_two_may_advance_at_once() -> None:
    await asyncio.gather(clock.advance(3), clock.advance(5), clock.advance(1))
    assert clock.now() == 5


@in_virtual_time()
async def test_time_can_be_frozen_for_a_while() -> None:
    with clock.frozen():
        sleeper = asyncio.create_task(asyncio.sleep(1))
        await clock.advance(0.5)
        assert not sleeper.done()
    await sleeper
    assert clock.now() == 1
    assert clock.autojump


@pytest.mark.parametrize("seconds", [-1.0, float("nan")])
def test_time_does_not_go_back(seconds: float) -> None:
    with pytest.raises(ValueError, match="time goes forward"):
        run_in_virtual_time(clock.advance(seconds))


def test_who_waits_for_what_nobody_does_is_told_who_waits_and_where() -> None:
    async def waits_in_vain() -> None:
        await asyncio.Event().wait()

    with pytest.raises(NothingHappensError, match="nothing will ever happen again") as caught:
        run_in_virtual_time(waits_in_vain())
    assert len(caught.value.waiting) == 1
    assert "waits_in_vain" in caught.value.waiting[0]
    assert "test_virtual_time.py" in caught.value.waiting[0]


def test_who_waits_while_time_stands_still_is_told_to_advance_it() -> None:
    with pytest.raises(NothingHappensError, match=r"due only in 60 s: `await clock.advance\(...\)`"):
        run_in_virtual_time(asyncio.sleep(60), autojump=False)


def test_of_many_who_wait_a_few_are_named() -> None:
    async def crowd() -> None:
        await asyncio.gather(*(asyncio.Event().wait() for _ in range(30)))

    with pytest.raises(NothingHappensError, match="and 21 more"):
        run_in_virtual_time(crowd())


def test_what_goes_round_in_circles_without_any_time_passing_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    class Restless(Actor):
        @message
        def again(self) -> None:
            self.context.self_ref.tell(Restless.again())

    async def for_ever() -> None:
        async with ActorSystem() as system:
            restless = await system.spawn(Restless)
            try:
                restless.tell(Restless.again())
                await asyncio.sleep(1)
            finally:
                restless.kill()

    monkeypatch.setattr("llmactors.testing._virtual.ENDLESS", 100)
    with pytest.raises(VirtualTimeError, match="time stands still at 0 s: 100 turns of the loop"):
        run_in_virtual_time(for_ever())


@in_virtual_time()
async def test_work_in_a_thread_takes_no_virtual_time() -> None:
    def work() -> str:
        time.sleep(0.05)
        return "done"

    async with asyncio.timeout(1):
        assert await asyncio.to_thread(work) == "done"
    assert clock.now() == 0


@in_virtual_time(patience=0.01)
async def test_work_in_a_thread_that_takes_longer_than_the_patience_is_jumped_over() -> None:
    import threading

    gate = threading.Event()
    try:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(HOUR):
                await asyncio.to_thread(gate.wait)
    finally:
        gate.set()
    assert clock.now() == HOUR


@in_virtual_time()
async def test_real_connections_within_the_process_work() -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(await reader.readline())
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
        reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
        async with asyncio.timeout(1):
            writer.write(b"hello\n")
            assert await reader.readline() == b"hello\n"
        writer.close()
        await writer.wait_closed()
    assert clock.now() == 0


@pytest.mark.parametrize("host", [Process(), Thread()], ids=repr)
def test_hosts_in_real_time_are_refused_with_a_remedy(host: Any) -> None:
    async def spawns() -> None:
        async with ActorSystem() as system:
            await system.spawn(Slow, host=host)

    with pytest.raises(VirtualTimeError, match="give them `host=Loop"):
        run_in_virtual_time(spawns())


async def test_the_clock_of_a_test_in_real_time_says_how_to_make_it_virtual() -> None:
    with pytest.raises(VirtualTimeError, match="mark the test"):
        await clock.advance(1)


def test_what_the_test_returns_is_returned() -> None:
    async def seven() -> int:
        assert isinstance(asyncio.get_running_loop(), VirtualLoop)
        return 7

    assert run_in_virtual_time(seven()) == 7


class Sender(Actor):
    def __init__(self) -> None:
        self.at: list[float] = []

    def on_start(self) -> None:
        self.context.send_after(HOUR, Sender.due())

    @message
    def due(self) -> None:
        self.at.append(clock.now())

    @message
    def times(self) -> list[float]:
        return self.at

    def receive(self, notice: Exited) -> None:
        pass


@pytest.mark.virtual_time(autojump=False)
async def test_a_marked_test_is_in_virtual_time(clock: VirtualClock) -> None:
    async with ActorSystem() as system:
        sender = await system.spawn(Sender)
        await clock.advance(HOUR)
        assert await sender.ask(Sender.times()) == [HOUR]
        clock.autojump = True
