"""How many messages a slice has, so that no actor keeps the others waiting for long."""

from __future__ import annotations


def fitting(most: int, handled: int, seconds: float, *, long: float, greatest: int) -> int:
    """Return how many messages the next slice may have.

    Args:
        most: what this one might have had.
        handled: what it had.
        seconds: how long it took.
        long: seconds that a slice is to take at most.
        greatest: no slice has more.
    """
    if seconds > long:
        return max(1, int(handled * long / seconds))
    if handled == most and 2 * seconds <= long:
        return min(greatest, 2 * most)
    return most
