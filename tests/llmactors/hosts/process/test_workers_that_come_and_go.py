"""A worker that is killed and started again leaves nothing in the main process, however often that happens."""

import gc
import os
import signal
import tracemalloc
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from performers import Worker

from llmactors import ActorRef, ActorSystem
from llmactors._codec import Codec
from llmactors.errors import ActorEndedError
from llmactors.hosts import Process
from llmactors.hosts.process._channel import Channel
from llmactors.hosts.process._life import Life
from llmactors.hosts.process._page import Page
from llmactors.hosts.process._segments import Segments
from supervisors import Intensity, Supervisor, child

LIVES = 20
PARTS = (Life, Channel, Codec, Page, Segments)


class Team(Supervisor):
    intensity = Intensity(1_000, within=5.0)
    brief = child(Worker, host=Process(preload=("performers",)))


async def killed(ref: ActorRef[Worker], times: int, data: bytes = b"") -> None:
    """Kill its process so often, and have each life answer."""
    for _ in range(times):
        os.kill(ref.usage().pid or 0, signal.SIGKILL)
        lives = ref.usage().restarts + 1
        while ref.usage().restarts < lives:
            try:
                await ref.ask(Worker.echo(data))
            except ActorEndedError:  # it had not heard yet of the process's end
                continue


@contextmanager
def no_collector() -> Iterator[None]:
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def parts() -> Counter[str]:
    """Count what makes up a worker's life here."""
    gc.collect()
    return Counter(type(thing).__name__ for thing in gc.get_objects() if type(thing) in PARTS)  # asks no proxy


def descriptors() -> int:
    return sum(1 for _ in Path("/proc/self/fd").iterdir())


def mappings() -> int:
    """Count the mappings of what is shared with workers: pages and segments."""
    return Path("/proc/self/maps").read_text().count("memfd:llmactors")


@pytest.mark.parametrize("size", [0, 300_000], ids=["small", "in shared memory"])
async def test_lives_that_were_killed_leave_no_parts_no_descriptors_and_no_mappings(size: int) -> None:
    async with ActorSystem(Team) as system:
        ref = system.ref(Team.brief)
        data = bytes(size)
        await ref.ask(Worker.echo(data))
        await killed(ref, 2, data)
        before = parts(), descriptors(), mappings()
        await killed(ref, LIVES, data)
        assert (parts(), descriptors(), mappings()) == before


async def test_the_buffers_of_a_life_go_with_it_and_do_not_wait_for_the_collector() -> None:
    async with ActorSystem(Team) as system:
        ref = system.ref(Team.brief)
        await ref.ask(Worker.echo(None))
        await killed(ref, 2)
        with no_collector():
            tracemalloc.start()
            try:
                await killed(ref, 2)  # the buffers of the life at hand are counted from here on
                before, _ = tracemalloc.get_traced_memory()
                await killed(ref, LIVES)
                after, _ = tracemalloc.get_traced_memory()
            finally:
                tracemalloc.stop()
        assert (after - before) / LIVES < 64 * 1024  # one buffer has four times that
