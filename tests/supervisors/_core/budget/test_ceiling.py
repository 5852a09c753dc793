"""How near a ceiling somebody is, with a gap between coming and going."""

import pytest

from supervisors._budget import Height
from supervisors._core.budget._ceiling import Level, judge

HUNDRED = Height(soft=80, hard=100)


@pytest.mark.parametrize(
    ("level", "used", "then"),
    [
        (Level.CALM, 79, Level.CALM),
        (Level.CALM, 80, Level.PRESSED),
        (Level.CALM, 100, Level.OVER),
        (Level.PRESSED, 75, Level.PRESSED),
        (Level.PRESSED, 72, Level.PRESSED),
        (Level.PRESSED, 71, Level.CALM),
        (Level.PRESSED, 100, Level.OVER),
        (Level.OVER, 100, Level.OVER),
        (Level.OVER, 99, Level.PRESSED),
        (Level.OVER, 75, Level.PRESSED),
        (Level.OVER, 10, Level.CALM),
    ],
)
def test_pressure_comes_at_the_soft_level_and_goes_well_below_it(level: Level, used: float, then: Level) -> None:
    assert judge(HUNDRED, level, used) is then
