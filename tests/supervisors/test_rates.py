"""Rates and weights of real subtrees, in virtual time: what is withheld, and for how long."""

import asyncio

import pytest
from budgets import Busy, Caller, callers, team, work
from virtual import VirtualSystem, now, run

from llmactors import ActorRef
from supervisors import Budget, DynamicSupervisor, Rate, ResourceSupervisor, child
from supervisors._core.budget._pace import LATE


def test_an_actor_over_its_rate_of_cpu_gets_just_that_and_a_quiet_one_beside_it_answers_at_once() -> None:
    async def main() -> None:
        specs = [
            child(Busy, name="held", budget=Budget(Rate(cpu=0.25))),
            child(Busy, name="free"),
            child(Caller, name="quiet"),
        ]
        async with VirtualSystem(team(None, *specs)) as system:
            for name in ("held", "free"):
                system.ref(name).tell(Busy.begin())
            begun = now()
            while now() < begun + 5:
                asked = now()
                await system.ref("quiet").ask(Caller.count())
                assert now() - asked < 0.005
                await asyncio.sleep(0.05)
            held, free = (system.ref(name).usage().cpu / (now() - begun) for name in ("held", "free"))
            assert held == pytest.approx(0.25, abs=0.03)
            assert free > 0.6

    run(main())


def spent(agents: list[ActorRef[Caller]], resource: str) -> float:
    return sum(agent.usage().spent.get(resource, 0) for agent in agents)


async def crowd_at_work(system: VirtualSystem, *, messages: int) -> list[ActorRef[Caller]]:
    """Begin a thousand agents below `crowd`, each with so many messages to handle."""
    start = DynamicSupervisor.start_child
    agents = [await system.ref("crowd").ask(start(child(Caller))) for _ in range(1_000)]
    for agent in agents:
        for _ in range(messages):
            agent.tell(Caller.spend("work", 1))
    return agents


def test_a_thousand_agents_under_one_rate_of_messages_take_turns() -> None:
    async def main() -> None:
        root = team(Budget(Rate(messages=1_000)), child(DynamicSupervisor, name="crowd"))
        async with VirtualSystem(root) as system:
            agents = await crowd_at_work(system, messages=5)
            begun = now()
            await asyncio.sleep(1.0)
            counts = [agent.usage().spent.get("work", 0) for agent in agents]
            assert sum(counts) == pytest.approx(1_000 * (now() - begun), rel=0.06)
            assert max(counts) - min(counts) <= 1
            await asyncio.sleep(10.0)
            assert spent(agents, "work") == 5_000

    run(main())


@pytest.mark.parametrize("how", ["the loop stood still", "they were paused"])
def test_those_who_missed_their_time_do_not_all_go_at_once(how: str) -> None:
    async def main() -> None:
        root = team(Budget(Rate(messages=100)), child(DynamicSupervisor, name="crowd"))
        async with VirtualSystem(root) as system:
            crowd, agents = system.ref("crowd"), await crowd_at_work(system, messages=1)
            await asyncio.sleep(1.0)
            if how == "they were paused":
                crowd.pause()
                await asyncio.sleep(5.0)
                crowd.resume()
            else:
                work(5.0)
            before = spent(agents, "work")
            await asyncio.sleep(1.0)
            after = spent(agents, "work")
            assert after - before <= 100 * (1.0 + LATE) + 5
            await asyncio.sleep(10.0)
            assert spent(agents, "work") == 1_000

    run(main())


def test_those_whose_calls_were_due_while_the_loop_stood_still_do_not_all_make_them_at_once() -> None:
    async def main() -> None:
        async with VirtualSystem(team(Budget(Rate(calls=10)), *callers(100))) as system:
            agents = [system.ref(f"c{number}") for number in range(100)]
            for agent in agents:
                agent.tell(Caller.call())
            await asyncio.sleep(1.0)
            work(5.0)
            before = spent(agents, "calls")
            await asyncio.sleep(1.0)
            after = spent(agents, "calls")
            assert 9 <= after - before <= 10 * (1.0 + LATE) + 2
            await asyncio.sleep(20.0)
            assert spent(agents, "calls") == 100

    run(main())


def test_a_rate_of_a_named_resource_withholds_a_reservation_until_its_place_has_come() -> None:
    async def main() -> None:
        async with VirtualSystem(team(Budget(Rate(calls=60, per="minute")), *callers(1))) as system:
            agent, begun = system.ref("c0"), now()
            for _ in range(5):
                await agent.ask(Caller.call())
            assert now() - begun == pytest.approx(4.0, abs=0.1)

    run(main())


def test_what_was_reserved_and_not_used_gives_its_place_in_the_rate_back() -> None:
    async def main() -> None:
        async with VirtualSystem(team(Budget(Rate(calls=60, per="minute")), *callers(1))) as system:
            agent, begun = system.ref("c0"), now()
            for _ in range(5):
                await agent.ask(Caller.call(1, 0))
            assert now() - begun < 0.5

    run(main())


@pytest.mark.parametrize(("weights", "part"), [((1.0, 1.0), 0.5), ((2.0, 1.0), 2 / 3), ((1.0, 9.0), 0.1)])
def test_busy_siblings_share_the_loop_by_weight_whatever_the_length_of_their_slices(
    weights: tuple[float, float], part: float
) -> None:
    async def main() -> None:
        specs = [
            child(Busy, 0.002, name="long", weight=weights[0]),
            child(Busy, 0.0005, name="short", weight=weights[1]),
        ]
        async with VirtualSystem(team(None, *specs)) as system:
            for name in ("long", "short"):
                system.ref(name).tell(Busy.begin())
            await asyncio.sleep(5)
            long, short = (system.ref(name).usage().cpu for name in ("long", "short"))
            assert long / (long + short) == pytest.approx(part, rel=0.1)

    run(main())


def test_a_rate_tells_what_went_in_the_last_second_and_those_above_who_waited() -> None:
    async def main() -> None:
        specs = [child(Busy, name="busy", budget=Budget(Rate(cpu=0.25)))]
        async with VirtualSystem(team(Budget(Rate(cpu=0.9), Rate(messages=1_000)), *specs)) as system:
            system.ref("busy").tell(Busy.begin())
            await asyncio.sleep(3)
            told = await system.ref("/").ask(ResourceSupervisor.budgets())
            assert {(each.account, each.resource): each.used for each in told} == {
                ("/", "cpu"): pytest.approx(0.25, abs=0.03),
                ("/", "messages"): pytest.approx(250, abs=30),
                ("/busy", "cpu"): pytest.approx(0.25, abs=0.03),
            }
            assert [each.throttled for each in told] == [pytest.approx(3 * 0.75, abs=0.3)] * 3

    run(main())


def test_a_budget_within_a_budget_holds_twice() -> None:
    class Inner(ResourceSupervisor):
        budget = Budget(Rate(cpu=0.4))
        busy = child(Busy)

    async def main() -> None:
        root = team(Budget(Rate(cpu=0.5)), child(Inner, name="inner"), child(Busy, name="outer"))
        async with VirtualSystem(root) as system:
            for path in ("inner/busy", "outer"):
                system.ref(path).tell(Busy.begin())
            await asyncio.sleep(5)
            inner, outer = (system.ref(path).usage().cpu / 5 for path in ("inner/busy", "outer"))
            assert inner + outer == pytest.approx(0.5, abs=0.05)
            assert inner <= 0.43

    run(main())


def test_a_limit_can_be_changed_while_it_runs() -> None:
    async def main() -> None:
        async with VirtualSystem(team(None, child(Busy, name="b", budget=Budget(Rate(cpu=0.1))))) as system:
            busy = system.ref("b")
            busy.tell(Busy.begin())
            await asyncio.sleep(2)
            before = busy.usage().cpu
            assert before == pytest.approx(0.2, abs=0.03)
            assert system.root is not None
            await system.root.ask(ResourceSupervisor.set_budget("b", Budget(Rate(cpu=0.5)), 3.0))
            await asyncio.sleep(2)
            assert busy.usage().cpu - before == pytest.approx(1.0, abs=0.1)
            report = await system.root.ask(ResourceSupervisor.budgets())
            (rate,) = (each for each in report if each.account == "/b")
            assert (rate.resource, rate.kind, rate.limit, rate.weight) == ("cpu", "rate", 0.5, 3.0)
            assert rate.throttled > 1.0

    run(main())
