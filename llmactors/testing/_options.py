"""How much is simulated: what the command line of a test run says, for all simulations in it."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

LEVELS: Final = ("plain", "sim", "systematic", "real")
"""How a simulated test may be run."""


@dataclass(slots=True)
class Options:
    """What the command line says; None where it says nothing.

    Attributes:
        runs: Runs of each simulation.
        seconds: Seconds of real time for each simulation, instead of a number of runs.
        seed: The one seed to run.
        level: At which level to run: one of `LEVELS`.
        folder: Where tapes and timelines of failures go.
        test: The test that runs now, as pytest names it; empty outside of pytest.
        told: What was run so far, a line for each simulation.
    """

    runs: int | None = None
    seconds: float | None = None
    seed: int | None = None
    level: str | None = None
    folder: Path = Path(".sim")
    test: str = ""
    told: list[str] = field(default_factory=list)


OPTIONS = Options()
"""Those of this process; the plugin sets them."""
