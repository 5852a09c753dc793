"""Guarantees 6 and 7: an ask ends, always, in one of a few ways; its deadline travels, and giving up is felt."""

import asyncio
from typing import Any

import pytest
from keepers import Counter, Keeper, keeper, turns
from tellers import Teller, teller
from virtual import VirtualSystem, now, run

from llmactors import Actor, ActorRef, ActorSystem, Crash, Ended, Request, message
from llmactors.errors import (
    ActorDownError,
    ActorEndedError,
    AskTimeoutError,
    MailboxFullError,
    UnhandledMessageError,
    WrongThreadError,
)


class Ping(Request[str]):
    pass


@pytest.mark.parametrize("make", [Teller.missing, Teller.missing_later])
async def test_an_error_that_the_endpoint_declares_is_an_answer_and_the_actor_lives_on(make: Any) -> None:
    async with ActorSystem() as system:
        ref = await teller(system)
        for _ in range(2):
            with pytest.raises(KeyError, match="not there"):
                await ref.ask(make())
        assert ref.state == "idle"
        ref.tell(make())
        await turns()
        assert (ref.state, system.dead_letters.counts) == ("idle", {"unheard": 1})


@pytest.mark.parametrize(
    ("make", "cause"),
    [
        (Teller.boom, ValueError),
        (Teller.boom_at_once, ValueError),
        (Teller.boom_later, ValueError),
        (Teller.leave, SystemExit),
        (Teller.generator_exit, GeneratorExit),
        (Teller.async_generator_exit, GeneratorExit),
        (Teller.stop_iteration, RuntimeError),
        (Teller.cancelled, asyncio.CancelledError),
    ],
)
@pytest.mark.parametrize("queued", [False, True])
async def test_any_other_error_ends_the_actor_and_is_the_cause_of_what_the_asker_gets(
    make: Any, cause: type[BaseException], queued: bool
) -> None:
    async with ActorSystem() as system:
        ref = await teller(system)
        if queued:
            ref.tell(Teller.in_time())
        with pytest.raises(ActorEndedError) as caught:
            await ref.ask(make())
        assert type(caught.value.__cause__) is cause
        assert isinstance(caught.value.exit, Crash)
        exit = await ref.wait_ended()
        assert isinstance(exit, Crash)
        assert exit.error is caught.value.__cause__
        with pytest.raises(ActorEndedError) as caught:
            await ref.ask(make())
        assert type(caught.value.__cause__) is cause


async def test_a_message_that_nobody_handles_is_a_dead_letter_and_an_error_to_its_asker_never_a_crash() -> None:
    async with ActorSystem() as system:
        ref = await teller(system)
        with pytest.raises(UnhandledMessageError, match="/teller-1"):
            await ref.ask(Ping())
        ref.tell("whatever")
        ref.tell(Counter.add(1))
        await turns()
        assert (ref.state, system.dead_letters.counts) == ("idle", {"unhandled": 3})


async def test_a_stream_that_is_asked_or_told_says_how_to_read_it() -> None:
    async with ActorSystem() as system:
        ref = await teller(system)
        with pytest.raises(UnhandledMessageError, match=r"read it with `ref.stream"):
            await ref.ask(Teller.numbers())
        ref.tell(Teller.numbers())
        await turns()
        assert (ref.state, system.dead_letters.counts) == ("idle", {"unhandled": 2})
        with pytest.raises(TypeError, match="not a call of a stream endpoint"):
            ref.stream(Teller.boom())  # type: ignore[arg-type]


async def test_an_unhandled_message_of_another_actor_is_an_ordinary_error() -> None:
    class Asker(Actor):
        @message
        async def ask(self, ref: ActorRef[Teller]) -> str:
            return await ref.ask(Ping())

    async with ActorSystem() as system:
        ref, asker = await teller(system), await system.spawn(Asker)
        (await keeper(system)).context.monitor(asker)
        with pytest.raises(ActorEndedError) as caught:
            await asker.ask(Asker.ask(ref))
        assert isinstance(caught.value.__cause__, UnhandledMessageError)


def test_a_queued_ask_waits_for_the_next_incarnation_until_its_deadline() -> None:
    async def main() -> None:
        system = VirtualSystem()
        await system.start()
        owner = await keeper(system)
        slot = owner.opens(Counter)
        slot.kill()
        await owner.hears(Ended)
        with pytest.raises(AskTimeoutError, match="within 5 s"):
            await slot.ref.ask(Counter.add(1))
        assert 5.0 <= now() < 5.1
        with pytest.raises(ActorDownError, match="is down"):
            await slot.ref.ask(Counter.add(1), when_down="fail")
        ask = asyncio.create_task(slot.ref.ask(Counter.add(1), timeout=float("inf")))
        await asyncio.sleep(1e4)
        slot.revive()
        assert await ask == 1
        assert system.dead_letters.counts["expired"] == 1, "what has passed its deadline is skipped and counted"
        await system.stop()

    run(main())


@pytest.mark.parametrize("seconds", [0, -1.0])
async def test_a_timeout_of_nothing_is_over_at_once(seconds: float) -> None:
    async with ActorSystem() as system:
        ref = await system.spawn(Counter)
        with pytest.raises(AskTimeoutError):
            await ref.ask(Counter.stuck(), timeout=seconds)
        assert await ref.ask(Counter.add(1)) == 1


def test_when_the_asker_gives_up_an_async_handler_is_cancelled_and_the_actor_lives_on() -> None:
    async def main() -> None:
        system = VirtualSystem()
        await system.start()
        ref = await system.spawn(Teller)
        with pytest.raises(AskTimeoutError):
            await ref.ask(Teller.slow(10), timeout=2)
        task = asyncio.create_task(ref.ask(Teller.slow(10)))
        await asyncio.sleep(1)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await asyncio.sleep(0.1)
        with pytest.raises(AskTimeoutError):
            await ref.ask(Teller.finishes(10), timeout=2)
        assert await ref.ask(Teller.slow(0), timeout=99) == "done"
        rounded = [line[: line.index(".")] if "." in line else line for line in ref.actor.diary]
        assert rounded == ["cancelled at 2", "cancelled at 3", "done at 13", "done at 13"]
        await system.stop()

    run(main())


def test_an_ask_made_while_answering_has_at_most_the_time_that_is_left() -> None:
    async def main() -> None:
        system = VirtualSystem()
        await system.start()
        first, second = await system.spawn(Teller), await system.spawn(Teller)
        with pytest.raises(AskTimeoutError):
            await first.ask(Teller.ask_on(second, 50), timeout=3)
        await asyncio.sleep(0.1)
        assert second.actor.diary[0].startswith("cancelled at 3")
        await system.stop()

    run(main())


def test_an_ask_of_a_task_that_outlives_its_handler_still_ends() -> None:
    async def main() -> None:
        system = VirtualSystem()
        await system.start()
        first, second = await system.spawn(Teller), await system.spawn(Teller)
        assert await first.ask(Teller.ask_behind_its_back(second), timeout=3) == "answered"
        with pytest.raises(AskTimeoutError):
            await first.actor.behind
        assert now() < 4
        await system.stop()

    run(main())


async def test_an_ask_from_another_thread_says_what_to_use() -> None:
    async with ActorSystem() as system:
        ref = await system.spawn(Counter)

        def elsewhere() -> list[str]:
            said = []
            for ask in (ref.ask(Counter.add(1)), ref.send(Counter.add(1))):
                with pytest.raises(WrongThreadError) as caught:
                    ask.send(None)
                said.append(str(caught.value))
            with pytest.raises(WrongThreadError):
                ref.stream(Teller.numbers())  # type: ignore[arg-type]
            return said

        assert all("blocking()" in text for text in await asyncio.to_thread(elsewhere))


async def test_an_ask_of_a_full_mailbox_fails_at_once() -> None:
    async with ActorSystem() as system:
        ref = await system.spawn(Counter)
        ref.pause()
        await turns()
        while ref.tell(Counter.add(1)):
            pass
        with pytest.raises(MailboxFullError, match="1000 messages"):
            await ref.ask(Counter.add(1))


async def test_a_failed_ask_leaves_no_circle_of_error_and_frame() -> None:
    import gc
    import weakref

    class MarkedError(KeyError):
        pass

    class Failing(Actor):
        @message(raises=(MarkedError,))
        def fail(self) -> None:
            raise MarkedError

        @message(raises=(MarkedError,))
        async def fail_later(self) -> None:
            await asyncio.sleep(0)
            raise MarkedError

    async with ActorSystem() as system:
        ref = await system.spawn(Failing)
        gc.collect()
        gc.disable()
        try:
            for make in (Failing.fail, Failing.fail_later):
                gone: list[weakref.ref[MarkedError]] = []
                try:
                    await ref.ask(make())
                except MarkedError as error:
                    gone.append(weakref.ref(error))
                await turns(3)
                system.scheduler.deadlines.tick()
                assert [error() for error in gone] == [None], make
        finally:
            gc.enable()


async def test_the_keeper_of_the_tests_hears_everything() -> None:
    async with ActorSystem() as system:
        actor = await keeper(system)
        assert isinstance(actor, Keeper)
        actor.context.self_ref.tell("news")
        assert await actor.hears(str) == "news"
