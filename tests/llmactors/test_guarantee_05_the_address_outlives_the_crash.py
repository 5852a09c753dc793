"""Guarantee 5: a slot stays valid while its owner keeps it, and its mailbox keeps all but what is in hand."""

import asyncio
from typing import Any

import pytest
from keepers import Counter, Keeper, keeper, turns

from llmactors import Actor, ActorRef, ActorSystem, Crash, Ended, Killed, Mailbox, Slot, Started, StartFailed, message
from llmactors.errors import ActorEndedError, NameTakenError


async def test_the_ref_and_the_mailbox_outlive_a_crash() -> None:
    async with ActorSystem() as system:
        owner = await keeper(system)
        slot = owner.opens(Counter, 100)
        await owner.hears(Started)
        slot.ref.tell(Counter.boom())
        slot.ref.tell(Counter.add(1))
        waiting = asyncio.create_task(slot.ref.ask(Counter.add(2)))
        ended = await owner.hears(Ended)
        assert isinstance(ended.exit, Crash)
        assert slot.ref.state == "down"
        assert slot.ref.tell(Counter.add(3))
        slot.revive()
        assert await waiting == 103
        assert await slot.ref.ask(Counter.add(0)) == 106
        assert slot.ref.usage().restarts == 1


async def test_a_message_in_hand_at_an_abnormal_end_is_lost_and_its_asker_told_at_once() -> None:
    async with ActorSystem() as system:
        owner = await keeper(system)
        slot = owner.opens(Counter)
        await owner.hears(Started)
        asks = [asyncio.create_task(slot.ref.ask(Counter.stuck(), timeout=99)) for _ in range(2)]
        await turns()
        slot.kill("enough")
        ended = await owner.hears(Ended)
        assert ended.in_hand == ()
        with pytest.raises(ActorEndedError, match="killed: enough"):
            await asks[0]
        assert not asks[1].done()
        slot.discard()
        with pytest.raises(ActorEndedError):
            await asks[1]


@pytest.mark.parametrize("how", ["direct", "queued", "told", "late"])
@pytest.mark.parametrize("times", [0, 1, 3])
async def test_a_message_is_redelivered_at_most_so_many_times_and_then_is_poison(how: str, times: int) -> None:
    async with ActorSystem() as system:
        owner = await keeper(system)
        slot = owner.opens(Counter, redeliver=times)
        await owner.hears(Started)
        ask: asyncio.Task[int] | None = None
        if how == "direct":
            ask = asyncio.create_task(slot.ref.ask(Counter.boom()))
        elif how == "late":
            ask = asyncio.create_task(slot.ref.ask(Counter.late_boom()))
        elif how == "queued":
            slot.ref.tell(Counter.add(1))
            ask = asyncio.create_task(slot.ref.ask(Counter.boom()))
        else:
            slot.ref.tell(Counter.boom())
        slot.ref.tell(Counter.add(5)) if ask is None else await asyncio.sleep(0)
        for life in range(1, times + 2):
            ended: Ended = await owner.hears(Ended, life)
            assert [one.deliveries for one in ended.in_hand] == ([life] if life <= times else [])
            slot.revive(requeue=ended.in_hand)
        await turns()
        assert system.dead_letters.counts["poison"] == (times > 0)
        if ask is not None:
            with pytest.raises(ActorEndedError) as caught:
                await ask
            assert isinstance(caught.value.__cause__, ValueError)
        assert await slot.ref.ask(Counter.add(0)) in {0, 1, 5}


async def test_what_is_redelivered_comes_before_what_waits_in_its_order() -> None:
    class Wide(Counter):
        concurrency = 3

        @message
        async def third_time(self, number: int) -> int:
            await asyncio.sleep(0)
            if number == 3 and 3 not in KEPT:
                KEPT.append(3)
                raise ValueError("once")
            await asyncio.sleep(0)
            await asyncio.sleep(0)
            self.seen.append(number)
            return number

    KEPT: list[int] = []  # noqa: N806 - a constant to those inside
    async with ActorSystem() as system:
        owner = await keeper(system)
        slot = owner.opens(Wide, redeliver=1)
        await owner.hears(Started)
        asks = [asyncio.create_task(slot.ref.ask(Wide.third_time(number))) for number in range(1, 7)]
        ended: Ended = await owner.hears(Ended)
        assert {one.item.message.number for one in ended.in_hand} == {1, 2, 3}
        slot.revive(requeue=sorted(ended.in_hand, key=lambda one: int(one.item.message.number)))
        assert await asyncio.gather(*asks) == [1, 2, 3, 4, 5, 6]
        assert slot.ref.actor.seen == [1, 2, 3, 4, 5, 6]


async def test_redelivered_messages_keep_their_order_behind_a_gate() -> None:
    async with ActorSystem() as system:
        owner = await keeper(system)
        slot = owner.opens(Counter, redeliver=1)
        await owner.hears(Started)
        from llmactors import InHand

        slot.kill()
        await owner.hears(Ended)
        answers = iter([0.0, 0.0, None, 0.0, None, None, None])
        slot.gate = lambda _usage, _now: next(answers, None)
        slot.ref.tell(Counter.add(3))
        slot.revive(requeue=[InHand(Counter.add(1), 1), InHand(Counter.add(2), 1)])
        assert await slot.ref.ask(Counter.add(4)) == 10
        assert slot.ref.actor.seen == [1, 2, 3, 4]


async def test_an_ask_in_hand_that_the_owner_does_not_give_back_fails_when_it_revives() -> None:
    async with ActorSystem() as system:
        owner = await keeper(system)
        slot = owner.opens(Counter, redeliver=3)
        await owner.hears(Started)
        ask = asyncio.create_task(slot.ref.ask(Counter.stuck(), timeout=99))
        await turns()
        slot.kill()
        await owner.hears(Ended)
        assert not ask.done(), "it may yet be given back"
        slot.revive()
        with pytest.raises(ActorEndedError):
            await ask


async def test_a_stream_is_never_redelivered() -> None:
    class Source(Counter):
        @message
        async def numbers(self) -> Any:
            yield 1
            raise ValueError("dry")

    async with ActorSystem() as system:
        owner = await keeper(system)
        slot = owner.opens(Source, redeliver=9)
        await owner.hears(Started)
        got = []
        with pytest.raises(ActorEndedError) as caught:  # noqa: PT012 - the end of the block is what raises
            async with slot.ref.stream(Source.numbers()) as numbers:
                async for number in numbers:
                    got.append(number)  # noqa: PERF401 - what was got before the error counts
        assert got == [1]
        assert isinstance(caught.value.__cause__, ValueError)
        assert (await owner.hears(Ended)).in_hand == ()


async def test_discarding_a_slot_makes_what_waits_dead_letters_and_fails_its_asks_at_once() -> None:
    async with ActorSystem() as system:
        owner = await keeper(system)
        slot: Slot[Counter] = owner.context.open("never", Counter)
        ref = slot.ref
        assert ref.tell(Counter.add(1))
        ask = asyncio.create_task(ref.ask(Counter.add(2), timeout=99))
        ended = asyncio.create_task(ref.wait_ended())
        up = asyncio.ensure_future(ref)
        await turns()
        slot.discard()
        with pytest.raises(ActorEndedError):
            await ask
        assert isinstance(await ended, Killed)
        up.cancel() if not up.done() else up.exception()
        assert system.dead_letters.counts == {"discarded": 2}
        assert not ref.tell(Counter.add(3))
        with pytest.raises(ActorEndedError):
            await ref.ask(Counter.add(4))
        with pytest.raises(ActorEndedError):
            await ref.send(Counter.add(4))
        with pytest.raises(RuntimeError, match="only a slot that is down can be revived"):
            slot.revive()
        slot.discard()
        assert (ref.state, owner.context.self_ref.children()) == ("discarded", ())


async def test_those_who_wait_for_a_slot_to_be_up_hear_when_it_is_discarded() -> None:
    async with ActorSystem() as system:
        owner = await keeper(system)
        slot: Slot[Counter] = owner.context.open("never", Counter)
        up = asyncio.ensure_future(slot.ref)
        await turns()
        slot.discard()
        with pytest.raises(ActorEndedError):
            await up


async def test_a_living_slot_that_is_discarded_is_killed_and_its_name_is_free() -> None:
    async with ActorSystem() as system:
        owner = await keeper(system)
        slot = owner.opens(Counter)
        await owner.hears(Started)
        slot.discard()
        assert isinstance(await slot.ref.wait_ended(), Killed)
        again = owner.opens(Counter)
        assert again.ref is not slot.ref
        await again.ref
        await turns()
        assert [type(one) for one in owner.heard] == [Started, Started], "a slot given up has no more news"


async def test_a_name_is_unique_among_siblings() -> None:
    async with ActorSystem() as system:
        owner = await keeper(system, name="owner")
        owner.opens(Counter, name="a")
        with pytest.raises(NameTakenError, match="/owner/a"):
            owner.context.open("a", Counter)
        with pytest.raises(NameTakenError):
            owner.context.spawn(Counter, name="a")
        with pytest.raises(NameTakenError):
            await system.spawn(Counter, name="owner")
        given = await system.spawn(Counter)
        with pytest.raises(NameTakenError):
            await system.spawn(Counter, name=given.name)


# -- across the restart of the owner -------------------------------------------------------------------------
class Middle(Keeper):
    """Opens what its class says, at every start."""

    opened: tuple[tuple[str, type], ...] = (("a", Counter), ("b", Counter))

    def on_start(self) -> None:
        self.slots = {name: self.context.open(name, cls) for name, cls in type(self).opened}
        for slot in self.slots.values():
            slot.start()


async def test_a_slot_that_is_opened_again_after_its_owners_restart_keeps_its_ref_and_mailbox() -> None:
    async with ActorSystem() as system:
        top = await keeper(system)
        slot = top.opens(Middle)
        await top.hears(Started)
        a: ActorRef[Counter] = slot.ref.actor.slots["a"].ref
        await a.ask(Counter.add(5))
        a.pause()
        await turns()
        asked = asyncio.create_task(a.ask(Counter.add(1)))
        await turns()
        slot.kill()
        await top.hears(Ended)
        assert a.state == "down"
        assert a.tell(Counter.add(2))
        slot.revive()
        await top.hears(Started, 2)
        assert slot.ref.actor.slots["a"].ref is a
        a.resume()
        assert await asked == 1
        assert await a.ask(Counter.add(0)) == 3


async def test_a_slot_that_is_not_opened_again_or_with_another_class_is_discarded() -> None:
    class Changing(Middle):
        pass

    class Other(Counter):
        pass

    async with ActorSystem() as system:
        top = await keeper(system)
        slot = top.opens(Changing)
        await top.hears(Started)
        refs = {name: kept.ref for name, kept in slot.ref.actor.slots.items()}
        asks = {name: asyncio.create_task(ref.ask(Counter.stuck())) for name, ref in refs.items()}
        await turns()
        Changing.opened = (("b", Other),)
        slot.kill()
        await top.hears(Ended)
        slot.revive()
        await top.hears(Started, 2)
        for name, ref in refs.items():
            assert ref.state == "discarded", name
            with pytest.raises(ActorEndedError):
                await asks[name]
        assert [child.name for child in slot.ref.children()] == ["b"]
        assert await slot.ref.actor.slots["b"].ref.ask(Counter.add(1)) == 1


async def test_what_an_owner_that_never_comes_back_kept_is_discarded_with_it() -> None:
    async with ActorSystem() as system:
        top = await keeper(system)
        slot = top.opens(Middle)
        await top.hears(Started)
        a = slot.ref.actor.slots["a"].ref
        slot.kill()
        await top.hears(Ended)
        ask = asyncio.create_task(a.ask(Counter.add(1)))
        await turns()
        slot.discard()
        with pytest.raises(ActorEndedError):
            await ask


async def test_links_and_monitors_and_the_old_context_are_gone_after_a_restart() -> None:
    async with ActorSystem() as system:
        owner = await keeper(system)
        slot = owner.opens(Keeper)
        await owner.hears(Started)
        old: Keeper = slot.ref.actor
        assert old.context.name == "kept"
        slot.kill()
        await owner.hears(Ended)
        slot.revive()
        await owner.hears(Started, 2)
        with pytest.raises(RuntimeError, match="this life of `/keeper-1/kept` is over"):
            old.context  # noqa: B018 - looking is the test
        assert slot.ref.actor.context.name == "kept"


async def test_an_actor_made_by_hand_has_no_context() -> None:
    with pytest.raises(RuntimeError, match="not run by a system"):
        Counter().context  # noqa: B018 - looking is the test


class Picky(Actor):
    starts = 0

    def on_start(self) -> None:
        type(self).starts += 1
        if type(self).starts < 3:
            raise OSError("not yet")

    @message
    def hello(self) -> str:
        return "hello"


async def test_messages_wait_through_failed_starts() -> None:
    Picky.starts = 0
    async with ActorSystem() as system:
        owner = await keeper(system)
        slot = owner.opens(Picky)
        ask = asyncio.create_task(slot.ref.ask(Picky.hello()))
        for count in (1, 2):
            await owner.hears(StartFailed, count)
            slot.revive()
        assert await ask == "hello"


async def test_a_slots_own_mailbox_wins_over_its_class() -> None:
    async with ActorSystem() as system:
        owner = await keeper(system)
        slot: Slot[Counter] = owner.context.open("small", Counter, mailbox=Mailbox(capacity=1))
        assert [slot.ref.tell(Counter.add(1)) for _ in range(3)] == [True, False, False]


@pytest.mark.parametrize("shutdown", [-1, "never", True, None])
async def test_a_shutdown_time_is_seconds_kill_or_forever(shutdown: Any) -> None:
    async with ActorSystem() as system:
        owner = await keeper(system)
        with pytest.raises(ValueError, match='"kill" or "forever"'):
            owner.context.open("x", Counter, shutdown=shutdown)
        with pytest.raises(ValueError, match='"kill" or "forever"'):
            owner.context.spawn(Counter, shutdown=shutdown)


class Juggler(Actor):
    concurrency = 20

    @message
    async def hold(self, ball: int) -> int:
        await asyncio.get_running_loop().create_future()
        return ball


async def test_several_messages_in_hand_come_back_in_the_order_in_which_they_were_taken() -> None:
    async with ActorSystem() as system:
        owner = await keeper(system)
        slot = owner.opens(Juggler, redeliver=1)
        await owner.hears(Started)
        for ball in range(20):
            slot.ref.tell(Juggler.hold(ball))
        await turns()
        slot.kill()
        ended = await owner.hears(Ended)
        assert [message.item for message in ended.in_hand] == [Juggler.hold(ball) for ball in range(20)]
