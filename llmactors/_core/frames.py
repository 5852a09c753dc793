"""Frames: a byte stream cut into pieces, each behind its own length.

Theory of operation
1. A frame is four bytes of length, little-endian, and that many bytes of body.
2. `FrameSplitter.feed` takes what a socket read and returns the bodies that are complete. The usual read holds whole
   frames: their bodies are views of it, and nothing is copied. Only a frame that comes in pieces is put together.
3. A length above the limit is an error as soon as it is read, before anything is kept for it.
4. A splitter that has raised is broken for good: after a wrong length nobody knows where the next frame begins.
"""

from __future__ import annotations

import struct
from typing import Final

HEAD: Final = struct.Struct("<I")
FRAME_LIMIT: Final = 256 * 1024 * 1024  # bytes of one body


class FrameError(ValueError):
    """The peer broke the framing; the connection is of no use any more."""


def frame(body: bytes, limit: int = FRAME_LIMIT) -> bytes:
    """Return *body* behind its length.

    Raises:
        FrameError: *body* is longer than *limit* bytes.
    """
    if len(body) > limit:
        raise FrameError(f"a frame of {len(body)} bytes is over the limit of {limit}; send less at a time")
    return HEAD.pack(len(body)) + body


class FrameSplitter:
    """Cuts what arrives into frames, however it was cut on its way."""

    __slots__ = ("_broken", "_limit", "_rest")

    def __init__(self, limit: int = FRAME_LIMIT) -> None:
        self._limit = limit
        self._rest = bytearray()
        self._broken = False

    @property
    def pending(self) -> int:
        """Bytes of a frame that is not complete yet."""
        return len(self._rest)

    def feed(self, data: bytes | memoryview) -> list[memoryview]:
        """Return the bodies that *data* completes, in order.

        The views are of *data*, or of a copy where a frame came in pieces; they stay valid as long as they are held.

        Raises:
            FrameError: A length is above the limit, now or in an earlier call.
        """
        if self._broken:
            raise FrameError("the framing broke before; close the connection")
        if self._rest:
            self._rest += data
            if len(self._rest) < HEAD.size or len(self._rest) - HEAD.size < self._length(self._rest, 0):
                return []
            data = bytes(self._rest)
            self._rest = bytearray()
        length = len(data) - HEAD.size
        if 0 <= length <= self._limit and HEAD.unpack_from(data)[0] == length:  # the commonest: just one
            return [memoryview(data)[HEAD.size :]]
        return self._split(data)

    def _split(self, data: bytes | memoryview) -> list[memoryview]:
        found: list[memoryview] = []
        view = memoryview(data)
        position, end = 0, len(data)
        while end - position >= HEAD.size:
            begin = position + HEAD.size
            length = self._length(data, position)
            if end - begin < length:
                break
            found.append(view[begin : begin + length])
            position = begin + length
        if position < end:
            self._rest += view[position:]
        return found

    def _length(self, data: bytes | bytearray | memoryview, position: int) -> int:
        length: int = HEAD.unpack_from(data, position)[0]
        if length > self._limit:
            self._broken = True
            raise FrameError(f"the peer announced a frame of {length} bytes; the limit is {self._limit}")
        return length
