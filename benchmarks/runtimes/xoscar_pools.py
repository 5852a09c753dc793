"""xoscar: pools of processes, async methods, a core in Cython. One process is a pool without sub-pools.

A worker that was killed is begun anew by its pool, which looks every half second.
"""

import asyncio
import contextlib
import gc
import logging
import os
import signal
import time
from collections.abc import Callable, Coroutine
from typing import Any

import uvloop
import xoscar as xo

from cases import latency, tells
from cases.kinds import Measure, Readings, time_of
from cases.latency import BURST, INFLIGHT, SETTLE, probe, skewed
from cases.lives import resident_bytes, spawned
from cases.processes import MIB, WARM_UP, back_after, echoed, pin, place_client
from cases.rings import RING
from cases.tells import in_bursts, in_shares

logging.disable(logging.CRITICAL)
RETRY = 0.005
"""Seconds between two asks of a worker that is not back yet."""
MOST = 10.0


class Here:
    """What actors and driver share in one process."""

    handled = sent = 0
    over = False
    happened = asyncio.Event()


class Echo(xo.Actor):
    """Answers with what it was sent, says where it is, and moves to a processor."""

    async def echo(self, value: Any) -> Any:
        """Answer."""
        return value

    async def pid(self) -> int:
        """Answer which process it is in."""
        return os.getpid()

    async def place(self, processor: int) -> None:
        """Move the process."""
        pin(processor)


class Counter(xo.Actor):
    """Counts what it is told."""

    def __init__(self) -> None:
        super().__init__()
        self._count = 0

    async def add(self, amount: int) -> None:
        """Count."""
        self._count += amount
        Here.handled += amount
        if Here.handled == Here.sent:
            Here.happened.set()

    async def total(self) -> int:
        """Answer how many it was."""
        return self._count


class Producer(xo.Actor):
    """Sends to the actor it is told: a share of a round, or a flood."""

    async def go(self, to: Any) -> None:
        """Send a share."""
        for _ in range(tells.SHARE):
            await to.add.tell(1)

    async def flood(self, to: Any) -> None:
        """Send burst after burst until it is over."""
        while not Here.over:
            if Here.sent - Here.handled < INFLIGHT:
                for _ in range(BURST):
                    await to.add.tell(1)
                Here.sent += BURST
            await asyncio.sleep(0)


class Node(xo.Actor):
    """Passes the hops that are left to the next node."""

    _following: Any = None

    async def before(self, following: Any) -> None:
        """Take the node to pass messages to."""
        self._following = following

    async def hop(self, left: int) -> None:
        """Pass it on, or finish."""
        if left:
            await self._following.hop.tell(left - 1)
        else:
            Here.happened.set()


def _in_pool(body: Callable[[str, int], Coroutine[None, None, Readings]], workers: int) -> Measure:
    async def measure(n: int) -> Readings:
        pool = await xo.create_actor_pool("127.0.0.1", n_process=workers, use_uvloop=True)
        async with pool:
            where = next(iter(pool.sub_processes)) if workers else pool.external_address
            if workers:
                mover = await xo.create_actor(Echo, address=where, uid="mover")
                await mover.place(place_client())
            return await body(where, n)

    return lambda n: uvloop.run(measure(n))


async def _ask(where: str, n: int) -> Readings:
    echo = await xo.create_actor(Echo, address=where, uid="echo")
    for value in range(WARM_UP):
        await echo.echo(value)
    began = time.perf_counter()
    for value in range(n):
        await echo.echo(value)
    return time_of(time.perf_counter() - began, n)


async def _tell(where: str, n: int) -> Readings:
    bursts, n = in_bursts(n)
    counter = await xo.create_actor(Counter, address=where, uid="counter")
    await counter.total()
    began = time.perf_counter()
    for burst in range(1, bursts + 1):
        for _ in range(tells.BURST):
            await counter.add.tell(1)
        while await counter.total() < burst * tells.BURST:
            pass
    return time_of(time.perf_counter() - began, n)


async def _fan_in(where: str, n: int) -> Readings:
    rounds, n = in_shares(n)
    sink = await xo.create_actor(Counter, address=where, uid="sink")
    producers = [await xo.create_actor(Producer, address=where, uid=str(i)) for i in range(tells.PRODUCERS)]
    began = time.perf_counter()
    for _ in range(rounds):
        Here.sent += tells.PRODUCERS * tells.SHARE
        for producer in producers:
            await producer.go.tell(sink)
        await Here.happened.wait()
        Here.happened.clear()
    return time_of(time.perf_counter() - began, n)


async def _ring(where: str, n: int) -> Readings:
    nodes = [await xo.create_actor(Node, address=where, uid=str(number)) for number in range(RING)]
    for node, following in zip(nodes, [*nodes[1:], nodes[0]], strict=True):
        await node.before(following)
    began = time.perf_counter()
    await nodes[0].hop.tell(n)
    await Here.happened.wait()
    return time_of(time.perf_counter() - began, n)


async def _spawn(where: str, n: int) -> Readings:
    await (await xo.create_actor(Echo, address=where, uid="first")).echo(0)
    gc.collect()
    before = resident_bytes()
    began = time.perf_counter()
    actors = [await xo.create_actor(Echo, address=where, uid=str(number)) for number in range(n)]
    await actors[-1].echo(0)
    return spawned(time.perf_counter() - began, resident_bytes() - before, n)


async def _skew(where: str, n: int) -> Readings:
    flooded = await xo.create_actor(Counter, address=where, uid="flooded")
    quiet = await xo.create_actor(Echo, address=where, uid="quiet")
    for number in range(latency.PRODUCERS):
        producer = await xo.create_actor(Producer, address=where, uid=str(number))
        await producer.flood.tell(flooded)
    await asyncio.sleep(SETTLE)
    before = Here.handled
    latencies, seconds = await probe(lambda: quiet.echo(1), n)
    handled = Here.handled - before
    Here.over = True
    await asyncio.sleep(SETTLE)
    return skewed(latencies, seconds, handled)


async def _tell_apart(where: str, n: int) -> Readings:
    counter = await xo.create_actor(Counter, address=where, uid="counter")
    await counter.total()
    began = time.perf_counter()
    for _ in range(n):
        await counter.add.tell(1)
    while await counter.total() < n:
        pass
    return time_of(time.perf_counter() - began, n)


async def _echo_apart(where: str, n: int) -> Readings:
    echo, data = await xo.create_actor(Echo, address=where, uid="echo"), os.urandom(MIB)
    assert await echo.echo(data) == data
    began = time.perf_counter()
    for _ in range(n):
        await echo.echo(data)
    return echoed(time.perf_counter() - began, n)


async def _restart_apart(where: str, n: int) -> Readings:
    echo = await xo.create_actor(Echo, address=where, uid="echo")
    taken = []
    for _ in range(n):
        before = await echo.pid()
        began = time.perf_counter()
        os.kill(before, signal.SIGKILL)
        after = before
        while after == before:
            with contextlib.suppress(Exception):  # of many kinds, until it is back
                after = await asyncio.wait_for(echo.pid(), MOST)
                continue
            await asyncio.sleep(RETRY)
        taken.append(time.perf_counter() - began)
    return back_after(taken)


MEASURES = {
    "ask": _in_pool(_ask, 0),
    "tell": _in_pool(_tell, 0),
    "fan-in": _in_pool(_fan_in, 0),
    "ring": _in_pool(_ring, 0),
    "spawn": _in_pool(_spawn, 0),
    "skew": _in_pool(_skew, 0),
    "process-ask": _in_pool(_ask, 1),
    "process-tell": _in_pool(_tell_apart, 1),
    "process-echo": _in_pool(_echo_apart, 1),
    "process-restart": _in_pool(_restart_apart, 1),
}
