"""Mailboxes with priorities and a time to live: nothing is lost, nothing waits for ever, and the urgent comes first."""

import asyncio
from typing import Any

import pytest
from virtual import VirtualSystem, behaviour

from llmactors import Actor, Down, Ended, Exit, Mailbox, Slot, Stream, message
from llmactors._core.flags import SORTED
from llmactors.errors import ActorEndedError, AskTimeoutError, MailboxFullError


def urgent(message: Any) -> int:
    """Whatever is called `urgently` goes first; what is no endpoint's has no place."""
    return 1 if message.__endpoint__.name == "urgently" else 0


class Desk(Actor):
    """Does what is urgent first."""

    mailbox = Mailbox(capacity=4, priority=urgent)

    def __init__(self) -> None:
        self.done: list[str] = []

    @message
    def urgently(self, what: str) -> str:
        self.done.append(what)
        return what

    @message
    def some_time(self, what: str) -> str:
        self.done.append(what)
        return what

    @message
    async def rest(self, seconds: float) -> None:
        self.done.append("rest")
        await asyncio.sleep(seconds)

    @message
    def fail(self) -> None:
        raise OSError("broken")

    @message
    async def count(self, to: int) -> Any:
        for number in range(to):
            yield number

    def receive(self, message: object) -> None:
        self.done.append(type(message).__name__)


class Short(Desk):
    """Forgets what has waited for two seconds."""

    mailbox = Mailbox(capacity=4, ttl=2.0)


class Old(Desk):
    """Prefers what is new."""

    mailbox = Mailbox(capacity=2, overflow="drop_oldest", ttl=60.0)


class Keeper(Actor):
    """Brings its desk back, and its message too."""

    def __init__(self, cls: type[Desk], mailbox: Mailbox | None = None, redeliver: int = 1) -> None:
        self.cls, self.mailbox_, self.redeliver = cls, mailbox, redeliver

    def on_start(self) -> None:
        self.slot: Slot[Desk] = self.context.open("desk", self.cls, mailbox=self.mailbox_, redeliver=self.redeliver)
        self.slot.start()

    def receive(self, message: object) -> None:
        if isinstance(message, Ended):
            self.slot.revive(message.in_hand)


async def settled() -> None:
    """Let everything happen that can happen now."""
    await asyncio.sleep(0.001)


@behaviour("priority")
async def test_the_urgent_comes_first_and_equals_in_the_order_of_arrival() -> None:
    async with VirtualSystem() as system:
        desk = await system.spawn(Desk)
        desk.tell(Desk.rest(1))
        await settled()
        for message in (Desk.some_time("a"), Desk.urgently("b"), Desk.some_time("c"), Desk.urgently("d")):
            assert desk.tell(message)
        await asyncio.sleep(2)
        assert desk.actor.done == ["rest", "b", "d", "a", "c"]


@behaviour("priority")
async def test_asks_sends_streams_and_notices_are_sorted_too() -> None:
    async with VirtualSystem() as system:
        desk, other = await system.spawn(Desk), await system.spawn(Desk)
        desk.actor.context.monitor(other)
        desk.tell(Desk.rest(1))
        await settled()
        desk.tell(Desk.some_time("first"))
        other.stop()
        asked = asyncio.create_task(desk.ask(Desk.urgently("asked")))
        await settled()
        await desk.send(Desk.urgently("sent"))
        items: Stream[int] = desk.stream(Desk.count(3))
        async with items:
            assert [number async for number in items] == [0, 1, 2]
        assert await asked == "asked"
        assert desk.actor.done == ["rest", "asked", "sent", "first", Down.__name__]


@behaviour("priority")
async def test_capacity_holds_and_refusals_are_told() -> None:
    async with VirtualSystem() as system:
        desk = await system.spawn(Desk)
        desk.tell(Desk.rest(1))
        await settled()
        assert [desk.tell(Desk.some_time(str(n))) for n in range(5)] == [True] * 4 + [False]
        with pytest.raises(MailboxFullError):
            await desk.ask(Desk.urgently("x"))
        assert desk.usage().mailbox == 4
        waiting = asyncio.create_task(desk.send(Desk.urgently("waited")))
        await settled()
        assert not waiting.done()
        assert not desk.tell(Desk.some_time("while a sender waits"))
        await asyncio.sleep(2)
        assert waiting.done()
        assert sorted(desk.actor.done) == ["0", "1", "2", "3", "rest", "waited"]
        assert desk.tell(Desk.some_time("again"))


@behaviour("priority")
async def test_a_priority_that_raises_ends_the_actor_as_a_handler_would() -> None:
    async with VirtualSystem() as system:
        keeper = await system.spawn(Keeper, Desk, redeliver=0)
        (desk,) = keeper.children()
        assert await desk.ask(Desk.some_time("1")) == "1"
        with pytest.raises(ActorEndedError) as ended:
            await desk.ask("no endpoint's")  # type: ignore[call-overload]
        assert isinstance(ended.value.__cause__, AttributeError)
        assert await desk.ask(Desk.some_time("2")) == "2"


@behaviour("ttl")
async def test_what_has_waited_too_long_is_not_handled_but_counted() -> None:
    async with VirtualSystem() as system:
        desk = await system.spawn(Short)
        desk.tell(Desk.rest(3))
        await settled()
        desk.tell(Desk.some_time("old"))
        asked = asyncio.create_task(desk.ask(Desk.some_time("asked"), timeout=60))
        await asyncio.sleep(2.5)
        desk.tell(Desk.some_time("new"))
        with pytest.raises(AskTimeoutError):
            await asked
        await settled()
        assert desk.actor.done == ["rest", "new"]
        assert system.dead_letters.counts == {"expired": 2}


@behaviour("ttl")
async def test_what_has_expired_makes_room() -> None:
    async with VirtualSystem() as system:
        desk = await system.spawn(Short)
        desk.tell(Desk.rest(60))
        await settled()
        assert [desk.tell(Desk.some_time(str(n))) for n in range(5)] == [True] * 4 + [False]
        await asyncio.sleep(3)
        assert desk.tell(Desk.some_time("new"))
        assert system.dead_letters.counts == {"full": 1, "expired": 4}
        desk.kill()


@behaviour("ttl")
async def test_a_pause_does_not_stop_the_clock_and_notices_do_not_expire() -> None:
    async with VirtualSystem() as system:
        desk, other = await system.spawn(Short), await system.spawn(Desk)
        desk.actor.context.monitor(other)
        desk.tell(Desk.some_time("first"))
        desk.pause()
        await settled()
        desk.tell(Desk.some_time("second"))
        other.stop()
        await asyncio.sleep(5)
        desk.resume()
        await settled()
        assert desk.actor.done == [Down.__name__]
        assert system.dead_letters.counts == {"expired": 2}


@behaviour("overflow")
async def test_the_oldest_makes_room_for_the_newest() -> None:
    async with VirtualSystem() as system:
        desk = await system.spawn(Old)
        desk.tell(Desk.rest(1))
        await settled()
        for number in range(4):
            assert desk.tell(Desk.some_time(str(number)))
        await asyncio.sleep(2)
        assert desk.actor.done == ["rest", "2", "3"]
        assert system.dead_letters.counts == {"dropped": 2}


@behaviour("lives")
async def test_the_mailbox_outlives_a_crash_and_what_is_delivered_again_comes_first() -> None:
    async with VirtualSystem() as system:
        keeper = await system.spawn(Keeper, Desk)
        (desk,) = keeper.children()
        desk.tell(Desk.rest(1))
        await settled()
        for message in (Desk.some_time("a"), Desk.fail(), Desk.urgently("b")):
            desk.tell(message)
        await asyncio.sleep(2)
        assert desk.actor.done == []  # it broke twice over one message: nothing more waits
        assert system.dead_letters.counts == {"poison": 1}


@behaviour("lives")
async def test_what_is_left_when_the_slot_goes_are_dead_letters() -> None:
    async with VirtualSystem() as system:
        desk = await system.spawn(Desk)
        desk.tell(Desk.rest(1))
        await settled()
        desk.tell(Desk.some_time("a"))
        asked = asyncio.create_task(desk.ask(Desk.urgently("b")))
        await settled()
        desk.kill()
        with pytest.raises(ActorEndedError):
            await asked
        assert system.dead_letters.counts == {"discarded": 2}
        assert not desk.tell(Desk.some_time("c"))


@behaviour("lives")
async def test_draining_handles_what_is_queued_in_its_order() -> None:
    class Last(Desk):
        def on_stop(self, exit: Exit) -> None:
            seen.extend(self.done)

    seen: list[str] = []
    async with VirtualSystem() as system:
        desk = await system.spawn(Last)
        desk.tell(Desk.rest(1))
        await settled()
        desk.tell(Desk.some_time("a"))
        desk.tell(Desk.urgently("b"))
        desk.stop(drain=True)
        await desk.wait_ended()
        assert seen == ["rest", "b", "a"]


@behaviour("slots")
@pytest.mark.parametrize(
    ("cls", "mailbox", "order"),
    [(Desk, Mailbox(), ["rest", "a", "b"]), (Short, Mailbox(priority=urgent), ["rest", "b", "a"])],
    ids=["plain over sorted", "sorted over timed"],
)
async def test_a_mailbox_declared_with_the_slot_takes_the_place_of_the_classs(
    cls: type[Desk], mailbox: Mailbox, order: list[str]
) -> None:
    async with VirtualSystem() as system:
        keeper = await system.spawn(Keeper, cls, mailbox)
        (desk,) = keeper.children()
        desk.tell(Desk.rest(1))
        await settled()
        desk.tell(Desk.some_time("a"))
        desk.tell(Desk.urgently("b"))
        await asyncio.sleep(2)
        assert desk.actor.done == order
        assert bool(desk.flags & SORTED) == (not mailbox.plain)


@pytest.mark.parametrize("ttl", [0, -1.0, float("nan")])
def test_a_time_to_live_is_positive(ttl: float) -> None:
    with pytest.raises(ValueError, match="ttl"):
        Mailbox(ttl=ttl)
