"""Every test here runs once on each host, and on the loop in both ways of handing an ask over."""

import sys
from collections.abc import AsyncIterator

import pytest
from conforming import Gate, Journal
from handing_over import QUEUED, as_its_host_says, hand_over_by_queue

from llmactors import ActorRef, ActorSystem
from llmactors.hosts import HostConfig, Loop, Process, Thread

HOSTS: dict[str, type[HostConfig]] = {"loop": Loop, QUEUED: Loop, "thread": Thread}
if sys.platform == "linux":
    HOSTS["process"] = Process


@pytest.fixture(params=list(HOSTS))
def host(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> HostConfig:
    if request.param == QUEUED:
        hand_over_by_queue(monkeypatch)
    return HOSTS[request.param]()


@pytest.fixture
async def system(request: pytest.FixtureRequest) -> AsyncIterator[ActorSystem]:
    as_its_host_says(request)
    async with ActorSystem() as system:
        yield system


@pytest.fixture
async def gate(system: ActorSystem) -> ActorRef[Gate]:
    return await system.spawn(Gate)


@pytest.fixture
async def journal(system: ActorSystem) -> ActorRef[Journal]:
    return await system.spawn(Journal)
