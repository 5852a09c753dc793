"""How often a message that ended its handler may be tried again."""

from __future__ import annotations


def redelivered(deliveries: int, limit: int) -> bool:
    """Decide whether a message delivered *deliveries* times comes back: at most *limit* times after the first."""
    return deliveries <= limit
