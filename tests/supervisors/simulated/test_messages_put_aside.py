"""Messages put aside, under every fault: none is lost and none comes twice, unless who had it in hand died with it."""

from __future__ import annotations

import asyncio

import pytest
from shaken import PATIENT, begin, note, open_letters, settled, words

from llmactors import Actor, Mailbox, message
from llmactors.hosts import Process
from llmactors.testing import At, DeadLettered, Faults, Injected, PutAside, Redelivered, Sent, World, simulate
from supervisors import Supervisor, child


class Clerk(Actor):
    """Puts cases aside while it is out, and takes them up, the oldest first, when it is back."""

    mailbox = Mailbox(capacity=6)

    def __init__(self) -> None:
        self.out = True

    @message(timeout=1_000.0)
    async def take(self, case: int) -> int:
        if self.out:
            self.context.stash()
        await asyncio.sleep(0.01)
        note("took", case)
        return case

    @message
    def come_back(self) -> None:
        self.out = False
        self.context.unstash()

    @message
    def go_out(self) -> None:
        self.out = True


class Office(Supervisor):
    intensity = PATIENT
    here = child(Clerk)
    again = child(Clerk, redeliver=5)
    apart = child(Clerk, redeliver=5, host=Process())


HARM = Faults(
    crash=[At("/*"), At("/*", when="await"), At("/*", when="finished")],
    kill=[At("/*"), At("/*", when="await"), At("/*", when="finished")],
    delay="/*",
    partition="/apart",
    start_failure=[At("/*", nth=2, rate=0.2)],
    rate=0.02,
    most=4,
)


@pytest.mark.parametrize("path", ["/here", "/again", "/apart"])
@simulate(Office, faults=HARM)
async def test_what_is_put_aside_is_neither_lost_nor_doubled_and_keeps_its_order(world: World, path: str) -> None:
    begin(world)
    random, jobs = world.random, []
    for case in range(14):
        if random.random() < 0.3:
            jobs.append(world.ask(path, Clerk.take(case)))
        else:
            world.tell(path, Clerk.take(case))
        match random.randrange(6):
            case 0:
                world.tell(path, Clerk.come_back())
            case 1:
                world.tell(path, Clerk.go_out())
            case 2:
                await world.advance(random.choice([0.0, 0.02, 0.5]))
    await world.heal()
    await world.advance(5.0)
    world.tell(path, Clerk.come_back())
    await settled(jobs)
    await world.advance(5.0)
    assert open_letters(world, "Clerk.take") == []
    judge(world, path)
    world.sometimes("something was put aside", world.seen(PutAside))
    world.sometimes("there was no room aside", world.seen(DeadLettered))
    world.sometimes("a fault happened", world.seen(Injected))


def judge(world: World, path: str) -> None:
    """Cases are taken up in the order in which they came; only what died in hand comes again, and none before it."""
    letters = [event for event in world.events if isinstance(event, Sent) and event.message == "Clerk.take"]
    place = {event.text.partition("=")[2][:-1]: event.letter for event in letters}
    last = 0
    for event in world.events:
        if isinstance(event, Redelivered):
            assert path != "/here", "what was in hand is lost there"
            last = min(last, event.letter - 1)
        what, *about = words(event) or [""]
        if what == "took":
            assert place[about[0]] > last, "cases are taken up in the order in which they came, each once"
            last = place[about[0]]
