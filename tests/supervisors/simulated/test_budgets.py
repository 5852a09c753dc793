"""Budgets under every fault: what is reserved is settled once, whoever dies with it."""

import asyncio
from contextlib import suppress
from typing import Any

from shaken import PATIENT, begin, note, settled, words

from llmactors import Actor, message
from llmactors.errors import AskTimeoutError
from llmactors.hosts import Process
from llmactors.testing import At, Faults, Injected, LifeEnded, World, simulate
from supervisors import Allowance, Budget, Rate, ResourceSupervisor, child
from supervisors.errors import BudgetExhaustedError, SupervisorError


class Caller(Actor):
    """Reserves three tokens for each call, and uses two."""

    @message(limit=60.0)
    async def call(self) -> int:
        context = self.context
        note("asks", context.path)
        try:
            async with context.reserve(tokens=3) as reserved:
                note("has", context.path)
                await asyncio.sleep(0.1)
                reserved.used(tokens=2)
                note("used", context.path)
        except (BudgetExhaustedError, asyncio.CancelledError):
            if not context.over:
                note("left", context.path)
            raise
        return 2


class Team(ResourceSupervisor):
    intensity = PATIENT
    ann = child(Caller, budget=Budget(Allowance(tokens=20)))
    bob = child(Caller, host=Process(), weight=2)


DAN = child(Caller, budget=Budget(Allowance(tokens=12)), name="dan")


class App(ResourceSupervisor):
    intensity = PATIENT
    budget = Budget(Rate(messages=50), Allowance(tokens=200))
    team = child(Team, budget=Budget(Allowance(tokens=60)))
    cem = child(Caller, budget=Budget(Allowance(tokens=100), Rate(tokens=20)))


RESTARTS_FAIL = [At("/*/*", nth=2, rate=0.2), At("/cem", nth=2, rate=0.2)]
HARM = Faults(
    crash=[True, At("/?*", when="await"), At("/?*", when="finished")],
    kill=[True, At("/?*", when="await"), At("/?*", when="finished"), "/team"],
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
    begin(world)
    jobs: list[asyncio.Task[Any]] = [asyncio.create_task(replace_dan(world), name="bring dan")]
    for _ in range(10):
        where = world.random.choice(["/team/ann", "/team/bob", "/cem", "/dan"])
        try:
            ref = world.ref(where)
        except LookupError:
            continue
        jobs.append(world.ask(ref, Caller.call(), timeout=30.0))
        if world.random.random() < 0.2:
            ref.kill()
        if world.random.random() < 0.1:
            jobs.append(asyncio.create_task(replace_dan(world), name="replace dan"))
        await world.advance(world.random.choice([0.0, 0.05, 0.2]))
    await settled(jobs)
    await world.heal()
    await world.advance(60.0)
    assert await world.ask("/cem", Caller.call(), timeout=60.0) == 2
    lines = await world.ask("/", ResourceSupervisor.budgets())
    least, most = spent(world)
    tokens = sum(line.used for line in lines if line.kind == "allowance" and line.resource == "tokens")
    assert least <= tokens <= most, "what was used, or held at an end, is spent; nothing else is"
    for line in lines:
        assert line.reserved in {None, 0}, line
        assert line.kind == "rate" or line.used <= line.limit, line
    world.sometimes("a fault happened", world.seen(Injected))


async def replace_dan(world: World) -> None:
    """Close an account for good, and open another of the same name."""
    with suppress(SupervisorError, AskTimeoutError):
        await world.ask("/", ResourceSupervisor.terminate_child("dan"), timeout=30.0)
        await world.ask("/", ResourceSupervisor.delete_child("dan"), timeout=30.0)
    with suppress(SupervisorError, AskTimeoutError):
        await world.ask("/", ResourceSupervisor.start_child(DAN), timeout=30.0)


def spent(world: World) -> tuple[int, int]:
    """Return how many tokens have to be spent by what the callers wrote down, and how many may be.

    Two by each call that said so; all three by one that did not come to say it; who waited for its turn may have had
    them when it ended.
    """
    least = most = 0
    stage: dict[str, str] = {}

    def over(path: str) -> None:
        nonlocal least, most
        match stage.pop(path, ""):
            case "asks":
                most += 3
            case "has":
                least, most = least + 3, most + 3

    for event in world.events:
        match words(event):
            case ["asks" | "has" as now, path]:
                stage[path] = now
            case ["used", path]:
                del stage[path]
                least, most = least + 2, most + 2
            case ["left", path]:
                if stage.pop(path) == "has":
                    least, most = least + 3, most + 3
        if isinstance(event, LifeEnded):
            over(event.path)
    return least, most
