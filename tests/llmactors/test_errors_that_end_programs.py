"""What would end or confuse a program, raised by an actor, ends the actor alone."""

import asyncio
from typing import Any

import pytest
from keepers import turns
from virtual import VirtualSystem, now, run

from llmactors import Actor, Crash, Exit, message
from llmactors.errors import ActorEndedError, StartFailedError
from llmactors.hosts._loop import LoopHost

ERRORS = [SystemExit, GeneratorExit, asyncio.CancelledError, StopIteration, StopAsyncIteration]


class Raiser(Actor):
    """Raises what it is told, where it is told, after it has waited."""

    def __init__(self, error: type[BaseException], where: str = "") -> None:
        self.error, self.where = error, where

    async def _reach(self, where: str) -> None:
        await asyncio.sleep(0.01)
        if self.where == where:
            raise self.error

    async def on_start(self) -> None:
        await self._reach("on_start")

    async def on_stop(self, exit: Exit) -> None:
        await self._reach("on_stop")

    @message
    async def work(self) -> None:
        await self._reach("work")


@pytest.mark.parametrize("error", ERRORS)
def test_raised_after_a_wait_it_is_the_end_of_the_start_the_handler_or_the_stop(error: type[BaseException]) -> None:
    cause = RuntimeError if error in {StopIteration, StopAsyncIteration} else error

    async def main() -> None:
        system = VirtualSystem()
        await system.start()
        with pytest.raises(StartFailedError):
            await system.spawn(Raiser, error, "on_start")
        for where in ("work", "on_stop"):
            ref = await system.spawn(Raiser, error, where)
            ended = asyncio.create_task(ref.wait_ended())
            ref.tell(Raiser.work())
            await asyncio.sleep(0.1)
            ref.stop()
            exit = await ended
            assert isinstance(exit, Crash)
            assert isinstance(exit.error, (error, cause))
        assert now() < 1, "nobody waited for it in vain"
        await system.stop()

    run(main())


@pytest.mark.parametrize("error", ERRORS)
def test_unheard_it_is_raised_from_the_block_as_an_error_of_ours(error: type[BaseException]) -> None:
    class Plain(Actor):
        @message
        def work(self) -> None:
            raise error

    async def main() -> None:
        system = VirtualSystem()
        await system.start()
        (await system.spawn(Plain)).tell(Plain.work())
        await system.stop()
        with pytest.raises(ActorEndedError) as caught:
            system.raise_unheard()
        assert isinstance(caught.value.__cause__, error)

    run(main())


async def test_when_every_task_is_cancelled_hooks_that_follow_still_run_to_their_end() -> None:
    stopped: list[str] = []

    class Tidy(Actor):
        async def on_start(self) -> None:
            await asyncio.sleep(0)

        async def on_stop(self, exit: Exit) -> None:
            await asyncio.sleep(0.01)
            stopped.append(self.context.name)

        @message
        async def work(self) -> int:
            await asyncio.sleep(0)
            return 1

    system = VirtualSystem()
    await system.start()
    refs = [await system.spawn(Tidy, name=name) for name in ("a", "b")]
    assert await refs[0].ask(Tidy.work()) == 1
    me = asyncio.current_task()
    for task in asyncio.all_tasks():
        if task is not me:
            task.cancel()
    await turns()
    assert await refs[1].ask(Tidy.work()) == 1
    await system.stop()
    assert stopped == ["b", "a"]


def test_an_actor_whose_host_cannot_start_it_fails_to_start_and_leaves_no_name(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Plain(Actor):
        pass

    def no_more(*_: Any) -> None:
        raise OSError(24, "Too many open files")

    async def main() -> None:
        async with VirtualSystem() as system:
            with monkeypatch.context() as patched:
                patched.setattr(LoopHost, "start", no_more)
                with pytest.raises(StartFailedError, match="Too many open files"):
                    await system.spawn(Plain, name="it")
            assert list(system.actors()) == []
            await system.spawn(Plain, name="it")

    run(main())
