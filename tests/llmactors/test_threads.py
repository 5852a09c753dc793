"""`tell`, `stop` and `kill` may come from any thread, and nothing is lost."""

import asyncio
import threading
from collections.abc import Iterator

import pytest
from keepers import Counter, keeper

from llmactors import Actor, ActorSystem, Mailbox, message
from llmactors._blocking import BlockingSystem
from llmactors.errors import ActorEndedError, AskTimeoutError, StartFailedError


class Roomy(Counter):
    mailbox = Mailbox(capacity=1_000_000)


async def test_tells_from_many_threads_under_load_lose_nothing_and_keep_their_order() -> None:
    each = 2_000
    async with ActorSystem() as system:
        ref = await system.spawn(Roomy)

        def send(sender: int) -> None:
            for number in range(each):
                assert ref.tell(Counter.add(sender * each + number))

        threads = [asyncio.to_thread(send, sender) for sender in range(4)]
        sending = asyncio.gather(*threads)
        while not sending.done():
            await ref.ask(Counter.add(-1), timeout=30)
            await asyncio.sleep(0)
        await sending
        await asyncio.sleep(0)
        await ref.ask(Counter.add(-1), timeout=30)
        seen = [number for number in ref.actor.seen if number >= 0]
        assert len(seen) == 4 * each
        for sender in range(4):
            assert [number for number in seen if number // each == sender] == list(
                range(sender * each, (sender + 1) * each)
            )


@pytest.mark.parametrize("how", ["stop", "kill"])
async def test_stop_and_kill_from_many_threads_end_every_actor_once(how: str) -> None:
    async with ActorSystem() as system:
        watcher = await keeper(system)
        refs = [await system.spawn(Counter) for _ in range(200)]
        for ref in refs:
            watcher.context.monitor(ref)

        def end() -> None:
            for ref in refs:
                ref.tell(Counter.add(1))
                getattr(ref, how)()

        await asyncio.gather(*(asyncio.to_thread(end) for _ in range(3)))
        await asyncio.gather(*(ref.wait_ended() for ref in refs))
        for ref in refs:
            assert not await asyncio.to_thread(ref.tell, Counter.add(1))
        assert len(watcher.heard) <= 200


async def test_what_is_told_after_the_loop_has_closed_is_refused_quietly() -> None:
    refs = []

    def run() -> None:
        async def main() -> None:
            async with ActorSystem() as system:
                refs.append(await system.spawn(Counter))

        asyncio.run(main())

    await asyncio.to_thread(run)
    assert not refs[0].tell(Counter.add(1))
    refs[0].stop()
    refs[0].kill()


# -- blocking -----------------------------------------------------------------------------------------------
class Source(Actor):
    @message
    async def numbers(self, count: int) -> "object":
        return list(range(count))


@pytest.fixture
def system() -> Iterator[BlockingSystem]:
    with ActorSystem().blocking() as system:
        yield system


def test_a_blocking_ref_asks_tells_and_ends(system: BlockingSystem) -> None:
    ref = system.spawn(Counter, 10, name="counter")
    assert ref.ask(Counter.add(5)) == 15
    assert ref.tell(Counter.add(1))
    ref.send(Counter.add(1))
    assert system.ref("counter").ask(Counter.add(0)) == 17
    with pytest.raises(AskTimeoutError):
        ref.ask(Counter.stuck(), timeout=0.01)
    ref.stop()
    assert ref.wait_ended().clean
    with pytest.raises(ActorEndedError):
        ref.ask(Counter.add(1))


def test_blocking_refs_may_be_used_from_many_threads(system: BlockingSystem) -> None:
    ref = system.spawn(Counter)
    threads = [threading.Thread(target=lambda: [ref.ask(Counter.add(1)) for _ in range(100)]) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert ref.ask(Counter.add(0)) == 400


def test_a_blocking_ref_on_the_systems_own_loop_says_so(system: BlockingSystem) -> None:
    class Confused(Actor):
        @message(raises=(RuntimeError,))
        def ask(self) -> int:
            return counter.ask(Counter.add(1))

    counter = system.spawn(Counter)
    confused = system.spawn(Confused)
    with pytest.raises(RuntimeError, match="blocking ref was used on the system's own loop"):
        confused.ask(Confused.ask())


def test_a_start_that_fails_raises_in_the_thread_that_waits(system: BlockingSystem) -> None:
    with pytest.raises(StartFailedError):
        system.spawn(Counter, 1, 2, 3)


def test_a_crash_that_nobody_heard_is_raised_from_the_block() -> None:
    with pytest.raises(ValueError, match="boom"), ActorSystem().blocking() as system:  # noqa: PT012 - its end raises
        ref = system.spawn(Counter)
        with pytest.raises(ActorEndedError):
            ref.ask(Counter.boom())


def test_a_root_that_does_not_start_is_raised_at_once() -> None:
    class Bad(Actor):
        def on_start(self) -> None:
            raise OSError("no")

    with pytest.raises(OSError, match="no"), ActorSystem(Bad).blocking():
        pytest.fail("the block must not run")
