"""autogen-core's `SingleThreadedAgentRuntime`: one queue for all agents, one asyncio task per message.

There is no direct message without an answer: a tell is published to a topic that one agent has subscribed to.
"""

import asyncio
import gc
import time
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any

import uvloop
from autogen_core import (
    AgentId,
    MessageContext,
    RoutedAgent,
    SingleThreadedAgentRuntime,
    TopicId,
    TypeSubscription,
    message_handler,
)

from cases import latency, tells
from cases.kinds import Measure, Readings, time_of
from cases.latency import BURST, INFLIGHT, SETTLE, probe, skewed
from cases.lives import resident_bytes, spawned
from cases.rings import RING
from cases.tells import in_bursts, in_shares

WARM_UP = 300


@dataclass
class Value:
    """Wants itself back."""

    value: int


@dataclass
class Add:
    """Is counted."""

    amount: int


@dataclass
class Go:
    """Makes a producer send, or a node pass it on."""

    left: int


@dataclass
class Flood:
    """Makes a producer send until it is over."""


class Here:
    """What agents and driver share."""

    handled = sent = 0
    over = False
    happened = asyncio.Event()


class Echo(RoutedAgent):
    """Answers with what it was sent."""

    def __init__(self) -> None:
        super().__init__("echo")

    @message_handler
    async def echo(self, message: Value, ctx: MessageContext) -> Value:  # noqa: ARG002  the library's shape
        """Answer."""
        return message


class Counter(RoutedAgent):
    """Counts what it is told."""

    def __init__(self) -> None:
        super().__init__("counter")

    @message_handler
    async def add(self, message: Add, ctx: MessageContext) -> None:  # noqa: ARG002  the library's shape
        """Count."""
        Here.handled += message.amount
        if Here.handled == Here.sent:
            Here.happened.set()


class Producer(RoutedAgent):
    """Sends to the counter: a share of a round, or a flood."""

    def __init__(self) -> None:
        super().__init__("producer")

    @message_handler
    async def go(self, message: Go, ctx: MessageContext) -> None:  # noqa: ARG002  the library's shape
        """Send a share."""
        for _ in range(tells.SHARE):
            await self.publish_message(Add(1), COUNTER)

    @message_handler
    async def flood(self, message: Flood, ctx: MessageContext) -> None:  # noqa: ARG002  the library's shape
        """Send burst after burst until it is over."""
        while not Here.over:
            if Here.sent - Here.handled < INFLIGHT:
                for _ in range(BURST):
                    await self.publish_message(Add(1), COUNTER)
                Here.sent += BURST
            await asyncio.sleep(0)


class Node(RoutedAgent):
    """Passes the hops that are left to the next node."""

    def __init__(self) -> None:
        super().__init__("node")
        self._following = TopicId("node", str((int(self.id.key) + 1) % RING))

    @message_handler
    async def hop(self, message: Go, ctx: MessageContext) -> None:  # noqa: ARG002  the library's shape
        """Pass it on, or finish."""
        if message.left:
            await self.publish_message(Go(message.left - 1), self._following)
        else:
            Here.happened.set()


COUNTER = TopicId("counter", "one")
AGENTS: dict[str, Any] = {"echo": Echo, "counter": Counter, "producer": Producer, "node": Node}


def _inside(body: Callable[[SingleThreadedAgentRuntime, int], Coroutine[None, None, Readings]]) -> Measure:
    async def measure(n: int) -> Readings:
        runtime = SingleThreadedAgentRuntime()
        for name, cls in AGENTS.items():
            await cls.register(runtime, name, cls)
            await runtime.add_subscription(TypeSubscription(name, name))
        runtime.start()
        readings = await body(runtime, n)
        await runtime.stop()
        return readings

    return lambda n: uvloop.run(measure(n))


async def _ask(runtime: SingleThreadedAgentRuntime, n: int) -> Readings:
    echo = AgentId("echo", "one")
    for value in range(WARM_UP):
        await runtime.send_message(Value(value), echo)
    began = time.perf_counter()
    for value in range(n):
        await runtime.send_message(Value(value), echo)
    return time_of(time.perf_counter() - began, n)


async def _tell(runtime: SingleThreadedAgentRuntime, n: int) -> Readings:
    bursts, n = in_bursts(n)
    began = time.perf_counter()
    for _ in range(bursts):
        Here.sent += tells.BURST
        for _ in range(tells.BURST):
            await runtime.publish_message(Add(1), COUNTER)
        await Here.happened.wait()
        Here.happened.clear()
    return time_of(time.perf_counter() - began, n)


async def _fan_in(runtime: SingleThreadedAgentRuntime, n: int) -> Readings:
    rounds, n = in_shares(n)
    began = time.perf_counter()
    for _ in range(rounds):
        Here.sent += tells.PRODUCERS * tells.SHARE
        for number in range(tells.PRODUCERS):
            await runtime.publish_message(Go(0), TopicId("producer", str(number)))
        await Here.happened.wait()
        Here.happened.clear()
    return time_of(time.perf_counter() - began, n)


async def _ring(runtime: SingleThreadedAgentRuntime, n: int) -> Readings:
    first = TopicId("node", "0")
    await runtime.publish_message(Go(RING), first)  # which begins every node
    await Here.happened.wait()
    Here.happened.clear()
    began = time.perf_counter()
    await runtime.publish_message(Go(n), first)
    await Here.happened.wait()
    return time_of(time.perf_counter() - began, n)


async def _spawn(runtime: SingleThreadedAgentRuntime, n: int) -> Readings:
    await runtime.send_message(Value(0), AgentId("echo", "first"))
    gc.collect()
    before = resident_bytes()
    began = time.perf_counter()
    for number in range(n):
        await runtime.try_get_underlying_agent_instance(AgentId("echo", str(number)), Echo)
    await runtime.send_message(Value(0), AgentId("echo", str(n - 1)))
    return spawned(time.perf_counter() - began, resident_bytes() - before, n)


async def _skew(runtime: SingleThreadedAgentRuntime, n: int) -> Readings:
    quiet = AgentId("echo", "quiet")
    await runtime.send_message(Value(0), quiet)
    for number in range(latency.PRODUCERS):
        await runtime.publish_message(Flood(), TopicId("producer", str(number)))
    await asyncio.sleep(SETTLE)
    before = Here.handled
    latencies, seconds = await probe(lambda: runtime.send_message(Value(1), quiet), n)
    handled = Here.handled - before
    Here.over = True
    return skewed(latencies, seconds, handled)


MEASURES = {
    "ask": _inside(_ask),
    "tell": _inside(_tell),
    "fan-in": _inside(_fan_in),
    "ring": _inside(_ring),
    "spawn": _inside(_spawn),
    "skew": _inside(_skew),
}
