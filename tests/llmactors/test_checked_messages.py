"""`check_messages=True`: what could not cross to another process is found on the loop."""

from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest

from llmactors import Actor, ActorRef, ActorSystem, message
from llmactors.errors import NotSerialisableError


@dataclass
class Order:
    lines: list[str]


class Clerk(Actor):
    def __init__(self) -> None:
        self.seen: list[Order] = []

    @message
    def take(self, order: Order) -> int:
        self.seen.append(order)
        return len(self.seen)

    @message
    def orders(self) -> list[Order]:
        return self.seen

    @message
    def anything(self, value: object) -> object:
        return value

    @message
    def introduce(self, other: ActorRef["Clerk"]) -> ActorRef["Clerk"]:
        return other

    @message
    async def each(self) -> AsyncIterator[Order]:
        for order in self.seen:
            yield order

    @message
    async def leak(self) -> AsyncIterator[object]:
        yield object()


async def test_g12_no_mutable_value_is_shared_between_sender_and_receiver() -> None:
    async with ActorSystem(check_messages=True) as system:
        clerk = await system.spawn(Clerk)
        order = Order(["ink"])
        assert await clerk.ask(Clerk.take(order)) == 1
        order.lines.append("paper")
        assert (await clerk.ask(Clerk.orders()))[0] == Order(["ink"])
        (await clerk.ask(Clerk.orders())).clear()
        assert len(await clerk.ask(Clerk.orders())) == 1


async def test_g12_a_value_that_could_not_cross_is_refused_to_its_sender_with_the_remedy() -> None:
    async with ActorSystem(check_messages=True) as system:
        clerk = await system.spawn(Clerk)
        with pytest.raises(NotSerialisableError, match="value="):
            await clerk.ask(Clerk.anything(object()))
        with pytest.raises(NotSerialisableError, match="value="):
            clerk.tell(Clerk.anything(lambda: 1))
        with pytest.raises(NotSerialisableError):
            clerk.tell(object())


async def test_g12_the_items_of_a_stream_are_not_shared_either() -> None:
    async with ActorSystem(check_messages=True) as system:
        clerk = await system.spawn(Clerk)
        await clerk.ask(Clerk.take(Order(["ink"])))
        async with clerk.stream(Clerk.each()) as orders:
            async for order in orders:
                order.lines.clear()
        assert await clerk.ask(Clerk.orders()) == [Order(["ink"])]


async def test_g12_refs_cross_as_themselves_and_tuples_stay_tuples() -> None:
    async with ActorSystem(check_messages=True) as system:
        clerk = await system.spawn(Clerk)
        assert await clerk.ask(Clerk.introduce(clerk)) is clerk
        assert await clerk.ask(Clerk.anything((1, [2, (3,)], {4: b"5"}))) == (1, [2, (3,)], {4: b"5"})


async def test_g12_without_the_check_nothing_is_copied() -> None:
    async with ActorSystem() as system:
        clerk = await system.spawn(Clerk)
        value = object()
        assert await clerk.ask(Clerk.anything(value)) is value
