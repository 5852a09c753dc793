"""Laws of actors in simulated runs: a kernel that is tampered with is caught."""

import asyncio
from typing import Any

import pytest

from llmactors import Actor, Mailbox, _slots, message
from llmactors._asks import Ask
from llmactors.testing import At, Faults, SimulationFailedError, World, simulate
from supervisors import Supervisor, child


class Clerk(Actor):
    mailbox = Mailbox(capacity=3)

    @message
    async def work(self, number: int) -> int:
        await asyncio.sleep(0.1)
        return number


class App(Supervisor):
    clerk = child(Clerk)


async def work(world: World) -> None:
    asks = [world.ask(App.clerk, Clerk.work(number), timeout=2) for number in range(3)]
    await asyncio.sleep(0.05)
    for number in range(5):
        world.tell(App.clerk, Clerk.work(number))
    await asyncio.gather(*asks, return_exceptions=True)


def run() -> None:
    simulate(App, faults=Faults(crash=At(), rate=0.05), runs=15)(work)()


def law_that_is_broken() -> str | None:
    with pytest.raises(SimulationFailedError) as caught:
        run()
    return caught.value.law


def test_the_kernel_as_it_is_keeps_the_laws() -> None:
    run()


def test_a_message_that_vanishes_is_missed(monkeypatch: pytest.MonkeyPatch) -> None:
    def reject(cell: Any, item: Any, reason: str, error: Exception) -> None:
        if isinstance(item, Ask):
            item.fail(error)

    monkeypatch.setattr(_slots, "reject", reject)
    assert law_that_is_broken() == "every message is handled, a dead letter, or still queued"


def test_a_mailbox_that_takes_one_more_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    right = _slots.set_capacity

    def set_capacity(cell: Any) -> None:
        right(cell)
        cell.capacity += cell.capacity >= 0

    monkeypatch.setattr(_slots, "overflow", lambda cell, item: not cell.inbox.append(item))
    monkeypatch.setattr(_slots, "set_capacity", set_capacity)
    assert law_that_is_broken() == "mailboxes are within bounds"
