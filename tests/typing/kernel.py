"""What the type checkers know of actors, under mypy strict and pyright. The wrong lines are held by their ignores:

one that no longer errs is an unused ignore, which both checkers report.
"""
# pyright: strict, reportUnnecessaryTypeIgnoreComment=true, reportUnusedCoroutine=false, reportUnusedExpression=false

from collections.abc import AsyncIterator, Callable
from typing import Any, assert_type

from llmactors import (
    Actor,
    ActorRef,
    ActorSystem,
    Context,
    Later,
    Message,
    Request,
    Slot,
    Stream,
    StreamMessage,
    message,
)


class Counter(Actor):
    def __init__(self, start: int = 0) -> None:
        self.total = start

    @message
    def add(self, amount: int) -> int:
        return self.total + amount

    @message
    async def add_slowly(self, amount: int, *, times: int = 1) -> int:
        return self.total + amount * times

    @message(timeout=1.0, raises=(KeyError,))
    def configured(self, name: str) -> str:
        return name

    @message
    def later(self) -> Later[str]:
        return Later()

    @message
    async def later_too(self) -> Later[str]:
        return Later()

    @message
    async def numbers(self, count: int) -> AsyncIterator[int]:
        yield count

    @message(limit=None)
    async def words(self) -> AsyncIterator[str]:
        yield "word"

    @message
    def nothing(self) -> None: ...


class Doubling(Counter):
    @message
    def double(self) -> float:
        return 2.0


class Other(Actor):
    @message
    def hello(self) -> str:
        return "hello"


class Ping(Request[bytes]):
    pass


def on_the_class_a_call_makes_a_message() -> None:
    assert_type(Counter.add(5), Message[Counter, int])
    assert_type(Counter.add_slowly(5, times=2), Message[Counter, int])
    assert_type(Counter.configured("a"), Message[Counter, str])
    assert_type(Counter.later(), Message[Counter, str])
    assert_type(Counter.later_too(), Message[Counter, str])
    assert_type(Counter.numbers(3), StreamMessage[Counter, int])
    assert_type(Counter.words(), StreamMessage[Counter, str])
    assert_type(Counter.nothing(), Message[Counter, None])
    assert_type(Doubling.double(), Message[Doubling, float])


async def on_an_instance_a_call_is_the_method(counter: Counter) -> None:
    assert_type(counter.add(5), int)
    assert_type(await counter.add_slowly(5), int)
    assert_type(counter.later(), Later[str])
    async for number in counter.numbers(3):
        assert_type(number, int)


async def an_ask_returns_what_the_endpoint_answers(ref: ActorRef[Counter]) -> None:
    assert_type(await ref.ask(Counter.add(5)), int)
    assert_type(await ref.ask(Counter.add_slowly(5)), int)
    assert_type(await ref.ask(Counter.configured("a"), timeout=3), str)
    assert_type(await ref.ask(Counter.later(), when_down="fail"), str)
    assert_type(await ref.ask(Counter.later_too()), str)
    assert_type(await ref.ask(Ping()), bytes)
    assert_type(ref.tell(Counter.add(5)), bool)
    await ref.send(Counter.add(5))


async def a_stream_yields_what_the_generator_yields(ref: ActorRef[Counter]) -> None:
    assert_type(ref.stream(Counter.numbers(3)), Stream[int])
    async with ref.stream(Counter.words()) as words:
        assert_type(words, Stream[str])
        async for word in words:
            assert_type(word, str)


def a_wrong_argument_is_refused() -> None:
    Counter.add("5")  # type: ignore[arg-type]
    Counter.add()  # type: ignore[call-arg]
    Counter.add(1, 2)  # type: ignore[call-arg]
    Counter.add_slowly(1, 2)  # type: ignore[call-arg]
    Counter.configured(name=3)  # type: ignore[arg-type]
    Counter.nowhere()  # type: ignore[attr-defined]


async def a_message_for_another_actor_is_refused(ref: ActorRef[Counter], other: ActorRef[Other]) -> None:
    await other.ask(Counter.add(1))  # type: ignore[arg-type]
    await ref.ask(Doubling.double())  # type: ignore[arg-type]
    other.stream(Counter.numbers(3))  # type: ignore[arg-type]
    ref.stream(Counter.add(3))  # type: ignore[arg-type]
    await ref.ask("text")  # type: ignore[call-overload]


async def a_ref_to_a_subclass_takes_the_messages_of_its_base(ref: ActorRef[Doubling]) -> None:
    assert_type(await ref.ask(Counter.add(5)), int)
    assert_type(await ref.ask(Doubling.add(5)), int)
    assert_type(await ref.ask(Doubling.double()), float)
    async with ref.stream(Counter.numbers(3)) as numbers:
        assert_type(numbers, Stream[int])


async def who_spawns_gets_a_ref_of_the_class(system: ActorSystem) -> None:
    ref = await system.spawn(Counter, 10, name="counter")
    assert_type(ref, ActorRef[Counter])
    assert_type(await ref, ActorRef[Counter])
    assert_type(ref.cls, type[Counter])
    assert_type(system.ref("counter"), ActorRef[Any])


def an_actors_context_knows_its_actor(counter: Counter) -> None:
    assert_type(counter.context, Context[Counter])
    assert_type(counter.context.self_ref, ActorRef[Counter])
    assert_type(counter.context.spawn(Other), ActorRef[Other])
    assert_type(counter.context.open("slot", Counter, 1), Slot[Counter])
    assert_type(counter.context.open("slot", Counter).ref, ActorRef[Counter])


def blocking_refs_know_the_same(root: Callable[..., Counter]) -> None:
    with ActorSystem(root).blocking() as system:
        ref = system.spawn(Counter, 10)
        assert_type(ref.ask(Counter.add(5)), int)
        assert_type(ref.ask(Counter.add_slowly(5)), int)
        for number in ref.stream(Counter.numbers(3)):
            assert_type(number, int)


def options_are_checked() -> None:
    message(abandoned="never")  # type: ignore[call-overload]
    message(limit="long")  # type: ignore[call-overload]
