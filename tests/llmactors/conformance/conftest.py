"""Every test of this suite runs on every host."""

from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from performers import Keeper, Probe

from llmactors import ActorRef, ActorSystem
from llmactors.hosts import HostConfig, Loop, Process


@pytest.fixture(params=[Loop(), Process()], ids=["loop", "process"])
def host(request: pytest.FixtureRequest) -> HostConfig:
    """The host under test."""
    chosen: HostConfig = request.param
    return chosen


@pytest.fixture
async def system() -> AsyncIterator[ActorSystem]:
    """A system without a tree."""
    async with ActorSystem() as system:
        yield system


@pytest.fixture
async def probe(system: ActorSystem) -> ActorRef[Probe]:
    """Hears what the others tell it. `probe.actor.wait(n)` waits for n things."""
    return await system.spawn(Probe, name="probe")


@pytest.fixture
def keep(system: ActorSystem, probe: ActorRef[Probe], host: HostConfig) -> Callable[..., Any]:
    """Open a slot whose owner tells the probe of it; return its ref, once it is up."""

    async def keep(cls: type, *args: Any, **options: Any) -> ActorRef[Any]:
        keeper = await system.spawn(Keeper, probe, host, cls, *args, **options)
        kept: ActorRef[Any] = keeper.actor.slot.ref
        return await kept

    return keep
