"""The runtime of `Process(...)` in the main process."""

from __future__ import annotations

from threading import get_ident
from typing import TYPE_CHECKING, Any, Final, cast
from weakref import WeakKeyDictionary

from llmactors import _ends as ends
from llmactors import _lives as lives
from llmactors import _slots as slots
from llmactors._attend import ask_gate
from llmactors._codec import Codec, register
from llmactors._core.flags import DRAINING, GATE, OVER, REMOTE, STARTING, STOPPING
from llmactors._limits import Caps, Enforcement, Measure, Pressure
from llmactors._ref import ActorRef
from llmactors._streams import Flow
from llmactors._usage import Usage
from llmactors.errors import ForkRefusedError, HostCapabilityError, NotSerialisableError
from llmactors.hosts._loop import Loop
from llmactors.hosts.process._config import Process
from llmactors.hosts.process._far import FarRef
from llmactors.hosts.process._grammar import grammar_of
from llmactors.hosts.process._life import Life
from llmactors.hosts.process._names import fork_safe
from llmactors.hosts.process._says import says_of
from llmactors.hosts.process._server import ServerLink
from llmactors.hosts.process._watched import FarTable, FarTracing
from llmactors.hosts.process.limits import _means as means
from llmactors.trace import SPAN

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from llmactors._asks import Ask
    from llmactors._exits import Exit
    from llmactors._table import Table
    from llmactors._tracing import Tracing
    from llmactors.hosts._port import Birth
    from llmactors.hosts.process._post import Post
    from llmactors.hosts.process.limits._means import Means

ServerKey = tuple[tuple[str, ...], str | None, tuple[tuple[str, str], ...] | None]

_servers: Final[WeakKeyDictionary[Any, dict[ServerKey, ServerLink]]] = WeakKeyDictionary()
"""Fork servers by system: one per interpreter, preload and environment."""
_held: Final[WeakKeyDictionary[Any, Means]] = WeakKeyDictionary()
"""What each system that holds workers to limits has taken to do so."""

register(Loop)
register(Process)


class RemoteCell(FarRef[Any]):
    """The cell of an actor in a worker process."""

    __slots__ = ()

    def tell(self, message: Any) -> bool:
        """Send *message* and go on; from any thread.

        Raises:
            NotSerialisableError: The message cannot cross to the actor's process.
        """
        write = cast("FarTable", self.handlers).writers.get(message.__class__)
        if write is None or get_ident() != self.scheduler.thread or SPAN.get() is not None:
            return super().tell(message)
        written = write(message)
        if written is None:
            return super().tell(message)
        if self.inbox is None and self.flags == REMOTE:
            post: Post = self.actor.post
            if post.say(message, written):
                return True
        return ActorRef.tell(self, message)

    def accept(self, item: Ask | Flow[Any]) -> None:
        """Queue an ask or a stream, or hand it over at once. For the kernel."""
        if self.inbox is None and self.flags == REMOTE:
            life: Life = self.actor
            if life.post.hand_over(item):
                return
        super().accept(item)

    def stop(self, *, drain: bool = False) -> Awaitable[Exit]:
        """Ask the actor to end after what is in hand; for the worker this overtakes what is sent after it."""
        life: Life | None = self.actor
        here = get_ident() == self.scheduler.thread
        if life is not None and life.up and here and not drain and not self.flags & (DRAINING | OVER):
            life.recall()
        return super().stop(drain=drain)

    def pause(self) -> None:
        """Hold its messages back from after the one in hand; for the worker this overtakes what is sent after it."""
        life: Life | None = self.actor
        if life is not None and get_ident() == self.scheduler.thread:
            life.switches.pause()
        super().pause()

    @property
    def state(self) -> str:
        """What the actor does now; the page says whether a message is in hand."""
        life, jobs = self.actor, self.need_extra().jobs
        if life is not None and jobs and self.flags & ~GATE == REMOTE and life.hold.stands_still:
            return "throttled"
        if life is None or life.over or not jobs or life.post.sent.in_hand(life.calls):
            return super().state
        held, self.need_extra().jobs = jobs, {}
        try:
            return super().state
        finally:
            self.need_extra().jobs = held


class ProcessHost:
    """Runs each incarnation in a process of its own, forked by a fork server that is started at the first."""

    capabilities = frozenset({"async", "pause", "process", "refs", "spawn", "stream", "throttle", "timers"})

    def __init__(self, system: Any, config: Process) -> None:
        self._system, self._config = system, config
        self._tables: dict[type, FarTable] = {}
        self._check = Codec(_AnyRef(), segments=_NoSegments())

    # -- slots -------------------------------------------------------------------------------------------------
    def table(self, cls: type) -> Table:
        """Return what the main process knows of actors of *cls*.

        Raises:
            HostCapabilityError: *cls* is a supervisor: they run on the loop only.
        """
        table = self._tables.get(cls)
        if table is None:
            table = FarTable(cls, self, _not_here, says_of(cls).writers)
            if not table.pausable:
                raise HostCapabilityError("Process()", f"run the supervisor {cls.__name__}")
            self._tables[cls] = table
        return table

    def new_cell(self, system: Any, table: Table, label: str | int, owner: ActorRef[Any] | None) -> ActorRef[Any]:
        """Make an empty cell."""
        return RemoteCell(system, table, label, owner)

    def check(self, cell: ActorRef[Any], message: Any) -> None:
        """See that *message* can cross; raises `NotSerialisableError`."""
        grammar = grammar_of(cell.cls)
        if not grammar.is_plain(message):
            grammar.write(self._check, message)

    def gathering(self, cell: ActorRef[Any]) -> type | None:
        """Return the class of the messages of which the worker would take one more into its next batch."""
        return None if cell.actor is None else cell.actor.post.gathering()

    def grant(self, cell: ActorRef[Any], flow: Any, more: int) -> None:
        """The reader of a stream has taken *more* items."""
        if cell.actor is not None:
            cell.actor.calls.grant(flow, more)

    # -- lives -------------------------------------------------------------------------------------------------
    def start(self, cell: ActorRef[Any], birth: Birth) -> None:
        """Fork a worker, and have it make the instance and run `on_start`."""
        try:
            link = self._link()
            if self._config.python is None:
                link.preload(fork_safe(birth.cls))
            cell.actor = Life(cell, birth, link, self._config, self._means)
        except (NotSerialisableError, ForkRefusedError) as error:
            lives.start_failed(cell, error)

    def _link(self) -> ServerLink:
        config = self._config
        servers = _servers.setdefault(self._system, {})
        key = (config.preload, config.python, config.env)
        link = servers.get(key)
        if link is None or not link.open:
            link = servers[key] = ServerLink(config.preload, config.python, dict(config.env or ()))
        return link

    def forward(self, cell: ActorRef[Any]) -> None:
        """Send on what waits in the mailbox."""
        extra = cell.need_extra()
        if not (slots.queued(cell) or extra.requeued):
            cell.scheduler.idle(cell)
            cell.actor.post.tell_idle()
            return
        if cell.flags & STOPPING:
            return
        if not cell.flags & GATE or ask_gate(cell):
            cell.actor.post.forward()

    def waits_for(self, cell: ActorRef[Any]) -> tuple[ActorRef[Any], ...] | None:
        """Say whom the actor's hands wait for, as the worker has told."""
        return None if cell.actor is None else cell.actor.desk.waits_for()

    def recall(self, cell: ActorRef[Any]) -> None:
        """Have back what the worker has not begun."""
        cell.actor.recall()

    def pause(self, cell: ActorRef[Any]) -> None:
        """Hold what the worker has, too."""
        if cell.actor is not None:
            cell.actor.switches.pause()

    def resume(self, cell: ActorRef[Any]) -> None:
        """Let the worker go on."""
        if cell.actor is not None:
            cell.actor.switches.resume()

    def stop(self, cell: ActorRef[Any], exit: Exit) -> None:
        """Run `on_stop` in the worker, then end it."""
        life: Life | None = cell.actor
        if life is None or life.over:
            ends.host_done(cell)
        else:
            life.stop(exit)

    def kill(self, cell: ActorRef[Any]) -> None:
        """Kill the worker."""
        life: Life | None = cell.actor
        if life is None or life.over:
            ends.host_done(cell)
        else:
            life.kill()

    def abandon(self, cell: ActorRef[Any], item: Ask | Flow[Any]) -> None:
        """Tell the worker that nobody waits for *item* any more."""
        if cell.actor is not None:
            cell.actor.calls.cancel(item)

    def answers_later(self, cell: ActorRef[Any], ask: Ask) -> None:
        """Nothing to do: the worker says so."""

    async def told_state(self, cell: ActorRef[Any]) -> dict[str, str]:
        """Return the state of the instance in words: redacted in the worker, where its code is."""
        life: Life = cell.actor
        return await life.looks.look()

    def tracing(self, cell: ActorRef[Any], keep: int) -> Tracing:
        """Return what watches the messages that the worker handles."""
        return FarTracing(cell, keep)

    def throttle(self, cell: ActorRef[Any], share: float | None) -> None:
        """Hold the worker, and those after it, to *share* cores."""
        self._caps(cell).cpu = share
        if cell.actor is not None:
            cell.actor.hold.set_cpu(share)

    def weigh(self, cell: ActorRef[Any], weight: float | None) -> None:
        """Let the worker, and those after it, have that part of CPU time beside others."""
        self._caps(cell).weight = weight
        if cell.actor is not None:
            cell.actor.hold.set_weight(weight)

    @staticmethod
    def _caps(cell: ActorRef[Any]) -> Caps:
        extra = cell.need_extra()
        if extra.caps is None:
            extra.caps = Caps()
        return extra.caps

    def cap(self, cell: ActorRef[Any], memory: int | None) -> None:
        """Hold the worker, and those after it, to so much memory."""
        self._caps(cell).memory = memory
        if cell.actor is not None:
            cell.actor.hold.set_memory(memory)

    def press(self, cell: ActorRef[Any], level: Pressure) -> None:
        """Have the worker run `on_pressure`."""
        if cell.actor is not None:
            cell.actor.switches.press(level.value)

    def measure(self, cell: ActorRef[Any], *, held: bool) -> Measure:
        """See what the worker and all that it started use now."""
        life: Life | None = cell.actor
        starting, before = bool(cell.flags & STARTING), cell.need_extra().elsewhere
        if life is None or life.over:
            return Measure(cpu=before, starting=starting)
        hold = life.hold
        return Measure(
            cpu=before + hold.cpu(),
            held_back=hold.held_back(),
            stood_still=hold.stood,
            starting=starting,
            memory=hold.memory() if held else None,
            gpu_memory=life.page.gpu_memory,
            processes=hold.processes,
        )

    def enforcement(self) -> Enforcement:
        """Tell what this machine lets us hold workers with."""
        return self._means().enforcement()

    def _means(self) -> Means:
        held = _held.get(self._system)
        if held is None:
            held = _held[self._system] = means.take()
        return held

    def waiting(self, cell: ActorRef[Any]) -> int:
        """Return how many messages the worker has and has not begun."""
        life: Life | None = cell.actor
        return 0 if life is None else life.waiting

    def in_hand(self, cell: ActorRef[Any]) -> list[Any]:
        """Return what the worker has in hand, as it writes it down."""
        life: Life | None = cell.actor
        return [] if life is None or life.over else [item for _, item in life.post.sent.hands(life.calls)]

    def interruption(self, cell: ActorRef[Any]) -> str:  # noqa: ARG002  the port's signature
        """Say what a handler that does not return is interrupted by."""
        return "the end of its process"

    def usage(self, cell: ActorRef[Any]) -> Usage:
        """Return the account: CPU time and memory are the operating system's figures, others the worker's own."""
        extra = cell.need_extra()
        life: Life | None = cell.actor
        account = None if life is None or life.over else life.account
        memory = None if account is None else account.memory()
        return Usage(
            cpu=extra.elsewhere + (0.0 if account is None else account.cpu()),
            busy=extra.awaited + (0.0 if life is None or life.over else life.page.busy),
            handled=cell.handled,
            mailbox=slots.queued(cell) + (0 if life is None else life.waiting),
            memory=None if memory is None else memory[0],
            memory_is=None if memory is None else memory[1],
            gpu_memory=None if life is None or life.over else life.page.gpu_memory,
            pid=None if life is None or life.worker is None else life.worker.pid,
            restarts=max(0, extra.incarnation - 1),
            uptime=0.0 if cell.flags & (OVER | STARTING) else max(0.0, cell.scheduler.clock() - cell.born),
            progress=cell.handled + extra.beats,
        )

    async def close(self) -> None:
        """End the fork servers of the system, and whatever is below them."""
        servers = _servers.pop(self._system, {})
        for link in servers.values():
            await link.close()
        held = _held.pop(self._system, None)
        if held is not None:
            means.give_back(held)


class _AnyRef:
    """Stands for a connection where only whether a value can cross is asked."""

    def export(self, value: object) -> list[Any] | None:
        return [0] if isinstance(value, ActorRef) else None

    def resolve(self, content: list[Any]) -> object:
        raise LookupError(content)


class _NoSegments:
    """Stands for shared memory where only whether a value can cross is asked: nothing is copied."""

    def put(self, data: Any) -> list[int] | None:
        return [0, len(data)]

    def take_back(self, numbers: list[int]) -> None:
        del numbers

    def copy(self, number: Any, length: Any) -> bytes:
        raise LookupError(number, length)

    def send_back(self, data: bytes) -> None:
        del data

    def take_again(self, number: int) -> None:
        raise LookupError(number)

    def came_back(self, number: Any, length: Any) -> bytes:
        raise LookupError(number, length)

    def borrow(self, number: Any, length: Any) -> memoryview:
        raise LookupError(number, length)

    def skip(self, number: Any) -> None:
        raise LookupError(number)


def _not_here(actor: Any, message: Any) -> Any:
    raise NotImplementedError(f"{message!r} is handled in a worker process")
