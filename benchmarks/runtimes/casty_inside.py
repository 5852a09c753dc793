"""casty in one process: virtual actors with a core in Rust, found by type and key. It needs Python 3.12 or newer.

Its handlers are coroutines always. For restarts its back-off, 100 ms as shipped, is set to none.
"""

import asyncio
import gc
import logging
import time
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import uvloop
from casty import ActorSystem, Askable, Backoff, Context, Ref, actor

from cases import latency, tells
from cases.asks import WARM_UP
from cases.kinds import Measure, Readings, time_of
from cases.latency import BURST, INFLIGHT, SETTLE, probe, skewed
from cases.lives import resident_bytes, restarted, spawned
from cases.rings import RING
from cases.tells import in_bursts, in_shares

logging.disable(logging.CRITICAL)
LONG = timedelta(seconds=60)


@dataclass(frozen=True)
class Echo(Askable[int]):
    """Wants its value back."""

    value: int


@dataclass(frozen=True)
class Add:
    """Is counted."""

    amount: int


@dataclass(frozen=True)
class Total(Askable[int]):
    """Asks how many it was."""


@dataclass(frozen=True)
class Go:
    """Tells a producer to send to an actor."""

    to: Ref[Add]


@dataclass(frozen=True)
class Following:
    """Tells a node which one is next."""

    key: str


@dataclass(frozen=True)
class Hop:
    """Goes round a ring."""

    left: int


@dataclass(frozen=True)
class Crash:
    """Makes an actor crash."""


class Here:
    """What actors and driver share, being in one process."""

    handled = sent = 0
    over = False
    happened = asyncio.Event()


@actor(initial=None)
async def echoing(ctx: Context[None, Echo | Crash]) -> None:
    """Answer with what it was sent, or crash."""
    async for message in ctx.inbox:
        if message.__class__ is Crash:
            raise ValueError("told to")
        message.reply_to.tell(message.value)


@actor(initial=None)
async def counting(ctx: Context[None, Add | Total]) -> None:
    """Count."""
    count = 0
    async for message in ctx.inbox:
        if message.__class__ is Add:
            count += message.amount
        else:
            message.reply_to.tell(count)


@actor(initial=None)
async def sinking(ctx: Context[None, Add]) -> None:
    """Count, and say when it was a round."""
    count = 0
    async for message in ctx.inbox:
        count += message.amount
        if count == tells.PRODUCERS * tells.SHARE:
            count = 0
            Here.happened.set()


@actor(initial=None)
async def producing(ctx: Context[None, Go]) -> None:
    """Send a share of a round."""
    async for message in ctx.inbox:
        for _ in range(tells.SHARE):
            message.to.tell(Add(1))


@actor(initial=None)
async def flooded(ctx: Context[None, Add]) -> None:
    """Count where everybody sees it."""
    async for message in ctx.inbox:
        Here.handled += message.amount


@actor(initial=None)
async def flooding(ctx: Context[None, Go]) -> None:
    """Send burst after burst until it is over."""
    async for message in ctx.inbox:
        while not Here.over:
            if Here.sent - Here.handled < INFLIGHT:
                for _ in range(BURST):
                    message.to.tell(Add(1))
                Here.sent += BURST
            await asyncio.sleep(0)


@actor(initial=None)
async def node(ctx: Context[None, Hop | Following]) -> None:
    """Pass the hops that are left to the next node."""
    following: Any = None
    async for message in ctx.inbox:
        if message.__class__ is Following:
            following = ctx.system.ref(node, message.key)
        elif message.left:
            following.tell(Hop(message.left - 1))
        else:
            Here.happened.set()


def _inside(body: Callable[[ActorSystem, int], Coroutine[None, None, Readings]], **options: Any) -> Measure:
    async def measure(n: int) -> Readings:
        async with ActorSystem(ask_timeout=LONG, **options) as system:
            return await body(system, n)

    return lambda n: uvloop.run(measure(n))


async def _ask(system: ActorSystem, n: int) -> Readings:
    echo = system.ref(echoing, "echo")
    for value in range(WARM_UP):
        await echo.ask(Echo(value))
    began = time.perf_counter()
    for value in range(n):
        await echo.ask(Echo(value))
    return time_of(time.perf_counter() - began, n)


async def _tell(system: ActorSystem, n: int) -> Readings:
    bursts, n = in_bursts(n)
    counter = system.ref(counting, "counter")
    await counter.ask(Total())
    began = time.perf_counter()
    for _ in range(bursts):
        for _ in range(tells.BURST):
            counter.tell(Add(1))
        await counter.ask(Total())
    seconds = time.perf_counter() - began
    assert await counter.ask(Total()) == n
    return time_of(seconds, n)


async def _fan_in(system: ActorSystem, n: int) -> Readings:
    rounds, n = in_shares(n)
    sink = system.ref(sinking, "sink")
    producers = [system.ref(producing, str(number)) for number in range(tells.PRODUCERS)]
    began = time.perf_counter()
    for _ in range(rounds):
        for producer in producers:
            producer.tell(Go(sink))
        await Here.happened.wait()
        Here.happened.clear()
    return time_of(time.perf_counter() - began, n)


async def _ring(system: ActorSystem, n: int) -> Readings:
    nodes = [system.ref(node, str(number)) for number in range(RING)]
    for number, ref in enumerate(nodes):
        ref.tell(Following(str((number + 1) % RING)))
    nodes[0].tell(Hop(RING))
    await Here.happened.wait()
    Here.happened.clear()
    began = time.perf_counter()
    nodes[0].tell(Hop(n))
    await Here.happened.wait()
    return time_of(time.perf_counter() - began, n)


async def _spawn(system: ActorSystem, n: int) -> Readings:
    await system.ref(echoing, "first").ask(Echo(0))
    gc.collect()
    before = resident_bytes()
    began = time.perf_counter()
    actors = [system.ref(echoing, str(number)) for number in range(n)]
    await actors[-1].ask(Echo(0))
    return spawned(time.perf_counter() - began, resident_bytes() - before, n)


async def _restart(system: ActorSystem, n: int) -> Readings:
    taken = []
    for number in range(n):
        frail = system.ref(echoing, str(number))
        await frail.ask(Echo(0))
        began = time.perf_counter()
        frail.tell(Crash())
        await frail.ask(Echo(1))
        taken.append(time.perf_counter() - began)
    return restarted(taken)


async def _skew(system: ActorSystem, n: int) -> Readings:
    sink, quiet = system.ref(flooded, "sink"), system.ref(echoing, "quiet")
    await quiet.ask(Echo(0))
    for number in range(latency.PRODUCERS):
        system.ref(flooding, str(number)).tell(Go(sink))
    await asyncio.sleep(SETTLE)
    before = Here.handled
    latencies, seconds = await probe(lambda: quiet.ask(Echo(1)), n)
    handled = Here.handled - before
    Here.over = True
    await asyncio.sleep(SETTLE)
    return skewed(latencies, seconds, handled)


MEASURES = {
    "ask": _inside(_ask),
    "ask-async": _inside(_ask),
    "tell": _inside(_tell),
    "tell-async": _inside(_tell),
    "fan-in": _inside(_fan_in),
    "ring": _inside(_ring),
    "ring-async": _inside(_ring),
    "spawn": _inside(_spawn),
    "restart": _inside(_restart, backoff=Backoff(first=timedelta(0))),
    "skew": _inside(_skew),
}
