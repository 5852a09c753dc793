"""A start that does not come to its end: what it had begun is cleaned up, and its owner hears of it."""

import asyncio

import pytest
from virtual import now, run

from llmactors import Actor, ActorSystem, Ended, Shutdown, Slot, Started, StartFailed
from llmactors._ports import Ports


class Slow(Actor):
    """Starts for ever, and cleans up for a while when it is told to leave."""

    def __init__(self, diary: list[str]) -> None:
        self.diary = diary

    async def on_start(self) -> None:
        try:
            await asyncio.sleep(1e6)
        finally:
            await asyncio.sleep(2.0)
            self.diary.append("cleaned up")

    async def on_stop(self, _exit: object) -> None:
        self.diary.append("stopped")


class Owner(Actor):
    """Keeps one slot and writes down what it hears of it."""

    def __init__(self, diary: list[str], start_timeout: float | None) -> None:
        self.diary, self.start_timeout = diary, start_timeout
        self.heard: list[Started | StartFailed | Ended] = []
        self.slot: Slot[Slow]

    def on_start(self) -> None:
        self.slot = self.context.open("slow", Slow, self.diary, start_timeout=self.start_timeout)
        self.slot.start()

    def receive(self, message: object) -> None:
        if isinstance(message, Started | StartFailed | Ended):
            self.heard.append(message)


async def owner(start_timeout: float | None = None) -> tuple[ActorSystem, Owner]:
    system = ActorSystem(ports=Ports(clock=asyncio.get_running_loop().time))
    await system.start()
    ref = await system.spawn(Owner, [], start_timeout)
    return system, ref.actor


def test_a_stop_lets_a_start_clean_up_before_it_has_ended() -> None:
    async def main() -> None:
        system, it = await owner()
        it.slot.stop()
        await asyncio.sleep(3.0)
        assert it.diary == ["cleaned up"], "and `on_stop` is not for what never was up"
        assert [(type(one), getattr(one, "exit", None)) for one in it.heard] == [(Ended, Shutdown())]
        await system.stop()

    run(main())


def test_a_kill_leaves_a_start_at_once() -> None:
    async def main() -> None:
        system, it = await owner()
        it.slot.kill()
        await asyncio.sleep(0.1)
        assert [type(one) for one in it.heard] == [Ended]
        assert now() == pytest.approx(0.1)
        await system.stop()

    run(main())


def test_a_start_that_runs_out_of_time_is_a_failed_start() -> None:
    async def main() -> None:
        system, it = await owner(start_timeout=1.0)
        await asyncio.sleep(1.5)
        (failed,) = it.heard
        assert isinstance(failed, StartFailed)
        assert isinstance(failed.error, TimeoutError)
        await system.stop()

    run(main())
