"""A fault that takes time takes it at the place that the plan names: before, within or after the handler."""

import asyncio
from typing import Literal

import pytest

from llmactors import Actor, message
from llmactors.testing import At, Faults, World, simulate
from supervisors import Supervisor, child


class Clerk(Actor):
    def __init__(self) -> None:
        self.began = self.ended = 0.0

    def now(self) -> float:
        return asyncio.get_running_loop().time()

    @message(timeout=60)
    async def work(self) -> list[float]:
        began = self.now()
        await asyncio.sleep(1)
        return [began, self.now()]

    @message(timeout=60)
    def glance(self) -> list[float]:
        return [self.now(), self.now()]


class App(Supervisor):
    clerk = child(Clerk)


@pytest.mark.parametrize(
    ("what", "when", "times"),
    [
        ("work", "taken", [5.0, 6.0, 6.0]),
        ("work", "await", [0.0, 6.0, 6.0]),
        ("work", "finished", [0.0, 1.0, 6.0]),
        ("glance", "taken", [5.0, 5.0, 5.0]),
        ("glance", "finished", [0.0, 0.0, 5.0]),
    ],
)
def test_it_begins_goes_on_and_is_heard_when_the_fault_lets_it(
    what: str, when: Literal["taken", "await", "finished"], times: list[float]
) -> None:
    @simulate(App, faults=Faults(slow=At(App.clerk, when=when, nth=1, seconds=5.0)), runs=1)
    async def test_clerk(world: World) -> None:
        said = {"work": Clerk.work(), "glance": Clerk.glance()}[what]
        began, ended = await world.ask(App.clerk, said)
        assert [began, ended, world.now] == pytest.approx(times)

    outcome = test_clerk.simulation.campaign().run(3)  # type: ignore[attr-defined]  # ours
    assert outcome.broken is None, outcome.broken
