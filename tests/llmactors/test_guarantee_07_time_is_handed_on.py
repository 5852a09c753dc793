"""Guarantee 7: a deadline travels, whoever gives up is not worked for, and a late answer reaches nobody."""

import asyncio

import pytest
from virtual import VirtualSystem, now, run

from llmactors import Actor, ActorRef, message
from llmactors.errors import AskTimeoutError, WaitCycleError


class Clerk(Actor):
    """Asks others, and takes its time."""

    def __init__(self) -> None:
        self.notes: list[str] = []

    @message(timeout=100.0)
    async def rest(self, seconds: float) -> str:
        try:
            await asyncio.sleep(seconds)
        except asyncio.CancelledError:
            self.notes.append(f"gave up at {now():g}")
            raise
        self.notes.append("rested")
        return "rested"

    @message(timeout=100.0, abandoned="finish")
    async def finish(self, seconds: float) -> str:
        return await self.rest(seconds)

    @message(timeout=100.0)
    async def ask_on(self, other: ActorRef["Clerk"], seconds: float) -> str:
        return await other.ask(Clerk.rest(seconds))

    @message(timeout=100.0, raises=(WaitCycleError,))
    async def ask_back(self, other: ActorRef["Clerk"], back: ActorRef["Clerk"]) -> str:
        return await other.ask(Clerk.ask_on(back, 1.0))


def test_an_ask_made_while_answering_has_what_time_is_left_and_its_handler_is_told() -> None:
    async def main() -> None:
        async with VirtualSystem() as system:
            first, second = await system.spawn(Clerk), await system.spawn(Clerk)
            with pytest.raises(AskTimeoutError):
                await first.ask(Clerk.ask_on(second, 50.0), timeout=2.0)
            assert now() == pytest.approx(2.0, abs=0.1)
            await asyncio.sleep(0.1)
            assert [note[:10] for note in second.actor.notes] == ["gave up at"]
            assert await first.ask(Clerk.rest(1.0)) == "rested", "it lives on"

    run(main())


def test_a_message_whose_time_is_over_is_skipped_and_counted() -> None:
    async def main() -> None:
        async with VirtualSystem() as system:
            clerk = await system.spawn(Clerk)
            clerk.tell(Clerk.rest(5.0))
            await asyncio.sleep(0)
            with pytest.raises(AskTimeoutError):
                await clerk.ask(Clerk.rest(1.0), timeout=1.0)
            await asyncio.sleep(10.0)
            assert clerk.actor.notes == ["rested"]
            assert system.dead_letters.counts == {"expired": 1}

    run(main())


def test_what_is_to_finish_finishes_and_its_late_answer_reaches_nobody() -> None:
    async def main() -> None:
        async with VirtualSystem() as system:
            clerk = await system.spawn(Clerk)
            with pytest.raises(AskTimeoutError):
                await clerk.ask(Clerk.finish(3.0), timeout=1.0)
            assert await clerk.ask(Clerk.rest(1.0)) == "rested"
            assert now() == pytest.approx(4.0)
            assert clerk.actor.notes == ["rested", "rested"]

    run(main())


def test_a_circle_in_which_every_hand_waits_is_refused_at_once() -> None:
    async def main() -> None:
        async with VirtualSystem() as system:
            first, second = await system.spawn(Clerk, name="first"), await system.spawn(Clerk, name="second")
            with pytest.raises(Exception) as caught:  # noqa: PT011  the circle is the second's crash or the first's answer
                await first.ask(Clerk.ask_back(second, first))
            error: BaseException | None = caught.value
            while error is not None and not isinstance(error, WaitCycleError):
                error = error.__cause__
            assert isinstance(error, WaitCycleError)
            assert now() == 0
            await asyncio.sleep(0)

    run(main())
