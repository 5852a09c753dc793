"""How much is simulated: what the command line of a test run says, for all simulations in it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class Options:
    """What the command line says; None where it says nothing.

    Attributes:
        runs: Runs of each simulation.
        seconds: Seconds of real time for each simulation, instead of a number of runs.
        seed: The one seed to run.
        folder: Where tapes and timelines of failures go.
        told: Lines about what was run, for the end of the test run.
    """

    runs: int | None = None
    seconds: float | None = None
    seed: int | None = None
    folder: str = ".sim"


OPTIONS = Options()
"""Those of this process; the plugin sets them."""

TOLD: list[str] = []
"""What was run so far in this process, a line for each simulation."""
