"""Guarantee 2: messages from one sender to one slot are handled in the order sent."""

import asyncio

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from keepers import Counter, turns

from llmactors import Actor, ActorRef, ActorSystem, Mailbox, message

HOW = st.lists(st.sampled_from(["tell", "ask", "send", "later ask"]), max_size=200)


class Forgetful(Counter):
    """Its mailbox sorts, and finds all of them equal."""

    mailbox = Mailbox(ttl=3600.0)


class Ranking(Counter):
    """As above."""

    mailbox = Mailbox(priority=lambda _: 0)


@pytest.mark.parametrize("cls", [Counter, Forgetful, Ranking])
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(how=HOW)
def test_tells_sends_and_asks_keep_their_order(cls: type[Counter], how: list[str]) -> None:
    async def main() -> list[int]:
        async with ActorSystem() as system:
            ref = await system.spawn(cls)
            asks = []
            for number, way in enumerate(how):
                if way == "tell":
                    ref.tell(Counter.add(number))
                elif way == "send":
                    await ref.send(Counter.add(number))
                elif way == "ask":
                    await ref.ask(Counter.add(number))
                else:
                    asks.append(asyncio.ensure_future(ref.ask(Counter.add(number))))
                    await asyncio.sleep(0)
            await asyncio.gather(*asks)
            await ref.ask(Counter.add(0))
            seen: list[int] = ref.actor.seen
            return seen

    assert asyncio.run(main()) == [*range(len(how)), 0]


async def test_a_slice_ends_but_the_order_goes_on() -> None:
    async with ActorSystem() as system:
        ref = await system.spawn(Counter)
        for number in range(900):
            assert ref.tell(Counter.add(number))
        await ref.ask(Counter.add(-1))
        assert ref.actor.seen == [*range(900), -1]


class Mixed(Actor):
    def __init__(self) -> None:
        self.seen: list[int] = []

    @message
    def now(self, number: int) -> None:
        self.seen.append(number)

    @message
    async def soon(self, number: int) -> None:
        await asyncio.sleep(0)
        self.seen.append(number)


async def test_plain_and_async_handlers_keep_the_order_among_them() -> None:
    async with ActorSystem() as system:
        ref = await system.spawn(Mixed)
        for number in range(200):
            ref.tell(Mixed.soon(number) if number % 3 else Mixed.now(number))
        await ref.ask(Mixed.soon(200))
        assert ref.actor.seen == list(range(201))


class Small(Counter):
    mailbox = Mailbox(capacity=2)


async def test_senders_that_wait_come_first_come_first_served_and_nobody_passes_them() -> None:
    async with ActorSystem() as system:
        ref: ActorRef[Small] = await system.spawn(Small)
        ref.tell(Counter.add_when_open(0))
        await turns()
        assert ref.tell(Counter.add(1))
        assert ref.tell(Counter.add(2))
        senders = [asyncio.create_task(ref.send(Counter.add(number))) for number in (3, 4, 5)]
        await turns()
        assert not ref.tell(Counter.add(99)), "while one waits the mailbox is full for everybody"
        ref.actor.gate.set()
        await asyncio.gather(*senders)
        await ref.ask(Counter.add(6))
        assert ref.actor.seen == [0, 1, 2, 3, 4, 5, 6]


@pytest.mark.parametrize("count", [1, 64, 65, 500])
async def test_two_senders_are_each_in_order(count: int) -> None:
    async with ActorSystem() as system:
        ref = await system.spawn(Counter)

        async def send(sign: int) -> None:
            for number in range(1, count + 1):
                await ref.send(Counter.add(sign * number))
                if number % 7 == 0:
                    await asyncio.sleep(0)

        await asyncio.gather(send(1), send(-1))
        await ref.ask(Counter.add(0))
        seen = ref.actor.seen
        assert [number for number in seen if number > 0] == list(range(1, count + 1))
        assert [-number for number in seen if number < 0] == list(range(1, count + 1))
