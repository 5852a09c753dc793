"""Tests of actors, from one that is driven by hand to whole trees under every fault."""

from llmactors.testing._probe import Probe
from llmactors.testing._supervised import CrashSeen, Supervised, supervised
from llmactors.testing._virtual import VirtualClock, VirtualLoop, run_in_virtual_time
from llmactors.testing.errors import ExpectationError, LeftBehindError, NothingHappensError, VirtualTimeError

__all__ = [
    "CrashSeen",
    "ExpectationError",
    "LeftBehindError",
    "NothingHappensError",
    "Probe",
    "Supervised",
    "VirtualClock",
    "VirtualLoop",
    "VirtualTimeError",
    "run_in_virtual_time",
    "supervised",
]
