"""A message put aside waits for its moment, its asker with it, and is neither lost nor handled twice."""

import asyncio

import capable
import pytest
from virtual import VirtualSystem, run

from llmactors import Actor, ActorRef, ActorSystem, Mailbox, Slot, StartFailed, message
from llmactors.errors import ActorEndedError, AskTimeoutError, MailboxFullError


class Lock(capable.Lock):
    """Has room for three, and may break."""

    mailbox = Mailbox(capacity=3)

    @message
    def fail(self) -> None:
        raise OSError("jammed")


class Keeper(Actor):
    """Brings its lock back when it breaks, and opens it then."""

    def on_start(self) -> None:
        self.slot: Slot[Lock] = self.context.open("lock", Lock)
        self.slot.start()

    @message
    def lock(self) -> ActorRef[Lock]:
        return self.slot.ref

    def receive(self, message: object) -> None:
        if type(message).__name__ == "Ended":
            self.slot.revive()
        assert not isinstance(message, StartFailed)


def test_what_was_put_aside_comes_first_and_in_order() -> None:
    async def main() -> None:
        async with VirtualSystem() as system:
            lock = await system.spawn(Lock)
            for number in (1, 2, 3):
                lock.tell(Lock.enter(number))
            await asyncio.sleep(0.1)
            lock.tell(Lock.open())
            lock.tell(Lock.enter(4))
            assert await lock.ask(Lock.so_far()) == [1, 2, 3, 4]

    run(main())


@pytest.mark.parametrize("enter", [Lock.enter, Lock.enter_slowly])
@pytest.mark.parametrize("credit", [0, 64])
def test_an_asker_whose_message_was_put_aside_still_gets_the_answer(enter: object, credit: int) -> None:
    async def main() -> None:
        async with VirtualSystem() as system:
            system.scheduler.credit = system.scheduler.credit_per_turn = credit
            lock = await system.spawn(Lock)
            asked = asyncio.create_task(lock.ask(enter(7)))  # type: ignore[operator]
            await asyncio.sleep(1)
            assert not asked.done()
            lock.tell(Lock.open())
            assert await asked == 7

    run(main())


@pytest.mark.parametrize("credit", [0, 64])
def test_an_asker_of_a_message_that_stays_aside_hears_of_its_deadline(credit: int) -> None:
    async def main() -> None:
        async with VirtualSystem() as system:
            system.scheduler.credit = system.scheduler.credit_per_turn = credit
            lock = await system.spawn(Lock)
            with pytest.raises(AskTimeoutError):
                await lock.ask(Lock.enter(1), timeout=2)
            lock.tell(Lock.open())
            assert await lock.ask(Lock.so_far()) == []  # nobody waits for it any more: it is skipped

    run(main())


def test_no_more_find_room_aside_than_in_the_mailbox() -> None:
    async def main() -> None:
        async with VirtualSystem() as system:
            lock = await system.spawn(Lock)
            for number in (1, 2, 3):
                lock.tell(Lock.enter(number))
            await asyncio.sleep(0.1)
            with pytest.raises(MailboxFullError):
                await lock.ask(Lock.enter(4))
            assert system.dead_letters.counts == {"full": 1}

    run(main())


def test_what_was_put_aside_outlives_a_crash() -> None:
    async def main() -> None:
        async with VirtualSystem() as system:
            keeper = await system.spawn(Keeper)
            lock = await keeper.ask(Keeper.lock())
            lock.tell(Lock.enter(1))
            asked = asyncio.create_task(lock.ask(Lock.enter(2)))
            await asyncio.sleep(0.1)
            lock.tell(Lock.fail())
            await asyncio.sleep(0.1)
            lock.tell(Lock.open())
            assert await asked == 2
            assert await lock.ask(Lock.so_far()) == [1, 2]

    run(main())


def test_what_is_aside_when_the_slot_goes_is_a_dead_letter_and_its_asker_hears_it() -> None:
    async def main() -> None:
        async with VirtualSystem() as system:
            lock = await system.spawn(Lock)
            lock.tell(Lock.enter(1))
            asked = asyncio.create_task(lock.ask(Lock.enter(2)))
            await asyncio.sleep(0.1)
            lock.stop()
            with pytest.raises(ActorEndedError):
                await asked
            assert system.dead_letters.counts == {"discarded": 2}

    run(main())


async def test_unstash_without_anything_aside_does_nothing() -> None:
    async with ActorSystem() as system:
        lock = await system.spawn(Lock)
        await lock.ask(Lock.open())
        assert await lock.ask(Lock.so_far()) == []
