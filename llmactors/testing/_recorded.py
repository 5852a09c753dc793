"""A tape made of what a flight recorder has kept of a crash: the simulator plays it as far as it goes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from llmactors.testing._core.choices import Choice
from llmactors.testing._core.tape import Tape, dumps

if TYPE_CHECKING:
    from llmactors._flight import Recording

UNKNOWN: Final = (
    "what was said and by whom, what was sent from outside, when timers fired, chance, "
    "and what worker processes, models and the network did"
)


def tape_of(recording: Recording, test: str = "", root: str = "/") -> str:
    """Write down the last turns before a crash as a tape: whose turn it was, one a line.

    It replays in the test that it names: one that does what the program did. What was said is not on it.

    Args:
        recording: What a `FlightRecorder` has kept.
        test: The test that is to play it, as pytest names it: `tests/test_jobs.py::test_no_job_is_lost`.
        root: The path of what that test has as its root: paths begin there, and turns of others are left out.
    """
    turns = [(place, number) for path, number in recording.turns if (place := _below(path, root)) is not None]
    gaps = [f"the first {recording.missed} turns"] if recording.missed else []
    if len(turns) < len(recording.turns):
        gaps.append(f"{len(recording.turns) - len(turns)} turns of others than {root}")
    missing = ", ".join([*gaps, UNKNOWN])
    names = [f"{path} #{number}" if number else f"{path} signals" for path, number in turns]
    choices = tuple(Choice(f"then {place}", name) for place, name in enumerate(names, 1))
    comments = [f"{recording.path} {recording.exit}", *recording.chain]
    if not test:
        comments.append("add a line `test: FILE.py::NAME` above: a simulated test that does what the program did")
    return dumps(Tape(test=test, choices=choices, missing=missing), [" ".join(line.split()) for line in comments])


def _below(path: str, root: str) -> str | None:
    """Return a path as it is where *root* is the root; None where it is not below."""
    if root == "/":
        return path
    if path == root:
        return "/"
    return path.removeprefix(root) if path.startswith(f"{root}/") else None
