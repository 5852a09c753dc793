"""Process groups and topics: rows B74 and B76 of the conformance table, and publish/subscribe."""

import asyncio
from typing import Any

import pytest
from virtual import VirtualSystem, behaviour

from llmactors import Actor, ActorRef, ActorSystem, Ended, Groups, Joined, Left, Mailbox, Slot, Topic, message
from llmactors.errors import UnhandledMessageError


class Member(Actor):
    """Writes down what it is told."""

    mailbox = Mailbox(capacity=3)

    def __init__(self) -> None:
        self.heard: list[Any] = []

    @message
    def note(self, what: str) -> None:
        self.heard.append(what)

    @message
    async def watch(self, groups: ActorRef[Groups], group: str) -> list[ActorRef[Any]]:
        return list(await groups.ask(Groups.monitor(group, self.context.self_ref)))

    @message
    def fail(self) -> None:
        raise OSError("broken")

    def receive(self, message: object) -> None:
        self.heard.append(message)


class Keeper(Actor):
    """Brings its member back."""

    def on_start(self) -> None:
        self.slot: Slot[Member] = self.context.open("member", Member)
        self.slot.start()

    def receive(self, message: object) -> None:
        if isinstance(message, Ended):
            self.slot.revive()


async def settled() -> None:
    """Let everything happen that can happen now."""
    await asyncio.sleep(0.01)


@behaviour("B74")
async def test_a_member_joins_several_times_and_must_leave_as_often() -> None:
    async with VirtualSystem() as system:
        groups, a = await system.spawn(Groups), await system.spawn(Member)
        await groups.ask(Groups.join("g", a))
        await groups.ask(Groups.join("g", a, times=2))
        assert await groups.ask(Groups.members("g")) == (a, a, a)
        assert await groups.ask(Groups.leave("g", a))
        assert await groups.ask(Groups.members("g")) == (a, a)
        assert await groups.ask(Groups.leave("g", a, times=5))
        assert not await groups.ask(Groups.leave("g", a))
        assert await groups.ask(Groups.groups()) == ()


@behaviour("B74")
async def test_an_unknown_group_is_empty() -> None:
    async with VirtualSystem() as system:
        groups = await system.spawn(Groups)
        assert await groups.ask(Groups.members("nobody's")) == ()


@behaviour("B74")
async def test_members_vanish_on_death_from_every_group_and_a_new_life_joins_anew() -> None:
    async with VirtualSystem() as system:
        groups, keeper = await system.spawn(Groups), await system.spawn(Keeper)
        (member,) = keeper.children()
        for group in "gh":
            await groups.ask(Groups.join(group, member, times=2))
        member.tell(Member.fail())
        await settled()
        assert await groups.ask(Groups.groups()) == ()
        await groups.ask(Groups.join("g", member))
        assert await groups.ask(Groups.members("g")) == (member,)


@behaviour("B74")
async def test_one_that_is_dead_when_it_joins_does_not_stay() -> None:
    async with VirtualSystem() as system:
        groups, a = await system.spawn(Groups), await system.spawn(Member)
        a.stop()
        await a.wait_ended()
        await groups.ask(Groups.join("g", a))
        await settled()
        assert await groups.ask(Groups.members("g")) == ()


@behaviour("B76")
async def test_a_monitor_gives_the_present_members_and_then_each_change() -> None:
    async with VirtualSystem() as system:
        groups = await system.spawn(Groups)
        a, b, watcher = [await system.spawn(Member) for _ in range(3)]
        await groups.ask(Groups.join("g", a))
        assert await watcher.ask(Member.watch(groups, "g")) == [a]
        await groups.ask(Groups.join("g", b, times=2))
        await groups.ask(Groups.join("other", b))
        await groups.ask(Groups.leave("g", b))
        a.stop()
        await settled()
        assert watcher.actor.heard == [Joined("g", b, 2), Left("g", b, 1), Left("g", a, 1)]


@behaviour("B76")
async def test_there_is_no_gap_between_the_members_and_the_changes() -> None:
    async with VirtualSystem() as system:
        groups = await system.spawn(Groups)
        members = [await system.spawn(Member) for _ in range(6)]
        watcher = await system.spawn(Member)
        for member in members[:3]:
            groups.tell(Groups.join("g", member))
        watching = asyncio.create_task(watcher.ask(Member.watch(groups, "g")))
        for member in members[3:]:
            await asyncio.sleep(0)
            groups.tell(Groups.join("g", member))
        present = await watching
        await settled()
        assert [*present, *(event.member for event in watcher.actor.heard)] == members


@behaviour("B76")
async def test_the_whole_scope_can_be_monitored_and_a_monitor_taken_back() -> None:
    async with VirtualSystem() as system:
        groups = await system.spawn(Groups)
        a, watcher = [await system.spawn(Member) for _ in range(2)]
        await groups.ask(Groups.join("g", a))
        assert await groups.ask(Groups.monitor_all(watcher)) == {"g": (a,)}
        await groups.ask(Groups.join("h", a))
        await groups.ask(Groups.demonitor(watcher))
        await groups.ask(Groups.leave("g", a))
        await settled()
        assert watcher.actor.heard == [Joined("h", a, 1)]


@behaviour("B76")
async def test_a_dead_watchers_monitor_is_removed() -> None:
    async with VirtualSystem() as system:
        groups = await system.spawn(Groups)
        a, watcher = [await system.spawn(Member) for _ in range(2)]
        await groups.ask(Groups.monitor("g", watcher))
        watcher.stop()
        await watcher.wait_ended()
        await groups.ask(Groups.join("g", a))
        await settled()
        assert system.dead_letters.total == 0
        assert not groups.actor._book.watching(watcher)


@behaviour("B76")
async def test_a_watcher_whose_mailbox_is_full_learns_later_what_has_changed_in_total() -> None:
    async with VirtualSystem() as system:
        groups = await system.spawn(Groups)
        a, b, watcher = [await system.spawn(Member) for _ in range(3)]
        await groups.ask(Groups.monitor("g", watcher))
        watcher.pause()
        await settled()
        for number in range(3):
            watcher.tell(Member.note(str(number)))
        await groups.ask(Groups.join("g", a))
        await groups.ask(Groups.join("g", b))
        await groups.ask(Groups.leave("g", a))
        watcher.resume()
        await asyncio.sleep(1)
        assert watcher.actor.heard == ["0", "1", "2", Joined("g", b, 1)]
        assert system.dead_letters.total == 0


@behaviour("groups")
async def test_a_group_joined_less_than_once_is_refused() -> None:
    async with VirtualSystem() as system:
        a = await system.spawn(Member)
        with pytest.raises(ValueError, match="once or more"):
            Groups().join("g", a, times=0)


# -- topics ----------------------------------------------------------------------------------------------------
@behaviour("topic")
async def test_what_is_published_reaches_every_subscriber_once_and_in_order() -> None:
    async with VirtualSystem() as system:
        topic = await system.spawn(Topic)
        a, b = [await system.spawn(Member) for _ in range(2)]
        for subscriber in (a, b, a):
            await topic.ask(Topic.subscribe(subscriber))
        assert await topic.ask(Topic.publish(Member.note("1"))) == 2
        assert await topic.ask(Topic.unsubscribe(a))
        assert not await topic.ask(Topic.unsubscribe(a))
        topic.tell(Topic.publish(Member.note("2")))
        assert await topic.ask(Topic.subscribers()) == (b,)
        await settled()
        assert (a.actor.heard, b.actor.heard) == (["1"], ["1", "2"])


@behaviour("topic")
async def test_a_slow_subscriber_misses_messages_and_nobody_else_does() -> None:
    async with VirtualSystem() as system:
        topic = await system.spawn(Topic)
        slow, quick = [await system.spawn(Member) for _ in range(2)]
        for subscriber in (slow, quick):
            await topic.ask(Topic.subscribe(subscriber))
        slow.pause()
        await settled()
        taken = []
        for number in range(5):
            taken.append(await topic.ask(Topic.publish(Member.note(str(number)))))
            await settled()
        slow.resume()
        await settled()
        assert taken == [2, 2, 2, 1, 1]
        assert slow.actor.heard == ["0", "1", "2"]
        assert len(quick.actor.heard) == 5
        assert system.dead_letters.counts == {"full": 2}


@behaviour("topic")
async def test_a_subscription_outlives_a_restart_and_ends_with_the_slot() -> None:
    async with VirtualSystem() as system:
        topic, keeper = await system.spawn(Topic), await system.spawn(Keeper)
        (member,) = keeper.children()
        await topic.ask(Topic.subscribe(member))
        member.tell(Member.fail())
        assert await topic.ask(Topic.publish(Member.note("1"))) == 1
        await settled()
        assert member.actor.heard == ["1"]
        keeper.stop()
        await keeper.wait_ended()
        await settled()
        assert await topic.ask(Topic.subscribers()) == ()


@pytest.mark.parametrize("cls", [Groups, Topic])
async def test_what_they_do_not_know_they_do_not_handle(cls: type[Actor]) -> None:
    async with ActorSystem() as system:
        ref = await system.spawn(cls)
        with pytest.raises(UnhandledMessageError):
            await ref.ask("something else")  # type: ignore[call-overload]


async def test_topics_and_groups_are_left_alone_where_messages_are_checked() -> None:
    async with ActorSystem(check_messages=True) as system:
        topic, groups, a = await system.spawn(Topic), await system.spawn(Groups), await system.spawn(Member)
        await topic.ask(Topic.subscribe(a))
        assert await topic.ask(Topic.publish(Member.note("1"))) == 1
        await groups.ask(Groups.join("g", a))
        assert await groups.ask(Groups.members("g")) == (a,)


async def test_changes_of_a_group_cross_to_who_watches_it() -> None:
    async with ActorSystem(check_messages=True) as system:
        groups, watcher, member = await system.spawn(Groups), await system.spawn(Member), await system.spawn(Member)
        await watcher.ask(Member.watch(groups, "all"))
        await groups.ask(Groups.join("all", member))
        await groups.ask(Groups.leave("all", member))
        await asyncio.sleep(0)
        assert watcher.actor.heard == [Joined("all", member, 1), Left("all", member, 1)]
