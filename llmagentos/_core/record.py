"""A conversation as bytes, and back.

A record holds what was said, never a step or a draft: whatever state it was written in, the conversation that is read
is idle, its calls are closed, and it goes on with the next question.
"""

import json
from typing import Any, assert_never

from llmagentos._core.loop import Conversation, Rules, decide
from llmagentos._messages import Answer, Call, Left, Outcome, Question, Result, Turn

VERSION = 1


def dump(conversation: Conversation) -> bytes:
    """Write *conversation* down as UTF-8 JSON."""
    turns = [_plain(turn) for turn in conversation.turns]
    return json.dumps({"version": VERSION, "calls": conversation.calls, "turns": turns}).encode()


def load(record: bytes) -> Conversation:
    """Read what `dump` wrote: an idle conversation whose calls are all closed.

    Raises:
        ValueError: The record was written by another version, or by nobody we know.
    """
    kept = json.loads(record)
    if not isinstance(kept, dict) or kept.get("version") != VERSION:
        raise ValueError(f"this is no conversation of version {VERSION}; begin a new one")
    turns = tuple(_turn(plain) for plain in kept["turns"])
    conversation, _ = decide(Conversation(turns, calls=kept["calls"]), Left(), Rules())
    return conversation


def _plain(turn: Turn) -> list[Any]:
    match turn:
        case Question(text):
            return ["question", text]
        case Answer(text):
            return ["answer", text]
        case Call(id, tool, arguments):
            return ["call", id, tool, arguments]
        case Result(id, outcome, text):
            return ["result", id, outcome.value, text]
        case _:
            assert_never(turn)


def _turn(plain: list[Any]) -> Turn:
    match plain:
        case ["question", str(text)]:
            return Question(text)
        case ["answer", str(text)]:
            return Answer(text)
        case ["call", int(id), str(tool), str(arguments)]:
            return Call(id, tool, arguments)
        case ["result", int(id), str(outcome), str(text)]:
            return Result(id, Outcome(outcome), text)
        case _:
            raise ValueError(f"{plain!r} is no turn of a conversation; begin a new one")
