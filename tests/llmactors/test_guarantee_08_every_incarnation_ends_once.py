"""Guarantee 8: every incarnation ends exactly once, in one of four ways, and somebody hears of a crash."""

import asyncio
from typing import Any

import pytest
from enders import Fragile, PlainHooks
from keepers import keeper, turns

from llmactors import (
    Actor,
    ActorRef,
    ActorSystem,
    Crash,
    Down,
    Ended,
    Exit,
    Exited,
    Killed,
    Normal,
    Shutdown,
    Started,
    StartFailed,
    StartIgnored,
    message,
)
from llmactors.errors import LinkedActorEndedError, StartFailedError


@pytest.mark.parametrize("cls", [Fragile, PlainHooks])
@pytest.mark.parametrize(
    "message",
    [Fragile.plain(), Fragile.first_step(), Fragile.suspended(), "received"],
    ids=repr,
)
async def test_an_error_in_a_handler_ends_the_incarnation_once_after_its_on_stop(
    cls: type[Fragile], message: object
) -> None:
    async with ActorSystem() as system:
        owner = await keeper(system)
        slot = owner.opens(cls)
        await owner.hears(Started)
        owner.context.monitor(slot.ref)
        owner.context.link(slot.ref)
        actor = slot.ref.actor
        slot.ref.tell(message)
        ended: Ended = await owner.hears(Ended)
        await owner.hears(Down)
        await owner.hears(Exited)
        await turns()
        assert isinstance(ended.exit, Crash)
        assert isinstance(ended.exit.error, ValueError)
        assert actor.diary == ["Crash"]
        assert {one.exit for one in owner.heard[1:]} == {ended.exit}
        assert len(owner.heard) == 4


@pytest.mark.parametrize("where", ["init", "on_start", "on_start, later"])
@pytest.mark.parametrize("cls", [Fragile, PlainHooks])
async def test_an_error_before_it_is_up_is_a_failed_start_without_on_stop(cls: type[Fragile], where: str) -> None:
    if cls is PlainHooks and "later" in where:
        return
    diary: list[str] = []
    async with ActorSystem() as system:
        owner = await keeper(system)
        slot = owner.opens(cls, where, diary)
        failed: StartFailed = await owner.hears(StartFailed)
        assert isinstance(failed.error, ValueError)
        with pytest.raises(StartFailedError) as caught:
            await system.spawn(cls, where, diary)
        assert isinstance(caught.value.__cause__, ValueError)
        await turns()
        assert (slot.ref.state, len(owner.heard), diary) == ("down", 1, [])
        assert [child.name for child in system.actors()] == ["keeper-1", "kept"]


@pytest.mark.parametrize("where", ["on_stop", "on_stop, later"])
@pytest.mark.parametrize(("how", "exit"), [("stop", Crash), ("kill", Killed), ("crash", Crash)])
async def test_an_error_in_on_stop_makes_a_clean_end_a_crash(where: str, how: str, exit: type) -> None:
    async with ActorSystem() as system:
        owner = await keeper(system)
        slot = owner.opens(Fragile, where)
        await owner.hears(Started)
        if how == "crash":
            slot.ref.tell("first")
        else:
            getattr(slot, how)()
        ended: Ended = await owner.hears(Ended)
        assert isinstance(ended.exit, exit)
        if isinstance(ended.exit, Crash):
            assert str(ended.exit.error) == ("first" if how == "crash" else where), "the first reason is the reason"


async def test_an_actor_may_end_itself_as_normal() -> None:
    class Brief(Actor):
        @message
        def work(self) -> str:
            self.context.stop()
            return "done"

        @message
        async def work_slowly(self) -> str:
            self.context.stop()
            await asyncio.sleep(0)
            return "done"

    async with ActorSystem() as system:
        for make in (Brief.work, Brief.work_slowly):
            ref = await system.spawn(Brief)
            assert await ref.ask(make()) == "done", "what is in hand is finished first"
            assert await ref.wait_ended() == Normal()


@pytest.mark.parametrize("cls", [Fragile, PlainHooks])
async def test_an_actor_may_end_itself_while_it_starts(cls: type[Fragile]) -> None:
    class Unneeded(cls):  # type: ignore[misc, valid-type]  # either base
        def __init__(self) -> None:
            super().__init__()
            self.context.stop()

    async with ActorSystem() as system:
        owner = await keeper(system)
        slot = owner.opens(Unneeded)
        assert (await owner.hears(Ended)).exit == Normal()
        slot.discard()


async def test_start_ignored_is_no_error_to_anybody() -> None:
    class Unwanted(Actor):
        def on_start(self) -> None:
            raise StartIgnored

    class Spawner(Actor):
        @message
        async def spawn(self) -> str:
            try:
                await self.context.spawn(Unwanted)
            except StartFailedError as error:
                return type(error.__cause__).__name__
            return "up"

    async with ActorSystem() as system:
        owner = await keeper(system)
        owner.opens(Unwanted)
        assert isinstance((await owner.hears(StartFailed)).error, StartIgnored)
        spawner = await system.spawn(Spawner)
        assert await spawner.ask(Spawner.spawn()) == "StartIgnored"
        await turns()
        assert spawner.state == "idle"


# -- family -------------------------------------------------------------------------------------------------
class Parent(Actor):
    def __init__(self, depth: int = 0) -> None:
        self.depth = depth

    def on_start(self) -> None:
        self.child: ActorRef[Any] = self.context.spawn(Parent, self.depth - 1) if self.depth else self.context.self_ref

    @message
    def get(self) -> ActorRef[Any]:
        return self.child

    @message
    def boom(self) -> None:
        raise ValueError("boom")


async def test_a_crash_of_a_spawned_child_ends_its_owner_up_to_one_that_hears() -> None:
    async with ActorSystem() as system:
        watcher = await keeper(system)
        top = await system.spawn(Parent, 3)
        refs = [top, *(ref for ref in system.actors() if ref.path.startswith(top.path + "/"))]
        assert len(refs) == 4
        watcher.context.monitor(top)
        refs[-1].tell(Parent.boom())
        down: Down = await watcher.hears(Down)
        assert isinstance(down.exit, Crash)
        chain: list[str] = []
        error: BaseException | None = down.exit.error
        while error is not None:
            chain.append(type(error).__name__)
            error = error.__cause__
        assert chain == ["LinkedActorEndedError"] * 3 + ["ValueError"]
        assert {ref.state for ref in refs} == {"discarded"}


async def test_an_owners_end_stops_its_children_first_the_youngest_first() -> None:
    diary: list[str] = []

    class Member(Actor):
        def __init__(self, name: str) -> None:
            self.name = name

        def on_start(self) -> None:
            if self.name == "parent":
                for child in ("a", "b", "c"):
                    self.context.spawn(Member, child)

        async def on_stop(self, _exit: Exit) -> None:
            await asyncio.sleep(0)
            diary.append(self.name)

    async with ActorSystem() as system:
        ref = await system.spawn(Member, "parent")
        ref.stop()
        await ref.wait_ended()
        assert diary == ["c", "b", "a", "parent"]


async def test_what_on_stop_spawns_ends_with_it() -> None:
    class Helper(Actor):
        def on_stop(self, _exit: Exit) -> None:
            ENDS.append("helper")

    class Leaving(Actor):
        async def on_stop(self, _exit: Exit) -> None:
            await self.context.spawn(Helper)
            self.context.spawn(Helper)

    ENDS: list[str] = []  # noqa: N806 - a constant to those inside
    async with ActorSystem() as system:
        ref = system.spawn_under(system.guardian, Leaving, (), None, shutdown="forever")
        await ref
        ref.stop()
        assert await asyncio.wait_for(ref.wait_ended(), 2.0) == Shutdown()
        assert ENDS == ["helper", "helper"]


@pytest.mark.parametrize("how", ["stop", "kill"])
async def test_a_chain_of_a_thousand_owners_ends_from_its_tip(how: str) -> None:
    async with ActorSystem() as system:
        ref = top = await system.spawn(Parent)
        for _ in range(1_000):
            ref = ref.actor.context.spawn(Parent)
        assert len(list(system.actors())) == 1_001
        getattr(top, how)()
        await asyncio.gather(top.wait_ended(), ref.wait_ended())
        assert list(system.actors()) == []


async def test_an_exit_is_told_with_its_cause_through_a_link() -> None:
    async with ActorSystem() as system:
        watcher = await keeper(system)
        parent = await system.spawn(Parent, 1)
        child = await parent.ask(Parent.get())
        watcher.context.monitor(parent)
        child.kill("by hand")
        exit = (await watcher.hears(Down)).exit
        assert isinstance(exit, Killed)
        assert isinstance(exit.cause, LinkedActorEndedError)
        assert "by hand" in str(exit.cause)
