"""A rate of CPU, divided among those who run beside each other: worker processes, and the loop.

Theory of operation
1. Accounts are a tree. Each has a *cap* (its rate, if it has one) and *parts*: accounts below, and claims of those who
   draw on it themselves. A claim *wants* so many cores; one that was held back wants all it can get.
2. What an account may use is filled in like water, by weight: nobody gets more than it wants while somebody else
   wants more (max-min fairness). An account wants what its parts want, up to its cap.
3. What is left when all have what they want is *headroom*: it is spread by weight, so that one whose wants grow need
   not wait for the next division.
4. So what the parts of an account get never exceeds its cap, nor that of any account above.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from math import inf
from typing import Final, TypeAlias

FLOOR: Final = 0.01
"""Cores that one at rest is taken to want, so that it can begin."""
HEADROOM: Final = 1.25
"""How much more one that was not held back is taken to want than it used."""
TOLERANCE: Final = 0.01
"""Parts that differ by less are the same."""
MEMORY: Final = 0.5
"""The part of what was last thought of its use that is kept at each look."""


@dataclass(frozen=True, slots=True)
class Claim:
    """One who uses CPU time.

    Attributes:
        key: who.
        weight: its part beside the others; more than 0.
        wants: cores; infinite for all it can get.
    """

    key: Hashable
    weight: float
    wants: float


@dataclass(frozen=True, slots=True)
class Pot:
    """An account: what its parts share.

    Attributes:
        cap: cores; infinite without a rate.
        weight: its part beside its siblings; more than 0.
        parts: claims, and accounts below.
    """

    cap: float = inf
    weight: float = 1.0
    parts: tuple[Claim | Pot, ...] = ()


@dataclass(frozen=True, slots=True)
class Use:
    """What was seen of one who uses CPU time.

    Attributes:
        cores: what it used of late, smoothed.
        wants: what follows from that.
    """

    cores: float = 0.0
    wants: float = inf


Divided: TypeAlias = Mapping[Hashable, float]


def saw(use: Use, cores: float, *, held_back: bool) -> Use:
    """Return what is to be thought of one that has used so many *cores* since the last look."""
    smooth = MEMORY * use.cores + (1 - MEMORY) * cores
    return Use(smooth, inf if held_back else max(smooth, cores) * HEADROOM + FLOOR)


def divide(pot: Pot, room: float = inf) -> Divided:
    """Return the cores of every claim in *pot*; infinite for one that nothing holds."""
    shares: dict[Hashable, float] = {}
    _divide(pot, room, shares)
    return shares


def weights(pot: Pot, room: float) -> Divided:
    """Return by what parts the claims in *pot* should have of *room* cores, 1 for the greatest.

    That is for a scheduler that gives everybody what nobody else wants: it is told weights, and no caps.
    """
    shares = divide(pot, room)
    greatest = max(shares.values(), default=0.0)
    return {key: share / greatest if greatest > 0 else 1.0 for key, share in shares.items()}


def are_equal(parts: Divided) -> bool:
    """Say whether all have the same part, so that nobody needs to be told."""
    return min(parts.values(), default=1.0) > (1 - TOLERANCE) * max(parts.values(), default=1.0)


def wanted(part: Claim | Pot) -> float:
    """Return what a part would use if it were alone."""
    if isinstance(part, Claim):
        return part.wants
    return min(part.cap, sum(map(wanted, part.parts)))


def _divide(pot: Pot, room: float, shares: dict[Hashable, float]) -> None:
    room = min(room, pot.cap)
    filled = fill(room, [(part.weight, wanted(part)) for part in pot.parts])
    spare = max(0.0, room - sum(filled)) if room < inf else 0.0
    weight = sum(part.weight for part in pot.parts)
    for part, given in zip(pot.parts, filled, strict=True):
        more = inf if room == inf else given + spare * part.weight / weight
        if isinstance(part, Pot):
            _divide(part, more, shares)
        else:
            shares[part.key] = more


def fill(room: float, wants: Sequence[tuple[float, float]]) -> list[float]:
    """Divide *room* among those with these weights and wants: by weight, and to nobody more than it wants."""
    if room == inf:
        return [want for _, want in wants]
    filled = [0.0] * len(wants)
    weight = sum(each for each, _ in wants)
    for place in sorted(range(len(wants)), key=lambda place: wants[place][1] / wants[place][0]):
        mine, want = wants[place]
        given = min(want, room * mine / weight if weight > 0 else room)
        filled[place] = given
        room, weight = max(0.0, room - given), weight - mine
    return filled
