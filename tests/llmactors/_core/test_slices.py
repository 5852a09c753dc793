"""A slice has as many messages as fit into its time."""

import pytest

from llmactors._core.slices import fitting


@pytest.mark.parametrize(
    ("most", "handled", "seconds", "then"),
    [
        pytest.param(16, 16, 0.0001, 32, id="short and full: longer"),
        pytest.param(64, 64, 0.0001, 64, id="never more than the greatest"),
        pytest.param(16, 5, 0.0001, 16, id="short and not full: nothing is known"),
        pytest.param(16, 16, 0.0006, 16, id="twice as many would not fit"),
        pytest.param(64, 64, 0.128, 1, id="far too long: one at a time"),
        pytest.param(64, 10, 0.005, 2, id="too long: as many as would have fitted"),
        pytest.param(1, 1, 0.002, 1, id="one at least"),
        pytest.param(1, 1, 0.0004, 2, id="it recovers"),
    ],
)
def test_the_next_slice_has_what_fits(most: int, handled: int, seconds: float, then: int) -> None:
    assert fitting(most, handled, seconds, long=0.001, greatest=64) == then
