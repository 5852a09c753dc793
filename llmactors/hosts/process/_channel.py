"""The connection of a worker: frames over a Unix socket pair, on the event loop, with one system call a turn.

Theory of operation
1. An *item* is a short list: what it is, its number, and its parts. A frame is a list of items, packed at once (0.1 µs
   an item instead of 1.7 for a frame each).
2. What is `put` waits for the end of the loop's turn, or until `FULL` items are there, so that the other side begins
   meanwhile. What is `send` goes out at once, with all that waits, if it is the first such item since a turn ended or
   began with something to read: an ask is on its way before its asker waits, and costs no turn of its own. What is
   `whisper`ed goes with the next frame, or after `HUSH`: nobody is woken for it.
3. What the socket does not take waits in a buffer. A worker whose buffer is over its limit waits for the socket: the
   main process reads whatever happens, so that ends. The main process never waits: while `choked` it sends nothing on,
   while `laden` it sends no answers. What is large goes out at once, so that both are known before the next.
4. A worker can also wait for one answer without the loop (`call`): what arrives meanwhile is dealt with afterwards, in
   order.
5. Who talks over a connection and the connection know each other: a circle, which the collector may find late. What is
   large, the buffers, goes when it is closed.
"""

from __future__ import annotations

import asyncio
import select
import socket
from collections import deque
from collections.abc import Callable
from contextvars import Context
from typing import Any, Final

import msgpack

from llmactors._codec import hold, pack_once
from llmactors._core.frames import FRAME_LIMIT, HEAD, FrameSplitter

READ: Final = 256 * 1024  # bytes
BUFFER: Final = 8 * 1024 * 1024  # bytes that a worker may have unsent
CHOKED: Final = 1024 * 1024  # unsent bytes over which the main process sends no messages on
LADEN: Final = 256 * 1024 * 1024  # unsent bytes over which the main process answers a worker with errors only
SUNK: Final = 2 * LADEN  # unsent bytes over which it gives the worker up: whatever is said to it
HUSH: Final = 0.02  # seconds that an item may wait for others
FULL: Final = 128  # items that are sent before the turn is over
NO_MEMORY: Final = "there is no memory left for what comes over it"

LISTS: Final = frozenset({list})

Item = list[Any]


class Channel:
    """One end of a connection.

    Args:
        end: The socket.
        received: Called with the items that arrive together.
        lost: Called once, when the other side is gone or has broken the protocol; with why.
        roomy: Called when what was unsent over the limit is sent. With it this side never waits for the socket.
    """

    def __init__(
        self,
        end: socket.socket,
        received: Callable[[list[Item]], None],
        lost: Callable[[str], None],
        roomy: Callable[[], None] | None = None,
    ) -> None:
        self._end = end
        self._received, self._lost, self._roomy = received, lost, roomy
        self._loop: asyncio.AbstractEventLoop | None = None
        self._splitter = FrameSplitter()
        self._pack: Callable[[Any], bytes] = msgpack.Packer(strict_types=True).pack
        self._turn: list[Item] = []
        self._armed = self._hurried = False  # the end of the turn is awaited; something went out at once in it
        self._hushed = False  # something waits for others to go with
        self._unsent = bytearray()
        self._buffer = bytearray(READ)
        self._view = memoryview(self._buffer)
        self._backlog: deque[Item] = deque()
        self.open = True
        self.choked = False

    def attach(self, loop: asyncio.AbstractEventLoop) -> None:
        """Read and write on *loop* from now on."""
        self._loop = loop
        self._end.setblocking(False)  # noqa: FBT003  the standard library's signature
        Context().run(loop.add_reader, self._end.fileno(), self.read)  # what comes in has nothing to do with who began

    # -- out -------------------------------------------------------------------------------------------------------
    def put(self, item: Item) -> None:
        """Send an item, whose parts are plain, at the end of this turn."""
        turn = self._turn
        turn.append(item)
        if not self._armed:
            self._arm()
        elif len(turn) >= FULL:
            self._write_turn()

    def put_all(self, items: list[Item]) -> None:
        """Send items, whose parts are plain, as `put` does."""
        turn = self._turn
        turn += items
        if len(turn) >= FULL:
            self._write_turn()
        elif not self._armed:
            self._arm()

    def whisper(self, item: Item) -> None:
        """Send an item, whose parts are plain, with the next that is sent, or soon."""
        self._turn.append(item)
        if not self._hushed and self._loop is not None:
            self._hushed = True
            self._loop.call_later(HUSH, self._speak)

    def send(self, item: Item, *, now: bool = False) -> None:
        """Send an item at once, if none was in this turn; *now* even then: a plain handler may block for long.

        What a closed channel is given goes nowhere: the other side is gone.
        """
        if not self.open:
            return
        if item[0].__class__ is not int:
            item[0] = int(item[0])  # a member of an enum is no plain int
        self._turn.append(item)
        if now or not self._hurried or self._loop is None:
            self._hurried = True
            self._write_turn()
        elif not self._armed:
            self._arm()

    def gather(self) -> None:
        """Send what comes in this turn at its end, all of it."""
        self._hurried = True
        if not self._armed:
            self._arm()

    def _arm(self) -> None:
        if self._loop is not None:
            self._armed = True
            self._loop.call_soon(self.flush)

    @property
    def laden(self) -> bool:
        """Whether the other side has left so much unread that it gets no more answers; a worker waits instead."""
        return self._roomy is not None and len(self._unsent) > LADEN

    def soon(self, callback: Callable[[], None]) -> None:
        """Call *callback* when this turn is over."""
        if self._loop is not None:
            self._loop.call_soon(callback)

    def flush(self) -> None:
        """Send the items of this turn, which is over."""
        self._armed = self._hurried = False
        if self._turn:
            self._write_turn()

    def _speak(self) -> None:
        """Send what was whispered, if nothing else has taken it along."""
        self._hushed = False
        if self._turn:
            self._write_turn()

    def _write_turn(self) -> None:
        items, self._turn = self._turn, []
        if not self.open:
            return
        body = self._pack(items)
        if len(body) > FRAME_LIMIT and len(items) > 1:
            half = len(items) // 2
            self._turn, rest = items[:half], items[half:]
            self._write_turn()
            self._turn = rest
            self._write_turn()
            return
        data = HEAD.pack(len(body)) + body
        sent = 0
        if not self._unsent:
            try:
                sent = self._end.send(data)
            except BlockingIOError:
                pass
            except (BrokenPipeError, ConnectionResetError):  # reading tells it too, after what there is to read
                return
        if sent != len(data):
            self._keep(data[sent:])

    def _keep(self, data: bytes) -> None:
        """The socket does not take *data* yet."""
        if len(self._unsent) > SUNK:
            self._break(f"it has left {SUNK >> 20} MiB unread")
            return
        if not self._unsent and self._loop is not None:
            self._loop.add_writer(self._end.fileno(), self._writable)
        self._unsent += data
        if self._roomy is not None:
            self.choked = len(self._unsent) > CHOKED
        elif len(self._unsent) > BUFFER:
            self._push(0)

    def _writable(self) -> None:
        if self.open:
            try:
                del self._unsent[: self._end.send(self._unsent)]
            except BlockingIOError:
                pass
            except (BrokenPipeError, ConnectionResetError):
                self._unsent.clear()
        if not self._unsent and self._loop is not None and self.open:
            self._loop.remove_writer(self._end.fileno())
        if self.choked and len(self._unsent) <= CHOKED:
            self.choked = False
            if self._roomy is not None:
                self._roomy()

    def _push(self, left: int) -> None:
        """Wait for the socket until at most *left* bytes are unsent."""
        while self.open and len(self._unsent) > left:
            select.select([], [self._end], [])
            self._writable()

    def finish(self) -> None:
        """Send everything, waiting for the socket as long as it takes."""
        if self._turn:
            self._write_turn()
        self._push(0)

    # -- in --------------------------------------------------------------------------------------------------------
    def read(self) -> None:
        """Deal with what has arrived. A new turn begins with it."""
        self._hurried = False
        if self._backlog:
            self._work_off()
        if not self.open:
            return
        try:
            count = self._end.recv_into(self._buffer)
        except BlockingIOError:
            return
        except ConnectionResetError:
            count = 0
        if not count:
            self._break("its connection has ended")
            return
        items = self._items(count)
        if items and self.open:
            self._received(items)

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
            count = self._end.recv_into(self._buffer)
            if not count:
                break
            items = self._items(count)
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
            count = self._end.recv_into(self._buffer)
            if not count:
                return None
            self._backlog.extend(self._items(count))
        return self._backlog.popleft()

    def _items(self, count: int) -> list[Item]:
        """Return the items that are complete with the *count* bytes that were read."""
        try:
            bodies = self._splitter.feed(self._view[:count])
            if len(bodies) == 1:
                return _unpack(bodies[0])
            return [item for body in bodies for item in _unpack(body)]
        except MemoryError:
            self._break(NO_MEMORY)
            return []
        except Exception as error:  # noqa: BLE001  whatever it is, the peer broke the protocol
            self._break(f"it broke the protocol: {error}")
            return []

    def _work_off(self) -> None:
        if self._backlog and self.open:
            items = list(self._backlog)
            self._backlog.clear()
            self._received(items)

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
            self._free()

    def _free(self) -> None:
        """Let go of the buffers: half a MiB, whoever still knows this connection."""
        self._buffer = bytearray()
        self._view = memoryview(self._buffer)
        self._splitter = FrameSplitter()
        self._pack = pack_once
        self._unsent.clear()
        self._backlog.clear()
        self._turn.clear()


def _unpack(body: memoryview) -> list[Item]:
    items: list[Item] = msgpack.unpackb(body, ext_hook=hold, strict_map_key=False)
    if type(items) is not list or not LISTS.issuperset(map(type, items)):
        raise ValueError("a frame is a list of lists")
    return items
