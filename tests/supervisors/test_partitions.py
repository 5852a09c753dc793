"""Several children of one kind, each for its share of the keys (row A114)."""

from typing import Any

import pytest
from troupe import Diary, Ignoring, Player, crash, drained, settle
from virtual import VirtualSystem, behaviour

from llmactors import Actor, message
from llmactors.errors import ActorEndedError
from supervisors import (
    DynamicSupervisor,
    GaveUpError,
    Intensity,
    Partitions,
    PartitionSupervisor,
    SpecError,
    Supervisor,
    child,
)
from supervisors.errors import ChildStartError, PartitionKeyError


class Cart(Actor):
    """Keeps what is put into it, by owner."""

    def __init__(self) -> None:
        self.items: dict[str, list[str]] = {}

    @message
    def add(self, owner: str, item: str) -> list[str]:
        """Add *item* and return what the owner has."""
        self.items.setdefault(owner, []).append(item)
        return self.items[owner]

    @message
    def owners(self) -> list[str]:
        """Return whose carts these are."""
        return sorted(self.items)

    @message
    def crash(self) -> None:
        """Lose everything."""
        raise RuntimeError


class App(Supervisor):
    """Carts in four partitions."""

    intensity = Intensity(10)
    carts = child(PartitionSupervisor, child(Cart), 4)


PEOPLE = ["ann", "bob", "cid", "dot", "eve", "fay", "gus", "hal"]


@behaviour("A114")
async def test_a_key_finds_its_partition_and_always_the_same_one() -> None:
    async with VirtualSystem(App) as system:
        ref = system.ref(App.carts)
        carts = await Partitions.of(ref)
        for item in ("pen", "ink"):
            for owner in PEOPLE:
                carts[owner].tell(Cart.add(owner, item))
        for owner in PEOPLE:
            partition = await ref.ask(PartitionSupervisor.partition(owner))
            assert partition is carts[owner]
            assert await partition.ask(Cart.add(owner, "pad")) == ["pen", "ink", "pad"]
        held = [await partition.ask(Cart.owners()) for partition in carts]
        assert sorted(owner for owners in held for owner in owners) == PEOPLE
        assert len(held) == len(carts) == 4
        assert sum(bool(owners) for owners in held) > 1


@behaviour("A114")
async def test_a_partition_that_fails_is_restarted_alone_and_keeps_its_keys() -> None:
    async with VirtualSystem(App) as system:
        carts = await Partitions.of(system.ref(App.carts))
        partition, others = carts["ann"], [each for each in carts if each is not carts["ann"]]
        await partition.ask(Cart.add("ann", "pen"))
        partition.tell(Cart.crash())
        assert await partition.ask(Cart.add("ann", "ink")) == ["ink"]
        assert carts["ann"] is partition
        assert (partition.usage().restarts, [each.usage().restarts for each in others]) == (1, [0, 0, 0])


@behaviour("A114")
async def test_refs_and_router_outlive_a_restart_of_the_whole_set() -> None:
    async with VirtualSystem(App) as system:
        ref = system.ref(App.carts)
        carts = await Partitions.of(ref)
        before = list(carts)
        await carts["ann"].ask(Cart.add("ann", "pen"))
        ref.kill()
        await settle()
        assert await carts["ann"].ask(Cart.add("ann", "ink")) == ["ink"]
        assert list(await Partitions.of(ref)) == before


@behaviour("A114")
async def test_too_many_failures_of_partitions_end_the_set_abnormally() -> None:
    class Brittle(PartitionSupervisor[Player]):
        intensity = Intensity(1)

    async def twice() -> None:
        async with VirtualSystem(Brittle, child(Player, []), 2) as system:
            players = await Partitions.of(system.ref("/"))
            for player in players:
                await crash(player)

    with pytest.raises(GaveUpError) as caught:
        await twice()
    assert caught.value.child == "1"


@behaviour("A114")
async def test_partitions_start_in_order_and_stop_in_reverse() -> None:
    diary: Diary = []
    async with VirtualSystem(PartitionSupervisor, child(Player, diary), 3):
        assert drained(diary) == ["start 0", "start 1", "start 2"]
    assert drained(diary) == ["stop 2", "stop 1", "stop 0"]


@behaviour("A114")
async def test_a_function_makes_each_partition_from_its_number() -> None:
    made: list[Diary] = [[], []]
    async with VirtualSystem(PartitionSupervisor, lambda number: child(Player, made[number]), 2):
        assert made == [["start 0"], ["start 1"]]


@behaviour("A114")
async def test_the_children_may_be_supervisors_themselves() -> None:
    class Sessions(DynamicSupervisor):
        pass

    async with VirtualSystem(PartitionSupervisor, child(Sessions), 2) as system:
        sessions = await Partitions.of(system.ref("/"))
        for user in PEOPLE:
            ref = await sessions[user].ask(Sessions.start_child(child(Cart, name=user)))
            assert ref.parent is sessions[user]


@behaviour("A114")
async def test_partitions_are_all_there_for_as_long_as_their_supervisor() -> None:
    async with VirtualSystem(App) as system:
        ref = system.ref(App.carts)
        for refused in (
            PartitionSupervisor.start_child(child(Cart)),
            PartitionSupervisor.terminate_child("0"),
            PartitionSupervisor.delete_child("0"),
            PartitionSupervisor.restart_child("0"),
        ):
            with pytest.raises(SpecError):
                await ref.ask(refused)
        counted = await ref.ask(PartitionSupervisor.count_children())
        assert (counted.specs, counted.active) == (4, 4)


@behaviour("A114")
async def test_a_partition_cannot_ignore_its_start() -> None:
    with pytest.raises(ChildStartError, match="`0`"):
        async with VirtualSystem(PartitionSupervisor, child(Ignoring, []), 2):
            pass


@behaviour("A114")
async def test_a_key_that_is_none_is_refused_to_the_asker() -> None:
    async with VirtualSystem(App) as system:
        ref = system.ref(App.carts)
        with pytest.raises(PartitionKeyError):
            await ref.ask(PartitionSupervisor.partition(1.5))  # type: ignore[arg-type]
        assert len(await Partitions.of(ref)) == 4


@behaviour("A114")
async def test_an_ask_of_a_set_that_is_over_ends_at_once() -> None:
    async with VirtualSystem(App) as system:
        ref = system.ref(App.carts)
        carts = await Partitions.of(ref)
        await system.ref("/").ask(App.terminate_child("carts"))
        for ask in (Partitions.of(ref), carts["ann"].ask(Cart.owners())):
            with pytest.raises(ActorEndedError):
                await ask


REFUSED = [
    (child(Cart), 0, "partitions"),
    (child(Cart), True, "partitions"),
    (child(Cart), 2.5, "partitions"),
    (child(Cart, name="cart"), 2, "name"),
    (child(Cart, restart="transient"), 2, "restart"),
    (child(Cart, restart="temporary"), 2, "restart"),
    (Cart, 2, "spec"),
    ("cart", 2, "spec"),
]


@pytest.mark.parametrize(("spec", "partitions", "field"), REFUSED)
def test_what_cannot_be_partitioned_is_refused_by_its_field(spec: Any, partitions: Any, field: str) -> None:
    with pytest.raises(SpecError) as caught:
        PartitionSupervisor(spec, partitions)
    assert caught.value.field == field
