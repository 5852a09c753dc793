"""Answers that are given later, from anywhere."""

import asyncio
from typing import Any

import pytest
from keepers import turns, until
from tellers import Teller, teller

from llmactors import Actor, ActorSystem, Later, message
from llmactors.errors import (
    ActorEndedError,
)


@pytest.mark.parametrize("make", [Teller.in_time, Teller.async_later, Teller.suspended_later])
@pytest.mark.parametrize("before", [False, True])
@pytest.mark.parametrize("queued", [False, True])
async def test_an_answer_may_be_given_later_or_sooner(make: Any, before: bool, queued: bool) -> None:
    async with ActorSystem() as system:
        ref = await teller(system)
        actor: Teller = ref.actor
        if before:
            actor.later.answer("known")
        if queued:
            ref.tell("no matter")
        ask = asyncio.create_task(ref.ask(make()))
        await turns()
        assert ask.done() == before
        assert ref.state == "idle", "the message is no longer in hand"
        actor.later.answer("known")
        actor.later.answer("too late")
        assert await ask == "known"


async def test_a_later_answer_may_be_an_error() -> None:
    async with ActorSystem() as system:
        ref = await teller(system)
        ask = asyncio.create_task(ref.ask(Teller.in_time()))
        await turns()
        ref.actor.later.fail(OSError("no"))
        with pytest.raises(OSError, match="no"):
            await ask
        assert ref.state == "idle"


@pytest.mark.parametrize("how", ["stop", "kill", "boom"])
async def test_who_waits_for_a_later_answer_hears_when_the_incarnation_ends_first(how: str) -> None:
    async with ActorSystem() as system:
        ref = await teller(system)
        ask = asyncio.create_task(ref.ask(Teller.in_time()))
        await turns()
        if how == "boom":
            ref.tell(Teller.boom())
        else:
            getattr(ref, how)()
        with pytest.raises(ActorEndedError):
            await ask


async def test_thousands_may_wait_for_a_later_answer_and_are_forgotten_when_they_have_it() -> None:
    class Queue(Actor):
        def __init__(self) -> None:
            self.waiting: list[Later[int]] = []

        @message
        def get(self) -> Later[int]:
            self.waiting.append(Later())
            return self.waiting[-1]

        @message
        def put(self) -> None:
            for number, later in enumerate(self.waiting):
                later.answer(number)
            self.waiting.clear()

    async with ActorSystem() as system:
        ref = await system.spawn(Queue)
        asks = [asyncio.create_task(ref.ask(Queue.get())) for _ in range(900)]
        await until(lambda: len(ref.actor.waiting) == 900)
        await ref.ask(Queue.put())
        assert await asyncio.gather(*asks) == list(range(900))
        for _ in range(130):
            ask = asyncio.create_task(ref.ask(Queue.get()))
            await turns(2)
            await ref.ask(Queue.put())
            await ask
        assert len(ref.need_extra().laters or ()) <= 128
