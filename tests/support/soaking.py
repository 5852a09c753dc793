"""Soak: random crashes, kills, full mailboxes and cancellations on all hosts at once, and nothing is left of them.

It works in rounds. In each, several tasks do harm for a while; then everything comes to rest, and what is there is
counted: tasks, threads, processes, descriptors, blocks of memory and, over all processes, resident bytes. What is there
at rest after the last round may be no more than what was there when the soak had warmed up. At the end the system
closes, and of what it had made nothing may be left.
"""

from __future__ import annotations

import asyncio
import gc
import logging
import os
import signal
import socket
import sys
import threading
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from statistics import median
from typing import Any

import psutil
from soakers import CLERKS, Crowd, Errands, Parcel, Parent, Soak, Soaked, SoakedError, hosts_here

from llmactors import ActorRef, ActorSystem
from llmactors._run import loop_factory
from llmactors.errors import LLMActorsError
from llmactors.hosts import ThespianChild, abandoned_threads
from supervisors import SupervisorError, child
from supervisors._overseer import Overseer
from supervisors._pool import Pool
from supervisors._values import Restart

HARMERS = 6
"""Tasks that do harm at a time."""

PATIENCE = 20.0
"""Seconds that an ask, or coming to rest, may take on a machine that is busy."""

BLOCKS, BYTES = 2_000, 4 << 20
"""Blocks and resident bytes (a process) by which two rests may differ without there being a leak: the noise."""

COUNTED = 2 * HARMERS
"""Tasks and descriptors by which they may: spare tasks, pooled segments, two for each thing that is done at once."""

EXPECTED = (LLMActorsError, SupervisorError, SoakedError, TimeoutError)


@dataclass(frozen=True)
class Rest:
    """What is there when nothing happens."""

    tasks: int
    threads: int
    processes: int
    descriptors: int
    blocks: int
    resident: int

    def __str__(self) -> str:
        return (
            f"{self.tasks} tasks, {self.threads} threads, {self.processes} processes, {self.descriptors} descriptors, "
            f"{self.blocks} blocks, {self.resident / 2**20:.1f} MiB"
        )


@dataclass
class Soaking:
    """One soak."""

    seconds: float
    seed: int
    round_seconds: float
    say: Callable[[str], None]
    done: Counter[str] = field(default_factory=Counter)
    rests: list[Rest] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)

    async def run(self) -> None:
        """Soak, and write down what was wrong."""
        await _open_and_close_a_stream()
        before = _at_rest()
        system = ActorSystem(Soak, hosts_here())
        await system.start()
        begun = time.monotonic()
        try:
            while time.monotonic() - begun < self.seconds:
                await self._round(system, len(self.rests))
        finally:
            await system.stop()
        try:
            system.raise_unheard()
        except* EXPECTED:  # of those whose owner had ended before it could hear
            pass
        del system
        await _until(lambda: len(asyncio.all_tasks()) == 1)
        after = _at_rest()
        self._compare_ends(before, after)
        self._compare_rests()

    async def _round(self, system: ActorSystem, number: int) -> None:
        until = time.monotonic() + self.round_seconds
        harmers = [
            asyncio.create_task(Harmer(self, system, Random(f"{self.seed} {number} {place}")).harm(until))
            for place in range(HARMERS)
        ]
        for harmed in asyncio.as_completed(harmers):
            await harmed
        if not await _until(lambda: _rests(system)):
            self.faults.append(f"round {number} never came to rest: {_restless(system)}")
        await _clear(system)
        rest = _at_rest()
        self.rests.append(rest)
        self.say(f"round {number}: {sum(self.done.values())} things done; at rest {rest}")

    def _compare_ends(self, before: Rest, after: Rest) -> None:
        for what in ("tasks", "threads", "processes", "descriptors"):
            if getattr(after, what) > getattr(before, what):
                self.faults.append(f"{what} at the end: {getattr(after, what)}, before {getattr(before, what)}")

    def _compare_rests(self) -> None:
        """The last third of the rounds may hold no more than the middle third: by then it has warmed up."""
        third = len(self.rests) // 3
        if not third:
            return
        middle, last = self.rests[third : 2 * third], self.rests[2 * third :]
        for what in ("tasks", "threads", "processes", "descriptors"):
            noise = COUNTED if what in {"tasks", "descriptors"} else 0
            if min(getattr(rest, what) for rest in last) > max(getattr(rest, what) for rest in middle) + noise:
                self.faults.append(f"more and more {what}: {[getattr(rest, what) for rest in self.rests]}")
        amounts = {"blocks": BLOCKS, "resident": BYTES * max(rest.processes + 1 for rest in self.rests)}
        for what, most in amounts.items():
            grown = median(getattr(rest, what) for rest in last) - median(getattr(rest, what) for rest in middle)
            if grown > most:
                self.faults.append(f"{what} grew by {grown}: {[getattr(rest, what) for rest in self.rests]}")


async def _open_and_close_a_stream() -> None:
    """Have the loop open what it keeps from its first stream to its end (libuv does: one descriptor)."""
    ours, theirs = socket.socketpair()
    with theirs:
        _, writer = await asyncio.open_connection(sock=ours)
        writer.close()
        await writer.wait_closed()


# -- what is there -----------------------------------------------------------------------------------------------
def _at_rest() -> Rest:
    for _ in range(3):
        gc.collect()
    me = psutil.Process()
    below = me.children(recursive=True)
    return Rest(
        tasks=len(asyncio.all_tasks()),
        threads=threading.active_count(),
        processes=len(below),
        descriptors=sum(1 for _ in Path("/proc/self/fd").iterdir()) if sys.platform == "linux" else me.num_fds(),
        blocks=sys.getallocatedblocks(),
        resident=sum(_resident(process) for process in [me, *below]),
    )


def _resident(process: psutil.Process) -> int:
    try:
        return int(process.memory_info().rss)
    except psutil.NoSuchProcess:
        return 0


def _takes_parcels(ref: ActorRef[Any]) -> bool:
    """Say whether it is a worker, or a queue before some."""
    return ref.cls is Pool or not issubclass(ref.cls, Overseer | ThespianChild)


def _restless(system: ActorSystem) -> list[ActorRef[Any]]:
    return [ref for ref in system.actors() if ref.state not in {"idle", "discarded"} and _matters(ref)]


def _matters(ref: ActorRef[Any]) -> bool:
    return not (ref.state == "down" and ref.name == "c")  # transient, and it may have been stopped


def _rests(system: ActorSystem) -> bool:
    return not _restless(system) and not abandoned_threads()


async def _until(condition: Callable[[], bool]) -> bool:
    until = time.monotonic() + PATIENCE
    while not condition():
        if time.monotonic() > until:
            return False
        await asyncio.sleep(0.01)
    return True


async def _clear(system: ActorSystem) -> None:
    """End what comes and goes, so that every round rests alike; and let what was told of it forget it."""
    crowd = system.ref(Soak.crowd)
    for info in await crowd.ask(Crowd.which_children()):
        await crowd.ask(Crowd.terminate_child(info.name))
    watchers = [system.ref(name) for name in ("parent", "group/b", "quick/b")]
    lives = [ref.usage().restarts for ref in watchers]
    for ref in watchers:
        ref.kill("a new one, with nobody to watch")
    await _until(lambda: [ref.usage().restarts for ref in watchers] != lives and not system.ref("parent").children())
    await _until(lambda: _rests(system))
    system.dead_letters.recent.clear()


# -- harm ----------------------------------------------------------------------------------------------------------
class Harmer:
    """Does one thing after another to actors that it picks by chance."""

    def __init__(self, soaking: Soaking, system: ActorSystem, chance: Random) -> None:
        self.soaking, self.system, self.chance = soaking, system, chance
        self.deeds: list[Callable[[ActorRef[Any]], Awaitable[None]]] = [
            *(self.ask,) * 4,
            *(self.tell,) * 3,
            *(self.flood, self.send, self.cancel_an_ask, self.read, self.leave_a_stream, self.be_refused),
            *(self.crash, self.kill, self.stop, self.pause, self.kill_the_process),
            *(self.have_spawned, self.have_watched, self.start_one, self.run_errands, self.wait_for_an_end),
            *((self.use_a_clerk,) * 2 if "thespian" in hosts_here() else ()),
        ]
        self.clerical: list[Callable[[ActorRef[Any]], Awaitable[None]]] = [
            *(self.ask_a_clerk,) * 6,
            *(self.leave_a_clerk_waiting, self.have_a_clerk_end, self.kill_a_clerk, self.kill, self.stop, self.pause),
        ]

    async def harm(self, until: float) -> None:
        """Go on until then."""
        while time.monotonic() < until:
            deed = self.chance.choice(self.deeds)
            self.soaking.done[deed.__name__] += 1
            ref = self.chance.choice([ref for ref in self.system.actors() if _takes_parcels(ref)])
            begun = time.monotonic()
            try:
                async with asyncio.timeout(PATIENCE):
                    await deed(ref)
            except EXPECTED:
                if time.monotonic() - begun >= PATIENCE:
                    self.soaking.faults.append(f"{deed.__name__} of {ref!r} hung")
            if not self.chance.randrange(20):
                await asyncio.sleep(self.chance.random() * 0.01)

    def parcel(self) -> Parcel:
        return Parcel(self.chance.randrange(1000), bytes(self.chance.choice((0, 10, 1000, 100_000))))

    async def ask(self, ref: ActorRef[Any]) -> None:
        parcel = self.parcel()
        make = self.chance.choice((Soaked.take, Soaked.take_slowly))
        if await ref.ask(make(parcel), timeout=self.chance.choice((0.0, 0.01, 1.0))) != parcel.number:
            self.soaking.faults.append(f"{ref!r} answered something else")

    async def tell(self, ref: ActorRef[Any]) -> None:
        ref.tell(Soaked.take(self.parcel()))
        ref.tell(Soaked.remind())

    async def flood(self, ref: ActorRef[Any]) -> None:
        for _ in range(100):
            ref.tell(Soaked.take(Parcel(0, b"")))

    async def send(self, ref: ActorRef[Any]) -> None:
        await ref.send(Soaked.take(self.parcel()), timeout=self.chance.random() * 0.02)

    async def cancel_an_ask(self, ref: ActorRef[Any]) -> None:
        asking = asyncio.ensure_future(ref.ask(Soaked.take_slowly(self.parcel())))
        await asyncio.sleep(self.chance.random() * 0.003)
        asking.cancel()
        await asyncio.gather(asking, return_exceptions=True)

    async def read(self, ref: ActorRef[Any]) -> None:
        async with ref.stream(Soaked.count(20)) as numbers:
            self._check([number async for number in numbers], 20)

    def _check(self, numbers: list[int], most: int) -> None:
        if numbers != list(range(most)):
            self.soaking.faults.append(f"a stream of {numbers}")

    async def leave_a_stream(self, ref: ActorRef[Any]) -> None:
        async with ref.stream(Soaked.count(100_000), window=4) as numbers:
            async for number in numbers:
                if number > 5:
                    break

    async def be_refused(self, ref: ActorRef[Any]) -> None:
        await ref.ask(Soaked.refuse(), timeout=1.0)

    async def crash(self, ref: ActorRef[Any]) -> None:
        ref.tell(Soaked.crash())

    async def kill(self, ref: ActorRef[Any]) -> None:
        ref.kill("by the soak")

    async def stop(self, ref: ActorRef[Any]) -> None:
        ref.stop(drain=self.chance.random() < 0.5)

    async def pause(self, ref: ActorRef[Any]) -> None:
        ref.pause()
        await asyncio.sleep(self.chance.random() * 0.01)
        ref.resume()

    async def kill_the_process(self, ref: ActorRef[Any]) -> None:
        pid = ref.usage().pid
        if pid not in {None, os.getpid()} and not self.chance.randrange(4):
            with suppress(ProcessLookupError):  # it has just ended, and nobody has heard of it yet
                os.kill(pid, signal.SIGKILL)

    async def use_a_clerk(self, ref: ActorRef[Any]) -> None:
        await self.chance.choice(self.clerical)(self.system.ref(self.chance.choice(CLERKS)))

    async def ask_a_clerk(self, clerk: ActorRef[Any]) -> None:
        clerk.tell(ThespianChild.receiveMessage("a paper"))
        if await clerk.ask(ThespianChild.receiveMessage("another"), timeout=0.3) < 1:
            self.soaking.faults.append(f"{clerk!r} answered something else")

    async def leave_a_clerk_waiting(self, clerk: ActorRef[Any]) -> None:
        await clerk.ask(ThespianChild.receiveMessage(("answer in", 0.05, "too late")), timeout=0.01)

    async def have_a_clerk_end(self, clerk: ActorRef[Any]) -> None:
        clerk.tell(ThespianChild.receiveMessage(self.chance.choice(("fail", "leave", "stop dead"))))

    async def kill_a_clerk(self, clerk: ActorRef[Any]) -> None:
        pid = getattr(clerk.actor, "pid", 0)
        if pid:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    async def have_spawned(self, ref: ActorRef[Any]) -> None:
        parent = self.system.ref(Soak.parent)
        if await parent.ask(Parent.spawn_some(3), timeout=1.0) > 20:
            parent.tell(Parent.end_some(15))

    async def have_watched(self, ref: ActorRef[Any]) -> None:
        self.system.ref(self.chance.choice(("parent", "group/b", "quick/b"))).tell(Parent.watch(ref))

    async def start_one(self, ref: ActorRef[Any]) -> None:
        crowd, restart = self.system.ref(Soak.crowd), self.chance.choice((Restart.PERMANENT, Restart.TEMPORARY))
        started = await crowd.ask(Crowd.start_child(child(Soaked, restart=restart)))
        if (await crowd.ask(Crowd.count_children())).specs > 20:
            await crowd.ask(Crowd.terminate_child(started))

    async def run_errands(self, ref: ActorRef[Any]) -> None:
        async def errand(number: int) -> int:
            await asyncio.sleep(0.001)
            if number == 3:
                raise SoakedError
            return number

        errands = self.system.ref(Soak.errands)
        async with errands.stream(Errands.stream(errand, range(6), concurrency=3)) as outcomes:
            async for _ in _some(outcomes, self.chance.randrange(7)):
                pass

    async def wait_for_an_end(self, ref: ActorRef[Any]) -> None:
        async with asyncio.timeout(0.005):
            await ref.wait_ended()


async def _some(items: AsyncIterator[Any], most: int) -> AsyncIterator[Any]:
    async for item in items:
        if most <= 0:
            return
        most -= 1
        yield item


def soak(seconds: float, seed: int, round_seconds: float, say: Callable[[str], None]) -> Soaking:
    """Soak for so long; `faults` of what comes back is empty if all is well."""
    soaking = Soaking(seconds, seed, round_seconds, say)
    logging.disable(logging.CRITICAL)
    try:
        with asyncio.Runner(loop_factory=loop_factory()) as runner:
            runner.run(soaking.run())
    finally:
        logging.disable(logging.NOTSET)
    return soaking
