"""A few runs with real processes."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from llmactors.testing._campaign import Result
from llmactors.testing._real._run import play_for_real

if TYPE_CHECKING:
    from collections.abc import Iterable

    from llmactors.testing._sim._playing import Program


def run_for_real(program: Program, seeds: Iterable[int], seconds: float | None = None) -> Result:
    """Run *program* with each of *seeds*, or as many of them as *seconds* allow, until something is broken.

    What is broken is told as it was found: runs in real time cannot be shrunk.
    """
    result, began = Result(minimal=False, real=True), time.perf_counter()
    for seed in seeds:
        outcome = play_for_real(program, seed)
        result.count(outcome)
        if outcome.broken is not None:
            result.failed = result.smallest = outcome
            break
        if seconds is not None and time.perf_counter() - began > seconds:
            break
    result.seconds = time.perf_counter() - began
    return result
