"""Plain tells and asks on the wire: the shortest way for the commonest messages.

Theory of operation
1. A *say* is a tell whose arguments are plain scalars, to an actor that handles strictly one message after the other.
   It is one flat list, `[SAY, place of its endpoint, *arguments]`, without a number, a target or anything wrapped.
2. The main process writes a say and the worker builds it with a function that is made once for each endpoint, as its
   message class is; that is worth 1 µs a message on each side. The worker is told the endpoints' names at its start.
3. A *question* is the same for an ask, to any actor: `[QUESTION, place, number, seconds, *arguments]`.
4. Everything else goes the long way (`_grammar`), in the same order.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import lru_cache
from types import NoneType
from typing import Any, Final

from llmactors._codec import fits
from llmactors._endpoints import Endpoint, endpoints
from llmactors.hosts.process._ops import Op

Writer = Callable[[Any], list[Any] | None]
Asker = Callable[[Any, int, float | None], list[Any] | None]
Builder = Callable[[list[Any]], Any]

SAY: Final = int(Op.SAY)
QUESTION: Final = int(Op.QUESTION)
SHORT: Final = 4096  # characters; longer texts go the long way, where they are counted


class Says:
    """The endpoints of an actor class by their places, and what writes their messages.

    A writer returns None for a message that has to go the long way.
    """

    __slots__ = ("askers", "names", "writers")

    def __init__(self, cls: type) -> None:
        chosen = [(name, endpoint) for name, endpoint in endpoints(cls).items() if endpoint.info.kind != "stream"]
        self.names = [name for name, _ in chosen]
        places = {endpoint: place for place, (_, endpoint) in enumerate(chosen)}
        self.askers: dict[type, Asker] = {
            endpoint.message_class: _writer(endpoint, f"QUESTION, {place}, number, seconds", "m, number, seconds")
            for endpoint, place in places.items()
        }
        said = places if _one_after_the_other(cls) else {}
        self.writers: dict[type, Writer] = {
            endpoint.message_class: _writer(endpoint, f"SAY, {place}", "m") for endpoint, place in said.items()
        }


@lru_cache(maxsize=1024)
def says_of(cls: type) -> Says:
    """Return what can be said to actors of *cls*, and asked."""
    return Says(cls)


def builders(cls: type, names: Iterable[str], before: int) -> list[Builder]:
    """Return what builds the messages of the endpoints with these names, from items with *before* other parts first.

    Raises:
        LookupError: *cls* has no such endpoint here.
    """
    known = endpoints(cls)
    return [_builder(known[name], before) for name in names]


def _one_after_the_other(cls: type) -> bool:
    """Say whether the next message is never taken before the last is finished, or put back."""
    batched = any(endpoint.options.batch is not None for endpoint in endpoints(cls).values())
    return getattr(cls, "concurrency", 1) == 1 and not batched and getattr(cls, "_adapt", None) is None


def _writer(endpoint: Endpoint[Any, Any, Any, Any], begins: str, parameters: str) -> Any:
    slots: tuple[str, ...] = endpoint.message_class.__match_args__
    lines = [f"def write({parameters}):"]
    for number, slot in enumerate(slots):
        lines += [f"    v{number} = m.{slot}", f"    k = v{number}.__class__"]
        lines += [f"    if k is not int or not -LARGE < v{number} < LARGE:"]
        lines += [
            f"        if not (k in PLAIN or k is str and len(v{number}) < SHORT and fits(v{number})): return None"
        ]
    lines += [f"    return [{begins}{''.join(f', v{number}' for number in range(len(slots)))}]"]
    scope = {"PLAIN": {NoneType, bool, float}, "LARGE": 1 << 62, "SHORT": SHORT, "fits": fits}
    return _compiled(lines, "write", scope | {"SAY": SAY, "QUESTION": QUESTION})


def _builder(endpoint: Endpoint[Any, Any, Any, Any], before: int) -> Builder:
    slots: tuple[str, ...] = endpoint.message_class.__match_args__
    names = [f"v{number}" for number in range(len(slots))]
    lines = ["def build(item):", f"    {', '.join([*['_'] * before, *names])} = item", "    m = new(cls)"]
    lines += [f"    m.{slot} = {name}" for name, slot in zip(names, slots, strict=True)]
    scope = {"new": object.__new__, "cls": endpoint.message_class}
    made: Builder = _compiled([*lines, "    return m"], "build", scope)
    return made


def _compiled(lines: list[str], name: str, scope: dict[str, Any]) -> Any:
    exec("\n".join(lines), scope)  # noqa: S102  the text comes from names that Python has parsed
    return scope[name]
