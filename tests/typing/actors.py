"""What type checkers know of messages, refs and answers. Checked by mypy strict and pyright; never run.

Where an error is expected, the line carries an ignore; both checkers complain about an ignore that is not needed.
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any, assert_type

from llmactors import Actor, ActorRef, ActorSystem, Exit, Later, Message, Request, Stream, message


class Counter(Actor):
    def __init__(self, start: int = 0) -> None:
        self.total = start

    @message
    def add(self, amount: int) -> int:
        self.total += amount
        return self.total

    @message(timeout=10, raises=(KeyError,))
    async def label(self, prefix: str, *, width: int = 3) -> str:
        return f"{prefix}{self.total:0{width}}"

    @message
    async def count(self, limit: int) -> AsyncIterator[int]:
        for number in range(limit):
            yield number

    @message
    def total_later(self) -> Later[int]:
        return Later()


class Net(Actor):
    @message.batched(32, within=0.005)
    def predict(self, xs: list[int]) -> list[str]:
        return [str(x) for x in xs]

    @message.batched(32, within=0.005, timeout=10)
    async def embed(self, xs: list[str]) -> list[float]:
        return [0.0 for _ in xs]


async def batches(net: ActorRef[Net], counter: ActorRef[Counter]) -> None:
    assert_type(Net.predict(1), Message[Net, str])
    assert_type(await net.ask(Net.predict(1)), str)
    assert_type(await net.ask(Net.embed("a")), float)
    assert_type(Net().predict([1]), list[str])
    assert_type(await Net().embed(["a"]), list[float])
    Net.predict("a")  # type: ignore[arg-type]
    await counter.ask(Net.predict(1))  # type: ignore[arg-type]


class Other(Actor):
    @message
    def greet(self) -> str:
        return "hello"


@dataclass(frozen=True)
class Ping(Request[str]):
    number: int


def a_message_knows_its_actor_and_its_answer() -> None:
    assert_type(Counter.add(1), Message[Counter, int])
    assert_type(Counter.label("n", width=2), Message[Counter, str])
    assert_type(Other.greet(), Message[Other, str])


def on_an_instance_an_endpoint_is_the_method() -> None:
    assert_type(Counter().add(1), int)


async def an_ask_gives_what_the_handler_returns(counter: ActorRef[Counter]) -> None:
    assert_type(await counter.ask(Counter.add(1)), int)
    assert_type(await counter.ask(Counter.label("n"), timeout=1.0), str)
    assert_type(await counter.ask(Counter.total_later()), int)
    assert_type(await counter.ask(Ping(1)), str)
    assert_type(counter.tell(Counter.add(1)), bool)
    assert_type(await counter.wait_ended(), Exit)


async def a_stream_gives_what_the_handler_yields(counter: ActorRef[Counter]) -> None:
    stream = counter.stream(Counter.count(3))
    assert_type(stream, Stream[int])
    async with stream as numbers:
        async for number in numbers:
            assert_type(number, int)


async def a_spawned_actor_has_a_ref_of_its_class(system: ActorSystem) -> None:
    assert_type(await system.spawn(Counter, 10), ActorRef[Counter])
    assert_type(system.ref("counter"), ActorRef[Any])


def a_wrong_argument_is_refused() -> None:
    Counter.add("one")  # type: ignore[arg-type]
    Counter.add()  # type: ignore[call-arg]
    Counter.label("n", wide=2)  # type: ignore[call-arg]


async def a_message_for_another_actor_is_refused(counter: ActorRef[Counter]) -> None:
    await counter.ask(Other.greet())  # type: ignore[arg-type]


async def only_a_stream_endpoint_can_be_streamed(counter: ActorRef[Counter]) -> None:
    counter.stream(Counter.add(1))  # type: ignore[arg-type]
