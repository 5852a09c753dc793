"""What type checkers know of child specs. Checked by mypy strict and pyright; never run."""

from functools import partial
from typing import Any, assert_type

from llmactors import Actor, ActorRef, ActorSystem, message
from supervisors import (
    Backoff,
    ChildSpec,
    DynamicSupervisor,
    Partitions,
    PartitionSupervisor,
    Supervisor,
    child,
    pool,
)


class Counter(Actor):
    def __init__(self, start: int, *, step: int = 1) -> None:
        self.total, self.step = start, step

    @message
    def add(self) -> int:
        self.total += self.step
        return self.total


class App(Supervisor):
    counter = child(Counter, 10, restart="transient", backoff=Backoff())
    stepping = child(partial(Counter, step=2), 10)
    counters = pool(Counter, 10, size=3, redeliver=1)
    shares = child(PartitionSupervisor, child(Counter, 10), 8)


def a_spec_knows_its_actor() -> None:
    assert_type(App.counter, ChildSpec[Counter])
    assert_type(App.stepping, ChildSpec[Counter])


async def a_look_up_by_spec_gives_a_ref_of_its_actor(system: ActorSystem) -> None:
    counter = system.ref(App.counter)
    assert_type(counter, ActorRef[Counter])
    assert_type(await counter.ask(Counter.add()), int)


async def a_pool_is_asked_as_its_workers_are(system: ActorSystem) -> None:
    counters = system.ref(App.counters)
    assert_type(counters, ActorRef[Counter])
    assert_type(await counters.ask(Counter.add()), int)


async def a_partition_is_a_ref_of_its_actor(system: ActorSystem) -> None:
    shares = system.ref(App.shares)
    assert_type(shares, ActorRef[PartitionSupervisor[Counter]])
    router = await Partitions.of(shares)
    assert_type(router, Partitions[Counter])
    assert_type(await router[7].ask(Counter.add()), int)
    assert_type(await (await shares.ask(PartitionSupervisor.partition(b"ann"))).ask(Counter.add()), int)
    router[7.5]  # type: ignore[index]


async def a_dynamic_child_is_a_ref_of_its_actor(workers: ActorRef[DynamicSupervisor]) -> None:
    counter = await workers.ask(DynamicSupervisor.start_child(child(Counter, 1)))
    assert_type(counter, ActorRef[Counter] | Any)  # or None, where it need not start; few children may decline


def wrong_arguments_and_options_are_refused() -> None:
    child(Counter, "ten")  # type: ignore[arg-type]
    child(Counter)  # type: ignore[arg-type]
    child(Counter, 10, restart="sometimes")  # type: ignore[arg-type]
    child(Counter, 10, restrt="permanent")  # type: ignore[call-arg]
    child(Counter, 10, size=3)  # type: ignore[call-arg]
    pool(Counter, 10, size="three")  # type: ignore[arg-type]
