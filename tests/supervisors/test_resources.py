"""Budgets on every host, where they are refused, and what happens without one."""

import asyncio
from typing import Any

import pytest
from budgets import Caller, Clerk, callers, left, team
from waiting import until

from llmactors import ActorSystem
from llmactors.errors import ActorEndedError
from llmactors.hosts import Loop, Process, Thread
from supervisors import Allowance, Budget, DynamicSupervisor, Rate, ResourceSupervisor, SpecError, Supervisor, child


@pytest.mark.parametrize("host", [Loop(), Thread(), Process()], ids=["loop", "thread", "process"])
async def test_a_budget_holds_on_every_host(host: Any) -> None:
    async with ActorSystem(team(Budget(Allowance(calls=5)), child(Clerk, name="clerk", host=host))) as system:
        clerk = system.ref("clerk")
        assert await clerk.ask(Clerk.call(), timeout=30) == "done"
        assert await clerk.ask(Clerk.call_at_once()) == "done"
        assert await clerk.ask(Clerk.call(0)) == "done"
        await clerk.ask(Clerk.spend("calls", 1))
        await clerk.ask(Clerk.spend("pages", 3))
        assert await left(system, "/") == 2
        for _ in range(2):
            clerk.tell(Clerk.call())
        waiting = asyncio.create_task(clerk.ask(Clerk.call(), timeout=30))
        await until(lambda: clerk.state == "paused")
        assert system.root is not None
        await system.root.ask(ResourceSupervisor.set_budget(None, Budget(Allowance(calls=9))))
        assert await waiting == "done"
        assert await left(system, "/") == 3
        assert clerk.usage().spent == {"calls": 6, "pages": 3}


@pytest.mark.parametrize("host", [Loop(), Process()], ids=["loop", "process"])
async def test_what_was_reserved_where_a_handler_was_cancelled_or_killed_is_settled_once(host: Any) -> None:
    async with ActorSystem(team(Budget(Allowance(calls=5)), child(Clerk, name="clerk", host=host))) as system:
        clerk = system.ref("clerk")
        with pytest.raises(TimeoutError):
            await clerk.ask(Clerk.call_and_wait(), timeout=0.05)
        assert await clerk.ask(Clerk.call(), timeout=30) == "done"
        assert await left(system, "/") == 3
        clerk.tell(Clerk.call_and_wait())
        while await left(system, "/") != 2:  # noqa: ASYNC110 - nothing announces it
            await asyncio.sleep(0.001)
        clerk.kill()
        assert await clerk.ask(Clerk.call(), timeout=30) == "done"
        assert await left(system, "/") == 1


# -- what is refused -------------------------------------------------------------------------------------------------
def test_a_budget_is_refused_where_nobody_keeps_to_it() -> None:
    with pytest.raises(SpecError, match="derive from ResourceSupervisor"):

        class Plain(Supervisor):
            c = child(Caller, budget=Budget(Rate(cpu=1)))

    with pytest.raises(SpecError, match="derive from ResourceSupervisor"):

        class Weighted(Supervisor):
            c = child(Caller, weight=2.0)


async def test_a_dynamic_supervisor_refuses_a_child_with_a_budget() -> None:
    async with ActorSystem(DynamicSupervisor) as system:
        assert system.root is not None
        with pytest.raises(BaseException, match="derive from ResourceSupervisor"):
            await system.root.ask(DynamicSupervisor.start_child(child(Caller, weight=2.0)))


@pytest.mark.parametrize(
    ("options", "field"),
    [({"budget": Rate(cpu=1)}, "budget"), ({"weight": 0}, "weight"), ({"weight": True}, "weight")],
)
def test_what_is_no_budget_or_weight_is_refused(options: Any, field: str) -> None:
    with pytest.raises(SpecError) as refused:
        child(Caller, **options)
    assert refused.value.field == field


def test_a_class_s_budget_must_be_one() -> None:
    with pytest.raises(SpecError, match="budget"):

        class Team(ResourceSupervisor):
            budget = Rate(cpu=1)  # type: ignore[assignment]


# -- without a budget ------------------------------------------------------------------------------------------------
async def test_without_a_budget_spending_is_counted_and_reservations_always_fit() -> None:
    async with ActorSystem() as system:
        agent = await system.spawn(Caller)
        await agent.ask(Caller.spend("tokens", 120))
        assert await agent.ask(Caller.call(10**9)) == "done"
        assert await agent.ask(Caller.call_at_once(1)) == "done"
        assert agent.usage().spent == {"tokens": 120, "calls": 10**9 + 1}


@pytest.mark.parametrize("amount", [-1, float("nan")])
async def test_what_is_no_amount_is_refused(amount: float) -> None:
    async with ActorSystem(team(None, *callers(1))) as system:
        with pytest.raises(ActorEndedError) as ended:
            await system.ref("c0").ask(Caller.spend("tokens", amount))
        assert isinstance(ended.value.__cause__, ValueError)
