"""The codec: any value that can be equal on the other side, and nothing else.

Theory of operation
1. `wrap` turns a value into what a frame may hold: scalars as they are, everything else as one extension of
   MessagePack with the packed value in it. `unwrap` is its inverse. So a frame is cut and routed without building
   anything, a value that cannot be built harms its own message only, and it is built knowing which endpoint it is for.
2. Types are exact. An instance of a subclass (`class MyInt(int)`) is not its base, and is refused.
3. A class is built only if it is registered here or named in the hints of the endpoint called (`types`). Names are
   looked up in those two tables: decoding never imports, and there is no pickle anywhere.
4. A value is turned into a tree of what MessagePack knows, by exact class. Containers of scalars stay as they are,
   at C speed. Only when something is refused is the value walked again, to say where.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

import msgpack

from llmactors._codec import _plain
from llmactors._codec._arrays import APART
from llmactors._codec._building import Building
from llmactors._codec._ports import RefTable, SegmentTable
from llmactors._codec._registry import Types
from llmactors._codec._tags import MARKS, RefusedError, SegmentError, Tag
from llmactors._codec._taking import SCALARS, Taking, describe_error
from llmactors.errors import NotSerialisableError, RemoteError

NO_TYPES: Final[Types] = MappingProxyType({})
VALUE: Final = 100  # the extension type of a packed value
MOST: Final = 255 << 20  # bytes that cross at once: what a frame takes
LONG: Final = 1 << 16  # characters or bytes of a scalar from which on it is measured
TEXTS: Final = frozenset({str, bytes})
BACK: Final = MARKS[Tag.BACK]
APARTS: Final = frozenset({MARKS[Tag.APART], MARKS[Tag.LENT]})


@dataclass(frozen=True, slots=True)
class Limits:
    """What a receiver takes. The parser itself allows 1 024 levels.

    Args:
        depth: Levels of nesting that a sender sends.
        text: Bytes of one string.
        data: Bytes of one `bytes`, array or tensor.
    """

    depth: int = 100
    text: int = 64 * 1024 * 1024
    data: int = 256 * 1024 * 1024


def size_of(wrapped: Any) -> int:
    """Return about how many bytes of a frame a wrapped value takes, if that is many: scalars that are short take 0."""
    cls = wrapped.__class__
    if cls is msgpack.ExtType:
        return len(wrapped.data)
    if cls not in TEXTS or len(wrapped) <= LONG:
        return 0
    return len(wrapped) if cls is bytes or wrapped.isascii() else len(wrapped.encode(errors="surrogatepass"))


def is_long(wrapped: Any) -> bool:
    """Say whether a wrapped value, or one of several, is so long that it does not wait for others to go with."""
    return max(map(size_of, wrapped), default=0) > LONG if wrapped.__class__ is list else size_of(wrapped) > LONG


def check_size(wrapped: Any, where: str) -> None:
    """See that a wrapped value, or several, can cross at once.

    Raises:
        NotSerialisableError: It is too large.
    """
    size = sum(map(size_of, wrapped)) if wrapped.__class__ is list else size_of(wrapped)
    if size > MOST:
        raise NotSerialisableError(
            f"{where} is too large to send: {size >> 20} MiB, and {MOST >> 20} cross at once; "
            "send it in parts, as arrays (which cross by shared memory), or as the name of a file"
        )


class Packed(bytes):
    """A value that has arrived and was not built yet."""

    __slots__ = ()


def hold(code: int, data: bytes) -> Packed:
    """Keep a packed value inside a frame as it is; for `msgpack.unpackb(ext_hook=)`.

    Raises:
        ValueError: The extension is not ours.
    """
    if code != VALUE:
        raise ValueError(f"a frame holds an extension of type {code}, which does not exist")
    return Packed(data)


def pack_once(value: Any) -> bytes:
    """Pack as a packer that is kept does, and keep no buffer for the next time."""
    packed: bytes = msgpack.packb(value, strict_types=True)
    return packed


class Codec:
    """One side of a connection.

    Args:
        refs: The refs that it knows; None for none.
        limits: What this side takes.
        segments: Its shared memory; None for none.
    """

    def __init__(
        self,
        refs: RefTable | None = None,
        limits: Limits | None = None,
        segments: SegmentTable | None = None,
    ) -> None:
        self._refs, self._segments = refs, segments
        self._limits = limits or Limits()
        self._pack: Callable[[Any], bytes] = msgpack.Packer(strict_types=True).pack

    def close(self) -> None:
        """Let go of the buffer, a quarter of a MiB: the connection is over. What is wrapped now is a little slower."""
        self._pack = pack_once

    def wrap(self, value: Any, types: Types = NO_TYPES, where: str = "the value") -> Any:
        """Return *value* as a frame may hold it.

        Raises:
            NotSerialisableError: It, or something in it, would not be equal on the other side.
        """
        if value.__class__ in SCALARS and _plain.fits(value) and not self._goes_apart(value):
            check_size(value, where)
            return value
        return msgpack.ExtType(VALUE, self.dumps(value, types, where))

    def _goes_apart(self, value: Any) -> bool:
        return value.__class__ is bytes and len(value) > APART and self._segments is not None

    def unwrap(self, value: Any, types: Types = NO_TYPES, where: str = "the value") -> Any:
        """Return the value that was wrapped.

        Raises:
            NotSerialisableError: It names a class that may not be built here, or is no valid instance of it.
        """
        return self.loads(value, types, where) if value.__class__ is Packed else value

    def dumps(self, value: Any, types: Types = NO_TYPES, where: str = "the value") -> bytes:
        """Return *value* as bytes. Raises as `wrap` does."""
        taking = Taking(self._refs, self._segments, types, self._limits.depth)
        try:
            packed = self._packed(taking, value)
            check_size(packed, where)
        except NotSerialisableError:
            taking.take_back()
            if isinstance(value, BaseException) and type(value) is not RemoteError:  # that it happened can cross
                return self.dumps(RemoteError(*describe_error(value)), types, where)
            raise
        except RefusedError:
            taking.take_back()
            path, error = taking.locate(value, where)
            taking.take_back()
            raise NotSerialisableError(f"{path} {error}") from None
        except ValueError as error:
            taking.take_back()
            raise NotSerialisableError(f"{where} is too large to send: {error}") from None
        return packed

    def _packed(self, taking: Taking, value: Any) -> bytes:
        try:
            return self._pack(taking.tree(value))
        except (OverflowError, UnicodeEncodeError):
            taking.take_back()
            taking.careful = True
            return self._pack(taking.tree(value))

    def loads(self, data: bytes, types: Types = NO_TYPES, where: str = "the value") -> Any:
        """Return the value that *data* holds. Raises as `unwrap` does."""
        building = Building(self._refs, self._segments, types)
        try:
            return self._build(data, building, where)
        except NotSerialisableError:
            self._skip(data, building.taken)
            raise

    def _build(self, data: bytes, building: Building, where: str) -> Any:
        try:
            value = msgpack.unpackb(
                data,
                object_hook=building.map,
                ext_hook=building.mark,
                strict_map_key=False,
                max_str_len=self._limits.text,
                max_bin_len=self._limits.data,
            )
        except RefusedError as error:
            raise NotSerialisableError(f"{where}: what arrived {error}") from error.__cause__
        except (SegmentError, MemoryError):
            raise
        except Exception as error:
            raise NotSerialisableError(f"{where}: what arrived is damaged: {error}") from error
        if building.open_marks or building.loans:
            raise NotSerialisableError(f"{where}: what arrived has a mark in a wrong place")
        return value

    def discard(self, value: Any) -> None:
        """Nobody wants a wrapped value that has arrived: give back what it holds of shared memory.

        Raises:
            SegmentError: It names what is not there.
        """
        if value.__class__ is Packed:
            self._skip(value, set())

    def _skip(self, data: bytes, taken: set[Any]) -> None:
        segments = self._segments
        if segments is None:
            return

        def skip(value: dict[Any, Any]) -> None:
            for key, content in value.items():
                if key in APARTS and type(content) is list and content and content[0] not in taken:
                    segments.skip(content[0])
                elif key == BACK and type(content) is list and (Tag.BACK, content[0]) not in taken:
                    segments.came_back(*content)

        with contextlib.suppress(ValueError, TypeError, msgpack.UnpackException):  # it is damaged anyway
            msgpack.unpackb(data, object_hook=skip, ext_hook=msgpack.ExtType, strict_map_key=False)
