"""Guarantee 11: every queue has a bound and a policy, and who sends is told."""

import asyncio
import logging

import pytest
from keepers import Counter, keeper, turns

from llmactors import ActorRef, ActorSystem, Mailbox, Slot
from llmactors._core.mailbox import Overflow
from llmactors.errors import ActorEndedError, MailboxFullError


class Refusing(Counter):
    mailbox = Mailbox(capacity=3)


class DroppingNew(Counter):
    mailbox = Mailbox(capacity=3, overflow="drop_newest")


class DroppingOld(Counter):
    mailbox = Mailbox(capacity=3, overflow="drop_oldest")


async def held(system: ActorSystem, cls: type[Counter]) -> ActorRef[Counter]:
    """Spawn a counter that handles nothing until it is resumed."""
    ref: ActorRef[Counter] = await system.spawn(cls)
    ref.pause()
    await turns()
    return ref


@pytest.mark.parametrize(
    ("cls", "accepted", "kept", "reason"),
    [
        (Refusing, [True, True, True, False, False], [0, 1, 2], "full"),
        (DroppingNew, [True, True, True, False, False], [0, 1, 2], "dropped"),
        (DroppingOld, [True, True, True, True, True], [2, 3, 4], "dropped"),
    ],
)
async def test_a_full_mailbox_does_what_it_declares(
    cls: type[Counter], accepted: list[bool], kept: list[int], reason: str
) -> None:
    async with ActorSystem() as system:
        ref = await held(system, cls)
        assert [ref.tell(Counter.add(number)) for number in range(5)] == accepted
        assert system.dead_letters.counts == {reason: 2}
        ref.resume()
        await turns()
        assert ref.actor.seen == kept


@pytest.mark.parametrize("cls", [DroppingNew, DroppingOld])
async def test_what_is_dropped_as_declared_is_no_warning(cls: type[Counter], caplog: pytest.LogCaptureFixture) -> None:
    async with ActorSystem() as system:
        ref = await held(system, cls)
        with caplog.at_level(logging.WARNING, logger="llmactors"):
            for number in range(50):
                ref.tell(Counter.add(number))
        assert system.dead_letters.counts == {"dropped": 47}
        assert caplog.records == []


async def test_the_first_refused_message_of_a_mailbox_is_a_warning(caplog: pytest.LogCaptureFixture) -> None:
    async with ActorSystem() as system:
        ref = await held(system, Refusing)
        with caplog.at_level(logging.WARNING, logger="llmactors"):
            for number in range(50):
                ref.tell(Counter.add(number))
        assert len(caplog.records) == 1
        assert ref.path in caplog.text


async def test_an_ask_that_is_dropped_fails_at_once() -> None:
    async with ActorSystem() as system:
        ref = await held(system, DroppingOld)
        asks = [asyncio.create_task(ref.ask(Counter.add(number))) for number in range(5)]
        await turns()
        assert [ask.done() for ask in asks] == [True, True, False, False, False]
        ref.resume()
        results = await asyncio.gather(*asks, return_exceptions=True)
        assert [type(result) for result in results] == [MailboxFullError, MailboxFullError, int, int, int]


async def test_send_waits_for_room_and_gives_up_when_it_is_told_to() -> None:
    async with ActorSystem() as system:
        ref = await held(system, Refusing)
        for number in range(3):
            await ref.send(Counter.add(number))
        with pytest.raises(TimeoutError, match="had no room within"):
            await ref.send(Counter.add(98), timeout=0.01)
        given_up = asyncio.create_task(ref.send(Counter.add(99)))
        await turns()
        given_up.cancel()
        with pytest.raises(asyncio.CancelledError):
            await given_up
        assert ref.capacity == 3, "nobody waits any more"
        waiting = asyncio.create_task(ref.send(Counter.add(3)))
        await turns()
        assert ref.capacity == -1, "while one waits the mailbox is full for everybody"
        ref.resume()
        await waiting
        await turns()
        assert ref.actor.seen == [0, 1, 2, 3]
        assert ref.tell(Counter.add(4))


async def test_a_sender_that_waits_hears_when_the_slot_is_discarded() -> None:
    async with ActorSystem() as system:
        ref = await held(system, Refusing)
        for number in range(3):
            ref.tell(Counter.add(number))
        waiting = asyncio.create_task(ref.send(Counter.add(3)))
        await turns()
        ref.kill()
        with pytest.raises(ActorEndedError):
            await waiting
        assert system.dead_letters.counts == {"discarded": 4}


async def test_a_sender_that_waits_goes_on_waiting_through_a_restart() -> None:
    async with ActorSystem() as system:
        owner = await keeper(system)
        slot: Slot[Counter] = owner.context.open("slot", Counter, mailbox=Mailbox(capacity=1))
        await slot.ref.send(Counter.add(1))
        waiting = [asyncio.create_task(slot.ref.send(Counter.add(number))) for number in (2, 3)]
        await turns()
        slot.start()
        await asyncio.gather(*waiting)
        await turns()
        assert slot.ref.actor.seen == [1, 2, 3]


@pytest.mark.parametrize("overflow", ["refuse", "drop_newest", "drop_oldest"])
async def test_the_number_of_messages_that_wait_never_exceeds_the_capacity(overflow: Overflow) -> None:
    async with ActorSystem() as system:
        owner = await keeper(system)
        slot: Slot[Counter] = owner.context.open("slot", Counter, mailbox=Mailbox(capacity=10, overflow=overflow))
        for number in range(100):
            slot.ref.tell(Counter.add(number))
            assert slot.usage().mailbox <= 10
        assert system.dead_letters.total == 90


async def test_the_last_dead_letters_are_kept_and_all_are_counted() -> None:
    async with ActorSystem() as system:
        ref = await held(system, Refusing)
        for number in range(1_003):
            ref.tell(Counter.add(number))
        letters = system.dead_letters
        assert (letters.total, len(letters.recent)) == (1_000, 100)
        assert (letters.recent[-1].message, letters.recent[-1].path) == (Counter.add(1_002), ref.path)
