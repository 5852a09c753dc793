"""Quantities as people write them: ``512 MiB``, ``2h``, ``90 s``; and whole billionths, in which a ledger counts.

Sums of floats lose what they should conserve, so a ledger counts in whole billionths of a unit: exact, and finer than
any price.
"""

from __future__ import annotations

import re
from math import isfinite
from typing import Final

BILLION: Final = 1_000_000_000

SIZES: Final = {
    **dict.fromkeys(("", "b"), 1),
    **{f"{prefix}{end}": 1000**power for power, prefix in enumerate("kmgt", 1) for end in ("", "b")},
    **{f"{prefix}i{end}": 1024**power for power, prefix in enumerate("kmgt", 1) for end in ("", "b")},
}
"""Bytes in each unit of size, in small letters: ``kB`` is 1 000, ``KiB`` 1 024."""

TIMES: Final = {
    **dict.fromkeys(("", "s", "sec", "second", "seconds"), 1.0),
    **dict.fromkeys(("ms",), 0.001),
    **dict.fromkeys(("m", "min", "minute", "minutes"), 60.0),
    **dict.fromkeys(("h", "hour", "hours"), 3_600.0),
    **dict.fromkeys(("d", "day", "days"), 86_400.0),
}
"""Seconds in each unit of time."""

QUANTITY: Final = re.compile(r"\s*([0-9][0-9_]*(?:\.[0-9]+)?|\.[0-9]+)\s*([A-Za-z]*)\s*")


def size(value: object) -> int | None:
    """Read a size in bytes: a whole number, or text such as ``512 MiB``; None when it is no size above 0."""
    number = _read(value, SIZES)
    return None if number is None or number < 1 else int(number)


def seconds(value: object) -> float | None:
    """Read a time in seconds: a number, or text such as ``2h``; None when it is no time above 0."""
    return _read(value, TIMES)


def period(value: object) -> float | None:
    """Read the time that an amount is *per*: as `seconds` does, or a unit alone (``minute``)."""
    if isinstance(value, str) and value.strip().lower() in TIMES:
        value = f"1 {value}"
    return seconds(value)


def amount(value: object) -> float | None:
    """Read a plain amount; None when it is no finite number, 0 or more."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not isfinite(value) or value < 0:
        return None
    return value


def billionths(value: float) -> int:
    """Count *value* in whole billionths, to the nearest."""
    return round(value * BILLION)


def plain(count: int) -> float:
    """Return the amount that so many billionths are; a whole one as an int."""
    whole, rest = divmod(count, BILLION)
    return whole if rest == 0 else count / BILLION


def _read(value: object, units: dict[str, int] | dict[str, float]) -> float | None:
    number = amount(value)
    if isinstance(value, str) and (found := QUANTITY.fullmatch(value)) is not None:
        unit = units.get(found[2].lower())
        number = None if unit is None else float(found[1].replace("_", "")) * unit
    return number or None
