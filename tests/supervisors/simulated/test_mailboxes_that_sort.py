"""Mailboxes with a priority and a time to live, under faults: the most urgent is next, the stale are not handled."""

from __future__ import annotations

import asyncio
from typing import Any

from shaken import PATIENT, open_letters, settled

from llmactors import Actor, Mailbox, message
from llmactors.testing import (
    At,
    DeadLettered,
    Faults,
    Injected,
    Redelivered,
    Resolved,
    Sent,
    Taken,
    World,
    simulate,
)
from supervisors import Supervisor, child

TTL = 0.5


def urgency(message: Any) -> int:
    """How urgent a message is: what it says itself."""
    return int(getattr(message, "urgency", 0))


class Ward(Actor):
    """Sees patients, the most urgent first."""

    mailbox = Mailbox(capacity=8, ttl=TTL, priority=urgency)

    @message(timeout=1_000.0)
    async def see(self, patient: int, urgency: int) -> int:
        await asyncio.sleep(0.1)
        return patient


class Hospital(Supervisor):
    intensity = PATIENT
    ward = child(Ward, redeliver=3)


HARM = Faults(
    crash=[At("/*"), At("/*", when="await"), At("/*", when="finished")],
    kill=[At("/*"), At("/*", when="await"), At("/*", when="finished")],
    slow="/*",
    start_failure=[At("/*", nth=2, rate=0.3)],
    rate=0.03,
    most=4,
)


@simulate(Hospital, faults=HARM)
async def test_the_most_urgent_message_is_next_and_none_is_handled_that_waited_too_long(world: World) -> None:
    random, jobs = world.random, []
    for patient in range(14):
        case = Ward.see(patient, random.randrange(3))
        if random.random() < 0.3:
            jobs.append(world.ask(Hospital.ward, case))
        else:
            world.tell(Hospital.ward, case)
        if random.random() < 0.4:
            await world.advance(random.choice([0.0, 0.05, 0.1, 0.3, 1.0]))
    await settled(jobs)
    await world.heal()
    await world.advance(10.0)
    assert open_letters(world, "Ward.see") == []
    judge(world)
    reasons = {event.reason for event in world.events if isinstance(event, DeadLettered)}
    for reason in ("expired", "full"):
        world.sometimes(reason, reason in reasons)
    world.sometimes("a fault happened", world.seen(Injected))


def judge(world: World) -> None:
    """Follow the queue."""
    waiting: dict[int, tuple[int, Sent]] = {}
    again: set[int] = set()
    for event in world.events:
        match event:
            case Sent(letter=letter, message="Ward.see"):
                waiting[letter] = int(event.text.rpartition("=")[2][:-1]), event
            case Redelivered(letter=letter):
                again.add(letter)
            case DeadLettered(letter=letter):
                _, sent = waiting.pop(letter, (0, None))
                if sent is not None and event.reason == "expired":
                    assert event.at - sent.at > TTL - 1e-9, "it had time left"
            case Resolved(letter=letter):
                waiting.pop(letter, None)
            case Taken(letter=letter) if letter in waiting:
                urgent, sent = waiting.pop(letter)
                if letter not in again:
                    assert event.at - sent.at <= TTL + 1e-9, "it had waited too long"
                    others = [(-other, letter) for letter, (other, _) in waiting.items()]
                    assert not others or (-urgent, letter) < min(others), "another was more urgent, or came first"
