"""Dead letters are counted by reason, kept for a while, and told to whoever wants to know; never in a circle."""

import asyncio
from typing import Any

import pytest
from waiting import until

from llmactors import Actor, ActorSystem, DeadLetter, Mailbox, message, trace


class Small(Actor):
    mailbox = Mailbox(capacity=1)

    @message
    def take(self, number: int) -> None:
        del number

    @message(raises=(KeyError,))
    def miss(self) -> None:
        raise KeyError


class Undertaker(Actor):
    mailbox = Mailbox(capacity=2)

    def __init__(self) -> None:
        self.letters: list[DeadLetter] = []

    def receive(self, message: Any) -> None:
        match message:
            case DeadLetter():
                self.letters.append(message)
            case _:
                super().receive(message)


async def overfill(ref: Any, count: int) -> None:
    """Make *count* dead letters of a paused actor with room for one."""
    ref.pause()
    await until(lambda: ref.paused)
    for number in range(count + 1):
        ref.tell(Small.take(number))


async def test_letters_are_counted_by_reason_and_the_last_are_kept() -> None:
    async with ActorSystem() as system:
        ref = await system.spawn(Small)
        ref.tell("what?")
        await until(lambda: system.dead_letters.total == 1)
        ref.tell(Small.miss())
        await until(lambda: system.dead_letters.total == 2)
        await overfill(ref, 120)
        ref.kill()
        await ref.wait_ended()
        ref.tell(Small.take(0))
        letters = system.dead_letters
        assert letters.counts == {"unhandled": 1, "unheard": 1, "full": 120, "discarded": 2}
        assert (letters.total, len(letters.recent)) == (124, 100)


async def test_who_reads_them_gets_all_that_come_while_it_does() -> None:
    async with ActorSystem() as system:
        ref = await system.spawn(Small)
        async with system.dead_letters.read() as letters, system.dead_letters.read() as others:
            reading = asyncio.ensure_future(anext(letters))
            await asyncio.sleep(0)
            await overfill(ref, 2)
            first = await reading
            assert (first.path, first.reason, first.message) == ("/small-1", "full", Small.take(1))
            assert (await anext(letters)).message == Small.take(2)
            assert [(await anext(others)).message for _ in range(2)] == [Small.take(1), Small.take(2)]
        ref.tell(Small.take(3))
        with pytest.raises(StopAsyncIteration):
            await anext(letters)
        assert letters.missed == 0


@pytest.mark.parametrize(("overflow", "left"), [("drop_oldest", [3, 4]), ("drop_newest", [1, 2])])
async def test_a_reader_s_queue_is_bounded_and_says_what_it_drops(overflow: Any, left: list[int]) -> None:
    async with ActorSystem() as system:
        ref = await system.spawn(Small)
        async with system.dead_letters.read(keep=2, overflow=overflow) as letters:
            await overfill(ref, 4)
            assert [(await anext(letters)).message for _ in range(2)] == [Small.take(number) for number in left]
            assert letters.missed == 2


@pytest.mark.parametrize("wrong", [{"keep": 0}, {"overflow": "refuse"}])
async def test_a_queue_that_makes_no_sense_is_refused(wrong: dict[str, Any]) -> None:
    async with ActorSystem() as system:
        with pytest.raises(ValueError, match=r"keep|overflow"):
            system.dead_letters.read(**wrong)


async def test_an_actor_that_subscribes_is_told_them_as_messages() -> None:
    async with ActorSystem() as system:
        ref, undertaker = await system.spawn(Small), await system.spawn(Undertaker)
        system.dead_letters.subscribe(undertaker)
        system.dead_letters.subscribe(undertaker)
        await overfill(ref, 2)
        await until(lambda: len(undertaker.actor.letters) == 2)
        assert [letter.message for letter in undertaker.actor.letters] == [Small.take(1), Small.take(2)]
        system.dead_letters.unsubscribe(undertaker)
        ref.tell(Small.take(3))
        await asyncio.sleep(0)
        assert len(undertaker.actor.letters) == 2


class Nearby(Actor):
    local = True


async def test_a_letter_that_does_not_cross_to_a_subscriber_is_described_and_its_sender_hears_nothing_of_it() -> None:
    async with ActorSystem(check_messages=True) as system:
        ref, undertaker = await system.spawn(Nearby), await system.spawn(Undertaker)
        system.dead_letters.subscribe(undertaker)
        ref.stop()
        await ref.wait_ended()
        with trace.use(trace.begin()):
            assert not ref.tell("what?")
        assert not ref.tell(object())
        await until(lambda: len(undertaker.actor.letters) == 2)
        assert [letter.message for letter in undertaker.actor.letters] == ["what?", "a object, which does not cross"]
        assert undertaker.actor.letters[0].trace is not None


async def test_letters_about_a_subscriber_do_not_go_round_in_circles() -> None:
    async with ActorSystem() as system:
        ref = await system.spawn(Small)
        first, second = await system.spawn(Undertaker), await system.spawn(Undertaker)
        for undertaker in (first, second):
            system.dead_letters.subscribe(undertaker)
            undertaker.pause()
        await until(lambda: first.paused and second.paused)
        async with system.dead_letters.read() as letters:
            await overfill(ref, 5)
            assert system.dead_letters.counts["full"] == 5 + 2 * 3  # three letters found no room at each
            first.resume()
            second.resume()
            await until(lambda: len(first.actor.letters) == len(second.actor.letters) == 2)
            first.tell("what?")
            await until(lambda: len(second.actor.letters) == 3)
            assert [letter.path for letter in second.actor.letters] == ["/small-1", "/small-1", "/undertaker-2"]
            assert len(first.actor.letters) == 2
            read = [await anext(letters) for _ in range(6)]
        assert [letter.message for letter in read] == [*(Small.take(number) for number in range(1, 6)), "what?"]


async def test_a_subscriber_that_is_gone_is_forgotten() -> None:
    async with ActorSystem() as system:
        ref, undertaker = await system.spawn(Small), await system.spawn(Undertaker)
        system.dead_letters.subscribe(undertaker)
        undertaker.kill()
        await undertaker.wait_ended()
        await overfill(ref, 2)
        assert system.dead_letters.counts == {"full": 2}


async def test_a_letter_says_in_which_trace_it_was_refused() -> None:
    async with ActorSystem() as system:
        ref = await system.spawn(Small)
        with trace.use(trace.begin()) as step:
            await overfill(ref, 1)
        ref.tell(Small.take(9))
        assert [letter.trace for letter in system.dead_letters.recent] == [step, None]
