"""What is too large to cross is an error for who sends it, and ends nobody."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from capable import Giver, Taker

from llmactors import ActorRef, ActorSystem, Message
from llmactors._codec import Codec, _codec
from llmactors.errors import NotSerialisableError, RemoteError
from llmactors.hosts import Process

MIB = 1 << 20
LONG = "x" * (3 * MIB)


@pytest.fixture
async def taker(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[ActorRef[Taker]]:
    monkeypatch.setattr(_codec, "MOST", 5 * MIB)
    async with ActorSystem() as system:
        yield await system.spawn(Taker, host=Process())


@pytest.mark.parametrize(
    ("message", "which"),
    [
        (Taker.length(LONG * 2), "length(what=...)"),
        (Taker.length("ä" * len(LONG)), "length(what=...)"),
        (Taker.length(LONG, LONG), "length(...)"),
        (Taker.lengths([LONG, LONG]), "lengths(what=...)"),
    ],
)
async def test_a_message_that_is_too_large_is_refused_where_it_is_sent(
    taker: ActorRef[Taker], message: Message[Taker, Any], which: str
) -> None:
    told = f"{which} is too large to send: 6 MiB, and 5 cross at once; send it in parts, "
    with pytest.raises(NotSerialisableError) as asked:
        await taker.ask(message)
    assert str(asked.value).startswith(told)
    with pytest.raises(NotSerialisableError) as said:
        taker.tell(message)
    assert str(said.value).startswith(told)
    assert await taker.ask(Taker.length("still here")) == 10


async def test_an_answer_that_is_too_large_is_an_error_of_who_asked(taker: ActorRef[Taker]) -> None:
    giver = await taker.system.spawn(Giver)
    (said,) = await taker.ask(Taker.take(giver, 1, 6 * MIB))
    assert said.startswith("the answer of Giver.give is too large to send: 6 MiB, and 5 cross at once")
    assert await giver.ask(Giver.give(2)) == "xx"


def test_of_an_error_that_is_too_large_the_beginning_of_its_text_crosses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_codec, "MOST", 5 * MIB)
    codec = Codec()
    told = codec.loads(codec.dumps(KeyError("x" * (6 * MIB))))
    assert isinstance(told, RemoteError)
    assert told.type_name == "KeyError"
    assert len(told.text) == MIB
