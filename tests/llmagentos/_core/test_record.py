"""What is written down of a conversation is what is read back."""

import pytest

from llmagentos._core.loop import Conversation, Step
from llmagentos._core.record import dump, load
from llmagentos._messages import Answer, Call, Outcome, Question, Result

WHOLE = (
    Question("How is Paris?"),
    Call(1, "weather", "{}"),
    Result(1, Outcome.FAILED, "no city"),
    Answer("I \N{SNOWMAN} don't know."),
)


def test_what_was_said_is_read_back_as_it_was() -> None:
    assert load(dump(Conversation(WHOLE, calls=1))) == Conversation(WHOLE, calls=1)


def test_a_call_that_was_open_is_read_as_lost() -> None:
    loaded = load(dump(Conversation(WHOLE[:2], Step.CALLING, calls=1)))
    last = loaded.turns[-1]
    assert isinstance(last, Result)
    assert (last.id, last.outcome) == (1, Outcome.LOST)
    assert loaded.step is Step.IDLE


@pytest.mark.parametrize(
    "record", [b"", b"[]", b'{"version": 0}', b'{"version": 1, "calls": 0, "turns": [["shout", "a"]]}']
)
def test_what_nobody_wrote_is_refused(record: bytes) -> None:
    with pytest.raises(ValueError, match=r"begin a new one|Expecting value"):
        load(record)
