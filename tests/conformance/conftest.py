"""Every test here runs once on each host."""

import sys
from collections.abc import AsyncIterator

import pytest
from conforming import Gate, Journal

from llmactors import ActorRef, ActorSystem
from llmactors.hosts import HostConfig, Loop, Process, Thread

HOSTS: dict[str, type[HostConfig]] = {"loop": Loop, "thread": Thread}
if sys.platform == "linux":
    HOSTS["process"] = Process


@pytest.fixture(params=list(HOSTS))
def host(request: pytest.FixtureRequest) -> HostConfig:
    return HOSTS[request.param]()


@pytest.fixture
async def system() -> AsyncIterator[ActorSystem]:
    async with ActorSystem() as system:
        yield system


@pytest.fixture
async def gate(system: ActorSystem) -> ActorRef[Gate]:
    return await system.spawn(Gate)


@pytest.fixture
async def journal(system: ActorSystem) -> ActorRef[Journal]:
    return await system.spawn(Journal)
