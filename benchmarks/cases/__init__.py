"""What is measured, the same for every runtime: one file for each family of cases."""

from cases import asks, latency, lives, processes, rings, tells
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
