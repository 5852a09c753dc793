"""How long to wait before a restart: exponential, capped, shortened by a throw of the die that the caller brings."""

from __future__ import annotations

from supervisors._values import Backoff


def delay(backoff: Backoff, failures: int, luck: float) -> float:
    """Return the seconds to wait after that many *failures* in a row (1 or more); *luck* is from 0 to 1."""
    try:
        wait = backoff.initial * backoff.factor ** (failures - 1)
    except OverflowError:  # a factor this often multiplied is beyond a float, and far beyond any maximum
        wait = backoff.maximum
    return min(wait, backoff.maximum) * (1.0 - backoff.jitter * luck)
