"""`on_pressure`: what is near its ceiling is told so, on every host, whatever waits before it."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from performers import Keeper, Probe
from pressed import BrokenCache, Cache, Deaf, SlowCache
from waiting import until

from llmactors import ActorSystem, Crash, Ended, limits
from llmactors.hosts import Loop, Process, Thread
from llmactors.limits import Pressure

HOSTS = pytest.mark.parametrize("host", [Loop(), Thread(), Process()], ids=["loop", "thread", "process"])


@pytest.fixture
async def system() -> AsyncIterator[ActorSystem]:
    async with ActorSystem() as system:
        yield system


@HOSTS
@pytest.mark.parametrize("kind", [Cache, SlowCache])
async def test_the_hook_is_called_with_the_level(system: ActorSystem, host: Any, kind: type[Cache]) -> None:
    cache = await system.spawn(kind, host=host)
    limits.press(cache, Pressure.HIGH)
    limits.press(cache, Pressure.CALM)
    seen: list[str] = []
    while len(seen) < (4 if kind is SlowCache else 2):
        seen = await cache.ask(Cache.so_far(), timeout=30)
    assert [each for each in seen if each != "begins"] == ["high", "calm"]


@HOSTS
async def test_it_overtakes_messages_and_runs_while_an_async_handler_waits(system: ActorSystem, host: Any) -> None:
    cache = await system.spawn(Cache, host=host)
    cache.tell(Cache.wait(0.2))
    await until(lambda: cache.state == "running")
    for number in range(3):
        cache.tell(Cache.note(str(number)))
    limits.press(cache, Pressure.HIGH)
    assert await cache.ask(Cache.so_far(), timeout=30) == ["waits", "high", "waited", "0", "1", "2"]


@HOSTS
async def test_in_a_pause_it_waits_for_the_end_of_it(system: ActorSystem, host: Any) -> None:
    cache = await system.spawn(Cache, host=host)
    cache.pause()
    await until(lambda: cache.state == "paused")
    limits.press(cache, Pressure.HIGH)
    limits.press(cache, Pressure.CALM)  # the last word counts
    cache.resume()
    assert await cache.ask(Cache.so_far(), timeout=30) == ["calm"]


@HOSTS
async def test_an_error_in_it_is_the_actor_s_crash(system: ActorSystem, host: Any) -> None:
    probe = await system.spawn(Probe)
    keeper = await system.spawn(Keeper, probe, host, BrokenCache, revivals=1)
    cache = await keeper.actor.slot.ref
    limits.press(cache, Pressure.HIGH)
    await until(lambda: any(isinstance(note, Ended) for note in probe.actor.notes))
    assert await cache.ask(Cache.so_far(), timeout=30) == []
    (exit,) = [note.exit for note in probe.actor.notes if isinstance(note, Ended)]
    assert isinstance(exit, Crash)
    assert "cannot answer high" in str(exit.error)


@HOSTS
async def test_an_actor_without_the_hook_hears_nothing(system: ActorSystem, host: Any) -> None:
    deaf = await system.spawn(Deaf, host=host)
    limits.press(deaf, Pressure.HIGH)
    assert await deaf.ask(Deaf.ping(), timeout=30) == "pong"


async def test_one_that_is_ending_hears_nothing_any_more(system: ActorSystem) -> None:
    cache = await system.spawn(Cache)
    cache.kill()
    limits.press(cache, Pressure.HIGH)
    await cache.wait_ended()
