"""Budgets under every fault: what is reserved is settled once, whoever dies with it."""

import asyncio

from shaken import PATIENT, settled

from llmactors import Actor, message
from llmactors.hosts import Process
from llmactors.testing import At, Faults, Injected, World, simulate
from supervisors import Allowance, Budget, Rate, ResourceSupervisor, child


class Caller(Actor):
    """Reserves three tokens for each call, and uses two."""

    @message(limit=60.0)
    async def call(self) -> int:
        async with self.context.reserve(tokens=3) as reserved:
            await asyncio.sleep(0.1)
            reserved.used(tokens=2)
        return 2


class Team(ResourceSupervisor):
    intensity = PATIENT
    ann = child(Caller, budget=Budget(Allowance(tokens=20)))
    bob = child(Caller, host=Process(), weight=2)


class App(ResourceSupervisor):
    intensity = PATIENT
    budget = Budget(Rate(messages=50), Allowance(tokens=200))
    team = child(Team, budget=Budget(Allowance(tokens=60)))
    cem = child(Caller, budget=Budget(Allowance(tokens=100), Rate(tokens=20)))


RESTARTS_FAIL = [At("/*/*", nth=2, rate=0.2), At("/cem", nth=2, rate=0.2)]
HARM = Faults(
    crash=[True, At("/*", when="await"), At("/*", when="finished")],
    kill=[True, At("/*", when="await"), At("/*", when="finished"), "/team"],
    hang="/team/*",
    slow=True,
    delay=True,
    drop=True,
    start_failure=RESTARTS_FAIL,
    rate=0.03,
    most=5,
)


@simulate(App, faults=HARM)
async def test_what_is_reserved_is_settled_once_whoever_dies_with_it(world: World) -> None:
    jobs = []
    for _ in range(10):
        where = world.random.choice(["/team/ann", "/team/bob", "/cem"])
        jobs.append(world.ask(where, Caller.call(), timeout=30.0))
        await world.advance(world.random.choice([0.0, 0.05, 0.2]))
    await settled(jobs)
    await world.heal()
    await world.advance(60.0)
    assert await world.ask("/cem", Caller.call(), timeout=60.0) == 2
    for line in await world.ask("/", ResourceSupervisor.budgets()):
        assert line.reserved in {None, 0}, line
        assert line.used is None or line.used <= line.limit, line
    world.sometimes("a fault happened", world.seen(Injected))
