"""What the end of a linked actor does to its peer."""

import pytest

from llmactors import Crash, Exit, Killed, Normal, Shutdown
from llmactors._core.links import LinkEffect, on_linked_exit


@pytest.mark.parametrize(
    ("exit", "trapping", "effect"),
    [
        (Normal(), False, LinkEffect.NOTHING),
        (Shutdown(), False, LinkEffect.NOTHING),
        (Crash(ValueError()), False, LinkEffect.END),
        (Killed(), False, LinkEffect.END),
        (Normal(), True, LinkEffect.NOTIFY),
        (Shutdown(), True, LinkEffect.NOTIFY),
        (Crash(ValueError()), True, LinkEffect.NOTIFY),
        (Killed("why"), True, LinkEffect.NOTIFY),
    ],
)
def test_who_traps_hears_and_who_does_not_ends_with_an_abnormal_one(
    exit: Exit, trapping: bool, effect: LinkEffect
) -> None:
    assert on_linked_exit(exit, trapping=trapping) is effect
