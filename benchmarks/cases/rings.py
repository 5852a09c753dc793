"""Rings: one message goes round `RING` actors, each passing it on to the next; a hop is an operation."""

from cases.kinds import Case

CASES = (
    Case("ring", "ring of 1 000, a hop"),
    Case("ring-async", "ring of 1 000, async handlers"),
)

RING = 1_000
