"""Values as words for people: without secrets, short, whatever they are.

Theory of operation
1. A value whose name looks like a secret's (`password`, `api_key`, `authorization`) is not shown if it could be one: a
   text, bytes, or something that holds any. Numbers and flags are (`max_tokens`).
2. Names are those of attributes, of a message's arguments, and the keys of dicts, a few levels down.
3. Whatever a value's `repr` does, the result is a text of bounded length.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Mapping
from itertools import islice
from reprlib import Repr
from types import SimpleNamespace
from typing import Any, Final

HIDDEN: Final = "(hidden)"
LONGEST: Final = 400  # characters of one value
MOST: Final = 200  # values of one state
DEPTH: Final = 3  # of dicts in dicts

_SECRET: Final = re.compile(
    r"pass(word|wd|phrase|code)|secret|token|api_?key|private_?key|credential|authori[sz]ation|cookie|signature",
    re.IGNORECASE,
)
_HARMLESS: Final = (bool, int, float, complex, type(None))


def is_secret(name: str, value: object) -> bool:
    """Say whether *value* may be a secret, by its name."""
    return not isinstance(value, _HARMLESS) and _SECRET.search(name) is not None


def in_words(value: Any, depth: int = DEPTH) -> str:
    """Write a value down, without secrets in it and cut where it is long."""
    names, info = _names_of(type(value)), getattr(type(value), "__endpoint__", None)
    if info is not None and names is not None:
        return _cut(_call(f"{info.owner.__name__}.{info.name}", value, names, depth))
    if isinstance(value, dict):
        return _cut(_dict(value, depth))
    if names is not None:
        return _cut(_call(type(value).__qualname__, value, names, depth))
    try:
        return _cut(_Short().repr(value))
    except Exception as error:  # noqa: BLE001  whatever a `repr` of the user's raises
        return f"<{type(value).__qualname__}, whose repr raised {type(error).__name__}>"


def _names_of(cls: type) -> tuple[str, ...] | None:
    """Return the fields of a class that says which it has: a dataclass, a model of pydantic's, a message, a tuple's."""
    fields = getattr(cls, "__dataclass_fields__", None)
    if isinstance(fields, Mapping):
        return tuple(name for name, known in fields.items() if known.repr)
    found = getattr(cls, "model_fields", None) or getattr(cls, "__match_args__", None)
    if not isinstance(found, (Mapping, tuple)):
        return None
    return tuple(name for name in found if isinstance(name, str))


def state_in_words(state: Mapping[str, Any]) -> dict[str, str]:
    """Write the attributes of an actor down."""
    return {str(name): _named(str(name), value, DEPTH) for name, value in list(state.items())[:MOST]}


def _named(name: str, value: Any, depth: int) -> str:
    return HIDDEN if is_secret(name, value) else in_words(value, depth)


def _call(called: str, value: Any, names: tuple[str, ...], depth: int) -> str:
    if depth <= 0:
        return f"{called}(...)"
    shown = [f"{name}={_named(name, getattr(value, name, None), depth - 1)}" for name in names]
    return f"{called}({', '.join(shown)})"


def _dict(value: dict[Any, Any], depth: int) -> str:
    if depth <= 0:
        return "{...}"
    items = list(value.items())
    shown = [f"{in_words(key, 0)}: {_named(str(key), one, depth - 1)}" for key, one in items[:10]]
    return f"{{{', '.join(shown)}{', ...' if len(items) > len(shown) else ''}}}"


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"


class _Short(Repr):
    """Writes containers with few items, and asks of each what `in_words` says."""

    def __init__(self) -> None:
        super().__init__()
        self.maxlevel = DEPTH
        self.maxstring = self.maxother = self.maxlong = LONGEST
        self.maxlist = self.maxtuple = self.maxset = self.maxfrozenset = self.maxdeque = self.maxarray = 10

    def repr_dict(self, x: dict[Any, Any], level: int) -> str:
        return _dict(x, level)

    def repr_instance(self, x: Any, level: int) -> str:
        if isinstance(x, dict):
            return _dict(x, level)
        if _names_of(type(x)) is not None:
            return in_words(x, level) if level > 0 else f"{type(x).__qualname__}(...)"
        if isinstance(x, (list, tuple, set, frozenset, deque)):  # of a class of their own
            return self.repr_list(list(islice(x, self.maxlist + 1)), level)
        if isinstance(x, SimpleNamespace):
            return _dict(vars(x), level)
        return super().repr_instance(x, level)
