"""`await ref.stop()`: the end of the incarnation that was told to stop, whatever becomes of its slot."""

import asyncio

from keepers import Counter
from virtual import VirtualSystem, now, run

from llmactors import Actor, ActorSystem, Crash, Killed, Normal, Shutdown, message
from supervisors import Supervisor, child


class Slow(Actor):
    @message
    async def work(self) -> None:
        await asyncio.sleep(1)

    async def on_stop(self, exit: object) -> None:
        await asyncio.sleep(2)


class BadAtParting(Actor):
    def on_stop(self, exit: object) -> None:
        raise ValueError("not yet")


class App(Supervisor):
    counter = child(Counter)


async def test_it_returns_when_the_actor_has_ended_and_says_how() -> None:
    async with ActorSystem() as system:
        ref = await system.spawn(Counter)
        exit_ = await ref.stop()
        assert exit_ == Shutdown()
        assert ref.state == "discarded"


def test_it_waits_for_what_is_in_hand_and_for_on_stop() -> None:
    async def main() -> None:
        async with VirtualSystem() as system:
            ref = await system.spawn(Slow)
            ref.tell(Slow.work())
            await asyncio.sleep(0.5)
            await ref.stop()
            assert now() == 3.0

    run(main())


async def test_a_permanent_child_is_waited_for_once_and_comes_back() -> None:
    async with ActorSystem(App) as system:
        ref = system.ref(App.counter)
        await ref.ask(Counter.add(5))
        await ref.stop()
        assert await ref.ask(Counter.add(1)) == 1


async def test_nobody_has_to_wait() -> None:
    async with ActorSystem() as system:
        ref = await system.spawn(Counter)
        ref.stop()
        assert (await ref.wait_ended()).clean


async def test_one_that_has_ended_is_not_waited_for() -> None:
    async with ActorSystem() as system:
        ref = await system.spawn(Counter)
        first = await ref.stop()
        assert await ref.stop() == first


async def test_a_stop_that_is_overtaken_by_a_kill_ends_with_the_kill() -> None:
    async with ActorSystem() as system:
        ref = await system.spawn(Slow)
        stopping = ref.stop()
        ref.kill("too slow")
        assert await stopping == Killed("too slow")


async def test_a_crash_on_the_way_out_is_heard_by_who_waits() -> None:
    async with ActorSystem() as system:
        ref = await system.spawn(BadAtParting)
        exit_ = await ref.stop()
        assert isinstance(exit_, Crash)
        assert isinstance(exit_.error, ValueError)


async def test_one_who_gives_up_waiting_leaves_nothing_behind() -> None:
    async with ActorSystem() as system:
        ref = await system.spawn(Counter)
        ref.pause()
        ref.tell(Counter.add(1))
        waiting = asyncio.ensure_future(ref.stop())
        waiting.cancel()
        await asyncio.wait([waiting])
        assert waiting.cancelled() or waiting.result() in {Normal(), Shutdown()}
        await ref.wait_ended()


async def test_one_who_begins_to_wait_when_the_next_incarnation_is_up_hears_of_the_one_before() -> None:
    async with ActorSystem(App) as system:
        ref = system.ref(App.counter)
        stopping = ref.stop()
        assert await ref.ask(Counter.add(1)) == 1
        assert await ref.ask(Counter.add(1)) == 2
        assert await stopping == Shutdown()
