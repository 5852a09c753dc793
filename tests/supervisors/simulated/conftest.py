"""So much of a minute for each of our own simulations, unless the command line says otherwise."""

import pytest

from llmactors.testing._options import OPTIONS

SHARE = 1.7
"""Seconds of real time. There are about thirty of them; at night they have more: see CONTRIBUTING."""


@pytest.fixture(autouse=True)
def a_share_of_a_minute(monkeypatch: pytest.MonkeyPatch) -> None:
    if OPTIONS.runs is None and OPTIONS.seconds is None and OPTIONS.seed is None:
        monkeypatch.setattr(OPTIONS, "seconds", SHARE)
