"""Batches in mailboxes that sort: gathered in the order in which the messages would have been chosen."""

import asyncio

import pytest
from batching import Keeper, Net, asks, settled
from virtual import VirtualSystem, behaviour, now

from llmactors import Mailbox
from llmactors.errors import ActorEndedError


class Sorted(Net):
    """Takes the largest first; marks are of no hurry."""

    mailbox = Mailbox(capacity=6, priority=lambda message: getattr(message, "xs", -100))


@behaviour("sorted")
async def test_a_mailbox_that_sorts_gathers_in_its_own_order() -> None:
    async with VirtualSystem() as system:
        net = await system.spawn(Sorted)
        net.tell(Net.rest(1))
        await settled()
        asked = asks(net, 1, 3)
        net.tell(Net.mark())
        asked += asks(net, 2)
        assert await asyncio.gather(*asked) == [2, 6, 4]
        assert now() == pytest.approx(1), "the mark waits behind, so that no more can come"
        assert await net.ask(Net.seen()) == [[3, 2, 1], []]


@behaviour("sorted")
async def test_a_mailbox_that_sorts_waits_for_more_and_is_closed_by_something_else() -> None:
    async with VirtualSystem() as system:
        net = await system.spawn(Sorted)
        asked = asks(net, 1)
        await asyncio.sleep(0.5)
        asked += asks(net, 2, 3)
        await settled()
        assert net.usage().mailbox == 3
        net.tell(Net.mark())
        assert await asyncio.gather(*asked) == [2, 4, 6]
        assert now() == pytest.approx(0.5)
        assert await asyncio.gather(*asks(net, 4, 5)) == [8, 10]
        assert now() == pytest.approx(1.5)
        assert await asyncio.gather(*asks(net, *range(6))) == [0, 2, 4, 6, 8, 10]
        assert net.actor.batches == [[1, 2, 3], [], [5, 4], [5, 4, 3, 2], [1, 0]]


@behaviour("sorted")
async def test_while_a_mailbox_that_sorts_gathers_its_bound_holds_for_what_waits_behind() -> None:
    async with VirtualSystem() as system:
        net = await system.spawn(Sorted)
        net.tell(Net.slowly(1))
        await asyncio.sleep(1.5)  # in hand
        assert [net.tell(Net.double(number)) for number in range(7)] == [True] * 6 + [False]
        await asyncio.sleep(10)
        assert net.actor.batches == [[1], [5, 4, 3, 2], [1, 0]]


class Forgetting(Net):
    """Forgets what has waited for three seconds."""

    mailbox = Mailbox(ttl=3.0)


@behaviour("sorted")
async def test_what_is_in_a_batch_has_had_its_turn_and_expires_no_more() -> None:
    async with VirtualSystem() as system:
        net = await system.spawn(Forgetting)
        asked = asks(net, 1, 2)
        await settled()
        net.pause()
        await asyncio.sleep(4)
        net.resume()
        assert await asyncio.gather(*asked) == [2, 4]
        net.tell(Net.rest(4))
        await settled()
        net.tell(Net.double(3))
        await asyncio.sleep(5)
        assert net.actor.batches == [[1, 2]]
        assert system.dead_letters.counts == {"expired": 1}


@behaviour("sorted")
async def test_what_a_mailbox_that_sorts_had_gathered_when_a_life_ends_waits_for_the_next() -> None:
    async with VirtualSystem() as system:
        keeper = await system.spawn(Keeper, 1, Sorted)
        (net,) = keeper.children()
        asked = asks(net, 1, 2)
        await asyncio.sleep(0.5)
        net.kill()
        assert await asyncio.gather(*asked) == [2, 4]
        good, bad = asks(net, 3, -1)
        with pytest.raises(ActorEndedError):
            await bad
        assert await good == 6
        assert system.dead_letters.counts == {"poison": 1}
