"""An actor that wants to know that nothing has come for a while (row B41), in virtual time."""

import asyncio
from typing import Any

import pytest
from virtual import VirtualSystem, behaviour, now
from waiting import until

from llmactors import Actor, ActorSystem, Idle, message
from llmactors.errors import HostCapabilityError
from llmactors.hosts import Process, Thread


class Patient(Actor):
    idle_timeout = 10.0

    def __init__(self) -> None:
        self.idle_at: list[float] = []

    @message
    def touch(self) -> None:
        pass

    @message
    async def work(self, seconds: float) -> None:
        await asyncio.sleep(seconds)

    def receive(self, message: Any) -> None:
        match message:
            case Idle(seconds):
                assert seconds == 10.0
                self.idle_at.append(round(now(), 3))
            case _:
                super().receive(message)


@behaviour("B41")
async def test_nothing_for_a_while_is_a_notice_again_and_again() -> None:
    async with VirtualSystem() as system:
        ref = await system.spawn(Patient)
        await asyncio.sleep(25)
        assert ref.actor.idle_at == [10, 20]


@behaviour("B41")
async def test_any_message_cancels_it_and_begins_the_time_anew() -> None:
    async with VirtualSystem() as system:
        ref = await system.spawn(Patient)
        for _ in range(4):
            await asyncio.sleep(6)
            ref.tell(Patient.touch())
        await asyncio.sleep(11)
        assert ref.actor.idle_at == [34]


@behaviour("B41")
async def test_who_works_is_not_idle_and_the_time_begins_when_the_work_is_done() -> None:
    async with VirtualSystem() as system:
        ref = await system.spawn(Patient)
        await ref.ask(Patient.work(35), timeout=60)
        assert ref.actor.idle_at == []
        await asyncio.sleep(20)
        assert ref.actor.idle_at[0] == pytest.approx(45, abs=0.01)


@behaviour("B41", "B58")
async def test_who_is_suspended_is_not_idle() -> None:
    async with VirtualSystem() as system:
        ref = await system.spawn(Patient)
        ref.pause()
        await asyncio.sleep(35)
        assert ref.actor.idle_at == []
        ref.resume()
        await asyncio.sleep(11)
        assert len(ref.actor.idle_at) == 1


@behaviour("B41")
async def test_the_notice_ends_with_the_life_that_it_is_for() -> None:
    from supervisors import Supervisor, child

    class App(Supervisor):
        patient = child(Patient)

    async with VirtualSystem(App) as system:
        ref = system.ref(App.patient)
        await asyncio.sleep(5)
        ref.kill()
        await asyncio.sleep(9.5)
        assert ref.usage().restarts == 1
        assert ref.actor.idle_at == []
        await asyncio.sleep(1)
        assert ref.actor.idle_at == [15]


async def test_threads_tell_it_too_and_processes_refuse() -> None:
    class Quick(Actor):
        idle_timeout = 0.01
        heard = 0

        def receive(self, message: Any) -> None:
            assert isinstance(message, Idle)
            self.heard += 1

    async with ActorSystem() as system:
        ref = await system.spawn(Quick, host=Thread())
        await until(lambda: ref.actor.heard > 1)
        with pytest.raises(HostCapabilityError):
            await system.spawn(Patient, host=Process())


@pytest.mark.parametrize("wrong", [0, -1.0, True, "soon"])
async def test_a_time_out_that_is_none_is_refused(wrong: Any) -> None:
    cls = type("Wrong", (Patient,), {"idle_timeout": wrong})
    async with ActorSystem() as system:
        with pytest.raises(ValueError, match="positive number of seconds"):
            await system.spawn(cls)
