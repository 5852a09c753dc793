"""Lives of llmactors' actors: how they begin, what they weigh, how they come back."""

import gc
import time

from llmactors import Actor, ActorSystem, message
from supervisors import Intensity, Supervisor, child

from cases.kinds import Readings
from cases.lives import resident_bytes, restarted, spawned
from runtimes.ours.program import program


class Idle(Actor):
    """Does little."""

    @message
    def echo(self, value: int) -> int:
        """Answer."""
        return value


class Frail(Actor):
    """Can be made to crash."""

    @message
    def echo(self, value: int) -> int:
        """Answer."""
        return value

    @message
    def crash(self) -> None:
        """Crash."""
        raise ValueError("told to")


class Tree(Supervisor):
    """Brings it back however often it crashes."""

    intensity = Intensity(1_000_000, within=5.0)
    frail = child(Frail)


async def _spawn(system: ActorSystem, n: int) -> Readings:
    await (await system.spawn(Idle)).ask(Idle.echo(0))
    gc.collect()
    before = resident_bytes()
    began = time.perf_counter()
    actors = [await system.spawn(Idle) for _ in range(n)]
    await actors[-1].ask(Idle.echo(0))
    return spawned(time.perf_counter() - began, resident_bytes() - before, n)


async def _spawn_used(system: ActorSystem, n: int) -> Readings:
    await (await system.spawn(Idle)).ask(Idle.echo(0))
    gc.collect()
    before = resident_bytes()
    began = time.perf_counter()
    actors = [await system.spawn(Idle) for _ in range(n)]
    for actor in actors:
        await actor.ask(Idle.echo(0))
    return spawned(time.perf_counter() - began, resident_bytes() - before, n)


async def _restart(system: ActorSystem, n: int) -> Readings:
    await system.spawn(Tree, name="tree")
    frail = system.ref(Tree.frail)
    await frail.ask(Frail.echo(0))
    taken = []
    for number in range(n):
        began = time.perf_counter()
        frail.tell(Frail.crash())
        assert await frail.ask(Frail.echo(number)) == number
        taken.append(time.perf_counter() - began)
    return restarted(taken)


MEASURES = {"spawn": program(_spawn), "spawn-used": program(_spawn_used), "restart": program(_restart)}
