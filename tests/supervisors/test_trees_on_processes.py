"""Trees whose workers are processes: what a supervisor promises does not depend on where its children run."""

import asyncio
import os
import signal
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from waiting import until

from llmactors import Actor, ActorSystem, message
from llmactors.errors import ActorEndedError, WorkerLostError
from llmactors.hosts import Process
from supervisors import Supervisor, child, pool, render


class Worker(Actor):
    """Works in a process of its own."""

    @message(raises=(KeyError,))
    def work(self, x: int, seconds: float = 0.0) -> int:
        """Take a while, and answer in which process."""
        time.sleep(seconds)
        if x < 0:
            raise KeyError(x)
        return os.getpid()

    @message(timeout=60)
    def hang_once(self, mark: str) -> int:
        """Leave a mark and hang; where there is one already, answer in which process."""
        path = Path(mark)
        if path.exists():
            return os.getpid()
        path.with_suffix(".new").write_text(str(os.getpid()))
        path.with_suffix(".new").rename(path)
        time.sleep(60)
        return 0

    @message
    def crash(self) -> None:
        """End abnormally."""
        raise ValueError("broken")

    @message
    async def count(self, n: int) -> AsyncIterator[int]:
        """Count to *n*."""
        for number in range(n):
            yield number


class App(Supervisor):
    """One worker, and two behind a queue."""

    one = child(Worker, host=Process())
    many = pool(Worker, size=2, host=Process(prefetch=64), redeliver=1)


@pytest.fixture
async def system() -> AsyncIterator[ActorSystem]:
    async with ActorSystem(App) as running:
        yield running


async def test_a_worker_that_crashes_or_is_killed_is_restarted_behind_the_same_ref(system: ActorSystem) -> None:
    one = system.ref(App.one)
    first = await one.ask(Worker.work(1))
    with pytest.raises(ActorEndedError) as caught:
        await one.ask(Worker.crash())
    assert "broken" in str(caught.value.__cause__)
    second = await one.ask(Worker.work(1))
    ask = asyncio.ensure_future(one.ask(Worker.work(1, 30.0)))
    await asyncio.sleep(0.1)
    os.kill(second, signal.SIGKILL)
    with pytest.raises(ActorEndedError) as lost:
        await ask
    assert isinstance(lost.value.__cause__, WorkerLostError)
    third = await one.ask(Worker.work(1))
    assert len({first, second, third}) == 3
    assert "one  Worker  idle  2 restarts" in render(system)


async def test_a_pool_shares_the_work_among_processes(system: ActorSystem) -> None:
    many = system.ref(App.many)
    pids = await asyncio.gather(*(many.ask(Worker.work(x, 0.1)) for x in range(6)))
    assert len(set(pids)) == 2
    with pytest.raises(KeyError):
        await many.ask(Worker.work(-1))
    async with many.stream(Worker.count(3)) as numbers:
        assert [number async for number in numbers] == [0, 1, 2]


async def test_a_pool_loses_nothing_when_a_worker_is_killed(system: ActorSystem) -> None:
    many = system.ref(App.many)
    asks = [asyncio.ensure_future(many.ask(Worker.work(x, 0.1), timeout=30.0)) for x in range(8)]
    await asyncio.sleep(0.15)
    pid = many.children()[0].usage().pid
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    answers = await asyncio.gather(*asks)
    assert len(answers) == 8, "what was in hand is redelivered, what waits is not concerned"
    assert sum(ref.usage().restarts for ref in many.children()) == 1


async def test_what_a_killed_process_of_a_pool_had_in_hand_is_handled_by_another(
    system: ActorSystem, tmp_path: Path
) -> None:
    mark = tmp_path / "mark"
    ask = asyncio.ensure_future(system.ref(App.many).ask(Worker.hang_once(str(mark))))
    await until(mark.exists)
    killed = int(mark.read_text())
    os.kill(killed, signal.SIGKILL)
    assert await ask not in {0, killed}


class Watched(Supervisor):
    """One worker that is to get on with its work."""

    one = child(Worker, host=Process(), stall_timeout=1.0, ready=Worker.work(1), redeliver=1)


@pytest.mark.parametrize("row", ["X4"])
async def test_a_worker_that_is_stopped_in_its_tracks_is_found_by_its_work_and_replaced(row: str) -> None:
    async with ActorSystem(Watched) as system:
        one = system.ref(Watched.one)
        first = await one.ask(Worker.work(1))
        os.kill(first, signal.SIGSTOP)
        assert await one.ask(Worker.work(1), timeout=40.0) != first
        assert one.usage().restarts == 1
