"""A crash that nobody hears, or a root that ends abnormally, is raised from the block (guarantee 8)."""

import asyncio

import pytest
from enders import Fragile, PlainHooks
from keepers import Counter, Keeper, keeper, turns, until

from llmactors import (
    Actor,
    ActorSystem,
    Crash,
    Normal,
    message,
)
from llmactors._system import KEPT_UNHEARD
from llmactors.errors import ActorEndedError


async def test_a_crash_that_nobody_hears_is_raised_from_the_block() -> None:
    with pytest.raises(ValueError, match="boom") as caught:  # noqa: PT012 - the end of the block is what raises
        async with ActorSystem() as system:
            ref = await system.spawn(Counter)
            with pytest.raises(ActorEndedError):
                await ref.ask(Counter.boom())
    assert any("`/counter-1`" in note for note in caught.value.__notes__)


async def test_several_crashes_that_nobody_hears_are_raised_together() -> None:
    with pytest.raises(BaseExceptionGroup) as caught:  # noqa: PT012 - the end of the block is what raises
        async with ActorSystem() as system:
            for text in ("a", "b"):
                (await system.spawn(Counter)).tell(Counter.boom(text))
            await turns()
    assert sorted(str(error) for error in caught.value.exceptions) == ["a", "b"]


async def test_an_error_of_the_block_itself_is_the_one_raised_and_names_the_others() -> None:
    with pytest.raises(KeyError) as caught:  # noqa: PT012 - the end of the block is what raises
        async with ActorSystem() as system:
            (await system.spawn(Counter)).tell(Counter.boom())
            await turns()
            raise KeyError("mine")
    assert any("ValueError ended the actor `/counter-1`" in note for note in caught.value.__notes__)


@pytest.mark.parametrize("heard_by", ["monitor", "link", "watch", "wait"])
async def test_a_crash_that_somebody_hears_is_not_raised(heard_by: str) -> None:
    async with ActorSystem() as system:
        watcher, ref = await keeper(system), await system.spawn(Counter)
        if heard_by == "monitor":
            watcher.context.monitor(ref)
        elif heard_by == "link":
            watcher.context.link(ref)
        elif heard_by == "watch":
            watcher.context.monitor(ref, until="discarded")
        waiting = asyncio.create_task(ref.wait_ended()) if heard_by == "wait" else None
        await turns()
        ref.tell(Counter.boom())
        await turns()
        if waiting is not None:
            assert isinstance(await waiting, Crash)


async def test_a_child_that_crashes_when_its_owner_stops_is_unheard_and_raised() -> None:
    class Owner(Actor):
        def on_start(self) -> None:
            self.context.spawn(PlainHooks, "on_stop")

    with pytest.raises(ValueError, match="on_stop"):
        async with ActorSystem() as system:
            await system.spawn(Owner)


class Root(Keeper):
    def __init__(self, crash: str = "") -> None:
        super().__init__()
        self.crash = crash

    def on_start(self) -> None:
        if self.crash == "at once":
            self.context.self_ref.tell(Root.boom())

    @message
    def boom(self) -> None:
        raise OSError("root")

    @message
    def leave(self) -> None:
        self.context.stop()


async def test_a_root_that_crashes_cancels_the_block_and_its_error_is_raised_from_it() -> None:
    reached = False
    with pytest.raises(OSError, match="root"):  # noqa: PT012 - the end of the block is what raises
        async with ActorSystem(Root) as system:
            assert system.root is not None
            system.root.tell(Root.boom())
            await asyncio.get_running_loop().create_future()
            reached = True
    assert not reached
    task = asyncio.current_task()
    assert task is not None
    assert task.cancelling() == 0


async def test_a_root_that_crashes_as_soon_as_it_is_up_is_raised_too() -> None:
    with pytest.raises(OSError, match="root"):
        async with ActorSystem(Root, "at once"):
            await asyncio.get_running_loop().create_future()
    await asyncio.sleep(0)


async def test_a_root_that_crashes_as_the_block_ends_is_raised_and_the_rest_stops_in_order() -> None:
    diary: list[str] = []
    with pytest.raises(OSError, match="root"):  # noqa: PT012 - the end of the block is what raises
        async with ActorSystem(Root) as system:
            await system.spawn(Fragile, "", diary)
            assert system.root is not None
            system.root.tell(Root.boom())
            await until(lambda: system._cancelled)
    assert diary == ["Shutdown"]
    await asyncio.sleep(0)


async def test_a_root_that_ends_cleanly_leaves_the_block_alone() -> None:
    async with ActorSystem(Root) as system:
        assert system.root is not None
        system.root.tell(Root.leave())
        assert await system.wait_root_ended() == Normal()
        await turns()


async def test_a_cancellation_from_outside_is_not_taken_for_the_roots() -> None:
    async def main() -> None:
        async with ActorSystem(Root) as system:
            assert system.root is not None
            system.root.tell(Root.boom())
            await asyncio.get_running_loop().create_future()

    task = asyncio.create_task(main())
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises((asyncio.CancelledError, OSError)):
        await task


async def test_a_root_that_does_not_start_raises_why_and_leaves_nothing() -> None:
    with pytest.raises(ValueError, match="on_start"):
        async with ActorSystem(Fragile, "on_start"):
            pytest.fail("the block must not run")


async def test_a_system_keeps_so_many_unheard_crashes_and_no_more() -> None:
    system = ActorSystem()
    await system.start()
    for _ in range(KEPT_UNHEARD + 20):
        (await system.spawn(Counter)).tell(Counter.boom())
    await until(lambda: not list(system.actors()))
    await system.stop()
    with pytest.raises(BaseExceptionGroup) as caught:
        system.raise_unheard()
    assert len(caught.value.exceptions) == KEPT_UNHEARD
