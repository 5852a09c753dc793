"""Actors that work for a budget, and a root that gives them one."""

import asyncio
from typing import Any

from llmactors import Actor, ActorRef, ActorSystem, message
from supervisors import Budget, ResourceSupervisor, child


def work(seconds: float) -> None:
    """Use CPU time: the clock goes on, and nothing else does."""
    asyncio.get_running_loop().now += seconds  # type: ignore[attr-defined]


class Busy(Actor):
    """Has always something to do, a millisecond long, and counts how long it was."""

    def __init__(self, slice_: float = 0.001) -> None:
        self.slice, self.worked = slice_, 0.0

    @message
    def begin(self) -> None:
        self.again()

    @message
    def again(self) -> None:
        work(self.slice)
        self.worked += self.slice
        self.context.self_ref.tell(Busy.again())

    @message
    def total(self) -> float:
        return self.worked


class Caller(Actor):
    """Makes calls for as long as it may."""

    def __init__(self) -> None:
        self.calls = 0

    @message(limit=None)
    async def call_on_and_on(self) -> None:
        while True:
            async with self.context.reserve(calls=1):
                self.calls += 1
                await asyncio.sleep(0.01)

    @message
    async def call(self, calls: float = 1, used: float | None = None) -> str:
        async with self.context.reserve(calls=calls) as reserved:
            if used is not None:
                reserved.used(calls=used)
        return "done"

    @message
    def call_at_once(self, calls: float = 1) -> str:
        with self.context.reserve(calls=calls):
            return "done"

    @message
    async def call_and_crash(self) -> None:
        async with self.context.reserve(calls=1):
            raise ValueError("out of ink")

    @message
    async def call_and_wait(self) -> None:
        async with self.context.reserve(calls=1):
            await asyncio.Event().wait()

    @message
    def spend(self, resource: str, amount: float) -> None:
        self.context.spend(resource, amount)

    @message
    def spawn(self) -> ActorRef[Any]:
        return self.context.spawn(Caller, name="helper")

    @message
    def crash(self) -> None:
        raise ValueError("out of ink")

    @message
    def count(self) -> int:
        return self.calls


def team(budget: Budget | None, *specs: Any) -> type[ResourceSupervisor]:
    """Return a root with that budget and those children."""
    return type("Team", (ResourceSupervisor,), {"budget": budget, "children": specs})


def callers(count: int, **options: Any) -> list[Any]:
    return [child(Caller, name=f"c{number}", **options) for number in range(count)]


async def left(system: ActorSystem, account: str, resource: str = "calls") -> float | None:
    assert system.root is not None
    for allotment in await system.root.ask(ResourceSupervisor.budgets()):
        if (allotment.account, allotment.resource) == (account, resource):
            return allotment.available
    raise AssertionError((account, resource))


class Clerk(Actor):
    """Works for a budget on any host."""

    @message
    async def call(self, used: float | None = None) -> str:
        async with self.context.reserve(calls=1) as reserved:
            if used is not None:
                reserved.used(calls=used)
        return "done"

    @message
    def call_at_once(self) -> str:
        with self.context.reserve(calls=1):
            return "done"

    @message
    async def call_and_wait(self) -> None:
        async with self.context.reserve(calls=1):
            await asyncio.Event().wait()

    @message
    def spend(self, resource: str, amount: float) -> None:
        self.context.spend(resource, amount)
