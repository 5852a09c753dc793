"""casty in two processes: a client, and a cluster of one node on loopback that has the actors.

`python casty_cluster.py PORT PROCESSOR` is that node.
"""

import asyncio
import logging
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import uvloop
from casty import ActorSystem, Askable, Client, Cluster, Context, actor

from cases.kinds import Measure, Readings, time_of
from cases.processes import MIB, TURN, WARM_UP, echoed, pin, place_client

logging.disable(logging.CRITICAL)
LONG = timedelta(seconds=60)
HERE = Path(__file__).resolve()


@dataclass(frozen=True)
class Echo(Askable[int]):
    """Wants its value back."""

    value: int


@dataclass(frozen=True)
class EchoBytes(Askable[bytes]):
    """Wants its bytes back."""

    data: bytes


@dataclass(frozen=True)
class Add:
    """Is counted."""

    amount: int


@dataclass(frozen=True)
class Total(Askable[int]):
    """Asks how many it was."""


@actor(initial=None, pinned=True)
async def echoing(ctx: Context[None, Echo]) -> None:
    """Answer with what it was sent."""
    async for message in ctx.inbox:
        message.reply_to.tell(message.value)


@actor(initial=None, pinned=True)
async def echoing_bytes(ctx: Context[None, EchoBytes]) -> None:
    """Answer with many bytes."""
    async for message in ctx.inbox:
        message.reply_to.tell(message.data)


@actor(initial=None, pinned=True)
async def counting(ctx: Context[None, Add | Total]) -> None:
    """Count."""
    count = 0
    async for message in ctx.inbox:
        if message.__class__ is Add:
            count += message.amount
        else:
            message.reply_to.tell(count)


Body = Callable[[Any, str, int], Coroutine[None, None, Readings]]


def _with_node(body: Body) -> Measure:
    async def measure(n: int, address: str) -> Readings:
        async with Client(seeds=(address,), ask_timeout=LONG) as client:
            return await body(client, address, n)

    def measured(n: int) -> Readings:
        processor = place_client()
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        node = subprocess.Popen([sys.executable, str(HERE), str(port), str(processor)], stdout=subprocess.PIPE)
        try:
            assert node.stdout is not None
            assert node.stdout.readline()
            return uvloop.run(measure(n, f"127.0.0.1:{port}"))
        finally:
            node.kill()
            node.communicate()

    return measured


async def _ask(client: Any, address: str, n: int) -> Readings:
    echo = client.ref(echoing, "echo", at=address)
    for value in range(WARM_UP):
        await echo.ask(Echo(value))
    began = time.perf_counter()
    for value in range(n):
        await echo.ask(Echo(value))
    return time_of(time.perf_counter() - began, n)


async def _tell(client: Any, address: str, n: int) -> Readings:
    counter = client.ref(counting, "counter", at=address)
    await counter.ask(Total())
    began = time.perf_counter()
    for number in range(n):
        counter.tell(Add(1))
        if number % TURN == 0:
            await asyncio.sleep(0)
    assert await counter.ask(Total()) == n
    return time_of(time.perf_counter() - began, n)


async def _echo(client: Any, address: str, n: int) -> Readings:
    echo, data = client.ref(echoing_bytes, "bytes", at=address), os.urandom(MIB)
    assert await echo.ask(EchoBytes(data)) == data
    began = time.perf_counter()
    for _ in range(n):
        await echo.ask(EchoBytes(data))
    return echoed(time.perf_counter() - began, n)


MEASURES = {"process-ask": _with_node(_ask), "process-tell": _with_node(_tell), "process-echo": _with_node(_echo)}


async def serve(port: int, processor: int) -> None:
    """Be the node until killed."""
    pin(processor)
    async with ActorSystem(cluster=Cluster(bind=f"127.0.0.1:{port}", seeds=()), ask_timeout=LONG):
        print("up", flush=True)
        await asyncio.Event().wait()


if __name__ == "__main__":
    uvloop.run(serve(int(sys.argv[1]), int(sys.argv[2])))
