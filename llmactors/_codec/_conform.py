"""Whether a value is what a hint says: exact where it can be, generous where a hint says nothing that can be checked.

Nothing is converted. pydantic's strict mode would turn an `int` in a `float` field into a float, and what crosses must
equal what was sent, type for type.
"""

from __future__ import annotations

import collections.abc
import sys
import types
import typing
from functools import lru_cache
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from llmactors._codec._tags import RefusedError

TOWER: dict[type, tuple[type, ...]] = {float: (float, int), complex: (complex, float, int)}  # PEP 484


def check(cls: type, values: dict[str, Any]) -> None:
    """See that each of *values* is what the hint of its field says.

    Raises:
        RefusedError: One is not.
    """
    hints = hints_of(cls)
    for name, value in values.items():
        if not conforms(value, hints.get(name, Any)):
            hint = hints[name]
            raise RefusedError(f"has a {type(value).__qualname__} as its `{name}`, which is declared as {hint}")


@lru_cache(maxsize=1024)
def hints_of(owner: Any) -> dict[str, Any]:
    """Return the hints of a class or function. One that cannot be resolved is left out."""
    try:
        return typing.get_type_hints(owner, include_extras=True)
    except Exception:  # noqa: BLE001  a hint may be any expression; the others still count
        return _hints_one_by_one(owner)


def _hints_one_by_one(owner: Any) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for klass in reversed(owner.__mro__) if isinstance(owner, type) else (owner,):
        for name, hint in getattr(klass, "__annotations__", {}).items():
            one = types.SimpleNamespace(__annotations__={name: hint})
            space = vars(sys.modules[klass.__module__])
            try:
                found |= typing.get_type_hints(one, globalns=space, localns=_locals(klass), include_extras=True)
            except Exception:  # noqa: BLE001, S112  it names something that exists for type checkers only
                continue
    return found


def _locals(owner: Any) -> dict[str, Any]:
    return dict(vars(owner)) if isinstance(owner, type) else {}


def conforms(value: Any, hint: Any) -> bool:
    """Say whether *value* is what *hint* says, all the way down."""
    if hint is Any or hint is object:
        return True
    if hint is None:
        return value is None
    origin = get_origin(hint)
    if origin is None:
        return _is_a(value, hint)
    arguments = get_args(hint)
    if origin is Annotated:
        return conforms(value, arguments[0])
    if origin is Union or origin is types.UnionType:
        return any(conforms(value, argument) for argument in arguments)
    if origin is Literal:
        return any(type(value) is type(choice) and value == choice for choice in arguments)
    if not isinstance(origin, type) or not _is_a(value, origin):
        return not isinstance(origin, type)
    return _elements_conform(value, arguments)


def _is_a(value: object, hint: Any) -> bool:
    if not isinstance(hint, type):
        supertype = getattr(hint, "__supertype__", Any)  # NewType; type variables and the like say nothing
        return conforms(value, supertype)
    try:
        return isinstance(value, TOWER.get(hint, hint))
    except TypeError:  # protocols that are not for run time
        return True


def _elements_conform(value: Any, arguments: tuple[Any, ...]) -> bool:
    if isinstance(value, tuple) and arguments[-1:] != (...,):
        return len(value) == len(arguments) and all(map(conforms, value, arguments))
    if isinstance(value, collections.abc.Mapping):
        of_keys, of_values = arguments if len(arguments) == len(("keys", "values")) else (Any, Any)
        return all(conforms(key, of_keys) and conforms(item, of_values) for key, item in value.items())
    if isinstance(value, (list, tuple, set, frozenset)) and arguments:
        return all(conforms(item, arguments[0]) for item in value)
    return True
