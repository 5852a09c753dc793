"""Guarantee 13: a handler that never returns is found and named. For plain ones and other hosts see `test_watchdog`."""

import asyncio

import pytest
from keepers import keeper
from virtual import VirtualSystem, now, run

from llmactors import Actor, Crash, Ended, StartFailed, message
from llmactors.errors import ActorEndedError, HandlerTimeoutError, StartTimeoutError


class Sleeper(Actor):
    """Never comes back."""

    @message(limit=3.0, timeout=100.0)
    async def sleep(self) -> None:
        await asyncio.Event().wait()

    @message(limit=None, timeout=100.0)
    async def work(self) -> str:
        await asyncio.sleep(1_000.0)
        return "done"


class NeverUp(Actor):
    """Never begins."""

    async def on_start(self) -> None:
        await asyncio.Event().wait()


def test_an_async_handler_past_its_limit_ends_its_actor_and_the_error_names_both() -> None:
    async def main() -> None:
        async with VirtualSystem() as system:
            owner = await keeper(system)
            sleeper = owner.opens(Sleeper, name="sleeper").ref
            with pytest.raises(ActorEndedError) as caught:
                await sleeper.ask(Sleeper.sleep())
            error = caught.value.__cause__
            assert isinstance(error, HandlerTimeoutError)
            assert "/sleeper" in str(error)
            assert "Sleeper.sleep" in str(error)
            assert now() == pytest.approx(3.0, abs=0.1)
            await owner.hears(Ended)
            assert isinstance(owner.heard[-1].exit, Crash)

    run(main())


def test_one_that_declares_no_limit_may_take_as_long_as_it_likes() -> None:
    async def main() -> None:
        async with VirtualSystem() as system:
            sleeper = await system.spawn(Sleeper)
            assert await sleeper.ask(Sleeper.work(), timeout=2_000.0) == "done"

    run(main())


def test_a_start_that_never_returns_is_a_failed_start() -> None:
    async def main() -> None:
        async with VirtualSystem() as system:
            owner = await keeper(system)
            owner.opens(NeverUp, start_timeout=2.0)
            await owner.hears(StartFailed)
            assert isinstance(owner.heard[-1].error, StartTimeoutError)
            assert now() == pytest.approx(2.0, abs=0.1)

    run(main())
