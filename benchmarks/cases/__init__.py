"""What is measured, the same for every runtime: one file for each family of cases."""

from cases import asks, growth, latency, lives, processes, rings, tells
from cases.kinds import Case

FAMILIES: tuple[tuple[Case, ...], ...] = (
    asks.CASES,
    tells.CASES,
    rings.CASES,
    lives.CASES,
    latency.CASES,
    processes.CASES,
)
CASES = {case.name: case for family in FAMILIES for case in family}
"""Every case, in the order of tables."""
GROWTH = {case.name: case for case in growth.CASES}
"""Cases of which the question is how their figure changes with the number."""
KNOWN = {**CASES, **GROWTH}
