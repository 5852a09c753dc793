"""How large a value is, with all that it holds: a sample within bounds, and exact where the bounds were not reached.

Theory of operation
1. The walk goes over references, breadth first, and measures each object once (`sys.getsizeof`, and the buffer where an
   object only points to one). What is not the value's own is left out: classes, functions, modules, actors.
2. Of a container with more than `WIDTH` members only `WIDTH` are followed, chosen by chance, each standing for as many
   as it was chosen from; so does all that hangs on it. That is the Horvitz-Thompson estimator: right on average.
3. After `most` objects, or when `enough` says so, the walk ends. What it had found by then counts without what hangs on
   it: a walk that was cut short tells too little.
4. What is held from two places that are both sampled counts once; held from two of which one was left out, it may count
   for others too. A sample is a sample.
"""

from __future__ import annotations

import sys
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from types import (
    BuiltinFunctionType,
    CodeType,
    FrameType,
    FunctionType,
    GetSetDescriptorType,
    MemberDescriptorType,
    MethodType,
    ModuleType,
)
from typing import Any, Final

WIDTH: Final = 64
"""Members of a container that are followed."""
LEAVES: Final = (str, bytes, bytearray, int, float, complex, bool, type(None), range)
FOREIGN: Final = (type, ModuleType, FunctionType, BuiltinFunctionType, MethodType, CodeType, FrameType)
ARRAYS: Final = frozenset({"numpy", "torch"})
"""Modules whose objects say in `nbytes` what they hold."""

Choose = Callable[[Sequence[Any], int], Sequence[Any]]
"""Chooses so many of them by chance, as `random.Random.sample` does."""


@dataclass(frozen=True, slots=True)
class Size:
    """What a value holds.

    Attributes:
        bytes: So many, about; exactly so many if it is complete.
        objects: How many objects were measured.
        complete: Whether that was all there was.
    """

    bytes: int
    objects: int
    complete: bool


def measure(
    values: Iterable[Any],
    *,
    choose: Choose,
    most: int,
    enough: Callable[[], bool] = lambda: False,
    foreign: tuple[type, ...] = (),
    width: int = WIDTH,
) -> Size:
    """Measure *values* together, with all that they hold.

    Args:
        values: Where the walk begins.
        choose: Chance.
        most: Objects that are measured at most, 1 or more.
        enough: Asked before each object whether to stop; for a bound in time.
        foreign: Classes whose instances are left out, beside those that always are.
        width: Members of one container that are followed.
    """
    left_out = (*FOREIGN, *foreign)
    waiting = deque((value, 1.0) for value in values)
    seen: set[int] = set()
    kept: list[Any] = []  # an object that an attribute makes on the fly is not to lend its id to the next
    total = 0.0
    sampled = False
    while waiting and len(kept) < most and not enough():
        value, stands_for = waiting.popleft()
        if id(value) in seen or isinstance(value, left_out):
            continue
        seen.add(id(value))
        kept.append(value)
        total += stands_for * _own(value)
        members = _members(value)
        if len(members) > width:
            sampled, stands_for = True, stands_for * len(members) / width
            members = choose(members, width)
        waiting.extend((member, stands_for) for member in members)
    rest = [(value, each) for value, each in waiting if id(value) not in seen and not isinstance(value, left_out)]
    total += sum(each * _own(value) for value, each in rest[:most]) * max(1.0, len(rest) / most)
    return Size(round(total), len(kept), not (sampled or rest))


def _own(value: Any) -> int:
    """Return what one object takes itself, a buffer that it points to included."""
    try:
        size = sys.getsizeof(value)
        if type(value).__module__.partition(".")[0] in ARRAYS:
            size = max(size, int(value.nbytes))
    except Exception:  # noqa: BLE001  an object of the user's may raise anything when it is looked at
        return object.__basicsize__
    return size


def _members(value: Any) -> Sequence[Any]:
    """Return what an object holds; nothing for one that does not let itself be looked at."""
    if isinstance(value, LEAVES):
        return ()
    try:
        return _held(value)
    except Exception:  # noqa: BLE001  as above; also a container that a thread changes meanwhile
        return ()


def _held(value: Any) -> Sequence[Any]:
    """Return the members, by the built-in types' own methods: no code of the user's runs."""
    members: list[Any] = []
    if isinstance(value, dict):
        members += dict.keys(value)
        members += dict.values(value)
    else:
        kinds: tuple[Any, ...] = (list, tuple, deque, set, frozenset)
        for kind in kinds:
            if isinstance(value, kind):
                members += kind.__iter__(value)
    for cls in type(value).__mro__:
        for field in vars(cls).values():
            if isinstance(field, MemberDescriptorType) or (isinstance(field, GetSetDescriptorType) and _is_dict(field)):
                with suppress(AttributeError):  # it has not been set
                    members.append(field.__get__(value))
    return members


def _is_dict(field: GetSetDescriptorType) -> bool:
    return field.__name__ == "__dict__"
