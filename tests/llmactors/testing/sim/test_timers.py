"""Timers that are due at the same time fire in any order, and none of them early."""

import asyncio

from llmactors.testing import World, simulate


@simulate(runs=40)
async def test_no_timer_fires_before_its_time(world: World) -> None:
    loop, fired = asyncio.get_running_loop(), list[float]()

    def fire(due: float) -> None:
        fired.append(due)
        assert loop.time() >= due

    for due in (0.1, 0.1 + 2e-10, 0.1 + 5e-10):
        loop.call_at(due, fire, due)
    await world.advance(1.0)
    assert len(fired) == 3
    world.sometimes("the last came first", fired[0] > fired[-1])


@simulate(runs=5)
async def test_what_is_cancelled_is_not_called(world: World) -> None:
    loop, called = asyncio.get_running_loop(), list[str]()
    soon, later = loop.call_soon(called.append, "soon"), loop.call_later(0.1, called.append, "later")
    loop.call_soon(called.append, "kept")
    for handle in (soon, later):
        assert not handle.cancelled()
        handle.cancel()
        assert handle.cancelled()
    await world.advance(1.0)
    assert called == ["kept"]
