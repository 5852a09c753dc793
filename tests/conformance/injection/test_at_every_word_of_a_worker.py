"""Whatever is done to a worker process before anything that happens to it, nothing is left of it and nobody waits.

What happens to it are the calls of its life in the main process: it was forked, it says something, it is told to stop,
it has ended. Before the first of them, then anew before the second, and so on, one thing is done.
"""

import asyncio
import logging
import os
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from itertools import count
from pathlib import Path
from typing import Any

import psutil
import pytest
from soakers import NEVER, Crowd, Parcel, Soaked
from waiting import until

from llmactors import ActorRef, ActorSystem
from llmactors.errors import LLMActorsError
from llmactors.hosts import Process
from llmactors.hosts.process._life import Life
from supervisors import Supervisor, SupervisorError, child, pool

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform != "linux", reason="worker processes are Linux's"),
]

HAPPENINGS = ("_forked", "received", "stop", "kill", "_ended")
PATIENCE = 10.0


class Pair(Supervisor):
    """An actor on the loop and one in a process, which share their fate."""

    strategy = "rest_for_one"
    intensity = NEVER
    here = child(Soaked)
    there = child(Soaked, host=Process(prefetch=4), redeliver=1)


class Queue(Supervisor):
    """Two processes behind a queue."""

    intensity = NEVER
    workers = pool(Soaked, size=2, host=Process(), intensity=NEVER)


Act = Callable[[ActorRef[Any], Life], None]


def kill_it(pair: ActorRef[Any], life: Life) -> None:
    life.cell.kill("by the adversary")


def kill_its_process(pair: ActorRef[Any], life: Life) -> None:
    if life.worker is not None and not life.over:
        with suppress(ProcessLookupError):
            os.kill(life.worker.pid, signal.SIGKILL)


def stop_it(pair: ActorRef[Any], life: Life) -> None:
    life.cell.stop()


def stop_its_supervisor(pair: ActorRef[Any], life: Life) -> None:
    pair.stop()


def kill_its_supervisor(pair: ActorRef[Any], life: Life) -> None:
    pair.kill("by the adversary")


@contextmanager
def before(at: int, act: Act) -> Iterator[list[int]]:
    """Act once, before the happening number *at*; the list holds how many there were."""
    calls = [0]

    def watched(method: Callable[..., Any]) -> Callable[..., Any]:
        def call(life: Life, *args: Any) -> Any:
            calls[0] += 1
            if calls[0] == at and life.cell.owner is not None:
                act(life.cell.owner, life)
            return method(life, *args)

        return call

    with pytest.MonkeyPatch.context() as patched:
        for name in HAPPENINGS:
            patched.setattr(Life, name, watched(getattr(Life, name)))
        yield calls


@pytest.fixture
async def system() -> AsyncIterator[ActorSystem]:
    logging.disable(logging.CRITICAL)
    async with ActorSystem(Crowd) as system:
        first = await system.spawn(Soaked, host=Process())  # the fork server is up
        first.stop()
        await first.wait_ended()
        yield system
    logging.disable(logging.NOTSET)


def _is_at_rest(system: ActorSystem) -> bool:
    return all(ref is system.root for ref in system.actors())


def _no_more(now: tuple[int, ...], then: tuple[int, ...]) -> bool:
    return all(one <= other for one, other in zip(now, then, strict=True))


def there() -> tuple[int, int, int]:
    """Return how many processes, descriptors and tasks there are."""
    processes = len(psutil.Process().children(recursive=True))
    return processes, sum(1 for _ in Path("/proc/self/fd").iterdir()), len(asyncio.all_tasks())


async def ask(ref: ActorRef[Any], message: Any) -> None:
    with suppress(LLMActorsError, SupervisorError):
        async with asyncio.timeout(PATIENCE):
            await ref.ask(message, timeout=1.0)


async def use(crowd: ActorRef[Any]) -> None:
    """Start a pair, use it, have it crash and come back, and stop it."""
    try:
        pair: ActorRef[Any] = await crowd.ask(Crowd.start_child(child(Pair, restart="temporary")))
    except SupervisorError:
        return
    refs = pair.children()
    if len(refs) == 2:
        parcel = Parcel(1, b"1")
        await ask(refs[1], Soaked.take_slowly(parcel))
        refs[1].tell(Soaked.take(parcel))
        await ask(refs[1], Soaked.crash())
        await ask(refs[1], Soaked.take(parcel))
    pair.stop()
    async with asyncio.timeout(PATIENCE):
        await pair.wait_ended()


async def read(ref: ActorRef[Any]) -> bool:
    """Read a stream that is longer than its window: whether it came whole, or ended with an error."""
    try:
        async with asyncio.timeout(PATIENCE), ref.stream(Soaked.count(12), window=4) as numbers:
            assert [number async for number in numbers] == list(range(12))
    except (LLMActorsError, SupervisorError):
        return False
    return True


async def read_from_a_pool(crowd: ActorRef[Any]) -> None:
    """Start a pool, read from it more than it has workers, and then until a stream is whole; and stop it."""
    try:
        queue: ActorRef[Any] = await crowd.ask(Crowd.start_child(child(Queue, restart="temporary")))
    except SupervisorError:
        return
    workers = queue.children()[0]
    await asyncio.gather(*(read(workers) for _ in range(3)))
    async with asyncio.timeout(PATIENCE):
        while not await read(workers):
            continue
    queue.stop()
    async with asyncio.timeout(PATIENCE):
        await queue.wait_ended()


@pytest.mark.timeout(300)
@pytest.mark.parametrize("use", [use, read_from_a_pool], ids=["a pair", "streams from a pool"])
@pytest.mark.parametrize(
    ("act", "stride"),
    [(kill_its_process, 1), (kill_it, 3), (stop_it, 3), (stop_its_supervisor, 3), (kill_its_supervisor, 3)],
    ids=["kill its process", "kill it", "stop it", "stop its supervisor", "kill its supervisor"],
)
async def test_whatever_is_done_before_anything_that_happens_nothing_is_left(
    system: ActorSystem, act: Act, stride: int, use: Callable[[ActorRef[Any]], Awaitable[None]]
) -> None:
    crowd = system.root
    assert crowd is not None
    await use(crowd)
    await until(lambda: _is_at_rest(system))
    at_rest = there()
    for at in count(1, stride):
        with before(at, act) as calls:
            await use(crowd)
            await until(
                lambda: _is_at_rest(system) and all(now <= then for now, then in zip(there(), at_rest, strict=True))
            )
        if calls[0] < at:
            assert at > 10
            return
