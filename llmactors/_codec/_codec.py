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

import enum
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from types import MappingProxyType, NoneType
from typing import Any, Final, Protocol

import msgpack

from llmactors._codec import _arrays, _plain
from llmactors._codec._registry import REGISTERED, Types, build, is_model, name_of, take
from llmactors._codec._tags import MARKS, RefusedError, Tag, Tree, tagged
from llmactors._endpoints import endpoints
from llmactors._messages import Message
from llmactors.errors import NotSerialisableError, RemoteError

NO_TYPES: Final[Types] = MappingProxyType({})
VALUE: Final = 100  # the extension type of a packed value
SCALARS: Final = frozenset({NoneType, bool, int, float, str, bytes})
TAGS: Final = {tag.value: tag for tag in Tag}
TRACEBACK_LIMIT: Final = 64 * 1024  # characters of a traceback that cross, from its end


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


class RefTable(Protocol):
    """The refs that one connection knows, by number: a peer can address only what was handed to it."""

    def export(self, value: object) -> list[Any] | None:
        """Return what stands for a ref, its number first; None where *value* is no ref."""

    def resolve(self, content: list[Any]) -> object:
        """Return the ref that *content* stands for.

        Raises:
            LookupError: There is none: the peer made it up.
        """


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


class Codec:
    """One side of a connection."""

    def __init__(self, refs: RefTable | None = None, limits: Limits | None = None) -> None:
        self._refs = refs
        self._limits = limits or Limits()
        self._pack = msgpack.Packer(strict_types=True).pack

    def wrap(self, value: Any, types: Types = NO_TYPES, where: str = "the value") -> Any:
        """Return *value* as a frame may hold it.

        Raises:
            NotSerialisableError: It, or something in it, would not be equal on the other side.
        """
        if value.__class__ in SCALARS and _plain.fits(value):
            return value
        return msgpack.ExtType(VALUE, self.dumps(value, types, where))

    def unwrap(self, value: Any, types: Types = NO_TYPES, where: str = "the value") -> Any:
        """Return the value that was wrapped.

        Raises:
            NotSerialisableError: It names a class that may not be built here, or is no valid instance of it.
        """
        return self.loads(value, types, where) if value.__class__ is Packed else value

    def dumps(self, value: Any, types: Types = NO_TYPES, where: str = "the value") -> bytes:
        """Return *value* as bytes. Raises as `wrap` does."""
        taking = _Taking(self._refs, types, self._limits.depth)
        try:
            try:
                return self._pack(taking.tree(value))
            except (OverflowError, UnicodeEncodeError):
                taking.careful = True
                return self._pack(taking.tree(value))
        except RefusedError:
            path, error = taking.locate(value, where)
            raise NotSerialisableError(f"{path} {error}") from None
        except ValueError as error:
            raise NotSerialisableError(f"{where} is too large to send: {error}") from None

    def loads(self, data: bytes, types: Types = NO_TYPES, where: str = "the value") -> Any:
        """Return the value that *data* holds. Raises as `unwrap` does."""
        building = _Building(self._refs, types)
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
        except Exception as error:
            raise NotSerialisableError(f"{where}: what arrived is damaged: {error}") from error
        if building.open_marks:
            raise NotSerialisableError(f"{where}: what arrived has a mark in a wrong place")
        return value


class _Taking:
    """One value on its way out."""

    __slots__ = ("_depth", "_refs", "_types", "careful")

    def __init__(self, refs: RefTable | None, types: Types, depth: int) -> None:
        self._refs, self._types, self._depth = refs, types, depth
        self.careful = False

    def tree(self, value: Any) -> Tree:
        cls = value.__class__
        if cls in SCALARS:
            return _plain.split_scalar(value) if self.careful and not _plain.fits(value) else value
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
        if not self.careful and SCALARS.issuperset(map(type, items)):
            return list(items)
        return list(map(self.tree, items))

    def _dict(self, value: dict[Any, Any]) -> Tree:
        if SCALARS.issuperset(map(type, value)) and not self.careful:
            if SCALARS.issuperset(map(type, value.values())):
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
        array = _arrays.split_array(value)
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
    return [_clean(part) for part in (name, str(summary), "".join(summary.format())[-TRACEBACK_LIMIT:])]


def _clean(text: str) -> str:
    return text.encode("utf-8", "backslashreplace").decode()


class _Building:
    """One value on its way in. Marks come before the maps that they are keys of; every one must be used."""

    __slots__ = ("_refs", "_types", "open_marks")

    def __init__(self, refs: RefTable | None, types: Types) -> None:
        self._refs, self._types = refs, types
        self.open_marks = 0

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
            return plain(content)
        if tag is Tag.REF:
            return self._ref(content)
        if tag is Tag.OBJECT:
            name, fields = content
            return build(self._class(name), fields)
        if tag is Tag.ENUM:
            return self._enum(*content)
        return self._message(*content)

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
