"""Guarantee 13: a worker past its limit is killed and replaced; a busy healthy one never is."""

import asyncio
import os
import resource
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
from hogs import Hog
from performers import Keeper, Probe
from stuck_workers import Stuck
from waiting import until

from llmactors import ActorRef, ActorSystem, Crash, Ended, Killed
from llmactors.errors import ActorEndedError, HandlerTimeoutError, WorkerLostError
from llmactors.hosts import Process
from llmactors.hosts.process import _pulse


@pytest.fixture
async def system() -> AsyncIterator[ActorSystem]:
    async with ActorSystem() as system:
        yield system


@pytest.fixture
async def probe(system: ActorSystem) -> ActorRef[Probe]:
    return await system.spawn(Probe)


@pytest.fixture
async def worker(system: ActorSystem, probe: ActorRef[Probe]) -> ActorRef[Stuck]:
    keeper = await system.spawn(Keeper, probe, Process(), Stuck, revivals=1)
    kept: ActorRef[Stuck] = keeper.actor.slot.ref
    return await kept


@pytest.fixture(autouse=True)
def in_a_hurry(monkeypatch: Any) -> None:
    monkeypatch.setattr(_pulse, "PERIOD", 0.1)
    monkeypatch.setattr(_pulse, "PATIENCE", 1.0)


def ends(probe: Any) -> list[Any]:
    return [note.exit for note in probe.actor.notes if isinstance(note, Ended)]


@pytest.mark.parametrize(
    "call",
    [Stuck.sleep(600), Stuck.sleep_after_a_step(600), Stuck.hold_the_lock(600)],
    ids=lambda call: type(call).__name__,
)
async def test_a_handler_that_does_not_come_back_is_killed_with_its_worker(worker: Any, probe: Any, call: Any) -> None:
    asked = asyncio.ensure_future(worker.ask(call))
    await asyncio.sleep(0)  # it is sent first
    for number in range(100):
        worker.tell(Stuck.note(number))
    with pytest.raises(ActorEndedError) as caught:
        await asked
    assert isinstance(caught.value.__cause__, HandlerTimeoutError)
    assert type(call).__name__ in str(caught.value.__cause__)
    assert await worker.ask(Stuck.noted(), timeout=60) == list(range(100))
    (exit,) = ends(probe)
    assert isinstance(exit, Killed)
    assert isinstance(exit.cause, HandlerTimeoutError)
    assert exit.cause.limit == 0.5


async def test_an_async_handler_that_only_waits_too_long_ends_its_actor_in_order(worker: Any, probe: Any) -> None:
    with pytest.raises(ActorEndedError):
        await worker.ask(Stuck.wait(600))
    await until(lambda: bool(ends(probe)))
    (exit,) = ends(probe)
    assert isinstance(exit, Crash)
    assert isinstance(exit.error, HandlerTimeoutError)


async def test_a_tell_that_does_not_come_back_is_found_too(worker: Any, probe: Any) -> None:
    worker.tell(Stuck.sleep(600))
    await until(lambda: bool(ends(probe)))
    assert isinstance(ends(probe)[0].cause, HandlerTimeoutError)


async def test_a_worker_that_was_stopped_is_found_when_somebody_wants_something(worker: Any, probe: Any) -> None:
    os.kill(await worker.ask(Stuck.pid()), signal.SIGSTOP)
    asked = asyncio.ensure_future(worker.ask(Stuck.noted(), timeout=60))
    await until(lambda: bool(ends(probe)))
    cause = ends(probe)[0].cause
    assert isinstance(cause, WorkerLostError)
    assert "it was stopped" in str(cause) or "did not react" in str(cause)
    assert await asked == []


async def test_one_whose_lock_is_held_behind_its_back_is_found(worker: Any, probe: Any) -> None:
    await worker.ask(Stuck.hold_the_lock_behind_my_back(600))
    await until(lambda: worker.tell(Stuck.note(1)) and bool(ends(probe)))
    assert isinstance(ends(probe)[0], Killed)
    assert await worker.ask(Stuck.pid(), timeout=60) > 0


@pytest.fixture
def hogs() -> Iterator[int]:
    """Keep one processor busy; return which."""
    processor = min(os.sched_getaffinity(0))
    code = f"import os\nos.sched_setaffinity(0, {{{processor}}})\nwhile True: pass"
    running = [subprocess.Popen([sys.executable, "-c", code]) for _ in range(2)]
    yield processor
    for hog in running:
        hog.kill()
        hog.wait()


async def test_a_healthy_worker_under_heavy_load_is_never_killed(worker: Any, probe: Any, hogs: int) -> None:
    await worker.ask(Stuck.be_meek(hogs), timeout=60)
    for number in range(200):
        await worker.send(Stuck.note(number))
    for _ in range(2):
        await worker.ask(Stuck.compute(0.4))
    assert await worker.ask(Stuck.noted(), timeout=60) == list(range(200))
    assert ends(probe) == []


def take_memory(pid: int) -> None:
    """Let a process have no more than it has."""
    pages = int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[0])
    resource.prlimit(pid, resource.RLIMIT_AS, (pages * resource.getpagesize(), resource.RLIM_INFINITY))


async def test_a_worker_without_the_memory_to_say_how_it_ended_ends_all_the_same(system: ActorSystem) -> None:
    keeper = await system.spawn(Keeper, await system.spawn(Probe), Process(), Hog, revivals=1)
    kept: Any = keeper.actor.slot.ref
    hog = await kept
    await hog.ask(Hog.ping())
    take_memory(hog.actor.worker.pid)
    with pytest.raises(ActorEndedError, match=r"MemoryError|no memory left"):
        await hog.ask(Hog.fill())
    assert await hog.ask(Hog.ping()) == "pong"
