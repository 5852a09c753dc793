"""Gathered and hedged asks under every fault: each has one outcome, and who is not needed any more is let go."""

from __future__ import annotations

import asyncio

from shaken import PATIENT, begin, note, settled, words

from llmactors import Actor, Asks, hedged, message
from llmactors.errors import ActorEndedError, AskTimeoutError, NoAnswerError
from llmactors.hosts import Process
from llmactors.testing import At, Faults, Injected, LifeEnded, World, simulate
from supervisors import Supervisor, child

REPLICAS = ("near", "other", "far")
PATIENCE, TIMEOUT = 0.1, 3.0


class Replica(Actor):
    """Answers, sooner or later."""

    concurrency = 8

    @message(timeout=1_000.0)
    async def look_up(self, question: int, seconds: float) -> str:
        note("begins", self.context.path, question)
        try:
            await asyncio.sleep(seconds)
            note("found", question)
        finally:
            note("ends", question)
        return f"{question} by {self.context.path}"


class Asker(Actor):
    """Asks all of them, or one after the other."""

    concurrency = 8

    @message(timeout=1_000.0)
    async def hedge(self, question: int, seconds: float) -> str:
        refs = [self.context.ref(name) for name in REPLICAS]
        try:
            answer = await hedged(refs, Replica.look_up(question, seconds), delay=PATIENCE, timeout=TIMEOUT)
        except NoAnswerError:
            return f"{question} by nobody"
        note("has", question)
        return answer

    @message(timeout=1_000.0)
    async def gather(self, question: int, seconds: float) -> list[str]:
        began = asyncio.get_running_loop().time()
        async with Asks[str, str](TIMEOUT) as asks:
            for name in REPLICAS:
                asks.add(name, self.context.ref(name), Replica.look_up(question, seconds))
            answers, errors = await asks.gather()
        assert asyncio.get_running_loop().time() - began <= TIMEOUT + 1e-6, "all have one deadline"
        assert answers.keys() | errors.keys() == set(REPLICAS), "each ask has one outcome"
        assert not answers.keys() & errors.keys()
        assert all(isinstance(error, (ActorEndedError, AskTimeoutError)) for error in errors.values()), errors
        assert all(answer == f"{question} by /{name}" for name, answer in answers.items()), answers
        return sorted(answers)


class Library(Supervisor):
    intensity = PATIENT
    near = child(Replica)
    other = child(Replica)
    far = child(Replica, host=Process())
    asker = child(Asker)


ALL = ("/near", "/other", "/far", "/asker")
HARM = Faults(
    crash=[At(path, when=when) for path in ALL[:3] for when in ("taken", "await")],
    kill=[At(path, when=when) for path in ALL for when in ("taken", "await")],
    hang=ALL[:3],
    slow=ALL[:3],
    delay=True,
    drop=True,
    rate=0.02,
    most=4,
)


@simulate(Library, faults=HARM)
async def test_each_of_many_asks_has_one_outcome_and_who_is_not_needed_is_let_go(world: World) -> None:
    begin(world)
    random, jobs = world.random, []
    for question in range(6):
        how = random.choice([Asker.hedge, Asker.gather])
        jobs.append(world.ask("/asker", how(question, random.choice([0.0, 0.05, 0.15, 0.5]))))
        match random.randrange(6):
            case 0:
                world.ref(random.choice(ALL)).kill()
            case 1 | 2:
                await world.advance(random.choice([0.01, 0.2, 1.0]))
    outcomes = await settled(jobs)
    for question, outcome in enumerate(outcomes):
        assert not isinstance(outcome, str) or outcome.startswith(f"{question} by "), "an answer is to its question"
    await world.heal()
    await world.advance(2 * TIMEOUT)
    judge(world)
    world.sometimes("a second one was asked", len([1 for event in world.events if words(event)[:1] == ["begins"]]) > 6)
    world.sometimes("a fault happened", world.seen(Injected))


def judge(world: World) -> None:
    """The first answer is taken at once, and in the end nobody is at work on a question."""
    at_work: dict[tuple[str, str], str] = {}
    found: dict[str, float] = {}
    for event in world.events:
        match words(event):
            case ["begins", path, question]:
                at_work[path, question] = path
            case ["found", question]:
                found.setdefault(question, event.at)
            case ["has", question]:
                assert event.at == found[question], "who has an answer waits for nobody"
            case ["ends", question]:
                for key in [key for key in at_work if key[1] == question]:
                    del at_work[key]
        if isinstance(event, LifeEnded):
            at_work = {key: path for key, path in at_work.items() if path != event.path}
    assert not at_work, "who is not needed any more is let go"
