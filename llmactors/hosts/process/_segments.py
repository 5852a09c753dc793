"""Shared memory between the two sides of a connection: large bytes, arrays and tensors cross without the socket.

Theory of operation
1. A *segment* is a memfd: memory without a name, gone with its last user, however that ended. Its sender seals its size
   (and, where the kernel knows it, against every writer but itself), and passes the descriptor once, over a socket of
   its own. Then only the segment's number crosses; both sides keep it mapped (a fresh one is ten times slower).
2. The receiver demands the seals and a sufficient size, since reading behind a file's end is a SIGBUS. It maps the
   segment privately: it reads without a copy, and what it writes stays its own.
3. `bytes` are copied out. Until what arrived with them is dealt with (`settle`), the very object that was made of a
   segment can be *sent back*: then only the segment's number crosses, and whoever had filled it has the object that it
   was filled from. That is right because neither can change: bytes are immutable, and nobody but its sender writes to a
   segment, which it does not while that is lent. An object that is equal and another is copied as any.
4. An array lies in the segment, which is given back when the last array on it is gone; what was written to it meanwhile
   is dropped with `madvise`.
5. What was given back is used again. A pool keeps some free segments, and drops the rest.
6. A side has at most `LIMIT` bytes and `MOST` segments (up to CPython 3.12 a mapping keeps a descriptor). Beyond that,
   values cross in the frame, as small ones do.
7. A peer that breaks a rule has broken the connection: `SegmentError` is not an error of one message.
"""

from __future__ import annotations

import contextlib
import ctypes
import errno
import fcntl
import mmap
import os
import socket
import struct
import sys
import weakref
from collections.abc import Callable
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from llmactors._codec import SegmentError
from llmactors.hosts.process._ops import Op

if TYPE_CHECKING:
    import asyncio

LIMIT: Final = 1 << 30  # bytes in segments of one side
MOST: Final = 64  # segments of one side
KEPT: Final = 64 << 20  # bytes in free segments
SMALLEST: Final = 1 << 16  # bytes
NUMBER: Final = struct.Struct("<I")

SIZE_SEALS: Final = fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW if hasattr(fcntl, "F_SEAL_SHRINK") else 0
UNTRACKED: Final[dict[str, Any]] = {"trackfd": False} if sys.version_info >= (3, 13) else {}
FUTURE_WRITE: Final = 0x10  # F_SEAL_FUTURE_WRITE, Linux 5.1


class Segments:
    """One side's segments: its own, which it fills, and the peer's, which it reads.

    Args:
        end: A socket (SOCK_SEQPACKET) for the descriptors.
        put: Sends an item, which may wait for others.
    """

    def __init__(self, end: socket.socket, put: Callable[[list[Any]], None]) -> None:
        self._end, self._put = end, put
        end.setblocking(False)  # noqa: FBT003  the standard library's signature
        self._loop: asyncio.AbstractEventLoop | None = None
        self._mine: dict[int, mmap.mmap] = {}
        self._free: dict[int, list[int]] = {}  # numbers by size
        self._used = self._spare = self._theirs_size = self._last = 0  # bytes, bytes, bytes, number
        self._lent: dict[int, Any] = {}  # mine that the peer has, and the bytes in them
        self._theirs: dict[int, mmap.mmap] = {}
        self._held: set[int] = set()  # theirs that arrays lie on
        self.fresh: dict[int, tuple[bytes, int]] = {}  # bytes made of theirs that can be sent back, by identity
        self.open = True

    def attach(self, loop: asyncio.AbstractEventLoop) -> None:
        """Give segments back on *loop* from now on."""
        self._loop = loop

    # -- out -------------------------------------------------------------------------------------------------------
    def put(self, data: Any) -> list[int] | None:
        """Copy *data*, a flat buffer of bytes, into a segment; return its number and length. None: no room."""
        length = len(data)
        size = max(SMALLEST, 1 << (length - 1).bit_length())
        free = self._free.get(size)
        if free:
            number: int | None = free.pop()
            self._spare -= size
        else:
            number = self._new(size)
        if number is None:
            return None
        self._lent[number] = data if data.__class__ is bytes else None
        self._mine[number][:length] = data
        return [number, length]

    def _new(self, size: int) -> int | None:
        if not self.open or self._used + size > LIMIT or len(self._mine) >= MOST:
            return None
        try:
            descriptor = os.memfd_create("llmactors", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
        except OSError:  # no descriptor left
            return None
        try:
            os.ftruncate(descriptor, size)
            made = mmap.mmap(descriptor, size, **UNTRACKED)
            _seal(descriptor)
            socket.send_fds(self._end, [NUMBER.pack(self._last + 1)], [descriptor])
        except OSError:  # no memory, or too many descriptors on their way: the frame takes it
            return None
        finally:
            os.close(descriptor)
        self._last += 1
        self._mine[self._last] = made
        self._used += size
        return self._last

    def take_back(self, numbers: list[int]) -> None:
        """What was put into these segments is not sent."""
        self.released(numbers)

    def released(self, numbers: list[int]) -> None:
        """The peer has given segments back.

        Raises:
            SegmentError: It did not have one of them.
        """
        for number in numbers:
            if number not in self._lent:
                raise SegmentError(f"segment {number!r} was given back and had not been lent")
            del self._lent[number]
            size = len(self._mine[number])
            if self._spare + size > KEPT:
                self._drop(number, size)
            else:
                self._spare += size
                self._free.setdefault(size, []).append(number)

    def _drop(self, number: int, size: int) -> None:
        self._mine.pop(number).close()
        self._used -= size
        self._put([int(Op.DROP), number])

    def send_back(self, data: bytes) -> list[int] | None:
        """Return the number and length of the peer's segment that *data* was made of just now; it is given back so."""
        fresh = self.fresh.pop(id(data), None)
        return None if fresh is None else [fresh[1], len(data)]

    def take_again(self, number: int) -> None:
        """What was to be sent back is not: give the segment back."""
        self._give_back([number])

    # -- in --------------------------------------------------------------------------------------------------------
    def copy(self, number: Any, length: Any) -> bytes:
        """Return the bytes in a segment of the peer, which is given back with `settle`.

        Raises:
            SegmentError: It is not what it must be.
        """
        mapped = self._segment(number, length)
        data = mapped[:length]
        self.fresh[id(data)] = data, number
        return data

    def settle(self) -> None:
        """What has arrived is dealt with: give back the segments of which bytes were made."""
        fresh, self.fresh = self.fresh, {}
        if fresh:
            self._give_back([number for _, number in fresh.values()])

    def came_back(self, number: Any, length: Any) -> bytes:
        """Return the bytes that were put into a segment and that the peer has sent back, with the segment.

        Raises:
            SegmentError: It has no such segment.
        """
        data = self._lent.get(number) if type(number) is int else None
        if data is None or len(data) != length:
            raise SegmentError(f"{length!r} bytes came back in segment {number!r}, which has none of that length")
        self.released([number])
        returned: bytes = data
        return returned

    def borrow(self, number: Any, length: Any) -> memoryview:
        """Return a segment of the peer as memory of our own, given back when nothing refers to it any more.

        Raises:
            SegmentError: It is not what it must be.
        """
        mapped = self._segment(number, length)
        loan = _loan_type(len(mapped)).from_buffer(mapped)
        weakref.finalize(loan, self._loan_is_over, number, mapped, length).atexit = False
        self._held.add(number)
        return memoryview(loan)[:length]

    def skip(self, number: Any) -> None:
        """A value in a segment of the peer will not be built: give it back."""
        self._segment(number, 0)
        self._give_back([number])

    def dropped(self, number: int) -> None:
        """The peer uses a segment no more."""
        mapped = self._theirs.pop(number, None)
        if mapped is None or number in self._held:
            raise SegmentError(f"segment {number!r} was dropped and is not here, or is in use")
        self._theirs_size -= len(mapped)
        mapped.close()

    def _segment(self, number: Any, length: Any) -> mmap.mmap:
        if type(number) is not int or type(length) is not int or number in self._held:
            raise SegmentError(f"a value lies in segment {number!r}, which does not exist or is in use")
        mapped = self._theirs.get(number)
        while mapped is None:
            self._receive()
            mapped = self._theirs.get(number)
        if not 0 <= length <= len(mapped):
            raise SegmentError(f"a value of {length!r} bytes lies in segment {number}, which has {len(mapped)}")
        return mapped

    def _receive(self) -> None:
        """Take the next descriptor from the peer."""
        try:
            data, descriptors, _flags, _address = socket.recv_fds(self._end, NUMBER.size, 1)
        except (BlockingIOError, ConnectionError) as error:
            raise SegmentError("a value lies in a segment that was never passed") from error
        try:
            if len(data) != NUMBER.size or len(descriptors) != 1:
                raise SegmentError("a segment came without its descriptor: has this process none left (`ulimit -n`)?")
            number = NUMBER.unpack(data)[0]
            if number in self._theirs:
                raise SegmentError(f"segment {number} was passed twice")
            self._theirs[number] = self._map(descriptors[0])
        finally:
            for descriptor in descriptors:
                os.close(descriptor)

    def _map(self, descriptor: int) -> mmap.mmap:
        try:
            seals = fcntl.fcntl(descriptor, fcntl.F_GET_SEALS)
        except OSError as error:
            raise SegmentError("a segment is no memfd") from error
        if seals & SIZE_SEALS != SIZE_SEALS:
            raise SegmentError(f"a segment can change its size (seals {seals:#x})")
        size = os.fstat(descriptor).st_size
        if not size or self._theirs_size + size > LIMIT or len(self._theirs) >= MOST:
            raise SegmentError(f"segments of {self._theirs_size} bytes and one of {size} more are over the limit")
        access = mmap.PROT_READ | mmap.PROT_WRITE
        try:
            mapped = mmap.mmap(descriptor, size, flags=mmap.MAP_PRIVATE, prot=access, **UNTRACKED)
        except OSError as error:
            if error.errno != errno.ENOMEM:
                raise
            raise MemoryError(f"no room for a segment of {size} bytes") from error
        self._theirs_size += size
        return mapped

    # -- giving back -----------------------------------------------------------------------------------------------
    def _loan_is_over(self, number: int, mapped: mmap.mmap, length: int) -> None:
        """Nothing refers to a borrowed segment any more. Called by the collector, in any thread."""
        if self.open and self._loop is not None:
            with contextlib.suppress(RuntimeError):  # the loop is closed, and the connection with it
                self._loop.call_soon_threadsafe(self._return_loan, number, mapped, length)

    def _return_loan(self, number: int, mapped: mmap.mmap, length: int) -> None:
        self._held.discard(number)
        if self.open:
            mapped.madvise(mmap.MADV_DONTNEED, 0, length)
            self._give_back([number])

    def _give_back(self, numbers: list[int]) -> None:
        self._put([int(Op.RELEASE), numbers])

    def close(self) -> None:
        """The connection is over. What is borrowed stays readable as long as it is referred to."""
        if self.open:
            self.open = False
            self._end.close()
            self._mine.clear()
            self._theirs.clear()
            self._free.clear()
            self.fresh.clear()
            self._lent.clear()


@lru_cache(maxsize=64)
def _loan_type(size: int) -> type[ctypes.Array[ctypes.c_char]]:
    """Return what stands for a borrowed segment: a buffer that can be watched for its end. Making a type is slow."""
    return ctypes.c_char * size


def _seal(descriptor: int) -> None:
    try:
        fcntl.fcntl(descriptor, fcntl.F_ADD_SEALS, SIZE_SEALS | FUTURE_WRITE)
    except OSError as error:
        if error.errno != errno.EINVAL:
            raise
        fcntl.fcntl(descriptor, fcntl.F_ADD_SEALS, SIZE_SEALS)
