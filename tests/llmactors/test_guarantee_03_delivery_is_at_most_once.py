"""Guarantee 3, without durable mailboxes: a message is handled once or not at all, whatever ends meanwhile."""

import asyncio
from collections import Counter as Tally
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from keepers import turns
from virtual import VirtualSystem, run

from llmactors import Actor, Ended, Slot, message
from llmactors.errors import ActorEndedError


class Worker(Actor):
    """Writes down what it begins, and ends in many ways."""

    def __init__(self, begun: list[int]) -> None:
        self.begun = begun

    @message
    def work(self, number: int) -> int:
        self.begun.append(number)
        return number

    @message
    async def work_slowly(self, number: int) -> int:
        self.begun.append(number)
        await asyncio.sleep(1.0)
        return number

    @message
    def break_down(self, number: int) -> int:
        self.begun.append(number)
        raise OSError("broken")


class Owner(Actor):
    """Brings its worker back, and gives nothing back to it."""

    trap_exits = True

    def __init__(self, begun: list[int]) -> None:
        self.begun = begun

    def on_start(self) -> None:
        self.slot: Slot[Worker] = self.context.open("worker", Worker, self.begun)
        self.slot.start()

    def receive(self, message: object) -> None:
        if isinstance(message, Ended):
            self.slot.revive()


DEEDS = st.lists(st.sampled_from(["work", "work_slowly", "break_down", "kill", "stop", "wait"]), max_size=30)


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(deeds=DEEDS)
def test_whatever_ends_meanwhile_no_message_is_handled_twice(deeds: list[str]) -> None:
    async def main() -> None:
        begun: list[int] = []
        async with VirtualSystem() as system:
            (ref,) = (await system.spawn(Owner, begun)).children()
            asks = []
            for number, deed in enumerate(deeds):
                if deed in {"kill", "stop"}:
                    getattr(ref, deed)()
                elif deed == "wait":
                    await asyncio.sleep(0.5)
                else:
                    said: Any = getattr(Worker, deed)(number)
                    asks.append(asyncio.ensure_future(ref.ask(said, timeout=1_000.0)))
                    await asyncio.sleep(0)
            outcomes = await asyncio.gather(*asks, return_exceptions=True)
        assert all(isinstance(outcome, int | ActorEndedError) for outcome in outcomes)
        assert not [number for number, times in Tally(begun).items() if times > 1]
        assert set(begun) >= {outcome for outcome in outcomes if isinstance(outcome, int)}

    run(main())


def test_the_message_in_hand_when_a_life_ends_is_lost_and_what_waits_is_not() -> None:
    async def main() -> None:
        begun: list[int] = []
        async with VirtualSystem() as system:
            (ref,) = (await system.spawn(Owner, begun)).children()
            ref.tell(Worker.work_slowly(1))
            ref.tell(Worker.work(2))
            await turns()
            ref.kill()
            await turns()
            assert begun == [1, 2]
            with pytest.raises(ActorEndedError):
                await ref.ask(Worker.break_down(3))
            assert await ref.ask(Worker.work(4)) == 4
            assert begun == [1, 2, 3, 4]

    run(main())
