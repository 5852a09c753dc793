"""Rates and allowances of CPU time where there are worker processes: real ones, so nothing here is timed closely.

Shares are small, so that a machine that does other things too gives everybody more than that.
"""

import asyncio
from pathlib import Path
from typing import Any

import pytest
from hogs import Hog
from waiting import until

from llmactors import ActorSystem, limits
from llmactors.hosts import Process, Thread
from llmactors.hosts.process.limits import _means as means
from supervisors import Allowance, Budget, Rate, ResourceSupervisor, Supervisor, child, pool
from supervisors._governor import Governor


def team(budget: Budget | None, *specs: Any) -> type[ResourceSupervisor]:
    return type("Team", (ResourceSupervisor,), {"budget": budget, "children": specs})


def hog(name: str, **options: Any) -> Any:
    return child(Hog, name=name, host=Process(), **options)


def governor(system: ActorSystem) -> Governor:
    assert system.root is not None
    found: Governor = system.root.actor._account.bank.governor
    return found


def cores(system: ActorSystem, *names: str) -> list[float]:
    """Return what those workers are held to."""
    workers = governor(system)._workers
    return [workers[system.ref(name)].cores for name in names]


@pytest.fixture(params=["", "off"], ids=["whatever there is", "no control groups"])
def switched(request: Any, monkeypatch: Any) -> None:
    monkeypatch.setenv(means.SWITCH, request.param)


@pytest.mark.usefixtures("switched")
async def test_a_worker_is_held_to_the_rate_of_its_account() -> None:
    async with ActorSystem(team(None, hog("held", budget=Budget(Rate(cpu=0.2))), hog("free"))) as system:
        held, free = system.ref("held"), system.ref("free")
        took = await held.ask(Hog.spin(0.3), timeout=60)
        assert took >= 1.0
        assert await free.ask(Hog.spin(0.01), timeout=60) < took
        assert cores(system, "held", "free") == [0.2, float("inf")]


@pytest.mark.usefixtures("switched")
async def test_how_long_a_worker_was_held_back_and_what_it_gets_is_told_of_its_account_and_those_above() -> None:
    async with ActorSystem(team(Budget(Rate(cpu=2.0)), hog("held", budget=Budget(Rate(cpu=0.1))))) as system:
        held = system.ref("held")
        held.tell(Hog.spin_for_ever())
        root = system.ref("/")
        account = root.actor._account
        await until(lambda: account.throttled > 0.2)
        told = [each for each in await root.ask(ResourceSupervisor.budgets()) if each.resource == "cpu"]
        assert [each.account for each in told] == ["/", "/held"]
        assert all(each.throttled > 0.2 for each in told)
        assert all(0 < each.used < 0.5 for each in told)
        held.kill()


@pytest.mark.usefixtures("switched")
async def test_busy_workers_share_a_rate_by_weight_and_one_alone_has_all_of_it() -> None:
    async with ActorSystem(team(Budget(Rate(cpu=0.08)), hog("a", weight=3.0), hog("b"))) as system:
        for name in ("a", "b"):
            system.ref(name).tell(Hog.spin(0.06))
        await until(lambda: cores(system, "a", "b") == pytest.approx([0.06, 0.02], rel=0.06))
        system.ref("a").tell(Hog.spin_for_ever())
        await system.ref("b").ask(Hog.ping(), timeout=60)
        await until(lambda: cores(system, "a")[0] > 0.065)
        assert sum(cores(system, "a", "b")) <= 0.08 + 1e-9
        system.ref("a").kill()


def weights(system: ActorSystem, *names: str) -> list[float | None]:
    """Return what parts of CPU time the kernel is told to give those workers."""
    workers = governor(system)._workers
    return [workers[system.ref(name)].weight for name in names]


@pytest.mark.usefixtures("switched")
async def test_without_a_rate_busy_workers_have_what_there_is_by_weight() -> None:
    async with ActorSystem(team(None, hog("a", weight=3.0), hog("b"))) as system:
        for name in ("a", "b"):
            system.ref(name).tell(Hog.spin_for_ever())
        await until(lambda: weights(system, "a", "b") == [1.0, pytest.approx(1 / 3, rel=0.2)])
        groups = [system.ref(name).actor.hold._group for name in ("a", "b")]
        if limits.enforcement(system.ref("a")).weights:
            told = [Path(next(iter(group._directories.values())), "cpu.shares") for group in groups]
            assert int(told[0].read_text()) == 1024 if told[0].exists() else groups[0] is not None
        else:
            assert groups == [None, None]
        for name in ("a", "b"):
            system.ref(name).kill()


async def test_a_subtree_of_two_workers_has_as_much_as_a_sibling_of_one() -> None:
    class Inner(ResourceSupervisor):
        c, d = hog(""), hog("")

    async with ActorSystem(team(None, child(Inner, name="inner"), hog("b"))) as system:
        for name in ("inner/c", "inner/d", "b"):
            system.ref(name).tell(Hog.spin_for_ever())
        half = pytest.approx(0.5, rel=0.2)
        await until(lambda: weights(system, "inner/c", "inner/d", "b") == [half, half, 1.0])
        for name in ("inner/c", "inner/d", "b"):
            system.ref(name).kill()


async def test_workers_of_equal_weight_are_left_to_the_kernel() -> None:
    async with ActorSystem(team(None, hog("a", weight=2.0), hog("b", weight=2.0))) as system:
        await system.ref("a").ask(Hog.ping())
        assert weights(system, "a", "b") == [None, None]
        assert governor(system)._timer is None
        assert system.ref("a").actor.hold._group is None


async def test_a_pool_and_a_tree_below_share_what_their_account_has() -> None:
    class Inner(Supervisor):
        deep = hog("")

    class Hogs(ResourceSupervisor):
        budget = Budget(Rate(cpu=0.08))
        many = pool(Hog, size=2, host=Process())
        inner = child(Inner, budget=Budget(Rate(cpu=0.02)))

    async with ActorSystem(Hogs) as system:
        workers = governor(system)._workers
        for ref in list(workers):
            ref.tell(Hog.spin_for_ever())
        await until(
            lambda: sorted(worker.cores for worker in workers.values()) == pytest.approx([0.02, 0.03, 0.03], rel=0.06)
        )
        assert sum(worker.cores for worker in workers.values()) <= 0.08 + 1e-9
        for ref in list(workers):
            ref.kill()


async def test_actors_on_the_loop_and_workers_draw_on_the_same_account() -> None:
    specs = (hog("worker"), child(Hog, name="here"))
    async with ActorSystem(team(Budget(Rate(cpu=0.08)), *specs)) as system:
        worker, here = system.ref("worker"), system.ref("here")
        worker.tell(Hog.spin_for_ever())
        await until(lambda: cores(system, "worker")[0] > 0.06)
        account = governor(system)._bank.accounts["/"]
        spinning = [asyncio.create_task(here.ask(Hog.spin(0.01), timeout=60)) for _ in range(40)]
        await until(lambda: cores(system, "worker")[0] < 0.06)
        await until(lambda: account.loop_pace is not None and account.loop_pace.rate < 0.06)
        for task in spinning:
            task.cancel()
        here.kill()
        worker.kill()


@pytest.mark.parametrize("below", [False, True], ids=["itself", "by what it starts"])
async def test_the_cpu_seconds_of_a_worker_come_out_of_its_allowance(below: bool) -> None:
    async with ActorSystem(team(Budget(Allowance(cpu_seconds=0.5)), hog("worker"))) as system:
        worker = system.ref("worker")
        await worker.ask(Hog.ping(), timeout=60)
        worker.tell(Hog.spin_below(0.6) if below else Hog.spin(0.6))
        await until(lambda: worker.state in {"pausing", "paused"})
        waiting = asyncio.create_task(worker.ask(Hog.ping(), timeout=60))
        await until(lambda: worker.state == "paused")
        assert not waiting.done()
        assert system.root is not None
        await system.root.ask(ResourceSupervisor.set_budget(None, Budget(Allowance(cpu_seconds=60))))
        assert await waiting == "pong"


async def test_what_a_worker_used_until_its_end_is_charged() -> None:
    async with ActorSystem(team(Budget(Allowance(cpu_seconds=60)), hog("worker"))) as system:
        worker = system.ref("worker")
        await worker.ask(Hog.spin(0.2), timeout=60)
        worker.kill()
        await worker.ask(Hog.ping(), timeout=60)
        (allotment,) = await _budgets(system)
        assert allotment.used >= 0.2
        assert allotment.used == pytest.approx(limits.measure(worker).cpu, abs=0.15)


async def test_a_rate_can_be_changed_while_a_worker_is_held_to_it() -> None:
    async with ActorSystem(team(None, hog("worker", budget=Budget(Rate(cpu=0.01))))) as system:
        worker = system.ref("worker")
        worker.tell(Hog.spin(0.2))
        await until(lambda: worker.state == "throttled")
        assert system.root is not None
        await system.root.ask(ResourceSupervisor.set_budget("worker", Budget(Rate(cpu=4))))
        assert await worker.ask(Hog.ping(), timeout=60) == "pong"


async def test_a_rate_of_messages_holds_a_worker_message_by_message() -> None:
    async with ActorSystem(team(None, hog("worker", budget=Budget(Rate(messages=10, burst=2))))) as system:
        worker = system.ref("worker")
        await worker
        for _ in range(5):
            worker.tell(Hog.ping())
        await until(lambda: worker.usage().mailbox <= 3)
        assert worker.usage().mailbox > 0


async def test_a_throttled_worker_has_not_stalled() -> None:
    spec = hog("worker", budget=Budget(Rate(cpu=0.02)), stall_timeout=0.3)
    async with ActorSystem(team(None, spec)) as system:
        worker = system.ref("worker")
        await worker.ask(Hog.ping(), timeout=60)
        pid = worker.usage().pid
        assert await worker.ask(Hog.spin(0.05), timeout=60) > 0.5
        assert worker.usage().pid == pid


async def test_nothing_is_looked_at_without_a_limit_of_cpu() -> None:
    async with ActorSystem(team(Budget(Allowance(calls=1)), hog("worker"))) as system:
        await system.ref("worker").ask(Hog.ping(), timeout=60)
        assert governor(system)._timer is None


async def test_on_a_thread_the_go_ahead_is_withheld_before_each_message() -> None:
    spec = child(Hog, name="thread", host=Thread(), budget=Budget(Rate(cpu=0.1)))
    async with ActorSystem(team(None, spec)) as system:
        thread = system.ref("thread")
        for _ in range(3):
            thread.tell(Hog.spin(0.02))
        await until(lambda: thread.state == "throttled")
        assert await thread.ask(Hog.ping(), timeout=60) == "pong"


async def _budgets(system: ActorSystem) -> list[Any]:
    assert system.root is not None
    return await system.root.ask(ResourceSupervisor.budgets())
