"""The connection of a worker: frames over a Unix socket pair, on the event loop, with one system call a turn.

Theory of operation
1. An *item* is a short list: what it is, its number, and its parts. A frame is a list of items.
2. The first item of a loop turn is written at once (an ask is on its way before the asker waits), the rest of the turn
   in one frame (0.35 µs a message instead of 1.7).
3. What the socket does not take waits in a buffer. A worker whose buffer is over its limit waits for the socket: the
   main process reads whatever happens, so that ends. The main process never waits; prefetch bounds what it sends.
4. A worker can also wait for one answer without the loop (`call`): what arrives meanwhile is dealt with afterwards, in
   order.
"""

from __future__ import annotations

import asyncio
import select
import socket
from collections import deque
from collections.abc import Callable
from typing import Any, Final

import msgpack

from llmactors._codec import hold
from llmactors._core.frames import HEAD, FrameSplitter

READ: Final = 256 * 1024  # bytes
BUFFER: Final = 8 * 1024 * 1024  # bytes that a worker may have unsent
SHORT: Final = 16  # items that fit into the shortest header of a list

Item = list[Any]


class Channel:
    """One end of a connection.

    Args:
        end: The socket.
        received: Called with each item that arrives.
        lost: Called once, when the other side is gone or has broken the protocol; with why.
        patient: Whether to wait for the socket when too much is unsent.
    """

    def __init__(
        self,
        end: socket.socket,
        received: Callable[[Item], None],
        lost: Callable[[str], None],
        *,
        patient: bool = False,
    ) -> None:
        self._end = end
        self._received, self._lost = received, lost
        self._patient = patient
        self._loop: asyncio.AbstractEventLoop | None = None
        self._splitter = FrameSplitter()
        self._pack = msgpack.Packer(strict_types=True).pack
        self._turn: list[bytes] | None = None  # items of this turn after the first
        self._unsent = bytearray()
        self._backlog: deque[Item] = deque()
        self.open = True

    def attach(self, loop: asyncio.AbstractEventLoop) -> None:
        """Read and write on *loop* from now on."""
        self._loop = loop
        self._end.setblocking(False)  # noqa: FBT003  the standard library's signature
        loop.add_reader(self._end.fileno(), self.read)

    # -- out -------------------------------------------------------------------------------------------------------
    def send(self, item: Item, *, now: bool = False) -> None:
        """Send an item, *now* if it may not wait for the end of this turn: a plain handler may block for long.

        What a closed channel is given goes nowhere: the other side is gone.
        """
        if not self.open:
            return
        item[0] = int(item[0])  # a member of an enum is no plain int
        packed = self._pack(item)
        if self._turn is not None:
            self._turn.append(packed)
            if now:
                items, self._turn = self._turn, []
                self._write(items)
            return
        if self._loop is not None:
            self._turn = []
            self._loop.call_soon(self.flush)
        self._write([packed])

    def soon(self, callback: Callable[[], None]) -> None:
        """Call *callback* when this turn is over."""
        if self._loop is not None:
            self._loop.call_soon(callback)

    def flush(self) -> None:
        """Send the items of this turn."""
        items, self._turn = self._turn, None
        if items and self.open:
            self._write(items)

    def _write(self, items: list[bytes]) -> None:
        body = b"".join((_list_header(len(items)), *items))
        data = HEAD.pack(len(body)) + body
        if not self._unsent:
            sent = self._try(data)
            if sent == len(data):
                return
            data = data[sent:]
            if self._loop is not None:
                self._loop.add_writer(self._end.fileno(), self._writable)
        self._unsent += data
        if self._patient and len(self._unsent) > BUFFER:
            self._push(0)

    def _try(self, data: bytes | bytearray) -> int:
        try:
            return self._end.send(data)
        except BlockingIOError:
            return 0
        except (BrokenPipeError, ConnectionResetError):  # reading tells it too, after what there is to read
            return len(data)

    def _writable(self) -> None:
        if self.open:
            del self._unsent[: self._try(self._unsent)]
        if not self._unsent and self._loop is not None and self.open:
            self._loop.remove_writer(self._end.fileno())

    def _push(self, left: int) -> None:
        """Wait for the socket until at most *left* bytes are unsent."""
        while self.open and len(self._unsent) > left:
            select.select([], [self._end], [])
            self._writable()

    def finish(self) -> None:
        """Send everything, waiting for the socket as long as it takes."""
        self.flush()
        self._push(0)

    # -- in --------------------------------------------------------------------------------------------------------
    def read(self) -> None:
        """Deal with what has arrived."""
        self._work_off()
        if not self.open:
            return
        try:
            data = self._end.recv(READ)
        except BlockingIOError:
            return
        except ConnectionResetError:
            data = b""
        if not data:
            self._break("its connection has ended")
            return
        for item in self._items(data):
            if self.open:
                self._received(item)

    def drain(self) -> None:
        """Deal with everything that a process which is gone by now has left in the socket."""
        while self.open and select.select([self._end], [], [], 0)[0]:
            self.read()

    def call(self, item: Item, is_answer: Callable[[Item], bool]) -> Item:
        """Send *item* and wait for its answer without the loop.

        Raises:
            ConnectionError: The other side is gone.
        """
        self.send(item)
        self.finish()
        while self.open:
            select.select([self._end], [], [])
            data = self._end.recv(READ)
            if not data:
                break
            items = self._items(data)
            found = next((item for item in items if is_answer(item)), None)
            self._backlog.extend(item for item in items if item is not found)
            if found is not None:
                if self._backlog and self._loop is not None:
                    self._loop.call_soon(self._work_off)
                return found
        raise ConnectionError("the main process is gone")

    def first(self) -> Item | None:
        """Wait for the first item, before there is a loop; None when the other side is gone."""
        while not self._backlog:
            data = self._end.recv(READ)
            if not data:
                return None
            self._backlog.extend(self._items(data))
        return self._backlog.popleft()

    def _items(self, data: bytes) -> list[Item]:
        try:
            return [item for body in self._splitter.feed(data) for item in _unpack(body)]
        except Exception as error:  # noqa: BLE001  whatever it is, the peer broke the protocol
            self._break(f"it broke the protocol: {error}")
            return []

    def _work_off(self) -> None:
        while self._backlog and self.open:
            self._received(self._backlog.popleft())

    # -- the end ---------------------------------------------------------------------------------------------------
    def _break(self, why: str) -> None:
        self.close()
        self._lost(why)

    def close(self) -> None:
        """Close it. Closing twice does nothing."""
        if self.open:
            self.open = False
            if self._loop is not None:
                self._loop.remove_reader(self._end.fileno())
                self._loop.remove_writer(self._end.fileno())
            self._end.close()


def _list_header(length: int) -> bytes:
    if length < SHORT:
        return bytes((0x90 | length,))
    return b"\xdd" + length.to_bytes(4, "big")


def _unpack(body: memoryview) -> list[Item]:
    items: list[Item] = msgpack.unpackb(body, ext_hook=hold, strict_map_key=False)
    if type(items) is not list or not all(type(item) is list for item in items):
        raise ValueError("a frame is a list of lists")
    return items
