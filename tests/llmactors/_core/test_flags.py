"""The word that says everything unusual about a cell, and the state that a person reads from it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llmactors._core import flags as f

ALL = [value for name, value in vars(f).items() if name.isupper() and isinstance(value, int)]
BITS = [value for value in ALL if value & (value - 1) == 0]
WORDS = {
    "discarded", "down", "stopping", "starting", "pausing", "paused", "running", "throttled", "ready", "idle",
}  # fmt: skip


@pytest.mark.parametrize(
    ("flags", "in_hand", "queued", "state"),
    [
        (0, False, False, "idle"),
        (0, False, True, "ready"),
        (0, True, True, "running"),
        (f.BUSY, True, False, "running"),
        (f.GATED, False, True, "throttled"),
        (f.PAUSED, False, True, "paused"),
        (f.PAUSED, True, False, "pausing"),
        (f.PAUSED | f.GATED, False, True, "paused"),
        (f.STARTING, False, False, "starting"),
        (f.STARTING | f.PAUSED, True, False, "starting"),
        (f.STOPPING, True, True, "stopping"),
        (f.DRAINING, False, True, "stopping"),
        (f.ENDING | f.PAUSED, True, False, "stopping"),
        (f.ENDED, False, True, "down"),
        (f.ENDED | f.PAUSED, False, False, "down"),
        (f.DEAD, False, False, "discarded"),
    ],
)
def test_the_most_telling_state_is_the_one_that_is_seen(flags: int, in_hand: bool, queued: bool, state: str) -> None:
    assert f.state_of(flags, in_hand=in_hand, queued=queued) == state


@given(st.sets(st.sampled_from(BITS)), st.booleans(), st.booleans())
def test_every_word_of_flags_has_a_state(bits: set[int], in_hand: bool, queued: bool) -> None:
    assert f.state_of(sum(bits), in_hand=in_hand, queued=queued) in WORDS


def test_no_two_flags_share_a_bit() -> None:
    assert len(set(BITS)) == len(BITS)


@pytest.mark.parametrize("flag", [f.PAUSED, f.SIGNALS, f.REQUEUED, f.GATE, f.WAITERS])
def test_what_belongs_to_the_slot_outlives_the_life(flag: int) -> None:
    assert f.KEPT_WITH_SLOT & flag


@pytest.mark.parametrize("flag", [f.STARTING, f.ENDING, f.BUSY, f.STOPPING, f.DRAINING, f.GATED])
def test_what_belongs_to_the_life_ends_with_it(flag: int) -> None:
    assert not f.KEPT_WITH_SLOT & flag
