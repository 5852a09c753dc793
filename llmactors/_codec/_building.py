"""Values on their way in: built from what is registered or named in hints, and from nothing else."""

from __future__ import annotations

import enum
from collections.abc import Callable
from typing import Any, Final

import msgpack

from llmactors._codec import _arrays, _plain
from llmactors._codec._ports import RefTable, SegmentTable
from llmactors._codec._registry import REGISTERED, Types, build
from llmactors._codec._tags import MARKS, RefusedError, SegmentError, Tag
from llmactors._endpoints import endpoints
from llmactors.errors import RemoteError

TAGS: Final = {tag.value: tag for tag in Tag}
BORROWERS: Final = frozenset({Tag.ARRAY, Tag.TENSOR, Tag.BYTEARRAY})


class Building:
    """One value on its way in. Marks come before the maps that they are keys of; every one must be used."""

    __slots__ = ("_refs", "_segments", "_types", "loans", "open_marks", "taken")

    def __init__(self, refs: RefTable | None, segments: SegmentTable | None, types: Types) -> None:
        self._refs, self._segments, self._types = refs, segments, types
        self.open_marks = self.loans = 0  # marks, and pieces of shared memory, that are not used yet
        self.taken: set[Any] = set()

    def mark(self, code: int, data: bytes) -> msgpack.ExtType:
        tag = TAGS.get(code)
        if tag is None or data:
            raise RefusedError(f"has an extension of type {code}")
        self.open_marks += 1
        return MARKS[tag]

    def map(self, value: dict[Any, Any]) -> Any:
        if len(value) == 1 and self.open_marks:
            for key, content in value.items():
                if key.__class__ is msgpack.ExtType:
                    self.open_marks -= 1
                    return self._join(TAGS[key.code], content)
        return value

    def _join(self, tag: Tag, content: Any) -> Any:
        plain = JOIN.get(tag)
        if plain is not None:
            if (
                self.loans
                and tag in BORROWERS
                and (content if tag is Tag.BYTEARRAY else content[-1]).__class__ is memoryview
            ):
                self.loans -= 1
            return plain(content)
        if tag in {Tag.APART, Tag.LENT, Tag.BACK}:
            return self._from_apart(tag, *content)
        if tag is Tag.REF:
            return self._ref(content)
        if tag is Tag.OBJECT:
            name, fields = content
            return build(self._class(name), fields)
        if tag is Tag.ENUM:
            return self._enum(*content)
        return self._message(*content)

    def _from_apart(self, tag: Tag, number: Any, length: Any) -> bytes | memoryview:
        if self._segments is None:
            raise SegmentError("a value lies in shared memory, and this connection has none")
        if tag is Tag.BACK:
            returned = self._segments.came_back(number, length)
            self.taken.add((tag, number))
            return returned
        if tag is Tag.APART:
            data: bytes | memoryview = self._segments.copy(number, length)
        else:
            data = self._segments.borrow(number, length)
            self.loans += 1
        self.taken.add(number)
        return data

    def _class(self, name: str) -> type:
        cls = self._types.get(name) or REGISTERED.get(name)
        if cls is None:
            raise RefusedError(
                f"is a `{name}`, which is neither registered here nor named in the hints of the endpoint; "
                "register it in the module that defines it"
            )
        return cls

    def _enum(self, name: str, member: Any) -> Any:
        cls = self._class(name)
        if not issubclass(cls, enum.Enum):
            raise RefusedError(f"names `{name}`, which is no enum")
        return cls(member) if issubclass(cls, enum.Flag) else cls[member]

    def _message(self, name: str, endpoint: str, values: list[Any]) -> Any:
        found = endpoints(self._class(name)).get(endpoint)
        if found is None:
            raise RefusedError(f"calls `{endpoint}`, which `{name}` does not have")
        return make_message(found.message_class, values)

    def _ref(self, content: Any) -> object:
        if self._refs is None:
            raise RefusedError("holds a ref, and this connection has none")
        try:
            return self._refs.resolve(content)
        except LookupError as error:
            raise RefusedError(f"holds the ref {content!r}, which was never handed out") from error


def make_message(cls: Any, values: list[Any]) -> Any:
    """Return the message of this class with these values in its slots.

    Raises:
        RefusedError: There are more or fewer values than slots.
    """
    if len(values) != len(cls.__slots__):
        raise RefusedError(f"calls `{cls.__qualname__}` with {len(values)} values instead of {len(cls.__slots__)}")
    made = object.__new__(cls)
    for slot, value in zip(cls.__slots__, values, strict=True):
        setattr(made, slot, value)
    return made


JOIN: Final[dict[Tag, Callable[[Any], Any]]] = {
    Tag.TUPLE: tuple,
    Tag.SET: set,
    Tag.FROZENSET: frozenset,
    Tag.DICT: dict,
    Tag.ERROR: lambda content: RemoteError(*content),
    Tag.ARRAY: _arrays.join_array,
    Tag.NUMPY_SCALAR: _arrays.join_numpy_scalar,
    Tag.TENSOR: _arrays.join_tensor,
    **_plain.JOIN,
}
