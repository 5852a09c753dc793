"""What an actor can do on the loop it can do in a worker process."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from capable import App, Counter, Lock, Parent, Passer, Patient, Pusher, Seeker
from performers import Keeper, Probe
from waiting import until

from llmactors import ActorSystem
from llmactors.errors import WaitCycleError
from llmactors.hosts import Process


@pytest.fixture
async def system() -> AsyncIterator[ActorSystem]:
    async with ActorSystem() as system:
        yield system


# -- messages put aside ----------------------------------------------------------------------------------------------
@pytest.mark.parametrize("prefetch", [1, 4, 1000])
@pytest.mark.parametrize("enter", [Lock.enter, Lock.enter_slowly])
async def test_what_was_put_aside_comes_back_first_and_in_order(system: Any, prefetch: int, enter: Any) -> None:
    lock = await system.spawn(Lock, host=Process(prefetch=prefetch))
    entering = [asyncio.ensure_future(lock.ask(enter(number))) for number in range(5)]
    await asyncio.sleep(0)
    lock.tell(Lock.enter(5))
    lock.tell(Lock.open())
    for number in range(10):
        lock.tell(Lock.note(f"after {number}"))
    assert await asyncio.gather(*entering) == list(range(5))
    seen = await lock.ask(Lock.so_far())
    assert seen == [*range(6), *(f"after {number}" for number in range(10))]


async def test_what_was_put_aside_outlives_the_worker(system: Any) -> None:
    probe = await system.spawn(Probe)
    keeper = await system.spawn(Keeper, probe, Process(), Lock, revivals=1)
    lock = await keeper.actor.slot.ref
    entering = [asyncio.ensure_future(lock.ask(Lock.enter(number))) for number in range(3)]
    await asyncio.sleep(0)
    lock.tell(Lock.enter(3))
    assert await lock.ask(Lock.so_far()) == []
    lock.tell(Lock.die())
    lock.tell(Lock.open())
    assert await asyncio.gather(*entering) == [0, 1, 2]
    assert await lock.ask(Lock.so_far()) == [0, 1, 2, 3]


async def test_to_bring_back_nothing_changes_nothing(system: Any) -> None:
    lock = await system.spawn(Lock, host=Process())
    for number in range(20):
        lock.tell(Lock.open())
        lock.tell(Lock.enter(number))
    assert await lock.ask(Lock.so_far()) == list(range(20))


# -- others ----------------------------------------------------------------------------------------------------------
async def test_an_ask_that_does_not_wait_for_the_next_life_fails_at_once(system: Any) -> None:
    seeker = await system.spawn(Seeker, host=Process())
    probe = await system.spawn(Probe)
    keeper = await system.spawn(Keeper, probe, None, Counter)
    counter = keeper.actor.slot.ref
    assert await seeker.ask(Seeker.ask_if_up(counter)) == "1"
    counter.kill()
    await until(lambda: counter.state == "down")
    assert await seeker.ask(Seeker.ask_if_up(counter)) == "down: down"


async def test_specs_and_paths_are_looked_up_in_the_main_process() -> None:
    async with ActorSystem(App) as system:
        seeker = system.ref(App.seeker)
        assert await seeker.ask(Seeker.find_by_spec()) == 11
        assert await seeker.ask(Seeker.find_by_spec_in_the_system()) == 111
        assert await seeker.ask(Seeker.find_by_path("counter")) == "/counter"
        assert await seeker.ask(Seeker.find_by_path("nobody")) == "unknown"


async def test_an_actor_that_is_begun_outside_any_tree_outlives_the_worker(system: Any) -> None:
    seeker = await system.spawn(Seeker, host=Process())
    counter = await seeker.ask(Seeker.begin_outside("mine"))
    seeker.tell(Seeker.leave())
    await seeker.wait_ended()
    assert counter.path == "/mine"
    assert await counter.ask(Counter.add(1)) == 6


# -- giving up -------------------------------------------------------------------------------------------------------
async def test_an_ask_whose_asker_gave_up_is_in_hand_until_its_handler_is_over(system: Any) -> None:
    patient = await system.spawn(Patient, host=Process())
    asked = asyncio.ensure_future(patient.ask(Patient.work(0.3)))
    await until(lambda: patient.state == "running")
    asked.cancel()
    await asyncio.sleep(0)
    patient.stop()
    await until(lambda: bool(system.dead_letters) or patient.state in {"stopping", "discarded"})
    assert patient.actor is None or patient.actor.post.sent.out == 1
    await patient.wait_ended()


async def test_an_ask_whose_time_is_over_reaches_the_clean_up_of_its_handler(system: Any) -> None:
    patient = await system.spawn(Patient, host=Process())
    with pytest.raises(TimeoutError):
        await patient.ask(Patient.work(0.05), timeout=0.2)
    assert await patient.ask(Patient.happened()) == ["began", "cleaned up"]
    assert patient.usage().mailbox == 0


async def test_one_that_is_given_up_before_its_turn_is_counted_and_not_handled(system: Any) -> None:
    patient = await system.spawn(Patient, host=Process())
    first = asyncio.ensure_future(patient.ask(Patient.work(0.0)))
    second = asyncio.ensure_future(patient.ask(Patient.work(0.0)))
    await until(lambda: patient.state == "running")
    second.cancel()
    await asyncio.sleep(0)
    first.cancel()
    assert await patient.ask(Patient.happened()) == ["began", "cleaned up"]
    assert system.dead_letters.counts["expired"] == 1


# -- circles ---------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("hosts", ["lw", "wl", "ww", "lwl", "wlw"])
async def test_a_circle_through_worker_processes_is_refused_at_once_with_its_path(system: Any, hosts: str) -> None:
    names = [f"{kind}{place}" for place, kind in enumerate(hosts)]
    actors = [await system.spawn(Passer, name=name, host=Process() if name[0] == "w" else None) for name in names]
    with pytest.raises(WaitCycleError) as caught:
        await actors[0].ask(Passer.pass_on([*actors[1:], actors[0]]))
    path = list(caught.value.path)
    assert path[0] == path[-1]
    assert set(path) == {f"/{name}" for name in names}
    assert await actors[0].ask(Passer.pass_on(actors[1:])) == "done"


@pytest.mark.parametrize("hosts", ["lw", "wl", "ww"])
async def test_a_circle_of_an_ask_and_a_send_that_waits_for_room_is_refused_at_once(system: Any, hosts: str) -> None:
    names = [f"{kind}{place}" for place, kind in enumerate(hosts)]
    host = Process(prefetch=1)
    pushed, pusher = [await system.spawn(Pusher, name=name, host=host if name[0] == "w" else None) for name in names]
    with pytest.raises(WaitCycleError) as caught:
        await pushed.ask(Pusher.be_pushed(pusher, 2))
    assert set(caught.value.path) == {f"/{name}" for name in names}
    await until(lambda: pushed.state == "idle")
    assert await pushed.ask(Pusher.be_pushed(pusher, 1)) == 1


async def test_a_send_to_one_who_will_have_room_is_no_circle(system: Any) -> None:
    pushed, pusher = await system.spawn(Pusher), await system.spawn(Pusher, host=Process())
    pushed.tell(Pusher.hold())
    pushing = asyncio.ensure_future(pusher.ask(Pusher.push(pushed, 5)))
    await until(lambda: bool(pushed.need_extra().waiters))
    pushed.actor.gate.set()
    assert await pushing == 5
    assert pushed.actor.got == list(range(5))


async def test_a_send_whose_handler_is_cancelled_is_withdrawn(system: Any) -> None:
    pushed, pusher = await system.spawn(Pusher), await system.spawn(Pusher, host=Process())
    pushed.tell(Pusher.hold())
    pushing = asyncio.ensure_future(pusher.ask(Pusher.push(pushed, 5)))
    await until(lambda: bool(pushed.need_extra().waiters))
    pushing.cancel()
    await until(lambda: not pushed.need_extra().waiters)
    pushed.actor.gate.set()
    await until(lambda: pushed.state == "idle")
    assert pushed.actor.got == [0]
    assert not pusher.actor.desk._tasks


# -- children --------------------------------------------------------------------------------------------------------
async def test_an_actor_in_a_worker_keeps_no_slots_and_has_a_supervisor_that_does(system: Any) -> None:
    parent = await system.spawn(Parent, host=Process(), name="parent")
    assert "keep the slot 'kept'" in await parent.ask(Parent.keep())
    await parent.ask(Parent.begin())
    counter = system.ref("/parent/family/counter")
    assert await counter.ask(Counter.add(1)) == 2
    counter.kill()
    assert await counter.ask(Counter.add(2)) == 3
    parent.stop()
    await counter.wait_ended()
