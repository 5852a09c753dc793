"""Where descriptors or processes run out, what cannot be begun is refused, and all that there is goes on."""

import asyncio
import errno
import os
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count, islice
from pathlib import Path

import pytest
from capable import Counter, Taker

from llmactors import ActorRef, ActorSystem
from llmactors.errors import ForkRefusedError, StartFailedError
from llmactors.hosts import Process


def descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


@contextmanager
def at_most(more: int) -> Iterator[None]:
    """Let this process have so many more descriptors than it has."""
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    used = {int(entry.name) for entry in Path("/proc/self/fd").iterdir()}
    free = (number for number in count() if number not in used)
    resource.setrlimit(resource.RLIMIT_NOFILE, (next(islice(free, more, None)), before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)


async def test_without_descriptors_workers_are_refused_and_nothing_is_left_of_them() -> None:
    async with ActorSystem() as system:
        first = await system.spawn(Counter, host=Process())
        before = descriptors()
        with at_most(20):
            began = [system.spawn(Counter, host=Process()) for _ in range(20)]
            outcomes = await asyncio.wait_for(asyncio.gather(*began, return_exceptions=True), 30)
        up = [outcome for outcome in outcomes if isinstance(outcome, ActorRef)]
        refused = [outcome for outcome in outcomes if isinstance(outcome, StartFailedError)]
        assert len(up) + len(refused) == 20
        assert refused
        for error in refused:
            assert isinstance(error.__cause__, ForkRefusedError)
            assert "allow more (`ulimit -n`)" in str(error)
        assert await first.ask(Counter.add(1)) == 1
        for ref in up:
            await ref.stop()
        assert descriptors() == before
        again = await system.spawn(Counter, host=Process())
        assert await again.ask(Counter.add(1)) == 1


@pytest.mark.parametrize(
    ("scarce", "remedy"),
    [
        ("fork", "no process could be forked: .*allow more"),
        ("pidfd_open", "the fork server cannot hold a worker: .*allow more descriptors"),
    ],
)
async def test_a_fork_that_fails_ends_nobody_else(scarce: str, remedy: str) -> None:
    host = Process(preload=("scarce",), env={"SCARCE": scarce})
    async with ActorSystem() as system:
        first = await system.spawn(Counter, host=host)
        for _ in range(2):
            with pytest.raises(StartFailedError, match=remedy):
                await system.spawn(Counter, host=host)
        assert await first.ask(Counter.add(1)) == 1
        other = await system.spawn(Counter, host=Process())
        assert await other.ask(Counter.add(1)) == 1


async def test_without_a_descriptor_for_shared_memory_bytes_cross_through_the_socket(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def none_left(*_: object) -> int:
        raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))

    async with ActorSystem() as system:
        taker = await system.spawn(Taker, host=Process())
        monkeypatch.setattr(os, "memfd_create", none_left)
        assert await taker.ask(Taker.size(b"x" * (1 << 20))) == 1 << 20
