"""Frames come out as they went in, however the stream was cut."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llmactors._core.frames import HEAD, FrameError, FrameSplitter, frame


@given(st.lists(st.binary(max_size=40), max_size=8), st.lists(st.integers(1, 9), min_size=1, max_size=8))
def test_frames_come_out_as_they_went_in_however_the_stream_was_cut(bodies: Any, sizes: Any) -> None:
    stream = b"".join(frame(body) for body in bodies)
    splitter, found, position, turn = FrameSplitter(), [], 0, 0
    while position < len(stream):
        size = sizes[turn % len(sizes)]
        found += [bytes(body) for body in splitter.feed(stream[position : position + size])]
        position, turn = position + size, turn + 1
    assert found == bodies
    assert splitter.pending == 0


def test_whole_frames_are_views_of_what_was_read() -> None:
    data = frame(b"one") + frame(b"two")
    views = FrameSplitter().feed(data)
    assert [bytes(view) for view in views] == [b"one", b"two"]
    assert all(view.obj is data for view in views)


def test_views_stay_valid_after_the_next_read() -> None:
    splitter = FrameSplitter()
    data = frame(b"a" * 10)
    splitter.feed(data[:6])
    (view,) = splitter.feed(data[6:])
    splitter.feed(frame(b"b" * 10)[:9])
    assert bytes(view) == b"a" * 10


@pytest.mark.parametrize("cut", [4, 5, 8])
def test_a_length_over_the_limit_breaks_the_connection_before_the_body_comes(cut: Any) -> None:
    splitter = FrameSplitter(limit=8)
    with pytest.raises(FrameError, match="9 bytes; the limit is 8"):
        splitter.feed(HEAD.pack(9) + b"x" * (cut - 4))
    with pytest.raises(FrameError, match="broke before"):
        splitter.feed(frame(b"fine"))


def test_a_body_over_the_limit_is_refused_at_the_sender() -> None:
    with pytest.raises(FrameError, match="send less"):
        frame(b"123456789", limit=8)
