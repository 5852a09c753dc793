"""Every test of this suite runs on every host, and on the loop in both ways of handing an ask over."""

from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from handing_over import QUEUED, as_its_host_says, hand_over_by_queue
from performers import Keeper, Probe

from llmactors import ActorRef, ActorSystem
from llmactors.hosts import HostConfig, Loop, Process

HOSTS: dict[str, HostConfig] = {"loop": Loop(), QUEUED: Loop(), "process": Process()}


@pytest.fixture(params=list(HOSTS))
def host(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> HostConfig:
    """The host under test."""
    if request.param == QUEUED:
        hand_over_by_queue(monkeypatch)
    return HOSTS[request.param]


@pytest.fixture
async def system(request: pytest.FixtureRequest) -> AsyncIterator[ActorSystem]:
    """A system without a tree."""
    as_its_host_says(request)
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
