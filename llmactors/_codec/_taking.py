"""Values on their way out: taken apart, or refused."""

from __future__ import annotations

import enum
import traceback
from collections.abc import Iterator
from functools import partial
from types import NoneType
from typing import Any, Final

from llmactors._codec import _arrays, _plain
from llmactors._codec._arrays import APART
from llmactors._codec._ports import RefTable, SegmentTable
from llmactors._codec._registry import REGISTERED, Types, is_model, name_of, take
from llmactors._codec._tags import RefusedError, Tag, Tree, tagged
from llmactors._messages import Message
from llmactors.errors import RemoteError

SCALARS: Final = frozenset({NoneType, bool, int, float, str, bytes})
SMALL_SCALARS: Final = SCALARS - {bytes}
TEXT_LIMIT: Final = 1024 * 1024  # characters of an error's text that cross
TRACEBACK_LIMIT: Final = 64 * 1024  # characters of a traceback that cross, from its end


class Taking:
    """One value on its way out."""

    __slots__ = ("_back", "_depth", "_fast", "_refs", "_segments", "_types", "_used", "careful")

    def __init__(self, refs: RefTable | None, segments: SegmentTable | None, types: Types, depth: int) -> None:
        self._refs, self._segments, self._types, self._depth = refs, segments, types, depth
        self._fast = SCALARS if segments is None else SMALL_SCALARS
        self._used: list[int] = []  # places of ours
        self._back: list[int] = []  # places of the peer's
        self.careful = False

    def take_back(self) -> None:
        """Nothing of this is sent."""
        if self._segments is None:
            return
        if self._used:
            used, self._used = self._used, []
            self._segments.take_back(used)
        while self._back:
            self._segments.take_again(self._back.pop())

    def _apart(self, tag: Tag, data: Any) -> Tree | None:
        """Put *data* into shared memory; None where that does not take it."""
        content = None if self._segments is None else self._segments.put(data)
        if content is None:
            return None
        self._used.append(content[0])
        return tagged(tag, content)

    def _large(self, value: bytes) -> Tree | None:
        """Send *value* back where it came from, or put it into shared memory; None where that does not take it."""
        content = None if self._segments is None else self._segments.send_back(value)
        if content is None:
            return self._apart(Tag.APART, value)
        self._back.append(content[0])
        return tagged(Tag.BACK, content)

    def tree(self, value: Any) -> Tree:
        cls = value.__class__
        if cls in SCALARS:
            if cls is bytes and len(value) > APART:
                apart = self._large(value)
                return value if apart is None else apart
            return _plain.split_scalar(value) if self.careful and not _plain.fits(value) else value
        if cls is bytearray and len(value) > APART:
            return tagged(Tag.BYTEARRAY, self._apart(Tag.LENT, value) or bytes(value))
        plain = _plain.SPLIT.get(cls)
        if plain is not None:
            return tagged(plain[0], plain[1](value))
        self._depth -= 1
        if self._depth < 0:
            raise RefusedError("is nested too deep, or holds itself")
        made = self._container(cls, value)
        self._depth += 1
        return made

    def _container(self, cls: type, value: Any) -> Tree:
        if cls is list:
            return self._items(value)
        if cls is dict:
            return self._dict(value)
        if cls is tuple:
            return tagged(Tag.TUPLE, self._items(value))
        if cls is set:
            return tagged(Tag.SET, self._items(list(value)))
        if cls is frozenset:
            return tagged(Tag.FROZENSET, self._items(list(value)))
        return self._object(cls, value)

    def _items(self, items: Any) -> list[Tree]:
        if not self.careful and self._fast.issuperset(map(type, items)):
            return list(items)
        return list(map(self.tree, items))

    def _dict(self, value: dict[Any, Any]) -> Tree:
        if SCALARS.issuperset(map(type, value)) and not self.careful:
            if self._fast.issuperset(map(type, value.values())):
                return value
            return dict(zip(value, map(self.tree, value.values()), strict=True))
        return tagged(Tag.DICT, [[self.tree(key), self.tree(item)] for key, item in value.items()])

    def _object(self, cls: type, value: Any) -> Tree:
        if isinstance(value, Message) and cls.__dict__.get("__endpoint__") is not None:
            return self._message(value)
        if name_of(cls) in self._types or name_of(cls) in REGISTERED:
            return self._declared(cls, value)
        if isinstance(value, BaseException):
            return tagged(Tag.ERROR, describe_error(value))
        ref = self._refs.export(value) if self._refs is not None else None
        if ref is not None:
            return tagged(Tag.REF, ref)
        array = _arrays.split_array(value, partial(self._apart, Tag.LENT))
        if array is not None:
            return array
        raise RefusedError(_why_not(cls))

    def _declared(self, cls: type, value: Any) -> Tree:
        name = name_of(cls)
        if isinstance(value, enum.Enum):
            member = value.value if isinstance(value, enum.Flag) else value.name
            return tagged(Tag.ENUM, [name, member])
        try:
            return tagged(Tag.OBJECT, [name, self._items(take(value))])
        except RefusedError:
            if isinstance(value, BaseException):  # what it carries cannot cross; that it happened can
                return tagged(Tag.ERROR, describe_error(value))
            raise

    def _message(self, value: Any) -> Tree:
        info = value.__endpoint__
        name = name_of(info.owner)
        if name not in self._types and name not in REGISTERED:
            raise RefusedError(_why_not(info.owner))
        return tagged(Tag.MESSAGE, [name, info.name, self._items([getattr(value, slot) for slot in value.__slots__])])

    def locate(self, value: Any, path: str) -> tuple[str, str]:
        """Return where in *value* the refused part is, and what is wrong with it."""
        for label, child in _children(value):
            self._depth, self.careful = 100, True
            try:
                self.tree(child)
            except RefusedError as error:
                if "nested" in str(error):
                    return path, str(error)
                return self.locate(child, path + label)
        try:
            self._depth = 1
            self.tree(value)
        except RefusedError as error:
            return path, str(error)
        return path, "is nested too deep, or holds itself"


def _children(value: Any) -> Iterator[tuple[str, Any]]:
    cls = type(value)
    if isinstance(value, Message):
        slots: tuple[str, ...] = value.__slots__
        yield from ((f"({slot}=)", getattr(value, slot)) for slot in slots)
    elif cls in {list, tuple}:
        yield from ((f"[{index}]", item) for index, item in enumerate(value))
    elif cls in {set, frozenset}:
        yield from ((f" element {item!r}", item) for item in value)
    elif cls is dict:
        for key, item in value.items():
            yield f" key {key!r}", key
            yield f"[{key!r}]", item
    elif hasattr(cls, "__dataclass_fields__"):
        yield from ((f".{name}", getattr(value, name)) for name in cls.__dataclass_fields__ if hasattr(value, name))
    elif is_model(cls):
        yield from ((f".{name}", item) for name, item in vars(value).items())


def _why_not(cls: type) -> str:
    if cls is memoryview:
        return "is a memoryview, whose memory stays here; send bytes"
    if "<locals>" in cls.__qualname__:
        return f"is a `{cls.__qualname__}`, a class inside a function, which the other side cannot have"
    base = next((base for base in cls.__mro__[1:] if base in SCALARS or base in {list, dict, tuple, set}), None)
    if base is not None:
        return f"is a `{name_of(cls)}`, which would arrive as a {base.__name__}; convert it before sending"
    return (
        f"is a `{name_of(cls)}`; name that class in the endpoint's hints, or register it with "
        "`llmactors.hosts.register` (dataclasses, pydantic models, named tuples, enums and exceptions can be)"
    )


def describe_error(error: BaseException) -> list[str]:
    """Return the name of the error's type, its text and its traceback: what a receiver that lacks the type gets."""
    if type(error) is RemoteError:
        return [error.type_name, error.text, error.traceback]
    summary = traceback.TracebackException.from_exception(error)
    cls = type(error)
    name = cls.__qualname__ if cls.__module__ == "builtins" else name_of(cls).replace(":", ".")
    text, told = str(summary), "".join(summary.format())
    return [_clean(part) for part in (name, text[:TEXT_LIMIT], told[-TRACEBACK_LIMIT:])]


def _clean(text: str) -> str:
    return text.encode("utf-8", "backslashreplace").decode()
