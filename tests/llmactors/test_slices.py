"""No actor keeps the others waiting for long, however slow its handlers are."""

import asyncio

from virtual import VirtualSystem, now, run

from llmactors import Actor, message


class Slow(Actor):
    """Has always something to do, and takes two milliseconds for it."""

    def __init__(self) -> None:
        self.done = 0

    @message
    def work(self) -> None:
        asyncio.get_running_loop().now += 0.002  # type: ignore[attr-defined]  # the clock goes on, and nothing else does
        self.done += 1
        self.context.self_ref.tell(Slow.work())

    @message
    def count(self) -> int:
        return self.done


def test_slow_handlers_take_turns_one_by_one() -> None:
    async def main() -> None:
        async with VirtualSystem() as system:
            actors = [await system.spawn(Slow) for _ in range(20)]
            for actor in actors:
                for _ in range(50):
                    actor.tell(Slow.work())
            await asyncio.sleep(1)  # it is learnt how slow they are
            before = [actor.usage().handled for actor in actors]
            begun = now()
            await asyncio.sleep(1)
            each = [actor.usage().handled - count for actor, count in zip(actors, before, strict=True)]
            assert max(each) - min(each) <= 1
            assert sum(each) >= (now() - begun) / 0.002 - 20

    run(main())


def test_a_stop_does_not_wait_for_whole_slices_of_the_others() -> None:
    async def main() -> None:
        async with VirtualSystem() as system:
            actors = [await system.spawn(Slow) for _ in range(100)]
            for actor in actors:
                for _ in range(50):
                    actor.tell(Slow.work())
            await asyncio.sleep(20)
            begun = now()
            await actors[-1].stop()
            assert now() - begun < 1.0

    run(main())
