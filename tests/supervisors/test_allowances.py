"""Allowances of real subtrees, in virtual time: what is refused, what waits, and what returns."""

import asyncio

import pytest
from budgets import Busy, Caller, callers, left, team
from virtual import VirtualSystem, run

from llmactors import Crash
from llmactors.errors import ActorEndedError
from supervisors import Allowance, Budget, BudgetExhaustedError, GaveUpError, ResourceSupervisor, child


def test_eight_agents_that_race_for_a_hundred_calls_make_exactly_a_hundred_and_end_paused() -> None:
    async def main() -> None:
        async with VirtualSystem(team(Budget(Allowance(calls=100)), *callers(8))) as system:
            agents = [system.ref(f"c{number}") for number in range(8)]
            for agent in agents:
                agent.tell(Caller.call_on_and_on())
            await asyncio.sleep(60)
            assert [agent.state for agent in agents] == ["paused"] * 8
            assert sum(agent.usage().spent["calls"] for agent in agents) == 100
            assert system.root is not None
            await system.root.ask(ResourceSupervisor.set_budget(None, Budget(Allowance(calls=150))))
            await asyncio.sleep(60)
            assert sum(agent.usage().spent["calls"] for agent in agents) == 150
            assert [agent.state for agent in agents] == ["paused"] * 8

    run(main())


def test_what_is_refused_is_not_spent_and_the_error_names_account_limit_and_what_was_asked() -> None:
    async def main() -> None:
        specs = [child(Caller, name="c", budget=Budget(Allowance(calls=3)), restart="temporary")]
        async with VirtualSystem(team(Budget(Allowance(calls=9)), *specs)) as system:
            agent = system.ref("c")
            assert await agent.ask(Caller.call(2)) == "done"
            with pytest.raises(ActorEndedError) as ended:
                await agent.ask(Caller.call_at_once(2))
            error = ended.value.__cause__
            assert isinstance(error, BudgetExhaustedError)
            assert (error.account, error.resource, error.limit, error.available, error.asked) == (
                "/c",
                "calls",
                3,
                1,
                2,
            )

    run(main())


def test_a_child_s_allowance_comes_out_of_its_parent_s_and_what_it_has_left_returns_with_its_slot() -> None:
    async def main() -> None:
        specs = [child(Caller, name="c", budget=Budget(Allowance(calls=30)), restart="temporary")]
        async with VirtualSystem(team(Budget(Allowance(calls=100)), *specs)) as system:
            assert await left(system, "/") == 70
            agent = system.ref("c")
            await agent.ask(Caller.call(10))
            assert (await left(system, "/c"), await left(system, "/")) == (20, 70)
            await agent.stop()
            await agent.wait_ended()
            assert await left(system, "/") == 90

    run(main())


def test_a_child_whose_allowance_its_parent_does_not_have_does_not_start() -> None:
    async def main() -> None:
        specs = callers(2, budget=Budget(Allowance(calls=60)))
        system = VirtualSystem(team(Budget(Allowance(calls=100)), *specs))
        with pytest.raises(BudgetExhaustedError) as refused:
            await system.__aenter__()
        error = refused.value
        assert (error.available, error.asked) == (40, 60)

    run(main())


def test_an_account_outlives_a_restart_so_that_a_crash_loop_draws_on_the_same_budget() -> None:
    async def main() -> None:
        specs = [child(Caller, name="c", budget=Budget(Allowance(calls=3)))]
        async with VirtualSystem(team(None, *specs)) as system:
            agent = system.ref("c")
            for _ in range(2):
                with pytest.raises(ActorEndedError):
                    await agent.ask(Caller.call_and_crash())
            assert await left(system, "/c") == 1
            assert agent.usage().spent["calls"] == 2

    run(main())


def test_what_was_reserved_when_an_incarnation_was_killed_counts_as_spent() -> None:
    async def main() -> None:
        specs = [child(Caller, name="c", budget=Budget(Allowance(calls=3)))]
        async with VirtualSystem(team(None, *specs)) as system:
            agent = system.ref("c")
            agent.tell(Caller.call_and_wait())
            await asyncio.sleep(0.1)
            assert await left(system, "/c") == 2
            agent.kill()
            await asyncio.sleep(0.1)
            assert await left(system, "/c") == 2

    run(main())


def test_a_reservation_is_settled_with_what_was_used_and_the_rest_is_there_for_who_waits() -> None:
    async def main() -> None:
        async with VirtualSystem(team(Budget(Allowance(calls=10)), *callers(2))) as system:
            first, second = system.ref("c0"), system.ref("c1")
            assert await first.ask(Caller.call(9, 4)) == "done"
            assert await left(system, "/") == 6
            asking = asyncio.create_task(second.ask(Caller.call(7), timeout=60))
            await asyncio.sleep(1)
            assert second.state == "paused"
            assert system.root is not None
            await system.root.ask(ResourceSupervisor.set_budget(None, Budget(Allowance(calls=11))))
            assert await asking == "done"
            assert await left(system, "/") == 0

    run(main())


def test_an_agent_that_waits_for_its_budget_waits_longer_than_its_handler_s_limit_and_is_not_ended() -> None:
    async def main() -> None:
        async with VirtualSystem(team(Budget(Allowance(calls=0)), *callers(1))) as system:
            agent = system.ref("c0")
            asking = asyncio.create_task(agent.ask(Caller.call(), timeout=10_000))
            await asyncio.sleep(1_000)
            assert system.root is not None
            await system.root.ask(ResourceSupervisor.set_budget(None, Budget(Allowance(calls=1))))
            assert await asking == "done"

    run(main())


def test_what_hangs_on_a_child_draws_on_its_account() -> None:
    async def main() -> None:
        specs = [child(Caller, name="c", budget=Budget(Allowance(calls=3)), restart="temporary")]
        async with VirtualSystem(team(None, *specs)) as system:
            helper = await system.ref("c").ask(Caller.spawn())
            await helper.ask(Caller.call(2))
            assert await left(system, "/c") == 1

    run(main())


def test_measured_spending_beyond_an_allowance_pauses_the_subtree_until_it_is_topped_up() -> None:
    async def main() -> None:
        specs = [child(Caller, name="c", budget=Budget(Allowance(tokens=100)))]
        async with VirtualSystem(team(None, *specs)) as system:
            agent = system.ref("c")
            await agent.ask(Caller.spend("tokens", 130))
            await asyncio.sleep(0)
            assert agent.state == "paused"
            assert system.root is not None
            await system.root.ask(ResourceSupervisor.set_budget("c", Budget(Allowance(tokens=200))))
            assert await agent.ask(Caller.call()) == "done"
            assert await left(system, "/c", "tokens") == 70

    run(main())


def test_cpu_time_beyond_an_allowance_pauses_what_uses_it() -> None:
    async def main() -> None:
        specs = [child(Busy, name="b", budget=Budget(Allowance(cpu_seconds=0.5)))]
        async with VirtualSystem(team(None, *specs)) as system:
            busy = system.ref("b")
            busy.tell(Busy.begin())
            await asyncio.sleep(5)
            assert busy.state == "paused"
            assert 0.5 <= busy.usage().cpu <= 0.502

    run(main())


def test_a_subtree_whose_time_is_up_is_paused_until_it_gets_more() -> None:
    async def main() -> None:
        specs = callers(1, budget=Budget(Allowance(wall="1 min")))
        async with VirtualSystem(team(Budget(Allowance(wall="10 min")), *specs)) as system:
            agent = system.ref("c0")
            await asyncio.sleep(59)
            assert await agent.ask(Caller.call()) == "done"
            await asyncio.sleep(2)
            assert agent.state == "paused"
            assert await left(system, "/c0", "wall") == 0
            assert system.root is not None
            await system.root.ask(ResourceSupervisor.set_budget("c0", Budget(Allowance(wall="2 min"))))
            assert await agent.ask(Caller.call()) == "done"
            await asyncio.sleep(60)
            assert agent.state == "paused"
            await asyncio.sleep(600)
            with pytest.raises(TimeoutError):
                await agent.ask(Caller.call())

    run(main())


def test_an_allowance_may_stop_who_uses_it_up() -> None:
    async def main() -> None:
        specs = callers(2, budget=Budget(Allowance(calls=1, on_exhausted="stop")))
        async with VirtualSystem(team(None, *specs)) as system:
            agent, other = system.ref("c0"), system.ref("c1")
            await agent.ask(Caller.call())
            with pytest.raises(ActorEndedError):
                await agent.ask(Caller.call())
            await agent.wait_ended()
            assert agent.state == "discarded"
            assert await other.ask(Caller.call()) == "done"

    run(main())


def test_an_allowance_may_end_the_supervisor_with_the_reason_in_the_chain() -> None:
    async def main() -> None:
        class Inner(ResourceSupervisor):
            budget = Budget(Allowance(calls=1, on_exhausted="escalate"))
            c = child(Caller)

        async with VirtualSystem(team(None, child(Inner, name="inner", restart="temporary"))) as system:
            inner, agent = system.ref("inner"), system.ref("inner/c")
            await agent.ask(Caller.call())
            with pytest.raises(ActorEndedError):
                await agent.ask(Caller.call())
            exit_ = await inner.wait_ended()
            assert isinstance(exit_, Crash)
            assert isinstance(exit_.error, BudgetExhaustedError)

    run(main())


def test_a_supervisor_that_gives_up_leaves_the_accounts_above_as_they_should_be() -> None:
    class Inner(ResourceSupervisor):
        budget = Budget(Allowance(calls=40))
        c = child(Caller)

    async def main() -> None:
        specs = [child(Inner, name="inner", restart="temporary"), *callers(1)]
        async with VirtualSystem(team(Budget(Allowance(calls=100)), *specs)) as system:
            assert await left(system, "/") == 60
            inner = system.ref("inner")
            await system.ref("inner/c").ask(Caller.call(5))
            for _ in range(4):
                with pytest.raises(ActorEndedError):
                    await system.ref("inner/c").ask(Caller.crash())
            exit_ = await inner.wait_ended()
            assert isinstance(getattr(exit_, "error", None), GaveUpError)
            assert await left(system, "/") == 95

    run(main())
