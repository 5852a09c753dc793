"""Competing consumers under every fault: what was acknowledged is never done again, and what was not is done."""

from __future__ import annotations

import asyncio
from collections import Counter, defaultdict

import pytest
from shaken import PATIENT, begin, note, open_letters, words

from llmactors import Actor, message
from llmactors.hosts import Process
from llmactors.testing import At, DeadLettered, Faults, Finished, Injected, Redelivered, Sent, Taken, World, simulate
from supervisors import Supervisor, pool


class Hand(Actor):
    """Does a job, which takes a while; some jobs kill who takes them."""

    @message
    async def work(self, job: int) -> int:
        note("began", job)
        await asyncio.sleep(0.05)
        note("did", job)
        return job

    @message
    def poison(self) -> None:
        raise ValueError("it cannot be done")


class Works(Supervisor):
    intensity = PATIENT
    near = pool(Hand, size=3, redeliver=9, intensity=PATIENT)
    far = pool(Hand, size=2, host=Process(), redeliver=9, intensity=PATIENT)
    hasty = pool(Hand, size=2, redeliver=1, intensity=PATIENT)
    careless = pool(Hand, size=2, intensity=PATIENT)


HARM = Faults(
    crash=[At("/*/*", when=when) for when in ("taken", "await", "finished")],
    kill=[At("/*/*", when=when) for when in ("taken", "await", "finished")],
    partition="/far/*",
    slow="/*/*",
    start_failure=[At("/*/*", nth=2, rate=0.2)],
    rate=0.03,
    most=6,
)
DELIVERIES = {"/near": 10, "/far": 10, "/hasty": 2, "/careless": 1}


@pytest.mark.parametrize("path", DELIVERIES)
@simulate(Works, faults=HARM)
async def test_a_job_is_done_once_and_one_whose_worker_died_is_given_to_another(world: World, path: str) -> None:
    begin(world)
    random = world.random
    for job in range(12):
        world.tell(path, Hand.work(job))
        if random.random() < 0.1:
            world.tell(path, Hand.poison())
        match random.randrange(8):
            case 0:
                random.choice(world.ref(path).children()).kill()
            case 1:
                random.choice(world.ref(path).children()).stop()
            case 2 | 3:
                await world.advance(random.choice([0.01, 0.05, 0.2]))
    await world.heal()
    await world.advance(60.0)
    assert open_letters(world, "Hand.work") == []
    judge(world, path)
    world.sometimes("a job was taken again", world.seen(Redelivered) or path == "/careless")
    world.sometimes("a fault happened", world.seen(Injected))


def judge(world: World, path: str) -> None:
    """Follow every job: how often it was taken, and what became of it."""
    jobs = {event.letter: event for event in world.events if isinstance(event, Sent) and event.to == path}
    taken: defaultdict[int, int] = defaultdict(int)
    fates: defaultdict[int, list[str]] = defaultdict(list)
    for event in world.events:
        match event:
            case Taken() if event.path != path and event.letter in jobs:
                assert not fates[event.letter], "what was acknowledged, or given up, is never begun again"
                taken[event.letter] += 1
            case Finished() if event.path != path and event.letter in jobs:
                fates[event.letter].append("done")
            case DeadLettered() if event.letter in jobs:
                fates[event.letter].append(event.reason)
    did = Counter(int(found[1]) for event in world.events if (found := words(event))[:1] == ["did"])
    for letter, job in jobs.items():
        known = fates[letter]
        assert known in ([["done"], ["poison"]] if path != "/careless" else [["done"], []]), (job.text, known)
        assert taken[letter] <= DELIVERIES[path], "no more often than it may be"
        if known != ["done"]:
            assert taken[letter] == DELIVERIES[path], "it is given up only when it was tried so often"
        elif job.message == "Hand.work":
            assert did[int(job.text.partition("=")[2][:-1])] >= 1, "what is acknowledged was done"
