"""The kernel inside a worker process: one actor, whose owner is the main process."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Literal, NoReturn, Self, TypeVar

from llmactors import _slots as slots
from llmactors._accounts import Reservation, check
from llmactors._asks import Ask
from llmactors._context import Context, Monitor
from llmactors._core.flags import ENDING
from llmactors._exits import Exit, error_of
from llmactors._messages import Down, Exited
from llmactors._ref import ActorRef
from llmactors._signals import Stashed
from llmactors._system import ActorSystem
from llmactors._table import Table
from llmactors._timers import Timer
from llmactors.errors import HostCapabilityError
from llmactors.hosts._loop import LoopHost, loop_table
from llmactors.hosts.process._grammar import constructor_types
from llmactors.hosts.process._names import name_of_class
from llmactors.hosts.process._ops import Op
from llmactors.hosts.process._says import says_of
from llmactors.hosts.process._taking import WorkerScheduler

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from llmactors.hosts._port import HostConfig
    from llmactors.hosts.process._page import Page
    from llmactors.hosts.process._worker import Worker

A = TypeVar("A")
B = TypeVar("B")
HOST = "Process()"
REFUSALS = frozenset({"unhandled", "unheard"})  # what is said of a message whose handler is over


class WorkerSystem(ActorSystem):
    """The system that a worker's actor sees. It runs that actor only."""

    def __init__(self, worker: Worker, page: Page) -> None:
        super().__init__()
        self._worker = worker
        self.scheduler: WorkerScheduler = WorkerScheduler(asyncio.get_running_loop(), worker, page)

    def make_context(self, cell: ActorRef[A], actor: A) -> Context[A]:
        """Make the actor's context."""
        return WorkerContext(cell, actor, self._worker)

    def dead_letter(self, message: Any, cell: ActorRef[Any], reason: str) -> None:  # noqa: ARG002  as of every system
        """Tell the main process, which counts: of a say; what becomes of a call it hears anyway."""
        taking = self.scheduler.taking
        if taking.open:
            self._worker.channel.send([Op.DEAD, taking.said, reason])
            if reason in REFUSALS:
                taking.close()

    def unheard(self, cell: ActorRef[Any], exit: Exit) -> None:
        """Nothing to do: the main process hears of every end."""

    async def spawn(
        self, cls: Callable[..., A], *args: Any, name: str | None = None, host: HostConfig | None = None, **kwargs: Any
    ) -> ActorRef[A]:
        """Run an actor in the main process, outside any tree; returns when it is up.

        Raises:
            StartFailedError: It could not start.
            NameTakenError: An actor of that name exists.
        """
        kind: Any = cls
        codec, types, where = self._worker.codec, constructor_types(kind), f"an argument of {kind.__qualname__}"
        content = (codec.wrap(args, types, where), codec.wrap(kwargs, types, where))
        spawned: ActorRef[A] = await self._worker.requests.wait_for(
            "outside", name_of_class(kind), *content, name, codec.wrap(host)
        )
        return spawned

    def resolve(self, start: ActorRef[Any] | None, where: Any) -> ActorRef[Any]:
        """Look an actor up in the main process: by its name or path, or by the spec of a supervisor class."""
        owner, name, actor = (getattr(where, part, None) for part in ("owner", "name", "actor"))
        if isinstance(where, str):
            found: ActorRef[Any] = self._worker.requests.now("ref", where, start is None)
        elif isinstance(owner, type) and isinstance(name, str):
            wanted = name_of_class(actor) if isinstance(actor, type) else None
            found = self._worker.requests.now("spec", name_of_class(owner), name, wanted)
        else:
            raise TypeError(f"{where!r} is neither a path nor a child that a supervisor class declares")
        return found


class WorkerCell(ActorRef[A]):
    """The worker's actor."""

    __slots__ = ("_name", "_path")

    def __init__(self, system: WorkerSystem, handlers: Table, own: list[Any], owner: Any) -> None:
        self._path: str = own[1]
        self._name: str = own[2]
        super().__init__(system, handlers, self._name, owner)

    @property
    def path(self) -> str:
        """The path in the main process's tree."""
        return self._path

    @property
    def name(self) -> str:
        """The name in the main process's tree."""
        return self._name


def _receive(actor: Any, message: Any) -> Any:
    return actor.receive(message)


class WorkerHost(LoopHost):
    """Runs the worker's actor on the loop; its end is ordered by the main process."""

    def __init__(self, system: Any, worker: Worker) -> None:
        super().__init__(system)
        self._worker = worker
        self.ordered = False

    def table(self, cls: type) -> Table:
        """Return how messages reach the actor."""
        table = loop_table(cls, self)
        table.idle = None  # it is told where the mailbox is
        finishing = self._worker.system.scheduler.taking.finishing
        for said in says_of(cls).writers:
            table[said] = finishing(table[said])
        table[Down] = table[Exited] = _receive  # they are counted where the mailbox is
        return table

    def stop(self, cell: ActorRef[Any], exit: Exit) -> None:
        """Run `on_stop`, once the main process orders it; a crash is told there first."""
        if self.ordered or cell.need_extra().never_up:
            super().stop(cell, exit)
        else:
            self._worker.crashed(error_of(exit))

    def order(self, cell: ActorRef[Any], exit: Exit) -> None:
        """The main process orders the end."""
        self.ordered = True
        if cell.flags & ENDING:
            super().stop(cell, exit)

    def answers_later(self, cell: ActorRef[Any], ask: Ask) -> None:  # noqa: ARG002  the port's signature
        """The message is no longer in hand; its asker still waits."""
        self._worker.served.later(ask)


class FarMonitor(Monitor):
    """A monitor that the main process keeps."""

    __slots__ = ("key",)

    def __init__(self, ref: ActorRef[Any], until: Any, key: int) -> None:
        super().__init__(None, ref, until)
        self.key = key


class FarReservation(Reservation):
    """Amounts set aside by the main process for a worker's actor. What is open when the worker ends counts as used."""

    __slots__ = ("_key", "_worker")

    def __init__(self, worker: Worker, cell: ActorRef[Any], amounts: Mapping[str, float]) -> None:
        super().__init__(cell, amounts)
        self._worker, self._key = worker, worker.next_key()

    async def __aenter__(self) -> Self:
        try:
            await self._worker.requests.wait_for("reserve", self._key, dict(self.amounts), "wait")
        except asyncio.CancelledError:
            self.used()
            self._settle()
            raise
        return self

    def __enter__(self) -> Self:
        self._worker.requests.now("reserve", self._key, dict(self.amounts), "at once")
        return self

    def _settle(self) -> None:
        used = self._used if self._said else dict(self.amounts)
        self._worker.channel.send([Op.ORDER, "settle", self._key, used])


class WorkerContext(Context[A]):
    """What the worker's actor can see and do: as on the loop, carried out by the main process."""

    __slots__ = ("_worker",)

    def __init__(self, cell: ActorRef[A], actor: A, worker: Worker) -> None:
        super().__init__(cell, actor)
        self._worker = worker

    @property
    def self_ref(self) -> ActorRef[A]:
        """The actor's own ref: what is sent to it goes through its mailbox in the main process."""
        own: ActorRef[A] = self._worker.own
        return own

    def spawn(
        self,
        cls: Callable[..., B],
        *args: Any,
        name: str | None = None,
        host: Any = None,
        shutdown: float | Literal["kill", "forever"] = 5.0,
        **kwargs: Any,
    ) -> ActorRef[B]:
        """Begin an actor in the main process that is linked to this one and ends with it.

        Raises:
            NameTakenError: A sibling has that name.
            NotSerialisableError: An argument cannot cross.
        """
        kind: Any = cls
        codec, types = self._worker.codec, constructor_types(kind)
        where = f"an argument of {kind.__qualname__}"
        spawned: ActorRef[B] = self._worker.requests.now(
            "spawn",
            name_of_class(kind),
            codec.wrap(args, types, where),
            codec.wrap(kwargs, types, where),
            name,
            codec.wrap(host),
            shutdown,
        )
        return spawned

    def open(self, name: str, cls: Callable[..., B], *_: Any, **__: Any) -> Any:
        """Refuse: who keeps slots runs on the loop."""
        raise HostCapabilityError(HOST, f"keep the slot {name!r} of {cls!r} in a worker")

    def spend(self, resource: str, amount: float) -> None:
        """Count what was used of a resource, in the main process; see `Context.spend`."""
        check({resource: amount})
        self._worker.channel.send([Op.ORDER, "spend", {resource: amount}])

    def hold(self, resource: str, amount: float) -> None:
        """Say how much of a resource is held now, to the main process; see `Context.hold`."""
        check({resource: amount})
        self._worker.channel.send([Op.ORDER, "hold", {resource: amount}])

    def reserve(self, **amounts: float) -> Reservation:
        """Set amounts aside in the main process; see `Context.reserve`."""
        check(amounts)
        return FarReservation(self._worker, self._cell, amounts)

    def link(self, ref: ActorRef[Any]) -> None:
        """Link to *ref*."""
        self._worker.order("link", ref)

    def unlink(self, ref: ActorRef[Any]) -> None:
        """Take a link back."""
        self._worker.order("unlink", ref)

    def monitor(self, ref: ActorRef[Any], until: Literal["ended", "discarded"] = "ended") -> Monitor:
        """Watch *ref*: one `Down` comes."""
        if until not in {"ended", "discarded"}:
            raise ValueError(f'until={until!r}: choose "ended" or "discarded"')
        key = self._worker.next_key()
        self._worker.channel.send([Op.ORDER, "monitor", key, self._worker.number_of(ref), until])
        return FarMonitor(ref, until, key)

    def demonitor(self, monitor: Monitor) -> None:
        """Take a monitor back."""
        if isinstance(monitor, FarMonitor):
            self._worker.channel.send([Op.ORDER, "demonitor", monitor.key])

    def send_after(self, delay: float, message: Any, to: ActorRef[Any] | None = None) -> Timer:
        """Send *message* in *delay* seconds, through the main process."""
        return super().send_after(delay, message, self.self_ref if to is None else to)

    def blocking(self, ref: ActorRef[B]) -> NoReturn:
        """Refuse: handlers run on the worker's loop, which must not block."""
        raise HostCapabilityError(HOST, f"block for `{ref.path}` in a handler; `await` it in an async one")

    def stash(self) -> NoReturn:
        """Put the message in hand aside and end its handler here: it waits in the main process, with its asker."""
        raise Stashed(after=self._worker.put_aside)

    def unstash(self) -> None:
        """Put what was set aside back in front of the mailbox. What this process has of the mailbox goes back first."""
        slots.shut(self._cell)
        self._worker.channel.send([Op.ORDER, "unstash"])

    def stop(self) -> None:
        """End this actor after what is in hand, as `Normal`."""
        self._worker.channel.send([Op.ORDER, "finish"])
