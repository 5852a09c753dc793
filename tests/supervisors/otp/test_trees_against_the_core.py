"""What OTP's supervisor was compared with is what runs: real trees go through random scenarios as the core does."""

from random import Random

import pytest
import scenario_core
import scenario_tree
from otp import Otp
from scenarios import STRATEGIES, ordered, random_scenario

SCENARIOS = 25


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.parametrize("strategy", STRATEGIES)
def test_a_real_tree_does_what_its_core_does(strategy: str) -> None:
    for number in range(SCENARIOS):
        scenario = random_scenario(strategy, Random(f"tree/{strategy}/{number}"), quiet=True)
        told = scenario_tree.as_told_by_a_tree(scenario_core.play(scenario))
        assert ordered(scenario, scenario_tree.play(scenario)) == ordered(scenario, told), scenario


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.parametrize("strategy", STRATEGIES)
def test_a_real_tree_does_what_otp_s_does(otp: Otp, strategy: str) -> None:
    scenarios = [random_scenario(strategy, Random(f"otp/{strategy}/{number}"), quiet=True) for number in range(10)]
    for scenario, theirs in zip(scenarios, list(otp.play_all(scenarios)), strict=True):
        told = scenario_tree.as_told_by_a_tree(theirs)
        assert ordered(scenario, scenario_tree.play(scenario)) == ordered(scenario, told), scenario
