"""The tree that a soak works on: an actor for every host, and supervisors of every kind above them."""

import asyncio
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any

from llmactors import Actor, ActorRef, Exit, Mailbox, message
from llmactors.hosts import HostConfig, Process, Thespian, ThespianChild, Thread, register
from supervisors import Backoff, ChildSpec, DynamicSupervisor, Intensity, Supervisor, TaskSupervisor, child, pool

NEVER = Intensity(300, within=0.5)
ROOM = 16


@register
class SoakedError(Exception):
    """What a soaked actor raises, a few thousand times."""


@register
@dataclass(frozen=True)
class Parcel:
    """Something to carry."""

    number: int
    load: bytes


class Soaked(Actor):
    """Does a little of everything, and crashes when told to."""

    mailbox = Mailbox(capacity=ROOM)

    def __init__(self) -> None:
        self.parcels = 0

    async def on_start(self) -> None:
        await asyncio.sleep(0)

    async def on_stop(self, exit: Exit) -> None:
        await asyncio.sleep(0)

    @message
    def take(self, parcel: Parcel) -> int:
        self.parcels += 1
        return parcel.number

    @message
    async def take_slowly(self, parcel: Parcel) -> int:
        await asyncio.sleep(0.002)
        return self.take(parcel)

    @message
    def crash(self) -> int:
        raise SoakedError(f"after {self.parcels} parcels")

    @message(raises=(SoakedError,))
    async def refuse(self) -> int:
        await asyncio.sleep(0)
        raise SoakedError("no")

    @message
    async def count(self, most: int) -> AsyncIterator[int]:
        for number in range(most):
            yield number

    @message
    def remind(self) -> int:
        self.context.send_after(0.001, Soaked.take(Parcel(0, b"")))
        return 0


class Blocking(Soaked):
    """Holds up whatever thread it runs on, for a moment."""

    def on_start(self) -> None:  # type: ignore[override]  # a plain hook is a hook, too
        time.sleep(0)

    @message
    def hold_up(self) -> int:
        time.sleep(0.002)
        return self.parcels


class Parent(Soaked):
    """Spawns, links and watches."""

    trap_exits = True

    def receive(self, message: Any) -> None:
        """Hear of the ends of others, and go on."""

    @message
    async def spawn_some(self, many: int) -> int:
        for _ in range(many):
            await self.context.spawn(Soaked)
        return len(self.context.self_ref.children())

    @message
    def watch(self, ref: ActorRef[Any]) -> int:
        self.context.monitor(ref)
        self.context.monitor(ref, until="discarded")
        self.context.link(ref)
        return 0

    @message
    def end_some(self, many: int) -> int:
        for ref in self.context.self_ref.children()[:many]:
            ref.kill("too many")
        return 0


class Crowd(DynamicSupervisor):
    """Children that come and go."""

    intensity = NEVER


class Errands(TaskSupervisor):
    """One-off work."""


class Group(Supervisor):
    """Children that share their fate."""

    strategy = "rest_for_one"
    intensity = NEVER
    a = child(Soaked)
    b = child(Parent, backoff=Backoff(0.001, 0.01))
    c = child(Soaked, restart="transient")


class Quick(Supervisor):
    """Gives up soon, so that its own supervisor has something to do."""

    intensity = Intensity(1, within=1.0)
    a = child(Soaked)
    b = child(Parent)


class Soak(Supervisor):
    """The root: everything at once."""

    intensity = NEVER
    on_loop = child(Soaked)
    parent = child(Parent)
    group = child(Group)
    quick = child(Quick)
    crowd = child(Crowd)
    errands = child(Errands)
    loops = pool(Soaked, size=3, intensity=NEVER)

    def __init__(self, hosts: tuple[str, ...]) -> None:
        super().__init__([spec for host in hosts for spec in _on(host)])


CLERKS = ("clerk-apart", "clerk-together")


def _on(host: str) -> list[ChildSpec[Any]]:
    if host == "thespian":
        from thespian_clerks import Clerk

        bases = ("multiprocTCPBase", "simpleSystemBase")
        return [
            child(ThespianChild, Clerk, host=Thespian(base), name=name)
            for base, name in zip(bases, CLERKS, strict=True)
        ]
    config: HostConfig = Thread() if host == "thread" else Process(prefetch=8)
    return [
        child(Blocking, host=config, name=f"{host}-1"),
        child(Blocking, host=config, name=f"{host}-2", redeliver=1),
        pool(Blocking, size=2, host=config, intensity=NEVER, name=f"{host}-pool"),
    ]


def hosts_here() -> tuple[str, ...]:
    """Name the hosts beside the loop that this machine has."""
    extras = {"thread": "pykka", "thespian": "thespian"}
    return ("process", *(host for host, module in extras.items() if find_spec(module)))
