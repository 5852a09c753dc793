"""The owner's port: what becomes of a slot is told to the actor that opened it, in its `receive`."""

import asyncio
from typing import Any

import pytest
from enders import Idler
from keepers import Keeper, keeper, turns

from llmactors import (
    Actor,
    ActorSystem,
    Ended,
    Exit,
    Killed,
    Shutdown,
    Started,
    StartFailed,
    message,
)


class AsyncOwner(Actor):
    """Hears of its slots in an async `receive`, slowly."""

    def __init__(self) -> None:
        self.heard: list[Any] = []
        self.inside = self.most = 0

    async def receive(self, message: object) -> None:
        await asyncio.sleep(0)
        self.heard.append(message)

    @message
    async def work(self) -> None:
        self.inside += 1
        self.most = max(self.most, self.inside)
        for _ in range(5):
            await asyncio.sleep(0)
        self.inside -= 1


async def test_an_owner_may_hear_of_its_slots_asynchronously_and_still_has_one_message_in_hand() -> None:
    async with ActorSystem() as system:
        ref = await system.spawn(AsyncOwner)
        owner: AsyncOwner = ref.actor
        for _ in range(5):
            ref.tell(AsyncOwner.work())
        slot = owner.context.open("slot", Idler)
        slot.start()
        await turns(3)
        slot.kill()
        await ref.ask(AsyncOwner.work())
        await turns()
        assert [type(one) for one in owner.heard] == [Started, Ended]
        assert owner.most == 1


class Deaf(Actor):
    """Opens a slot and handles nothing."""

    def on_start(self) -> None:
        self.context.open("slot", Idler).start()


async def test_an_owner_that_does_not_handle_what_it_hears_of_its_slots_lives_on() -> None:
    async with ActorSystem() as system:
        ref = await system.spawn(Deaf)
        await turns()
        assert ref.state == "idle"
        assert system.dead_letters.counts["unhandled"] == 1


class Choking(Keeper):
    def receive(self, message: object) -> None:
        super().receive(message)
        if isinstance(message, Ended):
            raise RuntimeError("could not bear it")  # noqa: TRY004 - any error will do


async def test_an_owner_that_raises_at_what_it_hears_crashes() -> None:
    with pytest.raises(RuntimeError, match="could not bear it"):  # noqa: PT012 - the end of the block is what raises
        async with ActorSystem() as system:
            ref = await system.spawn(Choking)
            slot = ref.actor.opens(Idler)
            await ref.actor.hears(Started)
            slot.kill()
            await turns()


async def test_the_outcome_of_every_order_is_told_once() -> None:
    class Bad(Actor):
        def on_start(self) -> None:
            raise OSError("no start")

    async with ActorSystem() as system:
        owner = await keeper(system)
        good, bad = owner.opens(Idler, name="good"), owner.opens(Bad, name="bad")
        failed: StartFailed = await owner.hears(StartFailed)
        assert (failed.ref, type(failed.error)) == (bad.ref, OSError)
        good.stop()
        good.stop()
        good.kill()
        ended: Ended = await owner.hears(Ended)
        bad.revive()
        await owner.hears(StartFailed, 2)
        await turns()
        exits: tuple[type[Exit], ...] = (Shutdown, Killed)
        assert isinstance(ended.exit, exits)
        assert [type(one) for one in owner.heard] == [Started, StartFailed, Ended, StartFailed]


class Slow(Idler):
    """Is up some time after its start."""

    async def on_start(self) -> None:
        await asyncio.sleep(0)


class Broken(Idler):
    """Is never up."""

    def on_start(self) -> None:
        raise ValueError


@pytest.mark.parametrize("told", [True, False])
@pytest.mark.parametrize(
    ("cls", "at_once", "outcome"), [(Idler, True, Started), (Slow, False, Started), (Broken, False, StartFailed)]
)
async def test_an_owner_that_looks_for_itself_is_told_only_what_it_could_not_see(
    cls: type[Actor], at_once: bool, outcome: type, told: bool
) -> None:
    async with ActorSystem() as system:
        owner = await keeper(system)
        slot = owner.context.open("kept", cls)
        assert slot.revive(told=told) is at_once
        await turns(5)
        heard = [type(one) for one in owner.heard]
        assert heard == ([] if at_once and not told else [outcome])
