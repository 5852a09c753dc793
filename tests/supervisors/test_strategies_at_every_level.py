"""Who is restarted when a worker dies: the same tests in the simulator, and with real processes that are killed."""

from typing import Any

import pytest
from netting import Store

import supervisors.testing
from llmactors.hosts import Process
from llmactors.testing import LifeBegan, LifeEnded, World, simulate
from llmactors.testing._core.laws import Law
from llmactors.testing._laws import LAWS
from supervisors import Supervisor, child

STRATEGIES = ("one_for_one", "one_for_all", "rest_for_one")
RESTARTS = ("permanent", "transient", "temporary")
HIT = {
    "one_for_one": {"second"},
    "one_for_all": {"first", "second", "third"},
    "rest_for_one": {"second", "third"},
}
"""Who is begun again when the second of three dies and comes back."""


def family(strategy: Any, restart: Any) -> type[Supervisor]:
    class Family(Supervisor):
        first = child(Store, host=Process())
        second = child(Store, host=Process(), restart=restart)
        third = child(Store, host=Process())

    Family.strategy = strategy
    return Family


def laws() -> tuple[type[Law], ...]:
    """Return the laws that are not installed with the package where its sources are tested."""
    return tuple(law for law in supervisors.testing.LAWS if law not in LAWS)


@pytest.mark.slow
@pytest.mark.parametrize("level", ["sim", "real"])
@pytest.mark.parametrize("restart", RESTARTS)
@pytest.mark.parametrize("strategy", STRATEGIES)
def test_a_worker_that_is_killed_takes_with_it_whom_the_strategy_says(strategy: str, restart: str, level: Any) -> None:
    tree: Any = family(strategy, restart)
    again = HIT[strategy] if restart != "temporary" else set()

    @simulate(tree, level=level, runs=1 if level == "real" else 20, laws=laws())
    async def kills(world: World) -> None:
        for spec in (tree.first, tree.second, tree.third):
            assert await world.ask(spec, Store.keep(1), timeout=30) == 1
        before = len(world.events)
        await world.kill(tree.second)
        await world.eventually("the worker is dead", lambda: world.seen(_ended_by_sigkill))
        begun: set[str] = set()

        def settled() -> bool:
            begun.update(event.path.strip("/") for event in world.events[before:] if isinstance(event, LifeBegan))
            up = [name for name in again if world.ref(name).state == "idle"]
            return begun == again and len(up) == len(again)

        await world.eventually("those are up again whom the strategy says", settled)
        for name in sorted({"first", "third", *again}):
            kept = 1 if name in again else 2
            assert await world.ask(name, Store.keep(2), timeout=30) == kept
        order = [event.path.strip("/") for event in world.events[before:] if isinstance(event, LifeBegan)]
        assert order == [name for name in ("first", "second", "third") if name in again]

    kills()


def _ended_by_sigkill(event: object) -> bool:
    return isinstance(event, LifeEnded) and "SIGKILL" in event.exit
