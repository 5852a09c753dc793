"""Every actor has an account: on the loop, on a thread, in a process; its own, and that of all below it."""

import asyncio
import sys
import time
from collections.abc import AsyncIterator
from types import SimpleNamespace
from typing import Any

import pytest
from accounted import Busy
from virtual import VirtualSystem, now, run
from waiting import until

from llmactors import Actor, ActorRef, ActorSystem, Mailbox, Usage, message
from llmactors._sampling import SEEN
from llmactors.errors import HostCapabilityError
from llmactors.hosts import Process, Thread
from llmactors.introspection import state_size
from supervisors import Supervisor, child

HOSTS = [None, Thread(), Process()]
linux_only = pytest.mark.skipif(sys.platform != "linux", reason="the figures are Linux's")


@pytest.fixture
async def system() -> AsyncIterator[ActorSystem]:
    async with ActorSystem() as system:
        yield system


class Parent(Actor):
    @message
    async def begin(self, name: str) -> ActorRef[Busy]:
        return await self.context.spawn(Busy, name=name)


class Bounded(Busy):
    mailbox = Mailbox(capacity=2)


class Tree(Supervisor):
    busy = child(Busy)


# -- on every host -----------------------------------------------------------------------------------------------
@linux_only
@pytest.mark.parametrize("host", HOSTS, ids=repr)
async def test_an_account_tells_cpu_and_busy_time_and_messages(system: ActorSystem, host: Any) -> None:
    ref = await system.spawn(Busy, host=host)
    await ref.ask(Busy.burn(0.1))
    await ref.ask(Busy.nothing())  # a worker tells at the end of a turn how busy it was
    usage = ref.usage()
    assert usage.cpu >= 0.1
    assert usage.busy >= 0.1
    assert usage.handled == 2
    assert usage.uptime > 0


@pytest.mark.parametrize("host", HOSTS, ids=repr)
async def test_waiting_in_an_async_handler_is_busy_and_no_cpu_time(system: ActorSystem, host: Any) -> None:
    ref = await system.spawn(Busy, host=host)
    before = ref.usage()
    await ref.ask(Busy.wait(0.2))
    usage = ref.usage()
    assert usage.busy - before.busy >= 0.19
    assert usage.cpu - before.cpu < 0.15


@pytest.mark.parametrize("host", HOSTS, ids=repr)
async def test_the_slot_s_account_survives_a_restart_and_the_incarnation_s_begins_anew(host: Any) -> None:
    class Kept(Supervisor):
        busy = child(Busy, host=host)

    async with ActorSystem(Kept) as system:
        ref = system.ref(Kept.busy)
        await ref.ask(Busy.burn(0.1))
        ref.tell(Busy.spend("calls", 3))
        await ref.ask(Busy.nothing())
        first = ref.usage()
        ref.kill()
        await until(lambda: ref.usage().restarts == 1 and ref.state == "idle")
        ref.tell(Busy.spend("calls", 2))
        await ref.ask(Busy.nothing())
        usage = ref.usage()
        mine = usage.incarnation
        assert mine is not None
        assert first.incarnation is not None
        assert (first.incarnation.number, mine.number) == (1, 2)
        assert usage.handled == first.handled + 2
        assert mine.handled == 2
        assert (usage.spent, mine.spent) == ({"calls": 5}, {"calls": 2})
        assert usage.cpu >= first.cpu - 0.02  # the kernel tells of a process that has ended in microseconds
        assert mine.cpu < 0.1
        assert usage.busy >= first.busy
        assert mine.uptime == pytest.approx(usage.uptime)


@linux_only
async def test_a_worker_s_account_has_what_it_started_too(system: ActorSystem) -> None:
    ref = await system.spawn(Busy, host=Process())
    alone = ref.usage().memory
    await ref.ask(Busy.have_burned_below(0.2))
    usage = ref.usage()
    assert usage.cpu >= 0.2
    assert alone is not None
    assert usage.memory is not None
    assert usage.memory_is == "pss"
    await until(lambda: (ref.usage().memory or 0) > alone + 1_000_000)


async def test_a_worker_tells_what_pytorch_holds_on_gpus(system: ActorSystem) -> None:
    ref = await system.spawn(Busy, host=Process())
    assert ref.usage().gpu_memory is None
    await ref.ask(Busy.pretend_torch(3 << 30))
    await ref.ask(Busy.wait(0.6))
    await ref.ask(Busy.nothing())
    assert ref.usage().gpu_memory == 3 << 30
    ref.kill()
    await ref.wait_ended()


async def test_the_system_s_account_tells_what_pytorch_holds_here(
    system: ActorSystem, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert system.usage().gpu_memory is None
    cuda = SimpleNamespace(is_initialized=lambda: True, device_count=lambda: 2, memory_reserved=lambda _device: 100)
    monkeypatch.setitem(sys.modules, "torch", SimpleNamespace(cuda=cuda))
    assert system.usage().gpu_memory == 200


async def test_a_half_imported_torch_is_none(system: ActorSystem, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "torch", SimpleNamespace(cuda=SimpleNamespace()))
    assert system.usage().gpu_memory is None


# -- on the loop -------------------------------------------------------------------------------------------------
async def test_a_plain_actor_has_been_up_since_it_was(system: ActorSystem) -> None:
    ref = await system.spawn(Busy)
    first = ref.usage().uptime
    await asyncio.sleep(0)
    assert 0 <= first <= ref.usage().uptime < 60
    await ref.stop()
    assert ref.usage().uptime == 0.0


async def test_a_handler_in_hand_counts_as_busy_while_it_waits(system: ActorSystem) -> None:
    ref = await system.spawn(Busy)
    ref.tell(Busy.wait(60.0))
    await until(lambda: ref.usage().busy > 0.05)
    waited = ref.usage().busy
    ref.kill()
    await ref.wait_ended()
    assert ref.usage().busy >= waited


async def test_messages_that_became_dead_letters_are_dropped_ones(system: ActorSystem) -> None:
    ref = await system.spawn(Bounded)
    ref.pause()
    await asyncio.sleep(0)
    accepted = [ref.tell(Busy.nothing()) for _ in range(5)]
    assert accepted == [True, True, False, False, False]
    assert ref.usage().dropped == 3
    ref.resume()
    ref.tell(object())
    await until(lambda: ref.usage().dropped == 4)


async def test_what_waits_is_measured_in_bytes_about(system: ActorSystem) -> None:
    ref = await system.spawn(Busy)
    assert ref.usage().mailbox_bytes == 0
    ref.pause()
    await asyncio.sleep(0)
    for _ in range(100):
        ref.tell(Busy.take("x" * 10_000))
    assert 1_000_000 < ref.usage().mailbox_bytes < 1_200_000


async def test_the_mailbox_of_one_that_sorts_is_measured_too(system: ActorSystem) -> None:
    class Sorting(Busy):
        mailbox = Mailbox(priority=lambda _message: 0)

    ref = await system.spawn(Sorting)
    ref.pause()
    await asyncio.sleep(0)
    for _ in range(10):
        ref.tell(Busy.take("x" * 10_000))
    assert 100_000 < ref.usage().mailbox_bytes < 120_000


def test_how_long_messages_wait_is_sampled() -> None:
    async def main() -> None:
        async with VirtualSystem() as system:
            ref = await system.spawn(Busy)
            began = now()
            for _ in range(50):
                ref.tell(Busy.wait(1.0))
            await ref.ask(Busy.nothing(), timeout=100.0)
            assert now() - began == pytest.approx(50.0)
            usage = ref.usage()
            assert usage.waited == pytest.approx(sum(range(50)) + 50, rel=0.05)  # and the ask, which waits for all
            assert usage.mean_wait == pytest.approx(usage.waited / 51)

    run(main())


def test_a_system_of_many_is_looked_at_in_several_parts() -> None:
    async def main() -> None:
        async with VirtualSystem() as system:
            refs = [await system.spawn(Busy) for _ in range(3 * SEEN)]
            for ref in refs:
                ref.tell(Busy.wait(20.0))
                ref.tell(Busy.nothing())
            await asyncio.gather(*(ref.ask(Busy.nothing(), timeout=100.0) for ref in refs))
            assert system.usage().waited == pytest.approx(2 * 20.0 * len(refs), rel=0.1)

    run(main())


def test_a_system_at_rest_is_not_looked_at() -> None:
    async def main() -> None:
        async with VirtualSystem() as system:
            ref = await system.spawn(Busy)
            await ref.ask(Busy.nothing())
            await asyncio.sleep(1.0)
            assert system.scheduler.sampler.rests

    run(main())


# -- trees -------------------------------------------------------------------------------------------------------
async def test_an_account_of_a_tree_adds_up_what_is_below(system: ActorSystem) -> None:
    parent = await system.spawn(Parent)
    children = [await parent.ask(Parent.begin(name)) for name in "ab"]
    for number, ref in enumerate(children, 1):
        await ref.ask(Busy.burn(0.02))
        ref.tell(Busy.spend("tokens", number))
        await ref.ask(Busy.nothing())
    alone, tree = parent.usage(), parent.usage(tree=True)
    assert (alone.actors, tree.actors) == (1, 3)
    assert tree.handled == 2 + 2 * 3
    assert tree.spent == {"tokens": 3}
    assert tree.cpu >= 0.04 > alone.cpu
    assert tree.incarnation is None


async def test_what_ended_children_used_stays_in_the_account_of_the_tree(system: ActorSystem) -> None:
    parent = await system.spawn(Parent)
    ref = await parent.ask(Parent.begin("a"))
    below = await ref.ask(Busy.begin())
    await below.ask(Busy.burn(0.02))
    below.tell(Busy.spend("tokens", 7))
    await below.ask(Busy.nothing())
    await ref.ask(Busy.burn(0.02))
    before, whole = parent.usage(tree=True), system.usage()
    await ref.stop()
    await ref.wait_ended()
    after = parent.usage(tree=True)
    assert (before.actors, after.actors) == (3, 1)
    assert (after.handled, after.spent) == (before.handled, before.spent)
    assert after.cpu == pytest.approx(before.cpu, abs=0.01)
    await parent.stop()
    assert system.usage().spent == whole.spent
    assert system.usage().handled >= whole.handled


async def test_what_a_given_up_child_of_a_supervisor_used_stays() -> None:
    async with ActorSystem(Tree) as system:
        top, ref = system.ref("/"), system.ref(Tree.busy)
        await ref.ask(Busy.burn(0.05))
        await top.ask(Supervisor.terminate_child("busy"))
        await top.ask(Supervisor.delete_child("busy"))
        assert top.usage(tree=True).cpu >= 0.05


@linux_only
async def test_the_system_s_account_has_all_its_processes(system: ActorSystem) -> None:
    alone = system.usage()
    ref = await system.spawn(Busy, host=Process())
    await ref.ask(Busy.burn(0.05))
    usage = system.usage()
    assert usage.actors == 1
    assert usage.cpu >= 0.05
    assert usage.memory is not None
    assert alone.memory is not None
    assert usage.memory > alone.memory
    assert usage.memory_is == "pss"


# -- the size of a state -----------------------------------------------------------------------------------------
@pytest.mark.parametrize("host", [None, Thread()], ids=repr)
async def test_the_size_of_a_state_is_told_on_request(system: ActorSystem, host: Any) -> None:
    ref = await system.spawn(Busy, host=host)
    await ref.ask(Busy.keep("x" * 50_000))
    size = await state_size(ref)
    assert size.complete
    assert 50_000 < size.bytes < 60_000


async def test_a_large_state_is_sampled_within_bounds(system: ActorSystem) -> None:
    ref = await system.spawn(Busy)
    ref.actor.kept = [[f"{number:1000}"] for number in range(50_000)]
    began = time.perf_counter()
    size = await state_size(ref, objects=1_000, seconds=60.0)
    assert time.perf_counter() - began < 60.0
    assert not size.complete
    assert size.bytes == pytest.approx(50_000 * 1_120, rel=0.15)
    assert await state_size(ref, objects=1_000, seconds=60.0) == await state_size(ref, objects=1_000, seconds=60.0)


async def test_the_system_is_no_part_of_a_state(system: ActorSystem) -> None:
    ref = await system.spawn(Busy)
    ref.actor.kept = [ref, system, asyncio.get_running_loop(), ref.actor.context]
    assert (await state_size(ref)).bytes < 2_000


async def test_a_size_of_no_objects_is_refused(system: ActorSystem) -> None:
    ref = await system.spawn(Busy)
    with pytest.raises(ValueError, match="at least 1"):
        await state_size(ref, objects=0)


async def test_the_size_of_a_worker_s_state_is_in_its_memory(system: ActorSystem) -> None:
    ref = await system.spawn(Busy, host=Process())
    with pytest.raises(HostCapabilityError):
        await state_size(ref)


async def test_the_gate_s_account_leaves_out_what_is_sampled(system: ActorSystem) -> None:
    seen: list[Usage] = []

    class Owner(Actor):
        def on_start(self) -> None:
            slot = self.context.open("busy", Busy)
            slot.gate = lambda usage, _now: seen.append(usage)
            slot.start()
            self.ref = slot.ref

        def receive(self, message: object) -> None:
            """Hear of the slot."""

    owner = await system.spawn(Owner)
    await owner.actor.ref.ask(Busy.take("x" * 10_000))
    assert seen[0].mailbox == 1
    assert seen[0].mailbox_bytes == 0
