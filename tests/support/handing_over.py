"""Both ways in which an ask reaches an actor on the loop: handed over directly, and through the run queue."""

import pytest

from llmactors._ports import Ports

QUEUED = "loop, queued"
"""The parameter of a suite that runs once more on the loop, with every ask through the run queue."""


def hand_over_by_queue(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have every system that begins in the present test send every ask through its run queue."""
    defaults = Ports.__init__.__kwdefaults__
    assert defaults is not None
    assert defaults["credit"] > 0, "or both ways would be the same"
    monkeypatch.setitem(defaults, "credit", 0)


def as_its_host_says(request: pytest.FixtureRequest) -> None:
    """See that the host of the present test has been made, before a system is."""
    if "host" in request.fixturenames:
        request.getfixturevalue("host")
