"""A small tree that an adversary acts on, and the laws that hold whatever it does.

A `World` is one run: actors tell it what becomes of them, a script uses them as a program would, and at one moment the
adversary does its worst: before a step of the loop (`stepping`), or by an error at a point of the actors' own code, or
of an order that the shell carries out. `broken` then says which laws were.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from stepping import SteppingLoop, run_stepping

from llmactors import Actor, ActorRef, ActorSystem, Down, Exit, Mailbox, Shutdown, message
from llmactors._ports import Ports
from llmactors.errors import LLMActorsError
from supervisors import Backoff, Intensity, Supervisor, SupervisorError, child

RESTARTS, WITHIN = 2, 5.0
CAPACITY = 4
TOOK_NO_TIME = 5.0
"""Virtual seconds that a run takes at most: nobody was waited for in vain."""

OVER = {"down", "discarded"}
ORDER = ("top/first", "top/slow", "inner", "inner/deep", "inner/last")


class InjectedError(Exception):
    """What the adversary raises."""


@dataclass(eq=False)
class Life:
    """One incarnation of a player, as it was seen."""

    name: str
    ref: ActorRef[Any]
    keeper: object  # the incarnation of its supervisor
    up: bool = False
    leaving: bool = False
    took: list[int] = field(default_factory=list)


@dataclass(eq=False)
class World:
    """One run, as it was seen.

    Args:
        strategy: the root's.
        raise_at: the point of the actors' own code at which the adversary raises *error*; 0 for none.
    """

    strategy: Any = "one_for_one"
    raise_at: int = 0
    error: type[BaseException] = InjectedError
    points: int = 0
    lives: list[Life] = field(default_factory=list)
    refs: dict[str, ActorRef[Any]] = field(default_factory=dict)
    keepers: dict[str, object] = field(default_factory=dict)
    hit: set[str] = field(default_factory=set)
    numbers: int = 0
    told: list[int] = field(default_factory=list)
    answers: Counter[int] = field(default_factory=Counter)
    watching: list[asyncio.Task[Exit]] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)
    raised: BaseException | None = None

    loop: SteppingLoop = field(init=False)
    body: asyncio.Task[Any] = field(init=False)
    system: ActorSystem = field(init=False)
    booted: bool = False

    # -- what actors tell ------------------------------------------------------------------------------------
    def reach(self) -> None:
        """A point of an actor's own code."""
        self.points += 1
        if self.points == self.raise_at:
            raise self.error("injected")

    def born(self, ref: ActorRef[Any], name: str) -> Life:
        """An incarnation begins."""
        owner = name.rpartition("/")[0]
        first = not any(life.name == name for life in self.lives)
        life = Life(name, ref, self.keepers.get(owner))
        self.refs[name] = ref
        self.lives.append(life)
        names = [sibling.name for sibling in (ref.parent.children() if ref.parent else ())]
        if len(set(names)) != len(names):
            self.broken.append(f"two owners of a name: {names}")
        if first or (owner == "top" and self.strategy != "one_for_one"):
            self.broken += [
                f"{name} starts while {other} starts"
                for other in ORDER
                if other != name and other.rpartition("/")[0] == owner and self.state(other) == "starting"
            ]
        return life

    def leaves(self, life: Life, exit: Exit) -> None:
        """`on_stop` begins."""
        if life.leaving or self.lives_of(life.name)[-1] is not life:
            self.broken.append(f"{life.name} stops twice, or after its end")
        life.leaving = True
        if self.state(f"{life.name}/helper") not in OVER:
            self.broken.append(f"{life.name} stops before what it has spawned")
        if isinstance(exit, Shutdown) and life.name not in self.hit:
            self.broken += [
                f"{life.name} is stopped before {later}"
                for later in (ORDER[ORDER.index(life.name) + 1 :] if life.name in ORDER else ())
                if later.rpartition("/")[0] == life.name.rpartition("/")[0] and self.state(later) not in OVER
            ]

    # -- what it knows ---------------------------------------------------------------------------------------
    def state(self, name: str) -> str:
        ref = self.refs.get(name)
        return "discarded" if ref is None else ref.state

    def lives_of(self, name: str) -> list[Life]:
        return [life for life in self.lives if life.name == name]

    # -- what its script does --------------------------------------------------------------------------------
    def number(self) -> int:
        self.numbers += 1
        return self.numbers

    def tell(self, name: str, times: int) -> None:
        for _ in range(times):
            number = self.number()
            if self.refs[name].tell(Player.note(number)):
                self.told.append(number)

    async def ask(self, name: str, make: Callable[[int], Any]) -> None:
        number = self.number()
        self.answers[number] = 0
        try:
            answer = await self.refs[name].ask(make(number), timeout=0.3)
            if answer != number:
                self.broken.append(f"ask {number} was answered {answer!r}")
        except (LLMActorsError, SupervisorError):
            pass
        finally:
            self.answers[number] += 1


class Player(Actor):
    """A child with plain hooks."""

    mailbox = Mailbox(capacity=CAPACITY)

    def __init__(self, world: World, name: str) -> None:
        self.world, self.name = world, name
        self.life = world.born(self.context.self_ref, name)
        world.reach()

    def on_start(self) -> Any:
        self.world.reach()
        self.life.up = True

    def on_stop(self, exit: Exit) -> Any:
        self.world.leaves(self.life, exit)
        self.world.reach()

    def take(self, number: int) -> None:
        life = self.life
        if not life.up or life.leaving or self.world.lives_of(life.name)[-1] is not life:
            self.world.broken.append(f"{life.name} handled {number} when it was not up")
        if life.took and number < life.took[-1]:
            self.world.broken.append(f"{life.name} handled {number} after {life.took[-1]}")
        life.took.append(number)
        self.world.reach()

    @message
    def note(self, number: int) -> int:
        self.take(number)
        return number

    @message
    async def work(self, number: int) -> int:
        self.take(number)
        await asyncio.sleep(0.1)
        self.world.reach()
        await asyncio.sleep(0)
        return number

    @message
    def crash(self, number: int) -> int:
        self.take(number)
        raise InjectedError(f"crash {number}")


class Slow(Player):
    """A child whose hooks suspend, with a child of its own."""

    async def on_start(self) -> None:
        self.world.reach()
        await asyncio.sleep(0.01)
        self.world.reach()
        await self.context.spawn(Player, self.world, f"{self.name}/helper")
        self.world.reach()
        self.life.up = True

    async def on_stop(self, exit: Exit) -> None:
        self.world.leaves(self.life, exit)
        self.world.reach()
        await asyncio.sleep(0)
        self.world.reach()
        await asyncio.sleep(0.01)


class Inner(Supervisor):
    """A supervisor below the root."""

    intensity = Intensity(RESTARTS, within=WITHIN)

    def __init__(self, world: World) -> None:
        backoff = Backoff(0.05)
        super().__init__(
            [
                child(Slow, world, "inner/deep", name="deep"),
                child(Player, world, "inner/last", name="last", backoff=backoff),
            ]
        )
        world.keepers["inner"], world.refs["inner"] = self, self.context.self_ref


class Top(Supervisor):
    """The root."""

    intensity = Intensity(RESTARTS, within=WITHIN)

    def __init__(self, world: World) -> None:
        super().__init__(
            [
                child(Player, world, "top/first", name="first"),
                child(Slow, world, "top/slow", name="slow", shutdown=2.0),
                child(Inner, world, name="inner"),
            ]
        )
        self.strategy = world.strategy  # type: ignore[misc]  # a run's own
        world.keepers["top"], world.refs["top"] = self, self.context.self_ref


class Watcher(Actor):
    """Counts the downs of what it watches."""

    def __init__(self) -> None:
        self.downs: Counter[Any] = Counter()
        self.watched: Counter[tuple[Any, int]] = Counter()

    def receive(self, message: Any) -> None:
        match message:
            case Down(ref):
                self.downs[ref] += 1
            case _:
                super().receive(message)

    @message
    def watch(self, ref: Any) -> None:
        self.watched[ref, ref.usage().restarts] += 1
        self.context.monitor(ref)

    @message
    def broken(self) -> list[str]:
        return [
            f"{self.downs[ref]} downs of {ref.path}, watched {times} times, now {ref.state}"
            for (ref, restarts), times in self.watched.items()
            if self.downs[ref] != times * (ref.state in OVER or ref.usage().restarts != restarts)
        ]


async def script(world: World) -> None:
    """Use the tree as a program would."""
    watcher = await world.system.spawn(Watcher, name="watcher")
    for name in ("top/first", "top/slow", "inner", "inner/deep"):
        await watcher.ask(Watcher.watch(world.refs[name]))
        world.watching.append(asyncio.create_task(world.refs[name].wait_ended()))
    for name in ("top/first", "top/slow", "inner/deep", "inner/last"):
        world.tell(name, 2)
        await world.ask(name, Player.note)
    asks = [asyncio.create_task(world.ask("top/slow", Player.work)) for _ in range(2)]
    world.tell("top/slow", CAPACITY + 2)  # more than there is room for
    world.refs["inner/last"].tell(Player.crash(world.number()))
    await asyncio.gather(*asks)
    await world.ask("top/slow", Player.crash)
    for name in ("top/slow", "top/first", "inner/deep", "inner/last"):
        world.tell(name, 1)
        await world.ask(name, Player.note)
    await asyncio.sleep(0.5)
    world.broken += await watcher.ask(Watcher.broken())


Act = Callable[[World], None]


def play(world: World, *acts: tuple[int, Act]) -> World:
    """Run the script once; before each step that *acts* name, act. What was broken is in `world.broken`."""
    when = dict(acts)

    def before(step: int) -> None:
        if world.booted:
            _look(world)
            if step in when:
                when[step](world)

    async def main(loop: SteppingLoop) -> None:
        world.loop, world.body = loop, _this_task()
        world.system = ActorSystem(Top, world, ports=Ports(clock=loop.time))
        world.booted = True
        try:
            async with world.system:
                await script(world)
        except BaseException as error:  # noqa: BLE001  what a program sees of it is judged by whoever acted
            world.raised = error
        world.booted = False
        if loop.now > TOOK_NO_TIME:
            world.broken.append(f"it took {loop.now:g} s")
        await _settle(world)

    run_stepping(main, before)
    return world


def _this_task() -> asyncio.Task[Any]:
    task = asyncio.current_task()
    assert task is not None
    return task


def _look(world: World) -> None:
    """See to what holds between any two steps."""
    for name, ref in world.refs.items():
        if ref.inbox is not None and name not in world.keepers:
            notices = 0 if ref.extra is None else ref.extra.notices
            if len(ref.inbox) > CAPACITY + notices:
                world.broken.append(f"{len(ref.inbox)} messages in the mailbox of {name}")


async def _settle(world: World) -> None:
    """See what is left when the system has closed, and what became of the messages."""
    for _ in range(20):
        await asyncio.sleep(0)
    loop, system = world.loop, world.system
    left = {
        "tasks": asyncio.all_tasks() - {_this_task()},
        "timers": loop.timers(),
        "actors": list(system.actors()),
        "tasks in the scheduler": [*system.scheduler.leaving, *system.scheduler.spares, *system.scheduler.waits],
        "lives": [life.name for life in world.lives if life.ref.state != "discarded"],
    }
    world.broken += [f"{what} left: {those}" for what, those in left.items() if those]
    if loop.complaints:
        world.broken.append(f"the loop complains: {loop.complaints}")
    _see_to_messages(world)
    births = Counter((life.name, id(life.keeper)) for life in world.lives if life.keeper is not None)
    world.broken += [f"{name} began {times} lives" for (name, _), times in births.items() if times > 1 + RESTARTS]


def _see_to_messages(world: World) -> None:
    letters = Counter(getattr(letter.message, "number", 0) for letter in world.system.dead_letters.recent)
    took = Counter(number for life in world.lives for number in life.took)
    world.broken += [
        f"message {number} was handled {took[number]} times, and a dead letter {letters[number]} times"
        for number in world.told
        if took[number] + letters[number] != 1
    ]
    world.broken += [f"ask {number} was handled {took[number]} times" for number in world.answers if took[number] > 1]
    world.broken += [f"ask {number} has {times} outcomes" for number, times in world.answers.items() if times != 1]
