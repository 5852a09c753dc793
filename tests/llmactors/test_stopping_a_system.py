"""A system is stopped once, however many ask for it, and whoever loses patience."""

import asyncio

import pytest
from keepers import turns
from virtual import VirtualSystem, now, run

from llmactors import Actor, Exit, Killed
from llmactors.errors import ActorEndedError

LONG = 2.0


class SlowToStop(Actor):
    """Takes its time to stop."""

    def __init__(self, diary: list[str]) -> None:
        self.diary = diary

    async def on_stop(self, exit: Exit) -> None:
        await asyncio.sleep(LONG)
        self.diary.append(f"stopped at {now():g}")


async def a_system(diary: list[str]) -> VirtualSystem:
    system = VirtualSystem()
    await system.start()
    await system.spawn(SlowToStop, diary)
    return system


def test_whoever_stops_a_system_that_is_being_stopped_waits_for_the_same_end() -> None:
    async def main() -> None:
        diary: list[str] = []
        system = await a_system(diary)
        first = asyncio.create_task(system.stop())
        await turns()
        await system.stop()
        assert diary == [f"stopped at {LONG:g}"]
        assert list(system.actors()) == []
        await first
        await system.stop()

    run(main())


def test_a_block_that_is_left_while_somebody_stops_its_system_waits_for_that() -> None:
    async def main() -> None:
        diary: list[str] = []
        async with VirtualSystem() as system:
            await system.spawn(SlowToStop, diary)
            stopping = asyncio.create_task(system.stop())
            await turns()
        assert diary == [f"stopped at {LONG:g}"]
        await stopping

    run(main())


@pytest.mark.parametrize("times", [1, 2, 3])
def test_a_stop_that_is_cancelled_kills_what_is_left_however_often_it_is_cancelled(times: int) -> None:
    async def main() -> None:
        diary: list[str] = []
        system = await a_system(diary)
        (ref,) = system.actors()
        ended = asyncio.create_task(ref.wait_ended())
        stopping, other = asyncio.create_task(system.stop()), asyncio.create_task(system.stop())
        await turns()
        for _ in range(times):
            stopping.cancel()
            await asyncio.sleep(0)
        with pytest.raises(asyncio.CancelledError):
            await stopping
        assert isinstance(await ended, Killed)
        assert diary == []
        assert now() == 0.0
        assert list(system.actors()) == []
        await other

    run(main())


def test_a_task_that_waits_for_the_end_of_a_cancelled_stop_is_told_of_no_cancellation_of_its_own() -> None:
    async def main() -> None:
        system = await a_system([])
        stopping = asyncio.create_task(system.stop())
        await turns()
        waiting = asyncio.create_task(system.stop())
        await turns()
        stopping.cancel()
        await waiting
        assert stopping.cancelled()
        with pytest.raises(ActorEndedError):
            await system.spawn(SlowToStop, [])

    run(main())
