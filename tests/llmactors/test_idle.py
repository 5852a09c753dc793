"""An actor that wants to know that nothing has come for a while (row B41), in virtual time."""

import asyncio
from typing import Any

import pytest
from virtual import VirtualSystem, behaviour, now
from waiting import until

from llmactors import Actor, ActorSystem, Idle, Later, message
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


class Quick(Actor):
    idle_timeout = 0.01

    def __init__(self) -> None:
        self._heard = 0
        self._awaited: list[Later[int]] = []

    @message
    def heard_twice(self) -> Later[int]:
        self._awaited.append(Later())
        return self._awaited[-1]

    @message
    async def work_and_say(self, seconds: float) -> int:
        before = self._heard
        await asyncio.sleep(seconds)
        return self._heard - before

    @message
    def end(self) -> None:
        raise RuntimeError("as told")

    def receive(self, message: Any) -> None:
        match message:
            case Idle(seconds):
                assert seconds == 0.01
                self._heard += 1
                if self._heard > 1:
                    for later in self._awaited:
                        later.answer(self._heard)
                    self._awaited.clear()
            case _:
                super().receive(message)


@pytest.mark.parametrize("host", [Thread(), Process()], ids=["thread", "process"])
async def test_threads_and_processes_tell_it_too(host: Any) -> None:
    async with ActorSystem() as system:
        ref = await system.spawn(Quick, host=host)
        assert await ref.ask(Quick.heard_twice()) == 2


async def test_a_worker_that_works_is_not_idle() -> None:
    async with ActorSystem() as system:
        ref = await system.spawn(Quick, host=Process())
        assert await ref.ask(Quick.work_and_say(0.1)) == 0
        assert await ref.ask(Quick.heard_twice()) == 2


async def test_the_notice_reaches_each_life_in_a_worker() -> None:
    from supervisors import Supervisor, child

    class App(Supervisor):
        quick = child(Quick, host=Process())

    async with ActorSystem(App) as system:
        ref = system.ref(App.quick)
        await ref
        ref.tell(Quick.end())
        await until(lambda: ref.usage().restarts == 1)
        assert await ref.ask(Quick.heard_twice()) == 2
        assert not system.dead_letters.counts


@pytest.mark.parametrize("wrong", [0, -1.0, True, "soon"])
async def test_a_time_out_that_is_none_is_refused(wrong: Any) -> None:
    cls = type("Wrong", (Patient,), {"idle_timeout": wrong})
    async with ActorSystem() as system:
        with pytest.raises(ValueError, match="positive number of seconds"):
            await system.spawn(cls)
