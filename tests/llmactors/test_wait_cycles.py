"""Guarantee 7: a cycle in which every hand waits is refused at once, with the path; anything else is left alone."""

import asyncio
from typing import Any

import pytest
from virtual import VirtualSystem, behaviour, now

from llmactors import Actor, ActorRef, Asks, Later, Mailbox, message
from llmactors.errors import ActorEndedError, AskTimeoutError, WaitCycleError


class Asker(Actor):
    """Passes a question on along a list of actors."""

    mailbox = Mailbox(capacity=1)

    @message(timeout=50, raises=(WaitCycleError,))
    async def pass_on(self, to: list[ActorRef[Any]], first: float = 0.0) -> str:
        await asyncio.sleep(first)
        if not to:
            return "done"
        answer: str = await to[0].ask(Asker.pass_on(to[1:]))
        return answer

    @message(timeout=50, raises=(WaitCycleError,))
    async def pass_on_now(self, to: list[ActorRef[Any]]) -> str:
        answer: str = await to[0].ask(Asker.pass_on_now(to[1:])) if to else "done"
        return answer

    @message(timeout=50)
    async def pass_on_in_a_task(self, to: ActorRef[Any]) -> str:
        async with Asks[str, str](timeout=2) as asks:
            asks.add("it", to, Asker.pass_on([]))
            _, errors = await asks.gather()
        return type(errors["it"]).__name__

    @message(timeout=50, raises=(WaitCycleError,))
    async def send(self, to: ActorRef[Any], seconds: float = 0.0) -> str:
        await asyncio.sleep(seconds)
        for _ in range(3):
            await to.send(Asker.send(self.context.self_ref))
        return "sent"

    @message(timeout=50, raises=(WaitCycleError,))
    def answer_later(self, to: ActorRef[Any]) -> Later[str]:
        answer = Later[str]()
        self.task = asyncio.get_running_loop().create_task(self._answer(answer, to))
        return answer

    async def _answer(self, answer: Later[str], to: ActorRef[Any]) -> None:
        answer.answer(await to.ask(Asker.pass_on([])))


class Two(Asker):
    """Has two hands."""

    concurrency = 2


class Starting(Actor):
    """Asks, while it starts, somebody who asks it."""

    def __init__(self, other: ActorRef[Asker]) -> None:
        self.other = other

    async def on_start(self) -> None:
        await self.other.ask(Asker.pass_on_now([self.context.self_ref]))


async def askers(system: VirtualSystem, count: int, cls: type[Asker] = Asker) -> list[ActorRef[Any]]:
    """Run askers named a, b, c."""
    return [await system.spawn(cls, name=name) for name in "abc"[:count]]


def error_of(outcome: Any) -> WaitCycleError:
    """Return the cycle that an outcome tells of."""
    assert isinstance(outcome, WaitCycleError)
    return outcome


@behaviour("7")
@pytest.mark.parametrize("credit", [0, 64])
@pytest.mark.parametrize("ask", [Asker.pass_on, Asker.pass_on_now])
async def test_a_cycle_of_asks_is_refused_at_once_with_the_path(credit: int, ask: Any) -> None:
    async with VirtualSystem() as system:
        system.scheduler.credit = system.scheduler.credit_per_turn = credit
        a, b, c = await askers(system, 3)
        with pytest.raises(WaitCycleError) as refused:
            await a.ask(ask([b, c, a]))
        assert len(refused.value.path) == 4
        assert refused.value.path[0] == refused.value.path[-1]
        assert set(refused.value.path) == {"/a", "/b", "/c"}
        assert now() == 0
        await asyncio.sleep(0.001)  # those whose askers were cancelled leave the mailboxes
        assert await a.ask(ask([b, c])) == "done"
        assert system.scheduler.waits == {}


@behaviour("B28")
@pytest.mark.parametrize("credit", [0, 64])
async def test_who_asks_itself_hears_so_at_once(credit: int) -> None:
    async with VirtualSystem() as system:
        system.scheduler.credit = system.scheduler.credit_per_turn = credit
        (a,) = await askers(system, 1)
        with pytest.raises(WaitCycleError, match="/a -> /a"):
            await a.ask(Asker.pass_on_now([a]))


@behaviour("7")
async def test_two_that_ask_each_other_at_the_same_time_do_not_hang() -> None:
    async with VirtualSystem() as system:
        a, b = await askers(system, 2)
        asked = [
            asyncio.create_task(a.ask(Asker.pass_on([b], first=1.0))),
            asyncio.create_task(b.ask(Asker.pass_on([a], first=2.0))),
        ]
        first, second = await asyncio.gather(*asked, return_exceptions=True)
        assert first == "done"
        assert error_of(second).path == ("/b", "/a", "/b")
        assert now() == pytest.approx(2.0)


@behaviour("7")
async def test_waiting_sends_are_waits_too() -> None:
    async with VirtualSystem() as system:
        a, b = await askers(system, 2)
        asked = [asyncio.create_task(a.ask(Asker.send(b))), asyncio.create_task(b.ask(Asker.send(a, 1.0)))]
        outcomes = await asyncio.gather(*asked, return_exceptions=True)
        assert any(isinstance(outcome, WaitCycleError) for outcome in outcomes)
        assert now() == pytest.approx(1.0)
        for ref in (a, b):
            ref.kill()


@behaviour("7")
async def test_a_free_hand_is_no_cycle() -> None:
    async with VirtualSystem() as system:
        a, b = await askers(system, 2, Two)
        assert await a.ask(Asker.pass_on([b, a])) == "done"
        with pytest.raises(WaitCycleError):
            await a.ask(Asker.pass_on([b, a, b, a]))


@behaviour("7")
async def test_an_answer_that_comes_later_is_no_hand() -> None:
    async with VirtualSystem() as system:
        a, b = await askers(system, 2)
        assert await a.ask(Asker.answer_later(b)) == "done"
        assert await b.ask(Asker.answer_later(b)) == "done"


@behaviour("7")
async def test_a_wait_in_another_task_is_left_to_its_deadline() -> None:
    async with VirtualSystem() as system:
        (a,) = await askers(system, 1)
        assert await a.ask(Asker.pass_on_in_a_task(a)) == AskTimeoutError.__name__


@behaviour("7")
async def test_a_start_that_waits_for_who_waits_for_it_does_not_hang() -> None:
    async with VirtualSystem() as system:
        (a,) = await askers(system, 1)
        with pytest.raises(Exception, match="could not start") as failed:
            await system.spawn(Starting, a, name="s")
        assert isinstance(failed.value.__cause__, (WaitCycleError, ActorEndedError))
        assert now() == 0


@behaviour("7")
async def test_a_chain_without_a_cycle_is_left_alone() -> None:
    async with VirtualSystem() as system:
        a, b, c = await askers(system, 3)
        asked = [asyncio.create_task(ref.ask(Asker.pass_on([c], first=1.0))) for ref in (a, b)]
        assert await asyncio.gather(*asked) == ["done", "done"]
