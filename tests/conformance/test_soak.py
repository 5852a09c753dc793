"""The soak, for a few seconds: harm on all hosts at once leaves nothing behind. For minutes: `python tests/soak.py`."""

import sys

import pytest
from soaking import soak

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform != "linux", reason="worker processes are Linux's"),
]


def test_a_few_seconds_of_harm_on_all_hosts_at_once_leave_nothing_behind() -> None:
    soaking = soak(seconds=3.0, seed=1, round_seconds=1.0, say=print)
    assert soaking.faults == []
    assert soaking.done.total() > 100
