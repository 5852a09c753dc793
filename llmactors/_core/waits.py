"""Who waits for whom: finding the cycle in which nobody can go on.

Theory of operation
1. An actor waits when all its hands do, each for another actor. One with a free hand, or a hand that waits for nothing
   known, can go on, and so can, in time, whoever waits for it.
2. A new wait closes a cycle if it leads back to where it began and everybody on all ways from there waits.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

C = TypeVar("C")


def cycle(start: C, waits_for: Callable[[C], tuple[C, ...] | None]) -> tuple[C, ...] | None:
    """Return the way from *start* back to itself if nobody on any way from it can go on; None if somebody can.

    Args:
        start: Who has just begun to wait.
        waits_for: Whom an actor's hands wait for; None for one that can go on.
    """
    before: dict[C, C] = {}
    waiting, last = [start], None
    while waiting:
        here = waiting.pop(0)
        targets = waits_for(here)
        if targets is None:
            return None
        for target in targets:
            if target == start:
                last = here if last is None else last
            elif target not in before:
                before[target] = here
                waiting.append(target)
    if last is None:
        return None
    way = [start]
    while last != start:
        way.append(last)
        last = before[last]
    return (start, *reversed(way[1:]), start)
