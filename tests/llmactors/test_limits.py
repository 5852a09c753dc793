"""A handler that suspends keeps to the limit that its endpoint declares, or its incarnation ends."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from keepers import keeper
from tellers import Teller, teller
from virtual import VirtualSystem, now, run

from llmactors import Actor, Started, message
from llmactors.errors import (
    ActorEndedError,
    HandlerTimeoutError,
)


def test_a_handler_past_its_limit_ends_its_incarnation_even_if_it_would_forgive_a_timeout() -> None:
    async def main() -> None:
        system = VirtualSystem()
        await system.start()
        for ask in (Teller.limited("x"), Teller.limited_but_forgiving()):
            ref = await teller(system)
            before = now()
            with pytest.raises(ActorEndedError) as caught:
                await ref.ask(ask, timeout=50)
            assert isinstance(caught.value.__cause__, HandlerTimeoutError)
            assert caught.value.__cause__.limit == 2.0
            assert 2.0 <= now() - before < 2.1
        await system.stop()

    run(main())


@pytest.mark.parametrize("told", [False, True])
def test_a_handler_without_limit_has_none_whatever_its_parameters_are_called(told: bool) -> None:
    async def main() -> None:
        system = VirtualSystem()
        await system.start()
        ref = await teller(system)
        if told:
            ref.tell(Teller.unlimited("x"))
            await asyncio.sleep(999)
            assert ref.state == "running"
            await asyncio.sleep(2)
            assert ref.state == "idle"
        else:
            assert await ref.ask(Teller.unlimited("x")) == "x"
        await system.stop()

    run(main())


def test_a_message_in_hand_past_its_limit_is_given_back_once() -> None:
    async def main() -> None:
        system = VirtualSystem()
        await system.start()
        owner = await keeper(system)
        slot = owner.opens(Teller, redeliver=1)
        await owner.hears(Started)
        slot.ref.tell(Teller.limited("x"))
        await asyncio.sleep(2.1)
        assert [one.deliveries for one in owner.heard[-1].in_hand] == [1]
        await system.stop()

    run(main())


def test_a_stream_has_no_limit_unless_it_declares_one() -> None:
    class Slow(Actor):
        @message
        async def forever(self) -> AsyncIterator[int]:
            for number in range(10):
                await asyncio.sleep(100)
                yield number

        @message(limit=150)
        async def a_while(self) -> AsyncIterator[int]:
            for number in range(10):
                await asyncio.sleep(100)
                yield number

    async def main() -> None:
        system = VirtualSystem()
        await system.start()
        ref = await system.spawn(Slow)
        (await keeper(system)).context.monitor(ref)
        async with ref.stream(Slow.forever()) as numbers:
            assert [number async for number in numbers] == list(range(10))
        got = []
        with pytest.raises(ActorEndedError):  # noqa: PT012 - the end of the block is what raises
            async with ref.stream(Slow.a_while()) as numbers:
                async for number in numbers:
                    got.append(number)  # noqa: PERF401 - what was got before the error counts
        assert got == [0]
        await system.stop()

    run(main())
