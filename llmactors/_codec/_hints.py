"""The classes that hints name: what an endpoint declares may cross when it is called."""

from __future__ import annotations

import dataclasses
import types
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal, get_args, get_origin

from llmactors._codec._conform import hints_of
from llmactors._codec._registry import Types, crosses, is_model, is_named_tuple, name_of, owners_of
from llmactors._messages import Message


@dataclass(frozen=True, slots=True)
class EndpointTypes:
    """The classes that an endpoint's hints name, nested fields included, and the exceptions that are its answers."""

    parameters: Types
    returns: Types


@lru_cache(maxsize=4096)
def types_of_endpoint(function: Any, raises: tuple[type[BaseException], ...] = ()) -> EndpointTypes:
    """Return what may cross when the endpoint made of *function* is called."""
    hints = dict(hints_of(function))
    answer = types_of_hint(hints.pop("return", None))
    parameters: dict[str, type] = {}
    for hint in hints.values():
        parameters |= types_of_hint(hint)
    returns = {**answer, **{name_of(error): error for error in raises}}
    return EndpointTypes(types.MappingProxyType(parameters), types.MappingProxyType(returns))


def types_of_hint(hint: Any) -> dict[str, type]:
    """Return the classes that *hint* names, with those of their fields."""
    found: dict[str, type] = {}
    waiting = [hint]
    while waiting:
        for cls in _classes(waiting.pop()):
            if name_of(cls) not in found:
                found |= {name_of(owner): owner for owner in owners_of(cls)}
                waiting += _field_hints(cls)
    return found


def _classes(hint: Any) -> Iterator[type]:
    origin = get_origin(hint)
    if origin is Literal:
        yield from (type(choice) for choice in get_args(hint) if crosses(type(choice)))
        return
    if origin is None:
        if crosses(hint):
            yield hint
        elif hasattr(hint, "__supertype__"):
            yield from _classes(hint.__supertype__)
        elif hasattr(hint, "__value__"):  # `type X = ...`
            yield from _classes(hint.__value__)
        return
    if crosses(origin) and not issubclass(origin, Message):
        yield origin
    for argument in get_args(hint):
        yield from _classes(argument)


def _field_hints(cls: type) -> list[Any]:
    if dataclasses.is_dataclass(cls) or is_model(cls) or is_named_tuple(cls):
        return list(hints_of(cls).values())
    return []
