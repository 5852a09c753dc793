"""autogen-core in two processes: a host and a worker with the agents in one, another worker in the other, gRPC between.

Its serialiser takes no bytes, so what is echoed is as many ASCII characters. The library warns of uvloop with gRPC:
this is asyncio's own loop. `python autogen_grpc.py ADDRESS PROCESSOR` is the process with the agents.
"""

import asyncio
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from pathlib import Path
from typing import Any

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from autogen_core import AgentId, MessageContext, RoutedAgent, TopicId, TypeSubscription, message_handler
from autogen_core._serialization import try_get_known_serializers_for_type
from autogen_ext.runtimes.grpc import GrpcWorkerAgentRuntime, GrpcWorkerAgentRuntimeHost

from cases.kinds import Measure, Readings, time_of
from cases.processes import MIB, echoed, pin, place_client

HERE = Path(__file__).resolve()
LARGE = 64 << 20
ROOM = [("grpc.max_receive_message_length", LARGE), ("grpc.max_send_message_length", LARGE)]
WARM_UP, TURN = 100, 100
AGENT, TOPIC = AgentId("remote", "one"), TopicId("remote", "one")


@dataclass
class Value:
    """Wants itself back."""

    value: int


@dataclass
class Text:
    """Wants itself back, however long."""

    text: str


@dataclass
class Add:
    """Is counted."""

    amount: int


@dataclass
class Total:
    """Asks how many it was, and is the answer."""

    count: int


class Remote(RoutedAgent):
    """Answers and counts."""

    def __init__(self) -> None:
        super().__init__("remote")
        self._count = 0

    @message_handler
    async def echo(self, message: Value, ctx: MessageContext) -> Value:  # noqa: ARG002  the library's shape
        """Answer."""
        return message

    @message_handler
    async def echo_text(self, message: Text, ctx: MessageContext) -> Text:  # noqa: ARG002  the library's shape
        """Answer with much text."""
        return message

    @message_handler
    async def add(self, message: Add, ctx: MessageContext) -> None:  # noqa: ARG002  the library's shape
        """Count."""
        self._count += message.amount

    @message_handler
    async def total(self, message: Total, ctx: MessageContext) -> Total:  # noqa: ARG002  the library's shape
        """Answer how many it was."""
        return Total(self._count)


async def _runtime(address: str) -> Any:
    runtime = GrpcWorkerAgentRuntime(address, extra_grpc_config=ROOM)
    await runtime.start()
    for kind in (Value, Text, Add, Total):
        runtime.add_message_serializer(try_get_known_serializers_for_type(kind))
    return runtime


def _with_remote(body: Callable[[Any, int], Coroutine[None, None, Readings]]) -> Measure:
    async def measure(address: str, n: int) -> Readings:
        runtime = await _runtime(address)
        readings = await body(runtime, n)
        await runtime.stop()
        return readings

    def measured(n: int) -> Readings:
        processor = place_client()
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            address = f"127.0.0.1:{free.getsockname()[1]}"
        remote = subprocess.Popen([sys.executable, str(HERE), address, str(processor)], stdout=subprocess.PIPE)
        try:
            assert remote.stdout is not None
            assert remote.stdout.readline()
            return asyncio.run(measure(address, n))
        finally:
            remote.kill()
            remote.communicate()

    return measured


async def _ask(runtime: Any, n: int) -> Readings:
    for value in range(WARM_UP):
        await runtime.send_message(Value(value), AGENT)
    began = time.perf_counter()
    for value in range(n):
        await runtime.send_message(Value(value), AGENT)
    return time_of(time.perf_counter() - began, n)


async def _tell(runtime: Any, n: int) -> Readings:
    await runtime.send_message(Total(0), AGENT)
    began = time.perf_counter()
    for number in range(n):
        await runtime.publish_message(Add(1), TOPIC)
        if number % TURN == 0:
            await asyncio.sleep(0)
    while (await runtime.send_message(Total(0), AGENT)).count < n:
        pass
    return time_of(time.perf_counter() - began, n)


async def _echo(runtime: Any, n: int) -> Readings:
    text = "x" * MIB
    assert (await runtime.send_message(Text(text), AGENT)).text == text
    began = time.perf_counter()
    for _ in range(n):
        await runtime.send_message(Text(text), AGENT)
    return echoed(time.perf_counter() - began, n)


MEASURES = {
    "process-ask": _with_remote(_ask),
    "process-tell": _with_remote(_tell),
    "process-echo": _with_remote(_echo),
}


async def serve(address: str, processor: int) -> None:
    """Be the process with the agents until killed."""
    pin(processor)
    GrpcWorkerAgentRuntimeHost(address, extra_grpc_config=ROOM).start()
    runtime = await _runtime(address)
    await Remote.register(runtime, "remote", Remote)
    await runtime.add_subscription(TypeSubscription("remote", "remote"))
    print("up", flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(serve(sys.argv[1], int(sys.argv[2])))
