"""Passing messages on, holding them back, and hearing when a slot is idle: what a queue of workers is made of."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from typing import Any

import pytest
from virtual import VirtualSystem, run

from llmactors import Actor, ActorRef, Later, Slot, message
from llmactors.errors import ActorEndedError, AskTimeoutError


class Clerk(Actor):
    """Does the work."""

    def __init__(self) -> None:
        self.told: list[int] = []

    @message(raises=(KeyError,))
    async def work(self, x: int, seconds: float = 0.0) -> int:
        self.told.append(x)
        if x < 0:
            raise KeyError(x)
        await asyncio.sleep(seconds)
        return x * 2

    @message
    async def count(self, n: int) -> AsyncIterator[int]:
        for number in range(n):
            yield number

    @message
    def crash(self) -> None:
        raise ValueError


class Desk(Actor):
    """Keeps a clerk, and passes on to it whatever it does not know."""

    def __init__(self, idle: list[str]) -> None:
        self.idle = idle
        self.slot: Slot[Clerk]

    def on_start(self) -> None:
        self.slot = self.context.open("clerk", Clerk)
        self.slot.on_idle = lambda: self.idle.append("idle")
        self.slot.start()

    @message
    def close(self) -> None:
        self.context.shut()

    def receive(self, message: Any) -> Any:
        if isinstance(message, (type(Clerk.crash()), type(Clerk.work(1)), type(Clerk.count(1)))):
            return Later(by=self.slot.ref)
        return None


def with_desk(test: Callable[[ActorRef[Any], list[str]], Coroutine[Any, Any, None]]) -> Callable[[], None]:
    async def main() -> None:
        idle: list[str] = []
        async with VirtualSystem() as system:
            desk = await system.spawn(Desk, idle)
            await asyncio.sleep(0.1)
            await test(desk, idle)

    def test_in_virtual_time() -> None:
        run(main())

    return test_in_virtual_time


@with_desk
async def test_the_one_to_whom_an_ask_was_passed_on_answers_it(desk: ActorRef[Any], idle: list[str]) -> None:
    assert await desk.ask(Clerk.work(1)) == 2
    with pytest.raises(KeyError):
        await desk.ask(Clerk.work(-1))


@with_desk
async def test_what_is_told_is_passed_on(desk: ActorRef[Any], idle: list[str]) -> None:
    desk.tell(Clerk.work(7))
    await asyncio.sleep(0.1)
    assert desk.children()[0].actor.told == [7]


@with_desk
async def test_a_stream_is_passed_on_with_its_reader(desk: ActorRef[Any], idle: list[str]) -> None:
    async with desk.stream(Clerk.count(3)) as numbers:
        assert [number async for number in numbers] == [0, 1, 2]


@with_desk
async def test_the_asker_s_deadline_and_the_end_of_the_other_reach_each_other(
    desk: ActorRef[Any], idle: list[str]
) -> None:
    with pytest.raises(AskTimeoutError):
        await desk.ask(Clerk.work(1, 100.0), timeout=1.0)
    with pytest.raises(ActorEndedError, match="/clerk") as caught:
        await desk.ask(Clerk.crash())
    assert isinstance(caught.value.__cause__, ValueError)


@with_desk
async def test_an_owner_hears_when_its_slot_is_idle_first_when_it_is_up(desk: ActorRef[Any], idle: list[str]) -> None:
    assert idle == ["idle"]
    for _ in range(2):
        await desk.ask(Clerk.work(1, 1.0))
        await asyncio.sleep(0.1)
    assert idle == ["idle"] * 3


@with_desk
async def test_who_is_shut_takes_no_message_but_hears_of_its_slots(desk: ActorRef[Any], idle: list[str]) -> None:
    await desk.ask(Desk.close())
    ask = asyncio.ensure_future(desk.ask(Clerk.work(1)))
    await asyncio.sleep(1.0)
    assert not ask.done()
    desk.actor.context.unshut()
    assert await ask == 2


@with_desk
async def test_who_is_shut_can_be_stopped(desk: ActorRef[Any], idle: list[str]) -> None:
    await desk.ask(Desk.close())
    ask = asyncio.ensure_future(desk.ask(Clerk.work(1)))
    desk.stop()
    with pytest.raises(ActorEndedError):
        await ask


@with_desk
async def test_what_waits_in_a_slot_can_be_taken_back_in_order(desk: ActorRef[Any], idle: list[str]) -> None:
    clerk = desk.children()[0]
    desk.tell(Clerk.work(0, 5.0))
    asks = [asyncio.ensure_future(desk.ask(Clerk.work(x))) for x in (1, 2)]
    await asyncio.sleep(1.0)
    assert clerk.usage().mailbox == 2
    await desk.ask(Desk.close())
    desk.actor.slot.take_back()
    assert (clerk.usage().mailbox, desk.actor.slot.ref.state) == (0, "running")
    desk.actor.context.unshut()
    assert await asyncio.gather(*asks) == [2, 4]
    assert clerk.actor.told == [0, 1, 2]
