"""Choices: everything that a simulated run depends on, each named by what it is.

Theory of operation
1. A run asks at each point at which it could go on in more than one way. The point has a name that says what it is, not
   where in the run it stands: `next /b Counter.add #2` (that message would be next), `kill /b taken Counter.add #2`.
2. One of the options is what happens without any adversary: the oldest message first, no fault. A tape holds only what
   was chosen instead. So the empty tape is the plain run, and a tape survives edits that do not touch what it names.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Choice:
    """What was chosen at a point, where it was not the plain course of things.

    Args:
        point: The name of the point; without line breaks and tabs.
        pick: The option that was taken there; without line breaks and tabs.
    """

    point: str
    pick: str
