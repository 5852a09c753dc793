"""Laws of supervision in simulated runs: our own trees keep them, and a tree that is tampered with is caught."""

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest

from llmactors import Actor, message
from llmactors.testing import At, Faults, SimulationFailedError, World, simulate
from llmactors.testing._options import OPTIONS
from supervisors import Allowance, Backoff, Budget, DynamicSupervisor, Intensity, ResourceSupervisor, Supervisor, child
from supervisors._core import _agenda, _restarts
from supervisors._core.budget._ledger import Ledger
from supervisors.testing import LAWS

RUNS = 25


@pytest.fixture(autouse=True)
def _nothing_is_written(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(OPTIONS, "folder", None)
    told = list(OPTIONS.told)
    yield
    OPTIONS.told[:] = told


class Worker(Actor):
    @message
    async def work(self) -> None:
        await asyncio.sleep(0.1)

    async def on_stop(self, exit: object) -> None:
        await asyncio.sleep(0.01)


class Crowd(DynamicSupervisor):
    intensity = Intensity(30)


class Tree(Supervisor):
    intensity = Intensity(4, within=5.0)
    first = child(Worker)
    second = child(Worker, restart="transient", backoff=Backoff(0.05))
    crowd = child(Crowd)
    third = child(Worker, intensity=Intensity(2, within=1.0))


def trees(strategy: str) -> Any:
    return type("Tree", (Tree,), {"strategy": strategy})


async def work(world: World) -> None:
    asks = []
    for _ in range(3):
        asks += [world.ask(who, Worker.work(), timeout=2) for who in (Tree.first, Tree.second, Tree.third)]
        await asyncio.sleep(0.3)
    await asyncio.gather(*asks, return_exceptions=True)


FAULTS = Faults(crash=At(Worker), kill=At(Worker, when="await"), rate=0.1)


@pytest.mark.parametrize("strategy", ["one_for_one", "one_for_all", "rest_for_one"])
def test_our_trees_keep_the_laws_whatever_is_injected(strategy: str) -> None:
    simulate(trees(strategy), faults=FAULTS, runs=RUNS, laws=LAWS)(work)()


def broken(root: type[Supervisor], test: Any, faults: Faults = FAULTS) -> str | None:
    with pytest.raises(SimulationFailedError) as caught:
        simulate(root, faults=faults, runs=RUNS, laws=LAWS)(test)()
    return caught.value.law


def test_a_supervisor_that_stops_its_children_in_the_wrong_order_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    right = _agenda._alive_from
    monkeypatch.setattr(_agenda, "_alive_from", lambda turn, first: tuple(reversed(right(turn, first))))
    assert broken(Tree, work) == "stop order is the reverse of start order"


def test_a_supervisor_that_never_gives_up_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_restarts, "_granted", lambda *_: True)
    faults = Faults(crash=At(Worker), rate=1.0, most=None)
    assert broken(Tree, work, faults) == "restarts within the window never exceed the intensity"


def test_a_group_that_is_started_again_while_some_of_it_live_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    def regroup(turn: Any, slot: Any, _: object) -> None:
        turn.begin(slot)

    monkeypatch.setattr(_restarts, "regroup", regroup)
    assert broken(trees("rest_for_one"), work) == "children keep their order when they are restarted"


class Caller(Actor):
    @message
    async def call(self) -> None:
        async with self.context.reserve(calls=1) as reserved:
            await asyncio.sleep(0.1)
            reserved.used(calls=1)


class Team(ResourceSupervisor):
    intensity = Intensity(40)
    budget = Budget(Allowance(calls=50))
    one = child(Caller, budget=Budget(Allowance(calls=20)))
    two = child(Caller)


async def call(world: World) -> None:
    asks = [world.ask(who, Caller.call(), timeout=2) for _ in range(4) for who in (Team.one, Team.two)]
    await asyncio.gather(*asks, return_exceptions=True)


CALLS = Faults(crash=At(Caller), kill=At(Caller, when="await"), rate=0.1)


def test_budgets_balance_whatever_is_injected() -> None:
    simulate(Team, faults=CALLS, runs=RUNS, laws=LAWS)(call)()


def test_a_reservation_that_is_never_given_back_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Ledger, "settle", lambda self, reservation, spent: self.spend(reservation.account, spent))
    assert broken(Team, call, CALLS) == "budgets balance"
