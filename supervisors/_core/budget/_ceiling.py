"""Whether what is held is too much: a soft level, a hard one, and a gap between coming and going (hysteresis).

Theory of operation
1. A ceiling belongs to a subtree: what counts is what all who draw on its account, or on accounts below, hold together.
2. From the soft level on the subtree is *pressed*: its actors are slowed down and told. That ends well below the soft
   level, so that a use around it does not flicker; and it always ends when less is held.
3. At the hard level the one who holds most is to go; what it held is taken off, and the next is only hit if that was
   not enough. Ceilings are gone through from the leaves up, so that a child over its own ceiling is hit for that one.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Final, TypeAlias

from supervisors._budget import Height

RELIEF: Final = 0.9
"""Pressure ends below this part of the soft level."""


class Level(IntEnum):
    """How near a ceiling somebody is."""

    CALM = 0
    PRESSED = 1
    OVER = 2


@dataclass(frozen=True, slots=True)
class Ceil:
    """One ceiling of one account.

    Attributes:
        account: whose it is.
        resource: of what.
        height: how high.
        depth: how many accounts are above.
    """

    account: str
    resource: str
    height: Height
    depth: int


@dataclass(frozen=True, slots=True)
class Holding:
    """What one actor holds.

    Attributes:
        key: who.
        accounts: the account that it draws on, and all above.
        amounts: how much of each resource; what is not known is left out.
    """

    key: Hashable
    accounts: tuple[str, ...]
    amounts: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Reclaim:
    """Somebody is to go, for what its subtree holds.

    Attributes:
        key: who.
        ceil: which ceiling it is.
        held: what the subtree held.
    """

    key: Hashable
    ceil: Ceil
    held: float


Where: TypeAlias = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Heights:
    """How near their ceilings all subtrees are.

    Attributes:
        levels: by account and resource.
        held: what they hold, by account and resource.
        pressed: the accounts that are pressed for any resource.
    """

    levels: Mapping[Where, Level] = field(default_factory=dict)
    held: Mapping[Where, float] = field(default_factory=dict)
    pressed: frozenset[str] = frozenset()


def judge(height: Height, level: Level, used: float) -> Level:
    """Return the level that follows *level* when so much is held."""
    if used >= height.hard:
        return Level.OVER
    if used >= height.soft or (level is not Level.CALM and used >= height.soft * RELIEF):
        return Level.PRESSED
    return Level.CALM


def review(heights: Heights, ceils: Iterable[Ceil], holdings: Iterable[Holding]) -> tuple[Heights, tuple[Reclaim, ...]]:
    """Judge all *ceils* by what is held now: the levels that follow, and who is to go."""
    left = list(holdings)
    levels: dict[Where, Level] = {}
    held: dict[Where, float] = {}
    gone: list[Reclaim] = []
    for ceil in sorted(ceils, key=lambda ceil: -ceil.depth):
        where = ceil.account, ceil.resource
        left, hit, held[where] = _reclaim(ceil, left)
        gone += hit
        levels[where] = judge(ceil.height, heights.levels.get(where, Level.CALM), held[where])
        if hit:
            levels[where] = max(Level.PRESSED, levels[where])
    pressed = frozenset(account for (account, _), level in levels.items() if level is not Level.CALM)
    return Heights(levels, held, pressed), tuple(gone)


def _reclaim(ceil: Ceil, holdings: list[Holding]) -> tuple[list[Holding], list[Reclaim], float]:
    """Hit those who hold most until the rest is below the hard level: who is left, who is hit, what is left."""
    holders = sorted(
        (each for each in holdings if ceil.account in each.accounts and each.amounts.get(ceil.resource, 0) > 0),
        key=lambda each: -each.amounts[ceil.resource],
    )
    amounts = [each.amounts[ceil.resource] for each in holders]
    hit: list[Reclaim] = []
    hit_keys = set()
    for place, each in enumerate(holders):
        total = sum(amounts[place:])  # anew: what is taken from a sum leaves an error in it
        if total < ceil.height.hard:
            break
        hit.append(Reclaim(each.key, ceil, total))
        hit_keys.add(each.key)
    total = sum(amounts[len(hit) :])
    return [each for each in holdings if each.key not in hit_keys], hit, total
