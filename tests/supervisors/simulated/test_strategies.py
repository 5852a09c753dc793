"""Every strategy with every restart type, nested, under every fault: the laws hold, and what is to live lives again."""

import asyncio
from contextlib import suppress
from typing import Any

import pytest
from shaken import EVERYTHING, PATIENT, settled

from llmactors import Actor, Exit, Mailbox, message
from llmactors.errors import AskTimeoutError
from llmactors.hosts import Process, Thread
from llmactors.testing import Injected, LifeBegan, World, simulate
from supervisors import Backoff, Intensity, Supervisor, SupervisorError, child


class Worker(Actor):
    """Counts; starts and stops in several steps; ends when it is told to, well or badly."""

    mailbox = Mailbox(capacity=50)

    def __init__(self) -> None:
        self.count = 0

    async def on_start(self) -> None:
        await asyncio.sleep(0.01)

    async def on_stop(self, exit: Exit) -> None:
        await asyncio.sleep(0.01)

    @message
    def add(self) -> int:
        self.count += 1
        return self.count

    @message(limit=30.0)
    async def add_slowly(self) -> int:
        await asyncio.sleep(0.1)
        return self.add()

    @message
    def finish(self) -> None:
        self.context.stop()

    @message
    def crash(self) -> None:
        raise ValueError("it was told to crash")


class Family(Supervisor):
    """One child for each restart type and host, and a family of its own kind below the root's."""

    intensity = PATIENT
    permanent = child(Worker)
    transient = child(Worker, restart="transient", host=Process())
    temporary = child(Worker, restart="temporary")
    apart = child(Worker, host=Process(), redeliver=2, backoff=Backoff(0.05, jitter=0.5))
    thread = child(Worker, host=Thread(), restart="transient", intensity=Intensity(2, within=1.0))


class OneForAll(Family):
    strategy = "one_for_all"


class RestForOne(Family):
    strategy = "rest_for_one"


class Hasty(Supervisor):
    """Gives up soon."""

    intensity = Intensity(1, within=5.0)
    first = child(Worker, ready=Worker.add())
    second = child(Worker, host=Process(), stall_timeout=5.0)


class HastyForAll(Hasty):
    strategy = "one_for_all"


class Ending(Supervisor):
    """Ends with a child that matters."""

    auto_shutdown = "any_significant"
    first = child(Worker)
    matters = child(Worker, restart="transient", significant=True)


class Nested(Family):
    """Families in a family."""

    hasty = child(Hasty)
    others = child(OneForAll)
    ending = child(Ending)


class NestedForAll(Nested):
    strategy = "one_for_all"


class NestedForRest(Nested):
    strategy = "rest_for_one"
    hasty = child(HastyForAll, restart="transient")


class Ground(Supervisor):
    """What the families stand on: it bears their ends."""

    intensity = PATIENT


async def grow(world: World, family: type[Supervisor]) -> None:
    """Start a family, which may fail half-way: then nothing of it may be left, and it is tried again."""
    for _ in range(10):
        try:
            await world.ask("/", Supervisor.start_child(child(family, name="f")), timeout=300.0)
        except (SupervisorError, AskTimeoutError):
            await world.advance(1.0)
        else:
            return
    raise AssertionError("it never came up")


PATHS = ("/f/permanent", "/f/transient", "/f/temporary", "/f/apart", "/f/thread")


async def harm(world: World, paths: list[str], steps: int) -> None:
    """Use a tree as people do, and worse, for some seconds."""
    jobs: list[asyncio.Task[Any]] = []
    random = world.random
    for _ in range(steps):
        path = random.choice(paths)
        try:
            ref = world.ref(path)
        except LookupError:
            continue
        works = ref.cls is Worker
        match random.randrange(10 if works else 4) + (0 if works else 6):
            case 0 | 1 | 2:
                jobs.append(world.ask(ref, Worker.add(), timeout=20.0))
            case 3 | 4:
                jobs.append(world.ask(ref, Worker.add_slowly(), timeout=20.0))
            case 5:
                ref.tell(Worker.add())
            case 6 if works:
                ref.tell(random.choice([Worker.crash(), Worker.finish()]))
            case 7:
                ref.stop() if random.random() < 0.5 else ref.kill()
            case 8:
                jobs.append(
                    asyncio.create_task(administer(world, path, random.randrange(3)), name=f"administer {path}")
                )
            case _:
                await world.advance(random.choice([0.0, 0.01, 0.1, 1.0]))
    await settled(jobs)


async def administer(world: World, path: str, what: int) -> None:
    """Stop, restart or forget a child by its supervisor."""
    above, _, name = path.rpartition("/")
    owner = world.ref(above or "/")
    order = (Supervisor.terminate_child, Supervisor.restart_child, Supervisor.delete_child)[what]
    if order is not Supervisor.delete_child:
        await owner.ask(Supervisor.terminate_child(name), timeout=100.0)
        await owner.ask(Supervisor.restart_child(name), timeout=100.0)
    elif name == "temporary":
        await owner.ask(Supervisor.terminate_child(name), timeout=100.0)
        await owner.ask(Supervisor.delete_child(name), timeout=100.0)


async def converges(world: World, paths: list[str]) -> None:
    """After the faults, everybody who is to live for ever answers; what could not start is asked to once more."""
    await world.heal()
    await world.advance(60.0)
    for path in dict.fromkeys(part for full in paths for part in (full.rpartition("/")[0], full)):
        above, _, name = path.rpartition("/")
        if name:
            with suppress(SupervisorError):  # it runs
                await world.ask(above or "/", Supervisor.restart_child(name), timeout=60.0)
    for path in paths:
        answer = await world.ask(path, Worker.add(), timeout=60.0)
        assert answer >= 1


@pytest.mark.parametrize("family", [Family, OneForAll, RestForOne])
@simulate(Ground, faults=EVERYTHING)
async def test_a_family_keeps_the_laws(world: World, family: type[Supervisor]) -> None:
    await grow(world, family)
    await harm(world, [*PATHS, "/f"], 15)
    await converges(world, ["/f/permanent", "/f/apart"])
    world.sometimes("a fault happened", world.seen(Injected))
    world.sometimes("somebody began again", sum(isinstance(one, LifeBegan) for one in world.events) > 8)


BELOW = ("/f/hasty/first", "/f/hasty/second", "/f/others/permanent", "/f/others/apart")
ENDING = ("/f/ending/first", "/f/ending/matters")


@pytest.mark.parametrize("family", [Nested, NestedForAll, NestedForRest])
@simulate(Ground, faults=EVERYTHING)
async def test_nested_families_keep_the_laws(world: World, family: type[Supervisor]) -> None:
    await grow(world, family)
    await harm(world, [*PATHS, *BELOW, *ENDING, "/f/hasty", "/f/others", "/f/ending", "/f"], 15)
    await converges(world, ["/f/permanent", "/f/apart", "/f/others/permanent"])
    began = [one.path for one in world.events if isinstance(one, LifeBegan)]
    world.sometimes("a supervisor began again", began.count("/f/others") > 1)
