"""Random scenarios, played by OTP's own supervisor and by ours: the same starts, ends, answers and children, in order.

What differs on purpose is in `test_on_purpose.py`, and is not in these scenarios. For more of them than the usual ten
thousand, or others: `OTP_SCENARIOS=100000 OTP_SEED=7 pytest tests/supervisors/otp`.
"""

import os
from itertools import zip_longest
from random import Random

import pytest
import scenario_core
from otp import Otp
from scenarios import STRATEGIES, Scenario, ordered, random_scenario, smallest

SCENARIOS = int(os.environ.get("OTP_SCENARIOS", "10000"))
SEED = os.environ.get("OTP_SEED", "0")
PARTS = 2


def logs(otp: Otp, scenario: Scenario) -> tuple[list[str], list[str]]:
    """Play *scenario* here and there."""
    return ordered(scenario, otp.play(scenario)), ordered(scenario, scenario_core.play(scenario))


def differ(otp: Otp, scenario: Scenario) -> bool:
    """Tell whether the two do not agree about *scenario*."""
    theirs, ours = logs(otp, scenario)
    return theirs != ours


@pytest.mark.slow
@pytest.mark.timeout(max(100, SCENARIOS // 100))
@pytest.mark.parametrize("part", range(PARTS))
@pytest.mark.parametrize("strategy", STRATEGIES)
def test_our_supervisor_does_what_otp_s_does(otp: Otp, strategy: str, part: int) -> None:
    seeds = [f"{SEED}/{strategy}/{part}/{number}" for number in range(SCENARIOS // (len(STRATEGIES) * PARTS))]
    scenarios = [random_scenario(strategy, Random(seed)) for seed in seeds]
    played = [ordered(*each) for each in zip(scenarios, otp.play_all(scenarios), strict=True)]
    assert sum(map(len, played)) > 3 * len(played), "scenarios in which next to nothing happens prove next to nothing"
    for scenario, theirs in zip(scenarios, played, strict=True):
        if ordered(scenario, scenario_core.play(scenario)) != theirs:
            small = smallest(scenario, lambda smaller: differ(otp, smaller))
            rows = "\n".join(f"  {there or '':40}{here or ''}" for there, here in zip_longest(*logs(otp, small)))
            pytest.fail(f"{small}\n  {'OTP':40}ours\n{rows}", pytrace=False)


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_when_it_hears_of_a_failed_start_makes_no_difference_where_nothing_happens_meanwhile(strategy: str) -> None:
    for number in range(SCENARIOS // 40):
        scenario = random_scenario(strategy, Random(f"{SEED}/{strategy}/{number}"), quiet=True)
        assert scenario_core.play(scenario, prompt=True) == scenario_core.play(scenario)
