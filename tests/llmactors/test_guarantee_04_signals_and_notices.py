"""Guarantee 4: signals overtake messages, notices do not, and both belong to an incarnation."""

import asyncio
from typing import Any

import pytest
from enders import Idler
from keepers import Counter, Keeper, keeper, turns
from virtual import VirtualSystem, run

from llmactors import (
    Actor,
    ActorRef,
    ActorSystem,
    Crash,
    Down,
    Ended,
    Killed,
    Mailbox,
    Normal,
    Shutdown,
    Started,
    message,
)


async def test_a_stop_overtakes_the_messages_that_wait() -> None:
    async with ActorSystem() as system:
        ref = await system.spawn(Counter)
        actor: Counter = ref.actor
        for number in range(500):
            ref.tell(Counter.add(number))
        ref.stop()
        await ref.wait_ended()
        assert actor.seen == []
        assert system.dead_letters.counts["discarded"] == 500


async def test_an_owner_hears_of_its_slots_before_the_messages_that_wait() -> None:
    async with ActorSystem() as system:
        owner = await keeper(system)
        slot = owner.opens(Idler)
        await owner.hears(Started)
        owner.heard.clear()
        for number in range(100):
            owner.context.self_ref.tell(number)
        slot.kill()
        await owner.hears(int, 100)
        overtaken = 100 - [type(one) for one in owner.heard].index(Ended)
        assert overtaken >= 100 - 64, "all but what was handled before the slot's turn came"


ENDS: list[tuple[str, type]] = [("boom", Crash), ("leave", Normal), ("stop", Shutdown), ("kill", Killed)]


def end(ref: ActorRef[Idler], how: str) -> None:
    if how == "boom":
        ref.tell(Idler.boom())
    elif how == "leave":
        ref.tell(Idler.leave())
    elif how == "stop":
        ref.stop()
    else:
        ref.kill()


@pytest.mark.parametrize(("how", "exit"), ENDS)
async def test_a_monitor_gives_one_down_with_the_exit(how: str, exit: type) -> None:
    async with ActorSystem() as system:
        watcher, ref = await keeper(system), await system.spawn(Idler)
        watcher.context.monitor(ref)
        watcher.context.monitor(ref)
        end(ref, how)
        await watcher.hears(Down, 2)
        await turns()
        assert [(type(down.exit), down.ref) for down in watcher.heard] == [(exit, ref)] * 2


async def test_a_monitor_of_what_is_gone_gives_its_down_at_once() -> None:
    async with ActorSystem() as system:
        watcher, ref = await keeper(system), await system.spawn(Idler)
        ref.stop()
        await ref.wait_ended()
        watcher.context.monitor(ref)
        watcher.context.monitor(ref, until="discarded")
        assert (await watcher.hears(Down, 2)).exit == Shutdown()


async def test_a_monitor_until_discarded_lives_through_restarts() -> None:
    async with ActorSystem() as system:
        owner, watcher = await keeper(system), await keeper(system)
        slot = owner.opens(Idler)
        watcher.context.monitor(slot.ref, until="discarded")
        for count in (1, 2):
            slot.kill()
            await owner.hears(Ended, count)
            slot.revive()
        await turns()
        assert watcher.heard == []
        slot.stop()
        await owner.hears(Ended, 3)
        slot.discard()
        assert (await watcher.hears(Down)).exit == Shutdown()


async def test_a_monitor_that_is_taken_back_is_silent_and_leaves_nothing_with_its_target() -> None:
    async with ActorSystem() as system:
        watcher, ref = await keeper(system), await system.spawn(Idler)
        for until in ("ended", "discarded"):
            monitor = watcher.context.monitor(ref, until=until)
            watcher.context.demonitor(monitor)
            watcher.context.demonitor(monitor)
        assert not ref.need_extra().monitors
        assert not ref.need_extra().watchers
        ref.stop()
        await ref.wait_ended()
        await turns()
        assert watcher.heard == []


async def test_a_crash_after_the_only_monitor_was_taken_back_is_unheard() -> None:
    with pytest.raises(ValueError, match="boom"):  # noqa: PT012 - the end of the block is what raises
        async with ActorSystem() as system:
            watcher, ref = await keeper(system), await system.spawn(Idler)
            watcher.context.demonitor(watcher.context.monitor(ref))
            ref.tell(Idler.boom())
            await turns()


async def test_a_monitor_belongs_to_the_incarnation_that_asked_for_it() -> None:
    async with ActorSystem() as system:
        owner, target = await keeper(system), await system.spawn(Idler)
        slot = owner.opens(Keeper)
        await owner.hears(Started)
        slot.ref.actor.context.monitor(target)
        slot.kill()
        await owner.hears(Ended)
        slot.revive()
        await owner.hears(Started, 2)
        assert not target.need_extra().monitors
        target.stop()
        await target.wait_ended()
        await turns()
        assert slot.ref.actor.heard == []


async def test_a_down_that_waits_is_not_for_the_next_incarnation() -> None:
    async with ActorSystem() as system:
        owner, target = await keeper(system), await system.spawn(Idler)
        slot = owner.opens(Keeper)
        await owner.hears(Started)
        slot.ref.actor.context.monitor(target)
        slot.ref.pause()
        target.stop()
        await target.wait_ended()
        slot.ref.tell("kept")
        slot.kill()
        await owner.hears(Ended)
        slot.revive()
        slot.ref.resume()
        await owner.hears(Started, 2)
        await slot.ref.actor.hears(str)
        assert slot.ref.actor.heard == ["kept"]
        assert slot.ref.capacity == 1_000


class Narrow(Keeper):
    mailbox = Mailbox(capacity=2, overflow="drop_oldest")


async def test_notices_come_after_all_that_the_ended_had_sent_need_no_room_and_are_never_dropped() -> None:
    async with ActorSystem() as system:
        watcher: Any = (await system.spawn(Narrow)).actor
        refs = [await system.spawn(Idler) for _ in range(5)]
        for ref in refs:
            watcher.context.monitor(ref)
        me = watcher.context.self_ref
        me.pause()
        for ref in refs:
            ref.stop()
            await ref.wait_ended()
        for number in range(4):
            assert me.tell(number)
        me.resume()
        await watcher.hears(int, 2)
        assert [type(one) for one in watcher.heard] == [Down] * 5 + [int] * 2
        assert watcher.heard[5:] == [2, 3]
        assert me.capacity == 2


async def test_what_the_ended_had_sent_comes_before_its_down() -> None:
    class Talker(Actor):
        @message
        def talk(self, to: ActorRef[Any]) -> None:
            for number in range(200):
                to.tell(number)
            self.context.stop()

    async with ActorSystem() as system:
        watcher, ref = await keeper(system), await system.spawn(Talker)
        watcher.context.monitor(ref)
        ref.tell(Talker.talk(watcher.context.self_ref))
        await watcher.hears(Down)
        assert watcher.heard[:200] == list(range(200))
        assert len(watcher.heard) == 201


def test_a_timer_sends_its_message_once_unless_it_is_cancelled_or_its_incarnation_ends() -> None:
    async def main() -> None:
        system = VirtualSystem()
        await system.start()
        first, second = await keeper(system), await keeper(system)
        first.context.send_after(1.0, "to itself")
        first.context.send_after(2.0, "to another", second.context.self_ref)
        first.context.send_after(1.5, "never").cancel()
        first.context.send_after(9.0, "too late", second.context.self_ref)
        await asyncio.sleep(3.0)
        assert (first.heard, second.heard) == (["to itself"], ["to another"])
        first.context.self_ref.stop()
        await asyncio.sleep(10.0)
        assert second.heard == ["to another"]
        await system.stop()

    run(main())


@pytest.mark.parametrize("delay", [-1.0, float("nan")])
async def test_a_delay_is_a_number_of_seconds_from_now(delay: float) -> None:
    async with ActorSystem() as system:
        actor = await keeper(system)
        with pytest.raises(ValueError, match="a delay is a number of seconds"):
            actor.context.send_after(delay, "x")


async def test_a_wrong_kind_of_watch_is_refused() -> None:
    async with ActorSystem() as system:
        actor = await keeper(system)
        with pytest.raises(ValueError, match='choose "ended" or "discarded"'):
            actor.context.monitor(actor.context.self_ref, until="never")  # type: ignore[arg-type]
