"""What holds of every planted bug: found within 2 000 seeds, told by at most 12 choices, and kept on a tape."""

from collections.abc import Callable
from typing import Any

from llmactors.testing._core.tape import Tape, dumps, loads
from llmactors.testing._options import OPTIONS
from llmactors.testing._sim._fence import fenced
from llmactors.testing._sim._quiet import quiet

SEEDS = 2_000
CHOICES = 12
"""What was chosen instead of the plain course of things: schedule, faults, and the seconds that they last."""

TWINS = 200
"""Runs of each correct twin. `--sim-runs=2000` has as many of them as a bug has seeds to be found in."""


def is_found(buggy: Callable[[], None], law: str) -> None:
    """Hunt for a bug, and see that the run in which it shows is small, and the same when it is played from its tape."""
    simulation: Any = buggy.simulation  # type: ignore[attr-defined]  # what `simulate` adds
    campaign = simulation.campaign()
    with quiet(), fenced():
        result = campaign.hunt(SEEDS)
        assert result.failed is not None, f"not found in {result.runs} runs"
        assert result.smallest is not None
        assert result.runs > 1, f"it shows in the plain run, so it is no bug for a simulation: {result.failed.broken}"
        broken = result.failed.broken
        assert broken is not None
        assert broken.law == law, broken
        choices = result.smallest.choices
        assert 0 < len(choices) <= CHOICES, choices
        tape = loads(dumps(Tape(test=simulation.name, law=law, seed=result.failed.seed, choices=choices)))
        again, unmet = campaign.again(tape.seed, tape.choices)
    assert unmet == ()
    assert again.broken is not None
    assert again.broken.law == law
    assert again.history == result.smallest.history
    found = f"found in run {result.runs}, {len(result.failed.choices)} choices, {len(choices)} after shrinking"
    OPTIONS.told.append(f"{simulation.name}: {found}, {result.seconds:.1f} s")
