"""How messages are written and read: by the name of the endpoint, with what its hints allow."""

from __future__ import annotations

from functools import lru_cache
from typing import Any
from weakref import WeakKeyDictionary

from llmactors._asks import Ask
from llmactors._carried import Envelope
from llmactors._codec import (
    NO_TYPES,
    SCALARS,
    Codec,
    RefusedError,
    Types,
    check_size,
    is_long,
    make_message,
    types_of_endpoint,
    types_of_hint,
)
from llmactors._codec._conform import hints_of
from llmactors._endpoints import endpoints
from llmactors._messages import Message
from llmactors._streams import Flow
from llmactors._words import shown
from llmactors.errors import NotSerialisableError

Slots = tuple[tuple[str, str], ...]
"""The arguments of an endpoint, each with how an error names it."""

_grammars: WeakKeyDictionary[type, Grammar] = WeakKeyDictionary()


def message_of(item: Any) -> Any:
    """Return the message in a mailbox's entry."""
    return item.message if isinstance(item, (Ask, Envelope, Flow)) else item


def grammar_of(cls: type) -> Grammar:
    """Return how messages for actors of *cls* are written and read."""
    grammar = _grammars.get(cls)
    if grammar is None:
        grammar = _grammars[cls] = Grammar(cls)
    return grammar


class Grammar:
    """How messages for actors of one class are written and read."""

    __slots__ = ("_by_class", "_by_name", "_others")

    def __init__(self, cls: type) -> None:
        self._by_class: dict[type, tuple[str, Slots, Types, Types]] = {}
        self._by_name: dict[str, tuple[Any, Types]] = {}
        for name, endpoint in endpoints(cls).items():
            types = types_of_endpoint(endpoint.function, endpoint.info.options.raises)
            names: tuple[str, ...] = endpoint.message_class.__slots__
            slots = tuple((slot, f"{name}({slot}=...)") for slot in names)
            self._by_class[endpoint.message_class] = (name, slots, types.parameters, types.returns)
            self._by_name[name] = (endpoint.message_class, types.parameters)
        receive = getattr(cls, "receive", None)
        hints = hints_of(receive) if receive is not None else {}
        self._others = {kind: found for hint in (cls, *hints.values()) for kind, found in types_of_hint(hint).items()}

    def write(self, codec: Codec, message: Any) -> tuple[list[Any], Types]:
        """Return what a message is on the wire, and what may come back.

        Raises:
            NotSerialisableError: It cannot cross.
        """
        found = self._by_class.get(message.__class__)
        if found is None:
            where = shown(message) if isinstance(message, Message) else type(message).__name__
            return [None, codec.wrap(message, self._others, where)], self._others
        name, slots, parameters, returns = found
        values = [codec.wrap(getattr(message, slot), parameters, where) for slot, where in slots]
        if len(values) > 1:
            check_size(values, f"{name}(...)")
        return [name, values], returns

    def is_plain(self, message: Any) -> bool:
        """Say whether *message* can cross for certain: all its arguments are scalars."""
        found = self._by_class.get(message.__class__)
        return found is not None and all(_is_plain(getattr(message, slot)) for slot, _ in found[1])

    def read(self, codec: Codec, name: str | None, content: Any) -> Any:
        """Return the message.

        Raises:
            NotSerialisableError: It is not one that may be built.
        """
        if name is None:
            return codec.unwrap(content, self._others, "the message")
        if name not in self._by_name:
            raise NotSerialisableError(f"there is no endpoint `{name}` here; is the code of both processes the same?")
        cls, parameters = self._by_name[name]
        try:
            return make_message(cls, [codec.unwrap(value, parameters, f"{name}(...)") for value in content])
        except RefusedError as error:
            raise NotSerialisableError(f"the message {error}") from None


def _is_plain(value: Any) -> bool:
    return value.__class__ in SCALARS and not is_long(value)


def describe(message: Any) -> str:
    """Name a message in an error: its endpoint, not its arguments, which may be large."""
    info = getattr(message, "__endpoint__", None)
    return type(message).__name__ if info is None else f"{info.owner.__name__}.{info.name}"


def returns_of(message: Any) -> Types:
    """Return what may be the answer to *message*, as its endpoint declares it."""
    return _returns_of(message.__class__)


@lru_cache(maxsize=4096)
def _returns_of(cls: Any) -> Types:
    info = getattr(cls, "__endpoint__", None)
    if info is None:
        return NO_TYPES
    endpoint = endpoints(info.owner)[info.name]
    return types_of_endpoint(endpoint.function, info.options.raises).returns


@lru_cache(maxsize=1024)
def constructor_types(cls: type) -> Types:
    """Return the classes that the hints of a constructor name."""
    return types_of_endpoint(cls.__init__).parameters  # type: ignore[misc]  # it is read, not called
