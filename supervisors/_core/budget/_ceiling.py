"""Whether what is held is too much: a soft level, a hard one, and a gap between coming and going (hysteresis)."""

from __future__ import annotations

from enum import IntEnum
from typing import Final

from supervisors._budget import Height

RELIEF: Final = 0.9
"""Pressure ends below this part of the soft level, so that a use around it does not flicker."""


class Level(IntEnum):
    """How near a ceiling somebody is."""

    CALM = 0
    PRESSED = 1
    OVER = 2


def judge(height: Height, level: Level, used: float) -> Level:
    """Return the level that follows *level* when so much is held."""
    if used >= height.hard:
        return Level.OVER
    if used >= height.soft or (level is not Level.CALM and used >= height.soft * RELIEF):
        return Level.PRESSED
    return Level.CALM
