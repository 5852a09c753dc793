"""A run is its choices: whoever makes the same ones again has the same run, event by event."""

import asyncio

import pytest

from llmactors import Actor, message
from llmactors.testing import At, Faults, World, simulate
from llmactors.testing._sim._quiet import quiet
from supervisors import Intensity, Supervisor, child
from supervisors.testing import LAWS


class Worker(Actor):
    @message
    async def work(self, number: int) -> int:
        await asyncio.sleep(0.1)
        return number

    @message
    def note(self, number: int) -> None:
        pass


class Team(Supervisor):
    intensity = Intensity(50)
    a = child(Worker)
    b = child(Worker)
    c = child(Worker)


async def work(world: World) -> None:
    asks = []
    for number in range(3):
        for who in (Team.a, Team.b, Team.c):  # their timers are called the same, and are due at the same time
            asks.append(world.ask(who, Worker.work(number), timeout=5))
            world.tell(who, Worker.note(number))
        await asyncio.sleep(0.1)
    await asyncio.gather(*asks, return_exceptions=True)


@pytest.mark.parametrize(
    "faults",
    [
        Faults(),
        Faults(crash=At(), rate=0.05),
        Faults(slow=At(when="await"), kill=At(), rate=0.05),
        Faults(slow=At(when="finished"), crash=At(when="await"), rate=0.05),
    ],
    ids=["no faults", "crashes", "slow and killed", "slow to tell"],
)
def test_what_was_chosen_in_a_run_is_all_that_it_depends_on(faults: Faults) -> None:
    campaign = simulate(Team, faults=faults, laws=LAWS)(work).simulation.campaign()  # type: ignore[attr-defined]  # ours
    campaign.plain()
    with quiet():
        for seed in range(24):
            run = campaign.run(seed)
            again, unmet = campaign.again(seed, run.choices)
            assert run.broken is None, run.broken
            assert not unmet
            assert again.digest() == run.digest()
            assert again.choices == run.choices
