"""A tell from another thread: bounded as any other, whatever the loop is doing."""

import asyncio
import threading

from keepers import Counter
from waiting import until

from llmactors import Actor, ActorSystem, Mailbox, message


class Small(Actor):
    mailbox = Mailbox(capacity=10)

    def __init__(self) -> None:
        self.seen: list[int] = []

    @message
    def note(self, number: int) -> None:
        self.seen.append(number)

    @message
    def all(self) -> list[int]:
        return self.seen


async def test_while_the_loop_is_busy_no_more_are_on_their_way_than_the_mailbox_holds() -> None:
    async with ActorSystem() as system:
        small = await system.spawn(Small)
        accepted: list[bool] = []

        def flood() -> None:
            accepted.extend(small.tell(Small.note(number)) for number in range(1_000))

        thread = threading.Thread(target=flood)
        thread.start()
        thread.join()  # the loop stands still meanwhile
        assert accepted == [True] * 10 + [False] * 990
        await until(lambda: small.usage().handled == 10)
        assert await small.ask(Small.all()) == list(range(10))
        assert system.dead_letters.counts["full"] == 990
        assert len(system.dead_letters.recent) == 1


async def test_what_is_refused_once_is_accepted_when_the_loop_has_caught_up() -> None:
    async with ActorSystem() as system:
        small = await system.spawn(Small)
        for _ in range(3):
            before = small.usage().handled
            accepted = await asyncio.to_thread(lambda: [small.tell(Small.note(number)) for number in range(10)])
            assert all(accepted)
            await until(lambda: small.usage().handled == before + 10)  # noqa: B023 - it is called in this turn only


async def test_each_actor_has_room_of_its_own() -> None:
    async with ActorSystem() as system:
        small, counter = await system.spawn(Small), await system.spawn(Counter)

        def flood() -> None:
            for number in range(20):
                small.tell(Small.note(number))
                counter.tell(Counter.add(1))

        thread = threading.Thread(target=flood)
        thread.start()
        thread.join()
        await until(lambda: counter.usage().handled == 20)
        assert await counter.ask(Counter.add(0)) == 20
        assert await small.ask(Small.all()) == list(range(10))


async def test_what_is_told_after_the_end_of_the_system_is_refused() -> None:
    async with ActorSystem() as system:
        small = await system.spawn(Small)
    assert await asyncio.to_thread(small.tell, Small.note(1)) is False
