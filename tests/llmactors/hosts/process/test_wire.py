"""Packets between the main process and its fork server."""

import pytest

from llmactors.hosts.process import _wire


def test_what_the_other_side_had_said_is_heard_although_it_ended_without_reading() -> None:
    ours, theirs = _wire.pair()
    _wire.send(ours, {"is": "preload"})
    _wire.send(theirs, {"is": "hello", "why": "no"})
    theirs.close()
    assert _wire.receive(ours) == ({"is": "hello", "why": "no"}, [])
    assert _wire.receive(ours) == (None, [])
    ours.close()


def test_a_packet_that_is_too_large_is_refused() -> None:
    ours, theirs = _wire.pair()
    with pytest.raises(ValueError, match="over the limit"):
        _wire.send(ours, {"path": "x" * _wire.PACKET})
    ours.close()
    theirs.close()
