"""Budgets: what a subtree may use, said as rates, ceilings and allowances."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final, Literal, TypeAlias

from supervisors import _quantity as quantity
from supervisors._values import is_number, word
from supervisors.errors import SpecError

CPU_BURST: Final = 0.05
"""Seconds of its share that an actor at rest may be ahead, where a rate of CPU names no burst."""
BURST: Final = 0.04
"""The part of a second's amount that may go at once, where a rate names no burst; one unit at least."""
CPU: Final = "cpu"
MEMORY: Final = "memory"
CEILINGS: Final = (MEMORY, "gpu_memory", "storage", "processes")
MEASURED: Final = ("cpu_seconds", "wall")
"""What is known only after it was used: such an allowance may be exceeded by a slice."""

Size: TypeAlias = int | float | str
Time: TypeAlias = int | float | str


@dataclass(frozen=True, slots=True)
class Pace:
    """So many units a second, and so many at once after a rest.

    Attributes:
        rate: units a second, more than 0.
        burst: units that a rested bucket lets through at once, 0 or more.
    """

    rate: float
    burst: float

    @property
    def slack(self) -> float:
        """How far ahead of its due time a unit may go, in seconds."""
        return self.burst / self.rate


@dataclass(frozen=True, slots=True)
class Height:
    """A ceiling in units of the resource.

    Attributes:
        soft: from here on the actor is throttled, and told.
        hard: from here on it is restarted, or stopped.
    """

    soft: float
    hard: float


class OnExhausted(StrEnum):
    """What becomes of who asks for more than is left: it waits paused, it is stopped, or its supervisor ends."""

    PAUSE = "pause"
    STOP = "stop"
    ESCALATE = "escalate"


class OnExceeded(StrEnum):
    """What becomes of who is over a hard ceiling: it is restarted as after a crash, or stopped for good."""

    RESTART = "restart"
    STOP = "stop"


@dataclass(frozen=True, slots=True, init=False)
class Rate:
    """So much in a time. Over it the go-ahead is withheld: the actor waits, and nothing fails.

    Attributes:
        paces: units a second and units at once, for each resource.
    """

    paces: Mapping[str, Pace]

    def __init__(self, *, per: Time = "second", burst: float | None = None, **amounts: float) -> None:
        """Limit how fast resources are used.

        Args:
            per: the time that the amounts are for: ``second``, ``minute``, ``2h``, or seconds.
            burst: units that may go at once after a rest; without it a twenty-fifth of a second's, and one at
                least.
            amounts: ``cpu`` in cores, ``messages`` handled, or any resource that actors spend or reserve by name.

        Raises:
            SpecError: an amount is not above 0, or *per* is no time.
        """
        seconds = quantity.period(per)
        if seconds is None:
            raise SpecError("per", per, "give a time, such as 'minute', '2h' or seconds")
        if not amounts:
            raise SpecError("rate", amounts, "name a resource: Rate(cpu=0.5), Rate(tokens=6_000, per='minute')")
        if burst is not None and (len(amounts) > 1 or quantity.amount(burst) is None):
            raise SpecError("burst", burst, "give units, 0 or more, for one resource: a Rate for each has its own")
        paces = {}
        for resource, amount in amounts.items():
            if not is_number(amount) or amount <= 0:
                raise SpecError(f"rate.{resource}", amount, "give a number above 0; to hold an actor, pause it")
            if resource == CPU and seconds != 1.0:
                raise SpecError("per", per, "cpu is in cores, and has no time: Rate(cpu=0.5)")
            rate = amount / seconds
            at_once = rate * CPU_BURST if resource == CPU else max(1.0, rate * BURST)
            paces[resource] = Pace(rate, at_once if burst is None else float(burst))
        object.__setattr__(self, "paces", MappingProxyType(paces))


@dataclass(frozen=True, slots=True, init=False)
class Ceiling:
    """No more than so much at a time. From the soft level on the actor is throttled and told; at the hard one it ends.

    Attributes:
        heights: the soft and the hard level, for each resource.
        on_exceeded: what becomes of who is over it.
    """

    heights: Mapping[str, Height]
    on_exceeded: OnExceeded

    def __init__(
        self,
        *,
        soft: float = 0.8,
        on_exceeded: OnExceeded | Literal["restart", "stop"] = OnExceeded.RESTART,
        **amounts: Size,
    ) -> None:
        """Limit what is held.

        Args:
            soft: the part of the ceiling at which pressure begins, above 0 and up to 1.
            on_exceeded: ``restart`` or ``stop``.
            amounts: ``memory``, ``gpu_memory``, ``storage`` in bytes or as text (``512 MiB``), ``processes``.

        Raises:
            SpecError: a resource that has no ceiling, or an amount that is none.
        """
        if not is_number(soft) or not 0 < soft <= 1:
            raise SpecError("soft", soft, "give a part of the ceiling, above 0 and up to 1")
        if not amounts:
            raise SpecError("ceiling", amounts, "name a resource: Ceiling(memory='512 MiB')")
        heights = {}
        for resource, amount in amounts.items():
            if resource not in CEILINGS:
                raise SpecError("ceiling", resource, "there are ceilings of " + ", ".join(CEILINGS))
            hard = quantity.size(amount)
            if hard is None or (resource == "processes" and not isinstance(amount, int)):
                remedy = "a whole number" if resource == "processes" else "bytes, or text such as '512 MiB'"
                raise SpecError(f"ceiling.{resource}", amount, f"give {remedy}")
            heights[resource] = Height(hard * soft, hard)
        object.__setattr__(self, "heights", MappingProxyType(heights))
        object.__setattr__(self, "on_exceeded", word(OnExceeded, "on_exceeded", on_exceeded))


@dataclass(frozen=True, slots=True, init=False)
class Allowance:
    """So much, and then no more. Reserved before it is spent, so that nothing is overspent.

    Attributes:
        amounts: billionths of the unit of each resource.
        on_exhausted: what becomes of who asks for more.
    """

    amounts: Mapping[str, int]
    on_exhausted: OnExhausted

    def __init__(
        self,
        *,
        on_exhausted: OnExhausted | Literal["pause", "stop", "escalate"] = OnExhausted.PAUSE,
        wall: Time | None = None,
        **amounts: float,
    ) -> None:
        """Limit what is used in all.

        Args:
            on_exhausted: ``pause``, ``stop`` or ``escalate``.
            wall: time since the subtree began, in seconds or as text (``2h``).
            amounts: ``cpu_seconds``, or any resource that actors spend or reserve by name, such as ``tokens``, ``usd``.

        Raises:
            SpecError: an amount is no number, 0 or more.
        """
        if wall is not None:
            seconds = quantity.seconds(wall)
            if seconds is None:
                raise SpecError("wall", wall, "give a time above 0, in seconds or such as '2h'")
            amounts = {**amounts, "wall": seconds}
        if not amounts:
            raise SpecError("allowance", amounts, "name a resource: Allowance(tokens=100_000, usd=2.5)")
        for resource, amount in amounts.items():
            if quantity.amount(amount) is None:
                raise SpecError(f"allowance.{resource}", amount, "give a number, 0 or more")
        counted = {resource: quantity.billionths(amount) for resource, amount in amounts.items()}
        object.__setattr__(self, "amounts", MappingProxyType(counted))
        object.__setattr__(self, "on_exhausted", word(OnExhausted, "on_exhausted", on_exhausted))


Limit: TypeAlias = Rate | Ceiling | Allowance


@dataclass(frozen=True, slots=True, init=False)
class Budget:
    """What a subtree may use: `Budget(Rate(cpu=0.5), Ceiling(memory="512 MiB"), Allowance(tokens=100_000))`.

    What a child is granted comes out of its parent's budget, and what it has not spent returns with its end.

    Attributes:
        limits: the rates, ceilings and allowances.
    """

    limits: tuple[Limit, ...]

    def __init__(self, *limits: Limit) -> None:
        """Put limits together.

        Raises:
            SpecError: something is no limit, or one resource is limited twice in the same way.
        """
        if not limits:
            raise SpecError("budget", limits, "give at least one Rate, Ceiling or Allowance, or no budget")
        seen = set()
        for limit in limits:
            if not isinstance(limit, Rate | Ceiling | Allowance):
                raise SpecError("budget", limit, "give Rate(...), Ceiling(...) or Allowance(...)")
            for resource in resources(limit):
                if (type(limit), resource) in seen:
                    raise SpecError("budget", resource, f"it has two {type(limit).__name__}s; give one")
                seen.add((type(limit), resource))
        object.__setattr__(self, "limits", limits)

    @property
    def paces(self) -> dict[str, Pace]:
        """How fast each resource may be used, where there is a rate."""
        return {name: pace for limit in self.limits if isinstance(limit, Rate) for name, pace in limit.paces.items()}

    @property
    def ceilings(self) -> dict[str, tuple[Height, OnExceeded]]:
        """How much of each resource may be held, and what follows, where there is a ceiling."""
        ceilings = [limit for limit in self.limits if isinstance(limit, Ceiling)]
        return {name: (height, limit.on_exceeded) for limit in ceilings for name, height in limit.heights.items()}

    @property
    def allowances(self) -> dict[str, tuple[int, OnExhausted]]:
        """How much of each resource may be used in all, in billionths, and what follows, where that is limited."""
        allowances = [limit for limit in self.limits if isinstance(limit, Allowance)]
        return {name: (amount, limit.on_exhausted) for limit in allowances for name, amount in limit.amounts.items()}


def resources(limit: Limit) -> tuple[str, ...]:
    """Return the resources that a limit is of."""
    match limit:
        case Rate(paces):
            return tuple(paces)
        case Ceiling(heights):
            return tuple(heights)
        case Allowance(amounts):
            return tuple(amounts)
