"""Systems in virtual time give the loop its turn, however much there is to do, and go on afterwards."""

import asyncio

import pytest

from llmactors import Actor, ActorSystem, message

pytestmark = pytest.mark.virtual_time


class Busy(Actor):
    """Tells itself, and lets the clock go on or not."""

    def __init__(self, seconds: float, left: int = 10_000) -> None:
        self.seconds, self.left = seconds, left

    @message
    def work(self) -> None:
        asyncio.get_running_loop().now += self.seconds  # type: ignore[attr-defined]  # as if the handler took so long
        self.left -= 1
        if self.left:
            self.context.self_ref.tell(Busy.work())


@pytest.mark.parametrize("seconds", [0.0, 0.002], ids=["time stands still", "time goes on"])
async def test_all_that_is_told_is_handled(seconds: float) -> None:
    async with ActorSystem() as system:
        actors = [await system.spawn(Busy, seconds) for _ in range(3)]
        for actor in actors:
            actor.tell(Busy.work())
        await asyncio.sleep(1_000)
        assert [actor.usage().handled for actor in actors] == [10_000] * 3


async def test_the_loop_has_its_turn_while_actors_are_busy() -> None:
    async with ActorSystem() as system:
        actor = await system.spawn(Busy, 0.0, 1_000_000)
        actor.tell(Busy.work())
        for _ in range(3):
            await asyncio.sleep(0)
        assert 0 < actor.usage().handled < 1_000_000
        actor.kill()
