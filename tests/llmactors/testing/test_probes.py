"""Probes: what a test expects of the messages that actors send."""

import asyncio
from dataclasses import dataclass
from typing import Any

import pytest

from llmactors import Actor, ActorRef, ActorSystem, Crash, Normal, Request, message
from llmactors.errors import ActorEndedError, UnhandledMessageError
from llmactors.testing import ExpectationError, Probe, VirtualClock

pytestmark = pytest.mark.virtual_time


class Counter(Actor):
    """Tells a listener what it does, a second later."""

    def __init__(self, listener: ActorRef[Any]) -> None:
        self.total = 0
        self.listener = listener

    @message
    def add(self, amount: int) -> int:
        self.total += amount
        self.context.send_after(1, Counter.changed(self.total), to=self.listener)
        return self.total

    @message
    def changed(self, total: int) -> None: ...

    @message
    def reset(self) -> None:
        self.listener.tell(Counter.reset())

    @message
    async def ask_listener(self) -> str:
        return str(await self.listener.ask(Question("how many?"), timeout=5))

    @message
    def end(self) -> None:
        self.context.stop()


@dataclass(frozen=True)
class Question(Request[object]):
    text: str


@dataclass(frozen=True)
class Note:
    text: str


async def test_a_message_is_expected_by_endpoint_value_class_or_predicate() -> None:
    async with ActorSystem() as system:
        probe = Probe(system)
        counter = await system.spawn(Counter, probe.ref)
        for amount in (1, 2, 3, 4):
            await counter.ask(Counter.add(amount))
        counter.tell(Counter.reset())
        probe.ref.tell(Note("hello"))
        assert await probe.expect(Counter.changed) == Counter.changed(1)
        assert await probe.expect(Counter.changed(6)) == Counter.changed(6)
        assert await probe.expect(lambda m: getattr(m, "total", 0) > 5) == Counter.changed(10)
        assert (await probe.expect(Note)).text == "hello"
        assert await probe.expect(Counter.reset) == Counter.reset()
        assert len(probe.received) == 6


async def test_what_is_expected_is_waited_for_in_virtual_time(clock: VirtualClock) -> None:
    async with ActorSystem() as system:
        probe = Probe(system)
        counter = await system.spawn(Counter, probe.ref)
        counter.tell(Counter.add(5))
        await probe.expect(Counter.changed, within=3)
        assert 1 <= clock.now() < 1.1


async def test_what_was_expected_stays_for_those_who_come_later() -> None:
    async with ActorSystem() as system:
        probe = Probe(system)
        for text in "abc":
            probe.ref.tell(Note(text))
        await probe.expect(Note("c"))
        await probe.expect(Note("a"))
        with pytest.raises(ExpectationError):
            await probe.expect(Note("a"))
        await probe.expect(Note("b"))


async def test_a_failure_is_a_sentence_that_shows_what_came_instead() -> None:
    async with ActorSystem() as system:
        probe = Probe(system)
        probe.ref.tell(Note("hello"))
        with pytest.raises(ExpectationError) as caught:
            await probe.expect(Counter.changed, within=3)
        assert str(caught.value) == (
            "expected `Counter.changed` at `/probe` within 3 s; what did come and is not taken:\n"
            "  +0.000 s  Note(text='hello')"
        )
        await probe.expect(Note)
        with pytest.raises(ExpectationError, match="nothing came instead"):
            await probe.expect(Counter.changed(3))


async def test_of_very_many_that_came_the_first_and_the_last_are_shown() -> None:
    async with ActorSystem() as system:
        probe = Probe(system)
        for number in range(100):
            probe.ref.tell(Note(str(number)))
        with pytest.raises(ExpectationError, match=r"'0'(.|\n)*80 more(.|\n)*'99'"):
            await probe.expect(Question, within=1)


async def test_several_are_expected_in_any_order_in_their_order_or_one_of_them() -> None:
    async with ActorSystem() as system:
        probe = Probe(system)
        for text in "abcd":
            probe.ref.tell(Note(text))
        assert await probe.expect_all(Note, Note("a")) == [Note("b"), Note("a")]
        with pytest.raises(ExpectationError, match="in this order"):
            await probe.expect_in_order(Note("d"), Note("c"), within=1)
        assert await probe.expect_any(Question, Note("d")) == Note("d")
        probe.ref.tell(Note("e"))
        assert await probe.expect_in_order(Note("c"), Note("e")) == [Note("c"), Note("e")]
        with pytest.raises(ExpectationError, match="in any order"):
            await probe.expect_all(Note, Question, within=1)
        with pytest.raises(ValueError, match="nothing is expected"):
            await probe.expect_all()


async def test_nothing_is_expected_for_a_while(clock: VirtualClock) -> None:
    async with ActorSystem() as system:
        probe = Probe(system)
        counter = await system.spawn(Counter, probe.ref)
        counter.tell(Counter.add(1))
        await probe.expect_nothing(within=0.9)
        await probe.expect_nothing(Note, within=60)
        with pytest.raises(ExpectationError, match=r"expected nothing at `/probe` for 5 s, but `Counter.changed\(tot"):
            await probe.expect_nothing(within=5)


async def test_an_ask_is_answered_by_the_test() -> None:
    async with ActorSystem() as system:
        probe = Probe(system)
        counter = await system.spawn(Counter, probe.ref)
        answer = asyncio.create_task(counter.ask(Counter.ask_listener()))
        await probe.expect(Question("how many?"))
        probe.reply(3)
        assert await answer == "3"
        with pytest.raises(ExpectationError, match="has its answer already"):
            probe.reply(4)


async def test_an_ask_is_failed_by_the_test() -> None:
    async with ActorSystem() as system:
        probe = Probe(system)
        answer = asyncio.create_task(probe.ref.ask(Question("?")))
        await probe.expect(Question)
        probe.fail(KeyError("no"))
        with pytest.raises(KeyError):
            await answer


async def test_only_what_was_asked_can_be_answered() -> None:
    async with ActorSystem() as system:
        probe = Probe(system)
        with pytest.raises(ExpectationError, match="take a message first"):
            probe.reply(1)
        probe.ref.tell(Note("x"))
        await probe.expect(Note)
        with pytest.raises(ExpectationError, match="was told, not asked"):
            probe.fail(ValueError())


async def test_the_end_of_a_watched_actor_is_expected() -> None:
    async with ActorSystem() as system:
        probe = Probe(system)
        counter = await system.spawn(Counter, probe.ref)
        other = await system.spawn(Counter, probe.ref)
        probe.watch(counter)
        probe.watch(other)
        with pytest.raises(ExpectationError, match="expected the end of `/counter-1` with `Crash` at"):
            await probe.expect_down(counter, Crash, within=1)
        counter.tell(Counter.end())
        assert await probe.expect_down(counter) == Normal()
        other.tell(Counter.end())
        assert await probe.expect_down(exit=Normal) == Normal()


async def test_probes_of_one_system_have_names_of_their_own() -> None:
    async with ActorSystem() as system:
        paths = [Probe(system).ref.path, Probe(system).ref.path, Probe(system, "ear").ref.path]
        assert paths == ["/probe", "/probe-2", "/ear"]


async def test_a_probe_belongs_to_one_system_and_says_when_it_has_none() -> None:
    probe = Probe()
    with pytest.raises(RuntimeError, match="in no system yet"):
        probe.ref  # noqa: B018
    async with ActorSystem() as system:
        probe.join(system)
        with pytest.raises(RuntimeError, match="lives in a system already"):
            probe.join(system)


class Numbers(Actor):
    @message
    async def count(self) -> Any:
        yield 1


async def test_a_probe_does_not_stream() -> None:
    async with ActorSystem() as system:
        probe = Probe(system)
        async with probe.ref.stream(Numbers.count()) as numbers:
            with pytest.raises(UnhandledMessageError):
                await anext(numbers)


async def test_who_waits_for_a_probe_s_answer_hears_of_its_end() -> None:
    async with ActorSystem() as system:
        probe = Probe(system)
        answer = asyncio.create_task(probe.ref.ask(Question("?")))
        await probe.expect(Question)
        probe.ref.kill()
        with pytest.raises(ActorEndedError):
            await answer
