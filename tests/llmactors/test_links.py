"""Links: who hears of whose end, and who ends with it (rows B12 to B16 of the conformance table)."""

import pytest
from enders import Idler
from keepers import Keeper, keeper, turns

from llmactors import (
    Actor,
    ActorRef,
    ActorSystem,
    Crash,
    Down,
    Exited,
    Killed,
    Normal,
    Shutdown,
    Slot,
    message,
)
from llmactors._attend import attend
from llmactors.errors import LinkedActorEndedError

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
async def test_who_traps_exits_hears_of_every_end_once(how: str, exit: type) -> None:
    async with ActorSystem() as system:
        peer, ref = await keeper(system), await system.spawn(Idler)
        for _ in range(2):
            peer.context.link(ref)
        end(ref, how)
        heard = await peer.hears(Exited)
        await turns()
        assert (type(heard.exit), len(peer.heard)) == (exit, 1)


@pytest.mark.parametrize(("how", "ends_too"), [("boom", True), ("kill", True), ("leave", False), ("stop", False)])
async def test_who_does_not_trap_ends_with_an_abnormal_end_only(how: str, ends_too: bool) -> None:
    async with ActorSystem() as system:
        watcher = await keeper(system)
        ref, peer = await system.spawn(Idler), await system.spawn(Idler)
        ref_path = ref.path
        watcher.context.monitor(peer)
        await peer.ask(Idler.link_to(ref))
        end(ref, how)
        await ref.wait_ended()
        await turns()
        downs = [down.exit for down in watcher.heard]
        assert len(downs) == ends_too
        if ends_too:
            error = downs[0].error if isinstance(downs[0], Crash) else downs[0].cause
            assert isinstance(error, LinkedActorEndedError)
            assert error.path == ref_path
            assert isinstance(error.__cause__, ValueError) == (how == "boom")


async def test_a_link_is_felt_from_both_ends() -> None:
    async with ActorSystem() as system:
        watcher = await keeper(system)
        first, second = await system.spawn(Idler), await system.spawn(Idler)
        watcher.context.monitor(first)
        watcher.context.monitor(second)
        await first.ask(Idler.link_to(second))
        first.kill()
        await watcher.hears(Down, 2)


async def test_linking_to_what_is_gone_tells_its_end_at_once() -> None:
    async with ActorSystem() as system:
        peer, ref = await keeper(system), await system.spawn(Idler)
        ref.kill("gone")
        await ref.wait_ended()
        peer.context.link(ref)
        assert (await peer.hears(Exited)).exit == Killed("gone")


async def test_linking_to_oneself_does_nothing() -> None:
    async with ActorSystem() as system:
        peer = await keeper(system)
        peer.context.link(peer.context.self_ref)
        await turns()
        assert peer.heard == []


async def test_after_unlink_no_end_is_heard() -> None:
    async with ActorSystem() as system:
        peer, ref = await keeper(system), await system.spawn(Idler)
        peer.context.link(ref)
        peer.context.unlink(ref)
        ref.kill()
        await ref.wait_ended()
        await turns()
        assert peer.heard == []


class Hasty(Keeper):
    """Takes its link back while the end of its peer is on its way."""

    @message
    def unlink_just_in_time(self, ref: ActorRef[Idler]) -> str:
        self.context.link(ref)
        ref.kill()
        attend(ref)
        self.context.unlink(ref)
        return ref.state


async def test_an_end_that_was_on_its_way_is_not_heard_after_unlink() -> None:
    async with ActorSystem() as system:
        peer, ref = await system.spawn(Hasty), await system.spawn(Idler)
        assert await peer.ask(Hasty.unlink_just_in_time(ref)) == "discarded"
        await turns()
        assert peer.actor.heard == []


async def begun_anew(owner: Keeper, peer: Keeper) -> tuple[Slot[Keeper], Keeper]:
    """A life that *peer* was linked to has ended, and the next has begun, before *peer* could hear of it."""
    slot = owner.opens(Keeper)
    await slot.ref
    peer.context.link(slot.ref)
    slot.kill()
    attend(slot.ref)
    slot.start()
    actor: Keeper = slot.ref.actor
    return slot, actor


async def test_an_end_on_its_way_takes_no_link_with_it_that_was_made_since() -> None:
    async with ActorSystem() as system:
        owner, peer = await keeper(system), await keeper(system)
        slot, again = await begun_anew(owner, peer)
        again.context.link(peer.context.self_ref)
        await turns()
        assert [one.ref for one in peer.heard] == [slot.ref]
        peer.context.self_ref.kill()
        await turns()
        assert [one.exit for one in again.heard] == [Killed()]


async def test_who_takes_a_link_back_leaves_its_former_life_s_end_to_its_peer() -> None:
    async with ActorSystem() as system:
        owner, peer = await keeper(system), await keeper(system)
        slot, again = await begun_anew(owner, peer)
        again.context.link(peer.context.self_ref)
        again.context.unlink(peer.context.self_ref)
        await turns()
        assert [one.ref for one in peer.heard] == [slot.ref]


class Parent(Actor):
    def __init__(self) -> None:
        self.child = self.context.spawn(Idler, name="child")

    @message
    def get(self) -> ActorRef[Idler]:
        return self.child

    @message
    def link_again(self) -> None:
        self.context.link(self.child)

    @message
    def unlink(self) -> None:
        self.context.unlink(self.child)


class TrappingParent(Parent, Keeper):
    trap_exits = True

    def __init__(self) -> None:
        Keeper.__init__(self)
        Parent.__init__(self)


@pytest.mark.parametrize("linked_again", [False, True])
async def test_an_end_of_a_spawned_child_is_heard_once_by_a_parent_that_traps(linked_again: bool) -> None:
    async with ActorSystem() as system:
        ref = await system.spawn(TrappingParent)
        child = await ref.ask(Parent.get())
        if linked_again:
            await ref.ask(Parent.link_again())
            await child.ask(Idler.link_to(ref))
        child.tell(Idler.boom())
        await ref.actor.hears(Exited)
        await turns()
        assert [type(one) for one in ref.actor.heard] == [Exited]


@pytest.mark.parametrize("by", ["parent", "child"])
async def test_a_child_can_be_unlinked_from_its_parent_and_still_ends_with_it(by: str) -> None:
    async with ActorSystem() as system:
        ref = await system.spawn(TrappingParent)
        child = await ref.ask(Parent.get())
        if by == "parent":
            await ref.ask(Parent.unlink())
        else:
            await child.ask(Idler.unlink_from(ref))
        other = ref.actor.context.spawn(Idler)
        other.stop()
        await ref.actor.hears(Exited)
        ref.stop()
        await ref.wait_ended()
        assert await child.wait_ended() == Shutdown()
        assert len(ref.need_extra().children or ()) == 0
