"""What a test expects, as a pattern: which values fit it, what it is called, and which of those that came to take.

A pattern is one of these:

* an endpoint on its class, `Counter.changed`: every call of it;
* a class: every instance;
* a function or another callable that is no class: whatever it answers true to;
* any other value, such as the message `Counter.changed(3)`: what is equal to it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

from llmactors._messages import Message
from llmactors._words import shown

Fits = Callable[[Any], bool]

SHOWN: Final = 20  # lines of what came, in a failure
LONGEST: Final = 300  # characters of one of them


def fits(pattern: Any) -> Fits:
    """Return what says whether a value fits *pattern*."""
    endpoint = getattr(pattern, "message_class", None)
    if isinstance(endpoint, type) and issubclass(endpoint, Message):
        pattern = endpoint
    if isinstance(pattern, type):
        return lambda value: isinstance(value, pattern)
    if isinstance(pattern, Message) or not callable(pattern):
        return lambda value: bool(value == pattern)
    return lambda value: bool(pattern(value))


def called(pattern: Any) -> str:
    """Say in a word or two what *pattern* stands for."""
    kind = getattr(pattern, "message_class", pattern)
    if isinstance(kind, type):
        info = getattr(kind, "__endpoint__", None)
        return f"`{kind.__name__}`" if info is None else f"`{info.owner.__name__}.{info.name}`"
    if isinstance(pattern, Message) or not callable(pattern):
        return f"`{cut(pattern)}`"
    return f"what `{getattr(pattern, '__qualname__', type(pattern).__name__)}` is true of"


def list_of(values: Sequence[str]) -> str:
    """Write *values* one a line, the first and the last where there are many."""
    if len(values) > SHOWN:
        hidden = len(values) - SHOWN
        values = [*values[: SHOWN // 2], f"... {hidden} more ...", *values[-SHOWN // 2 :]]
    return "".join(f"\n  {value}" for value in values)


def cut(value: Any) -> str:
    """Write a value that came, and no more of it than a line or two."""
    text = shown(value)
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}..."


# -- which to take -------------------------------------------------------------------------------------------
def first(values: Sequence[Any], patterns: Sequence[Fits]) -> list[int] | None:
    """Return the place of the first value that fits one of *patterns*; None where there is none."""
    return next(([place] for place, value in enumerate(values) if any(fit(value) for fit in patterns)), None)


def in_order(values: Sequence[Any], patterns: Sequence[Fits]) -> list[int] | None:
    """Return the places of values that fit *patterns* one after the other; others may stand between them."""
    places: list[int] = []
    for place, value in enumerate(values):
        if len(places) < len(patterns) and patterns[len(places)](value):
            places.append(place)
    return places if len(places) == len(patterns) else None


def each(values: Sequence[Any], patterns: Sequence[Fits]) -> list[int] | None:
    """Return for each of *patterns* the place of a value of its own, in whatever order they came.

    A value that fits two patterns goes to the one that needs it (augmenting paths: Kuhn, 1955).
    """
    owner: dict[int, int] = {}

    def give(pattern: int, tried: set[int]) -> bool:
        for place, value in enumerate(values):
            if place in tried or not patterns[pattern](value):
                continue
            tried.add(place)
            if place not in owner or give(owner[place], tried):
                owner[place] = pattern
                return True
        return False

    if not all(give(pattern, set()) for pattern in range(len(patterns))):
        return None
    places = {pattern: place for place, pattern in owner.items()}
    return [places[pattern] for pattern in range(len(patterns))]
