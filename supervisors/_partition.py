"""`PartitionSupervisor`: several children of one kind, each for its share of the keys."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from llmactors import ActorRef, Later, Message, StartFailed, StartIgnored, message
from supervisors._core._family import Rules
from supervisors._core._partitions import Key, partition_of
from supervisors._overseer import REFUSES, Overseer
from supervisors._specs import ChildSpec
from supervisors._values import Restart, is_count
from supervisors.errors import SpecError

A = TypeVar("A")
B = TypeVar("B")


class Partitions(Generic[A]):
    """Finds the partition that a key belongs to, without asking anybody: `carts["ann"].tell(Cart.add(7))`.

    Made by `await Partitions.of(ref)`. It stays valid for as long as the supervisor's ref does.
    """

    __slots__ = ("_refs",)

    def __init__(self, refs: Iterable[ActorRef[A]]) -> None:
        self._refs = tuple(refs)

    @staticmethod
    async def of(supervisor: ActorRef[PartitionSupervisor[B]]) -> Partitions[B]:
        """Ask a `PartitionSupervisor` for its partitions.

        Raises:
            ActorEndedError: it has ended.
        """
        made: Partitions[B] = await supervisor.ask(PartitionSupervisor.router())
        return made

    def __getitem__(self, key: Key) -> ActorRef[A]:
        """Return the partition of *key*: the same key, the same partition.

        Raises:
            PartitionKeyError: *key* is neither text nor bytes nor a whole number.
        """
        return self._refs[partition_of(key, len(self._refs))]

    def __len__(self) -> int:
        """Return how many partitions there are."""
        return len(self._refs)

    def __iter__(self) -> Iterator[ActorRef[A]]:
        """Yield every partition once, in order."""
        return iter(self._refs)


class PartitionSupervisor(Overseer, Generic[A]):
    """Keeps several children of one kind, and finds the one that a key belongs to (Elixir's PartitionSupervisor).

    ```py
    class App(Supervisor):
        carts = child(PartitionSupervisor, child(Cart), 8)

    carts = await Partitions.of(system.ref(App.carts))
    carts["ann"].tell(Cart.add(7))
    ```

    A key belongs to the same partition in every run and on every machine, as long as their number is the same. The
    partitions are named `0`, `1`, ..., and are always all there: permanent, and ending with their supervisor only.
    Where one queue is enough, and any worker will do, use `pool`.

    Args:
        spec: the child of which each partition is one, or a function that makes the spec from a partition's number.
        partitions: how many, 1 or more.

    Attributes:
        intensity: how many restarts of partitions before it gives up, 3 within 5 s.
    """

    def __init__(self, spec: ChildSpec[A] | Callable[[int], ChildSpec[A]], partitions: int) -> None:
        if not is_count(partitions) or partitions == 0:
            raise SpecError("partitions", partitions, "give a whole number, 1 or more")
        self._children = tuple(_numbered(spec, number) for number in range(partitions))

    def receive(self, message: Any) -> Any:
        """Hear of the partitions; one that says that it need not run has failed to start."""
        match message:
            case StartFailed(ref, StartIgnored() as error) if self._is_ours(ref):
                self._keeper.start_failed(ref.name, error, ignored=False)
                return None
        return super().receive(message)

    def _rules(self) -> Rules:
        return Rules(intensity=self.intensity)

    def _specs(self) -> Iterable[ChildSpec[Any]]:
        return self._children

    def _start_child(self, spec: ChildSpec[Any]) -> Later[Any]:
        raise SpecError("children", spec, "the number of partitions is fixed; declare another one")

    def _name_of(self, child: str | ActorRef[Any] | ChildSpec[Any]) -> str:
        raise SpecError("child", child, "a partition ends with its supervisor only; to have it restarted, stop its ref")

    def _router(self) -> Partitions[A]:
        slots = self._keeper.slots
        return Partitions(slots[spec.name].ref for spec in self._children)

    if TYPE_CHECKING:

        @staticmethod
        def partition(key: Key) -> Message[PartitionSupervisor[A], ActorRef[A]]:
            """Return the partition that *key* belongs to.

            Raises:
                PartitionKeyError: *key* is neither text nor bytes nor a whole number.
            """
            raise NotImplementedError

        @staticmethod
        def router() -> Message[PartitionSupervisor[A], Partitions[A]]:
            """Return what finds the partition of a key from then on, without asking; within this process."""
            raise NotImplementedError

    else:

        @message(raises=REFUSES)
        def partition(self, key: Key) -> ActorRef[A]:
            """Return the partition that *key* belongs to."""
            return self._router()[key]

        @message
        def router(self) -> Partitions[A]:
            """Return what finds the partition of a key from then on, without asking."""
            return self._router()


def _numbered(spec: Any, number: int) -> ChildSpec[Any]:
    made = spec(number) if callable(spec) and not isinstance(spec, type) else spec
    if not isinstance(made, ChildSpec):
        raise SpecError("spec", made, "give a spec made by child(...), or a function of a number that makes one")
    if made.name:
        raise SpecError("name", made.name, "partitions are named by their numbers; leave it out")
    if made.restart is not Restart.PERMANENT:
        raise SpecError("restart", str(made.restart), "a key always has a partition: leave it permanent")
    return dataclasses.replace(made, name=str(number))
