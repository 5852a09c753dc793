"""Delayed delivery and answers to come, under every fault: a timer fires once, in its own life and at its time."""

from __future__ import annotations

import asyncio
from typing import Any

from shaken import PATIENT, begin, note, settled, words

from llmactors import Actor, Later, message
from llmactors.testing import At, Faults, Injected, LifeEnded, LifeEnding, World, simulate
from supervisors import Supervisor, child

LATE = 0.5
"""Seconds: what is in hand when a timer fires is finished first."""


class Clock(Actor):
    """Sets timers, takes some back, and answers whoever asks when one has fired."""

    def __init__(self) -> None:
        self.now = asyncio.get_running_loop().time
        self.timers: dict[int, Any] = {}
        self.waiting: dict[int, Later[int]] = {}

    @message
    def set(self, number: int, delay: float) -> None:
        note("set", number, round(self.now() + delay, 6))
        self.timers[number] = self.context.send_after(delay, Clock.ring(number))

    @message
    def cancel(self, number: int) -> None:
        if number in self.timers:
            self.timers.pop(number).cancel()
            note("cancelled", number)

    @message(timeout=1_000.0)
    def wait(self, number: int, delay: float) -> Later[int]:
        self.waiting[number] = Later()
        self.set(number, delay)
        return self.waiting[number]

    @message
    def ring(self, number: int) -> None:
        note("rang", number, round(self.now(), 6))
        self.timers.pop(number, None)
        if number in self.waiting:
            self.waiting.pop(number).answer(number)

    @message
    async def rest(self) -> None:
        await asyncio.sleep(0.05)


class Tower(Supervisor):
    intensity = PATIENT
    clock = child(Clock)


HARM = Faults(
    crash=[At("/*"), At("/*", when="await"), At("/*", when="finished")],
    kill=[At("/*"), At("/*", when="await"), At("/*", when="finished")],
    start_failure=[At("/*", nth=2, rate=0.2)],
    rate=0.02,
    most=4,
)


@simulate(Tower, faults=HARM)
async def test_a_timer_fires_once_in_its_own_life_at_its_time_unless_it_was_taken_back(world: World) -> None:
    begin(world)
    random, jobs = world.random, {}
    for number in range(14):
        delay = random.choice([0.0, 0.1, 0.1, 0.5, 2.0])
        if random.random() < 0.4:
            jobs[number] = world.ask(Tower.clock, Clock.wait(number, delay))
        else:
            world.tell(Tower.clock, Clock.set(number, delay))
        match random.randrange(6):
            case 0:
                world.tell(Tower.clock, Clock.cancel(random.randrange(number + 1)))
            case 1:
                world.tell(Tower.clock, Clock.rest())
            case 2 | 3:
                await world.advance(random.choice([0.0, 0.05, 0.1, 1.0]))
    await world.heal()
    await world.advance(10.0)
    judge(world)
    world.ref(Tower.clock).kill()
    outcomes = await settled(jobs.values())
    assert all(isinstance(one, Exception) or one == number for number, one in zip(jobs, outcomes, strict=True))
    assert world.now < 100.0, "who waits for an answer hears at once that there will be none"
    world.sometimes("a timer fired", world.seen(lambda event: words(event)[:1] == ["rang"]))
    world.sometimes("a timer was taken back", world.seen(lambda event: words(event)[:1] == ["cancelled"]))
    world.sometimes("a fault happened", world.seen(Injected))


def judge(world: World) -> None:
    """Follow the timers of each life."""
    due: dict[str, float] = {}
    sent: dict[str, float] = {}  # they wait in the mailbox, which outlives a life
    for event in world.events:
        what, *about = words(event) or [""]
        match event, what:
            case (LifeEnded(path="/clock"), _):
                sent |= {number: time for number, time in due.items() if time <= event.at + 1e-5}
                due.clear()
            case (LifeEnding(path="/clock"), _):
                assert all(time > event.at - LATE for time in due.values()), "a timer never fired"
            case (_, "set"):
                due[about[0]] = float(about[1])
            case (_, "cancelled"):
                time = due.pop(about[0])
                if time <= event.at + 1e-5:
                    sent[about[0]] = time
            case (_, "rang"):
                those = due if about[0] in due else sent
                assert about[0] in those, "that timer was taken back, or has fired, or its life is over"
                time = those.pop(about[0])
                assert 0 <= float(about[1]) - time + 1e-5 < LATE, "it fires at its time"
    assert all(time > event.at - LATE for time in due.values()), "a timer never fired"
