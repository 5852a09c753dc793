"""Erlang's own supervisor, where Erlang is installed."""

from collections.abc import Iterator

import pytest
from otp import AS_IN_CI, REMEDY, Otp, erl


@pytest.fixture(scope="module")
def otp() -> Iterator[Otp]:
    """Run one Erlang for the tests of a file. CI has it; elsewhere it may be missing."""
    if erl() is None:
        if AS_IN_CI:
            pytest.fail(REMEDY)
        pytest.skip(REMEDY)
    with Otp() as running:
        yield running
