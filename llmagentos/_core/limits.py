"""Limits as a person writes them on the command line: ``cpu=0.25``, ``memory=512MiB``, ``wall=2h``."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from supervisors import Allowance, Budget, Ceiling, Rate, SpecError

RATES = ("cpu", "messages")
"""What is a rate without saying so."""
CEILINGS = ("memory", "gpu_memory", "storage", "processes")
"""What is a ceiling without saying so."""
NOT_NAMES = ("per", "burst", "on_exhausted")
"""Words of a limit that name no resource."""

TIME = re.compile(r"(?P<number>\d+(?:\.\d+)?)\s*(?P<unit>ms|s|m|h|)")
UNITS = {"ms": 0.001, "s": 1.0, "": 1.0, "m": 60.0, "h": 3600.0}


def read_limits(words: Iterable[str]) -> Budget:
    """Read each of *words* as a limit: ``resource=amount`` is an allowance, ``resource=amount/time`` a rate.

    ``cpu`` and ``messages`` are rates in any case: cores, and messages a second. ``memory``, ``gpu_memory``,
    ``storage`` and ``processes`` are ceilings: sizes, such as ``512MiB``, and a number.

    Raises:
        SpecError: a word is no limit; the error says what would be.
    """
    return Budget(*(_limit(word) for word in words))


def read_seconds(text: str) -> float | None:
    """Read a time such as ``60s``, ``1.5m`` or ``30``, in seconds; None where it is none, or 0."""
    found = TIME.fullmatch(text.strip())
    seconds = float(found["number"]) * UNITS[found["unit"]] if found is not None else 0.0
    return seconds if seconds > 0 else None


def _limit(word: str) -> Rate | Ceiling | Allowance:
    resource, equals, amount = word.partition("=")
    if not equals or not resource.isidentifier() or resource in NOT_NAMES:
        raise SpecError("limit", word, "write resource=amount, such as cpu=0.25, calls=150 or tokens=6000/minute")
    if resource == "wall":
        return Allowance(wall=amount)
    if resource in CEILINGS:
        size: Any = int(amount) if amount.isdecimal() else amount
        return Ceiling(**{resource: size})
    number, slash, per = amount.partition("/")
    try:
        count = float(number)
    except ValueError:
        raise SpecError(f"limit.{resource}", amount, "give a number, such as 150, 0.25 or 6000/minute") from None
    if slash:
        return Rate(per=per, **{resource: count})
    if resource in RATES:
        return Rate(**{resource: count})
    amounts: Any = {resource: count}
    return Allowance(**amounts)
