"""Partitions and one-off tasks under every fault: a key stays where it belongs, and a task is done once or not."""

from __future__ import annotations

import asyncio
from collections import Counter, defaultdict
from dataclasses import replace
from functools import partial

from shaken import PATIENT, begin, note, open_letters, settled, words

from llmactors import Actor, message
from llmactors.testing import At, Faults, Injected, LifeBegan, World, simulate
from supervisors import Partitions, PartitionSupervisor, Supervisor, TaskSupervisor, child

KEYS = ("ann", "bob", "cem", "dan", "eve")


class Cart(Actor):
    """Holds what is put into it."""

    @message
    async def put(self, key: str, number: int) -> None:
        note("put", self.context.path, key, number)
        await asyncio.sleep(0.01)


class Parts(PartitionSupervisor[Cart]):
    intensity = PATIENT


class Errands(TaskSupervisor):
    intensity = PATIENT


class Shop(Supervisor):
    intensity = PATIENT
    carts = child(Parts, child(Cart, redeliver=9), 3)
    errands = child(Errands)


HARM = Faults(
    crash=[At("/*/*", when=when) for when in ("taken", "await", "finished")],
    kill=[At("/*/*", when=when) for when in ("taken", "await", "finished")],
    slow="/*/*",
    start_failure=[At("/*/*", nth=2, rate=0.2)],
    rate=0.02,
    most=5,
)


@simulate(Shop, faults=HARM)
async def test_a_key_stays_with_its_partition_and_keeps_its_order_over_restarts(world: World) -> None:
    begin(world)
    random = world.random
    carts = await Partitions.of(world.ref(Shop.carts))
    for number in range(15):
        key = random.choice(KEYS)
        carts[key].tell(Cart.put(key, number))
        match random.randrange(8):
            case 0:
                carts[key].kill()
            case 1:
                carts[key].stop()
            case 2:
                world.ref(Shop.carts).kill()
            case 3 | 4:
                await world.advance(random.choice([0.01, 0.1, 1.0]))
    await world.heal()
    await world.advance(30.0)
    assert open_letters(world, "Cart.put") == []
    places: defaultdict[str, set[str]] = defaultdict(set)
    last: dict[str, int] = {}
    for event in world.events:
        match words(event):
            case ["put", path, key, order]:
                places[key].add(path)
                assert int(order) >= last.get(key, 0), "what is said of a key comes in order"
                last[key] = int(order)
    assert all(len(paths) == 1 for paths in places.values()), "one partition has a key"
    assert all(carts[key].path in paths for key, paths in places.items())
    began = Counter(event.path for event in world.events if isinstance(event, LifeBegan))
    world.sometimes("a partition began again", any(began[ref.path] > 1 for ref in carts))
    world.sometimes("a fault happened", world.seen(Injected))


ERRORS_ARE_ANSWERS = replace(HARM, crash=[At("/*/*", when=when) for when in ("await", "finished")])
"""Whatever leaves a task is its asker's answer; what were raised before it has begun would leave it there, idle."""


async def errand(number: int, seconds: float, fails: bool) -> int:
    note("does", number)
    await asyncio.sleep(seconds)
    if fails:
        raise KeyError(number)
    note("did", number)
    return number


@simulate(Shop, faults=ERRORS_ARE_ANSWERS)
async def test_a_task_is_begun_once_and_who_asked_for_it_hears_what_became_of_it(world: World) -> None:
    begin(world)
    random, jobs, failing = world.random, [], set()
    for number in range(10):
        seconds, fails = random.choice([0.0, 0.1, 0.5]), random.random() < 0.2
        failing |= {number} if fails else set()
        task = TaskSupervisor.async_nolink(partial(errand, number, seconds), fails)
        jobs.append(world.ask(Shop.errands, task, timeout=1_000.0))
        match random.randrange(8):
            case 0 if world.ref(Shop.errands).children():
                random.choice(world.ref(Shop.errands).children()).kill()
            case 1 if random.random() < 0.3:
                world.ref(Shop.errands).kill()
            case 2 | 3:
                await world.advance(random.choice([0.01, 0.1, 1.0]))
    outcomes = await settled(jobs)
    assert world.now < 500.0, "who asked for a task that ended hears of it at once"
    await world.heal()
    await world.advance(10.0)
    begun = Counter(found[1] for event in world.events if (found := words(event))[:1] == ["does"])
    did = Counter(found[1] for event in world.events if (found := words(event))[:1] == ["did"])
    assert set(begun.values()) <= {1}, "a task is never begun twice"
    for number, outcome in enumerate(outcomes):
        assert isinstance(outcome, Exception) or (outcome == number and did[str(number)] == 1)
        assert number not in failing or isinstance(outcome, Exception)
    assert not world.ref(Shop.errands).children(), "a task that is over is gone"
    world.sometimes("a task failed", failing)
    world.sometimes("a fault happened", world.seen(Injected))
