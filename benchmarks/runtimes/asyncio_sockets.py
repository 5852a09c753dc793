"""No framework, two processes: pickles behind a length on a Unix socket, and the actors of `asyncio_queues` beyond it.

`python asyncio_sockets.py SOCKET PROCESSOR` is the worker.
"""

import asyncio
import contextlib
import os
import pickle
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Coroutine
from pathlib import Path
from typing import Any, cast

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from cases.kinds import Measure, Readings, time_of
from cases.processes import MIB, WARM_UP, echoed, pin, place_client
from runtimes.asyncio_queues import Counter, Plain, on_uvloop

LENGTH = struct.Struct("<I")
SMALL = 1 << 16
TURN = 100
"""Tells between two turns of the loop: as many as one writes at a time to keep the socket's buffer in bounds."""
HERE = Path(__file__).resolve()


class Wire(asyncio.Protocol):
    """One end: sends and takes messages `(number, to whom, what)`; number 0 wants no answer."""

    def __init__(self, handle: Callable[["Wire", Any], None]) -> None:
        self._handle, self._buffer = handle, bytearray()
        self.room = asyncio.Event()
        self.room.set()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the way to write."""
        self.transport = cast("asyncio.Transport", transport)  # uvloop's is one in all but name

    def pause_writing(self) -> None:
        """The buffer is full."""
        self.room.clear()

    def resume_writing(self) -> None:
        """There is room again."""
        self.room.set()

    def data_received(self, data: bytes) -> None:
        """Take every message that is whole."""
        buffer = self._buffer
        buffer += data
        at, size = 0, len(buffer)
        while size - at >= LENGTH.size:
            (length,) = LENGTH.unpack_from(buffer, at)
            begins = at + LENGTH.size
            if size - begins < length:
                break
            with memoryview(buffer) as view:
                message = pickle.loads(view[begins : begins + length])  # noqa: S301  our own other half wrote it
            at = begins + length
            self._handle(self, message)
        if at:
            del buffer[:at]

    def send(self, message: Any) -> None:
        """Send a message."""
        body = pickle.dumps(message, pickle.HIGHEST_PROTOCOL)
        if len(body) < SMALL:
            self.transport.write(LENGTH.pack(len(body)) + body)
        else:
            self.transport.write(LENGTH.pack(len(body)))
            self.transport.write(body)


class Swapper(Plain):
    """Answers with as many bytes of its own."""

    mine = b""

    def handle(self, message: bytes) -> bytes:
        """Answer with other bytes."""
        if len(self.mine) != len(message):
            self.mine = os.urandom(len(message))
        return self.mine


class Remote:
    """The client's half."""

    def __init__(self) -> None:
        self._answers: dict[int, asyncio.Future[Any]] = {}
        self._last = 0
        self.wire = Wire(self._answered)

    def _answered(self, _wire: Wire, message: Any) -> None:
        self._answers.pop(message[0]).set_result(message[2])

    async def ask(self, whom: str, what: Any) -> Any:
        """Ask an actor of the worker."""
        self._last += 1
        answer: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._answers[self._last] = answer
        self.wire.send((self._last, whom, what))
        return await answer

    def tell(self, whom: str, what: Any) -> None:
        """Tell an actor of the worker."""
        self.wire.send((0, whom, what))


@contextlib.asynccontextmanager
async def worker() -> AsyncIterator[Remote]:
    """Start a worker on its processor and connect to it."""
    processor = place_client()
    with tempfile.TemporaryDirectory() as folder:
        socket = str(Path(folder, "worker"))
        command = [sys.executable, str(HERE), socket, str(processor)]
        process = subprocess.Popen(command, stdout=subprocess.PIPE)  # noqa: ASYNC220  nothing else waits
        try:
            assert process.stdout is not None
            assert process.stdout.readline()
            remote = Remote()
            await asyncio.get_running_loop().create_unix_connection(lambda: remote.wire, socket)
            yield remote
        finally:
            process.terminate()
            process.communicate()


def _with_worker(body: Callable[[Remote, int], Coroutine[None, None, Readings]]) -> Measure:
    async def measure(n: int) -> Readings:
        async with worker() as remote:
            return await body(remote, n)

    return on_uvloop(measure)


async def _ask(remote: Remote, n: int) -> Readings:
    for value in range(WARM_UP):
        await remote.ask("echo", value)
    began = time.perf_counter()
    for value in range(n):
        await remote.ask("echo", value)
    return time_of(time.perf_counter() - began, n)


async def _tell(remote: Remote, n: int) -> Readings:
    await remote.ask("counter", None)
    began = time.perf_counter()
    for number in range(n):
        remote.tell("counter", 1)
        if number % TURN == 0:
            await asyncio.sleep(0)
            await remote.wire.room.wait()
    assert await remote.ask("counter", None) == n
    return time_of(time.perf_counter() - began, n)


async def _echo(remote: Remote, n: int) -> Readings:
    data = os.urandom(MIB)
    for _ in range(5):
        assert await remote.ask("echo", data) == data
    began = time.perf_counter()
    for _ in range(n):
        await remote.ask("echo", data)
    return echoed(time.perf_counter() - began, n)


async def _swap(remote: Remote, n: int) -> Readings:
    data = os.urandom(MIB)
    for _ in range(5):
        assert await remote.ask("swap", data) != data
    began = time.perf_counter()
    for _ in range(n):
        await remote.ask("swap", data)
    return echoed(time.perf_counter() - began, n)


MEASURES = {
    "process-ask": _with_worker(_ask),
    "process-tell": _with_worker(_tell),
    "process-echo": _with_worker(_echo),
    "process-swap": _with_worker(_swap),
}


async def serve(socket: str, processor: int) -> Readings:
    """Be the worker until ended."""
    pin(processor)
    loop, actors = asyncio.get_running_loop(), {"echo": Plain(), "counter": Counter(), "swap": Swapper()}

    def handle(wire: Wire, message: Any) -> None:
        number, whom, what = message
        if number:
            answer: asyncio.Future[Any] = loop.create_future()
            answer.add_done_callback(lambda done: wire.send((number, whom, done.result())))
            actors[whom].put(what, answer)
        else:
            actors[whom].tell(what)

    server = await loop.create_unix_server(lambda: Wire(handle), socket)
    print("up", flush=True)
    await server.serve_forever()
    return {}


if __name__ == "__main__":
    on_uvloop(lambda processor: serve(sys.argv[1], processor))(int(sys.argv[2]))
