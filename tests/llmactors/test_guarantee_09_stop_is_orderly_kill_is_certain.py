"""Guarantee 9: stop is orderly, kill is certain."""

import asyncio
from typing import Any

import pytest
from keepers import Counter, keeper, turns
from virtual import VirtualSystem, now, run

from llmactors import Actor, ActorSystem, Crash, Ended, Exit, Killed, Shutdown, Started, message
from llmactors.errors import ActorEndedError


class Slow(Actor):
    """Takes its time everywhere, and writes down what it did."""

    def __init__(self, start: float = 0, stop: float = 0, diary: list[str] | None = None) -> None:
        self.times = start, stop
        self.diary = [] if diary is None else diary

    async def on_start(self) -> None:
        self.diary.append("starting")
        await asyncio.sleep(self.times[0])
        self.diary.append("up")

    async def on_stop(self, _exit: Exit) -> None:
        self.diary.append("stopping")
        await asyncio.sleep(self.times[1])
        self.diary.append("stopped")

    @message(timeout=1e6, limit=1e6)
    async def work(self, seconds: float) -> str:
        await asyncio.sleep(seconds)
        self.diary.append("worked")
        return "done"

    @message
    def boom(self) -> None:
        raise ValueError("boom")

    @message(timeout=1e6)
    async def kill_itself(self) -> None:
        self.context.self_ref.kill("by itself")
        await asyncio.sleep(1e6)

    @message(timeout=1e6)
    async def stop_itself(self) -> None:
        self.context.stop()
        await asyncio.sleep(1e6)


def test_stop_lets_the_message_in_hand_finish_then_runs_on_stop_and_keeps_the_rest() -> None:
    async def main() -> None:
        system = VirtualSystem()
        await system.start()
        owner = await keeper(system)
        slot = owner.opens(Slow, 0, 1)
        await owner.hears(Started)
        actor: Slow = slot.ref.actor
        first = asyncio.create_task(slot.ref.ask(Slow.work(2)))
        second = asyncio.create_task(slot.ref.ask(Slow.work(0)))
        await asyncio.sleep(1)
        slot.stop()
        await turns()
        assert slot.ref.state == "stopping"
        assert await first == "done"
        assert (await owner.hears(Ended)).exit == Shutdown()
        assert now() == pytest.approx(3)
        assert actor.diary == ["starting", "up", "worked", "stopping", "stopped"]
        slot.revive()
        assert await second == "done"
        await system.stop()

    run(main())


def test_stop_with_drain_handles_what_is_queued_first_and_takes_no_more() -> None:
    async def main() -> None:
        system = VirtualSystem()
        await system.start()
        ref = await system.spawn(Slow)
        actor: Slow = ref.actor
        asks = [asyncio.create_task(ref.ask(Slow.work(1))) for _ in range(3)]
        await turns()
        ref.stop(drain=True)
        await turns()
        assert not ref.tell(Slow.work(1))
        with pytest.raises(ActorEndedError):
            await ref.ask(Slow.work(1))
        with pytest.raises(ActorEndedError):
            await ref.send(Slow.work(1))
        assert await asyncio.gather(*asks) == ["done"] * 3
        assert await ref.wait_ended() == Shutdown()
        assert actor.diary.count("worked") == 3
        assert system.dead_letters.counts == {"ended": 2}
        await system.stop()

    run(main())


@pytest.mark.parametrize(
    ("work", "stop", "ends_at"), [(1e6, 0, 5), (0, 1e6, 5), (3, 1e6, 5)], ids=["in hand", "on_stop", "both"]
)
def test_what_does_not_end_within_its_shutdown_time_is_killed(work: float, stop: float, ends_at: float) -> None:
    async def main() -> None:
        system = VirtualSystem()
        await system.start()
        ref = await system.spawn(Slow, 0, stop)
        ref.tell(Slow.work(work))
        await turns()
        before = now()
        ref.stop()
        exit = await ref.wait_ended()
        assert isinstance(exit, Killed)
        assert "shutdown time of 5 s" in str(exit.cause)
        assert now() - before == pytest.approx(ends_at)
        await system.stop()

    run(main())


@pytest.mark.parametrize(("shutdown", "seconds"), [(0, 0), (0.5, 0.5), ("kill", 0), ("forever", 4)])
def test_a_slot_says_how_long_its_end_may_take(shutdown: Any, seconds: float) -> None:
    async def main() -> None:
        system = VirtualSystem()
        await system.start()
        owner = await keeper(system)
        slot = owner.opens(Slow, 0, 4, shutdown=shutdown)
        await owner.hears(Started)
        before = now()
        slot.stop()
        exit = (await owner.hears(Ended)).exit
        assert now() - before == pytest.approx(seconds)
        assert isinstance(exit, Shutdown if shutdown == "forever" else Killed)
        await system.stop()

    run(main())


@pytest.mark.parametrize("message", [Slow.kill_itself(), Slow.stop_itself()], ids=["kill", "stop"])
def test_an_async_handler_may_end_its_own_actor_and_wait(message: Any) -> None:
    async def main() -> None:
        system = VirtualSystem()
        await system.start()
        ref = await system.spawn(Slow)
        actor = ref.actor
        with pytest.raises(ActorEndedError):
            await ref.ask(message)
        exit = await ref.wait_ended()
        assert isinstance(exit, Killed)
        assert ("stopping" in actor.diary) is False
        assert now() == pytest.approx(0 if exit.cause == "by itself" else 5)
        await system.stop()

    run(main())


def test_a_kill_is_certain_wherever_the_actor_is_and_runs_no_on_stop() -> None:
    async def main() -> None:
        system = VirtualSystem()
        await system.start()
        owner = await keeper(system)
        for moment in ("starting", "idle", "in hand", "stopping"):
            owner.heard.clear()
            slot = owner.opens(Slow, 10 if moment == "starting" else 0, 10, name=moment)
            if moment != "starting":
                await owner.hears(Started)
            else:
                await turns()
            actor: Slow = slot.ref.actor
            ask = asyncio.create_task(slot.ref.ask(Slow.work(10))) if moment == "in hand" else None
            if moment == "stopping":
                slot.stop()
            await turns()
            slot.kill("now")
            before = now()
            ended: Ended = await owner.hears(Ended)
            assert ended.exit == Killed("now"), moment
            assert now() == before
            assert "stopped" not in actor.diary
            if ask is not None:
                with pytest.raises(ActorEndedError, match="killed: now"):
                    await ask
        await system.stop()

    run(main())


def test_stop_while_it_starts_ends_it_as_asked() -> None:
    async def main() -> None:
        system = VirtualSystem()
        await system.start()
        owner = await keeper(system)
        slot = owner.opens(Slow, 10)
        await turns()
        actor: Slow = slot.ref.actor
        slot.stop()
        assert (await owner.hears(Ended)).exit == Shutdown()
        assert (actor.diary, now()) == (["starting"], 0)
        await system.stop()

    run(main())


def test_on_stop_also_runs_after_a_crash_in_the_same_task_as_the_rest() -> None:
    async def main() -> None:
        system = VirtualSystem()
        await system.start()
        owner = await keeper(system)
        slot = owner.opens(Slow)
        await owner.hears(Started)
        actor: Slow = slot.ref.actor
        slot.ref.tell(Slow.boom())
        assert isinstance((await owner.hears(Ended)).exit, Crash)
        assert actor.diary == ["starting", "up", "stopping", "stopped"]
        await system.stop()

    run(main())


def test_a_start_has_its_start_timeout() -> None:
    async def main() -> None:
        system = VirtualSystem()
        await system.start()
        owner = await keeper(system)
        slot = owner.opens(Slow, 10, start_timeout=2.0)
        await asyncio.sleep(3)
        assert "start time-out of 2 s" in str(owner.heard[0].error)
        assert (len(owner.heard), slot.ref.state) == (1, "down")
        await system.stop()

    run(main())


async def test_stopping_and_killing_twice_is_once() -> None:
    async with ActorSystem() as system:
        owner = await keeper(system)
        slot = owner.opens(Counter)
        await owner.hears(Started)
        for _ in range(3):
            slot.stop()
            slot.kill()
        await owner.hears(Ended)
        slot.stop()
        slot.kill()
        await turns()
        assert len(owner.heard) == 2
        slot.revive()
        await owner.hears(Started, 2)
        await turns()
        assert slot.ref.state == "idle", "an order to what is down is no order to what comes"


class Stubborn(Actor):
    """Swallows its cancellation, once or for ever."""

    def __init__(self, times: int) -> None:
        self.times = times

    @message
    async def stay(self) -> None:
        for _ in range(self.times):
            try:
                await asyncio.get_running_loop().create_future()
            except asyncio.CancelledError:
                continue


def test_a_handler_that_swallows_its_cancellation_is_cancelled_again_when_the_system_stops() -> None:
    async def main() -> None:
        system = VirtualSystem()
        await system.start()
        ref = await system.spawn(Stubborn, 3)
        ref.tell(Stubborn.stay())
        await turns()
        ref.kill()
        await ref.wait_ended()
        await system.stop()
        assert asyncio.all_tasks() == {asyncio.current_task()}

    run(main())


async def test_a_stop_that_is_cancelled_kills_what_is_left() -> None:
    system = ActorSystem()
    await system.start()
    ref = await system.spawn(Counter)
    ref.tell(Counter.stuck())
    await turns()
    stopping = asyncio.create_task(system.stop())
    await turns()
    stopping.cancel()
    with pytest.raises(asyncio.CancelledError):
        await stopping
    assert isinstance(await ref.wait_ended(), Killed)
    await turns()


async def test_a_spawn_that_is_cancelled_leaves_no_actor() -> None:
    async with ActorSystem() as system:
        spawning = asyncio.create_task(system.spawn(Slow, 1e6))
        await turns()
        spawning.cancel()
        with pytest.raises(asyncio.CancelledError):
            await spawning
        await turns()
        assert list(system.actors()) == []


async def test_nothing_is_spawned_in_a_system_that_is_over() -> None:
    async with ActorSystem() as system:
        owner = await keeper(system)
        context = owner.context
    with pytest.raises(ActorEndedError):
        await system.spawn(Counter)
    with pytest.raises(ActorEndedError):
        context.spawn(Counter)
    await system.stop()
