"""`ActorSystem`: boots a tree, spawns and looks up actors, and stops everything in order."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from typing import TYPE_CHECKING, Any, Final, Literal, Self, TypeVar, overload

from llmactors import _accounts as accounts
from llmactors import _closing as closing
from llmactors import _lanes as lanes
from llmactors import _lives as lives
from llmactors import _lookup as lookup
from llmactors import _pause as pauses
from llmactors import _reckoning as reckoning
from llmactors import _slots as slots
from llmactors import trace
from llmactors._asks import CURRENT
from llmactors._context import Context
from llmactors._core.chain import causes
from llmactors._core.flags import OVER, STARTING
from llmactors._core.names import check_name
from llmactors._crashes import raisable
from llmactors._dead_letters import DeadLetters
from llmactors._exits import Exit, Killed, describe, error_of
from llmactors._guard import check_guarded
from llmactors._guardian import Guardian
from llmactors._messages import DeadLetter
from llmactors._ports import Ports, Watchdog, ports_of
from llmactors._ref import ActorRef
from llmactors._reports import report
from llmactors._scheduler import Scheduler
from llmactors._signals import Kill, check_shutdown
from llmactors._steps import is_hand
from llmactors._words import text_of
from llmactors.errors import NameTakenError
from llmactors.hosts._loop import LOOP
from llmactors.hosts._port import Birth

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from types import TracebackType

    from llmactors._accounts import Account
    from llmactors._blocking import BlockingSystem
    from llmactors._flight import FlightRecorder
    from llmactors._lookup import Locator
    from llmactors._table import Table
    from llmactors._usage import Usage
    from llmactors._watchdog import Watcher
    from llmactors.hosts._port import Host, HostConfig

A = TypeVar("A")

KEPT_UNHEARD: Final = 100  # errors that a block raises at its end; what comes after them is only reported


class ActorSystem:
    """A tree of actors on the running event loop.

    `async with ActorSystem(App) as system:` boots the tree under *root* and stops it in order at the end of the block.
    A root that crashes or gives up cancels the block, and its error is raised from it; so is, at the end of the block,
    the error of an actor whose crash nobody heard.

    Args:
        root: The class of the root actor, usually a `Supervisor`. Without one, `spawn` is all there is.
        args: For the root's constructor.
        name: What reports call the system.
        ports: Time, chance, numbers and order; a simulation brings its own. Without: those of the loop, or real ones.
        check_messages: Have every message make the trip to another process and back, whatever its host; for tests.
        watchdog: Find handlers that do not return, and interrupt them; `run` and `blocking` always do.
        flight: Keep the last turns before each crash, so that it can be played again in a test.
    """

    def __init__(
        self,
        root: Callable[..., Any] | None = None,
        *args: Any,
        name: str = "system",
        ports: Ports | None = None,
        check_messages: bool = False,
        watchdog: Watchdog | None = None,
        flight: FlightRecorder | None = None,
    ) -> None:
        check_guarded()
        self.name = check_name(name)
        self.check_messages = check_messages
        self.watchdog = watchdog
        self.flight = flight
        self.watcher: Watcher | None = None
        self.ports: Ports
        self._own_ports = ports
        self._root_class, self._root_args = root, args
        self.dead_letters = DeadLetters()
        self.scheduler: Scheduler
        self.guardian: ActorRef[Guardian]
        self.root: ActorRef[Any] | None = None
        self.hosts: dict[Any, Host] = {}
        self._unheard: list[tuple[str, BaseException]] = []
        self._root_exit: Exit | None = None
        self._body: asyncio.Task[Any] | None = None
        self.closing: asyncio.Task[None] | None = None
        self._cancelled = False

    # -- boot and stop ---------------------------------------------------------------------------------------
    async def __aenter__(self) -> Self:
        await self.start()
        if self._root_failed():  # as soon as it was up
            await self.stop()
            self.raise_unheard()
        self._body = asyncio.current_task()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        body, self._body = self._body, None
        if self._cancelled and body is not None:
            if not isinstance(error, asyncio.CancelledError):  # the root's end has yet to be felt
                with contextlib.suppress(asyncio.CancelledError):
                    await asyncio.sleep(0)
            if body.uncancel() == 0 and isinstance(error, asyncio.CancelledError):
                error = None
        await self.stop()
        if error is None:
            self.raise_unheard()
            return
        for path, unheard in self._unheard:
            error.add_note(f"meanwhile {type(unheard).__name__} ended the actor `{path}`: {text_of(unheard)}")

    def _root_failed(self) -> bool:
        return self._root_exit is not None and not self._root_exit.clean

    async def start(self) -> None:
        """Boot the tree; returns when the root is up.

        Raises:
            BaseException: Whatever kept the root from starting; what had started is stopped by then.
        """
        self.scheduler = self.make_scheduler()
        if self.watchdog is not None:
            from llmactors._watchdog import Watcher  # noqa: PLC0415  a thread that not every system has

            self.watcher = Watcher(self.scheduler, self.watchdog)
            self.watcher.start()
        table = self.host(None).table(Guardian)
        self.guardian = self.new_cell(table, "guardian", None)
        self.guardian.need_extra().shutdown = "forever"
        self.scheduler.sampler.begin(self.guardian)
        lives.begin(self.guardian, Birth(Guardian))
        if self._root_class is None:
            return
        guardian: Guardian = self.guardian.actor
        slot = guardian.context.open(self._root_name(), self._root_class, *self._root_args, shutdown="forever")
        guardian.root, self.root, self.scheduler.root = slot, slot.ref, slot.ref
        try:
            slot.start()
            if not await self._unless_over(guardian.root_up):
                raise slots.ended_error(self.guardian, slots.exit_of(self.guardian))  # noqa: TRY301  as if it had told
        except BaseException:
            self._root_exit = None
            await self.stop()
            raise

    def make_scheduler(self) -> Scheduler:
        """Make the scheduler, on the running loop."""
        loop = asyncio.get_running_loop()
        self.ports = ports_of(loop) if self._own_ports is None else self._own_ports
        if self.flight is not None:
            self.ports = self.flight.recorded(self.ports)
        return Scheduler(loop, self.ports)

    def _root_name(self) -> str:
        return getattr(self._root_class, "__name__", "root").lower()

    async def stop(self) -> None:
        """Stop every actor in order, the root's tree last, and leave nothing behind; returns when all is done.

        Whoever else calls it meanwhile waits for the same end. If a caller is cancelled, what is left is killed.

        Raises:
            RuntimeError: An actor of the system calls it, and would wait for its own end.
        """
        task, who = asyncio.current_task(), CURRENT.get()
        if task is not None and is_hand(task) and getattr(who, "cell", who).system is self:
            raise RuntimeError("an actor cannot wait for the end of its own system: stop the root, and do not wait")
        cancelled = await closing.closed(self)
        if cancelled is not None:
            raise cancelled
        if self.closing is not None:
            self.closing.result()

    def kill(self) -> None:
        """End every actor at once."""
        self.guardian.signal(Kill("the system was killed"))

    async def wait_root_ended(self) -> Exit:
        """Wait until the root's life is over, and return how."""
        guardian: Guardian = self.guardian.actor
        await self._unless_over(asyncio.ensure_future(guardian.root_over.wait()))
        return self._root_exit or Killed()

    async def _unless_over(self, what: asyncio.Future[Any]) -> bool:
        """Wait for *what* the guardian is to tell; False when it is gone and will tell nothing."""
        gone = asyncio.ensure_future(self.guardian.wait_ended())
        try:
            await asyncio.wait({what, gone}, return_when=asyncio.FIRST_COMPLETED)
            if not what.done():
                return False
            what.result()
        finally:
            what.cancel()
            gone.cancel()
        return True

    def root_ended(self, exit: Exit) -> None:
        """The root has ended; for the guardian. If it did so abnormally, nothing can go on."""
        self._root_exit = exit
        if self._root_failed() and self.closing is None and self._body is not None:
            self._cancelled = True
            self._body.cancel()

    # -- actors ----------------------------------------------------------------------------------------------
    async def spawn(
        self, cls: Callable[..., A], *args: Any, name: str | None = None, host: HostConfig | None = None, **kwargs: Any
    ) -> ActorRef[A]:
        """Run an actor outside any tree; returns when it is up.

        Raises:
            StartFailedError: It could not start; `__cause__` says why.
            NameTakenError: An actor of that name exists.
        """
        ref = self.spawn_under(self.guardian, cls, args, kwargs, name=name, host=host)
        if not ref.flags & (STARTING | OVER):
            return ref
        try:
            return await ref
        except asyncio.CancelledError:  # nobody will ever hold the ref
            ref.kill()
            raise

    def spawn_under(
        self,
        owner: ActorRef[Any],
        cls: Callable[..., A],
        args: tuple[Any, ...],
        kwargs: Mapping[str, Any] | None,
        *,
        name: str | None = None,
        host: HostConfig | None = None,
        shutdown: float | Literal["kill", "forever"] = 5.0,
    ) -> ActorRef[A]:
        """Begin an actor that hangs on *owner*. For `spawn` and the context."""
        extra = owner.need_extra()
        if owner.flags & OVER and (owner is self.guardian or extra.host_done or not extra.stopping_host):
            raise slots.ended_error(owner, slots.exit_of(owner))  # but for those of `on_stop`, nobody would end it
        birth = Birth(cls, args, kwargs)  # type: ignore[arg-type]
        table = self.host(host).table(birth.cls)
        if name is not None:
            self._check_free(owner, check_name(name))
        ref: ActorRef[A] = self.new_cell(table, name, owner)
        if shutdown != 5.0 or host is not None:  # noqa: PLR2004  the default needs no room
            ref.need_extra().shutdown = check_shutdown(shutdown)
        if owner.extra is not None and owner.extra.pause_children:
            pauses.pause(ref)
        lives.begin(ref, birth)
        return ref

    def _check_free(self, owner: ActorRef[Any], name: str) -> None:
        places = [owner]
        if owner is self.guardian and self.root is not None:
            places.append(self.root)
        for place in places:
            if lookup.child_of(place, name) is not None:
                raise NameTakenError(f"{place.path.rstrip('/')}/{name}")

    def new_cell(self, table: Table, name: str | None, owner: ActorRef[Any] | None) -> ActorRef[Any]:
        """Make an empty slot under *owner*. For the kernel."""
        label: str | int = name or 0
        children: dict[Any, ActorRef[Any]] | None = None
        account: Account | None = None
        if owner is not None:
            extra = owner.need_extra()
            account = extra.account
            if extra.children is None:
                extra.children = {}
            children = extra.children
            if name is None:
                label = extra.serial = extra.serial + 1
                while extra.numbered and f"{table.cls.__name__.lower()}-{label}" in children:
                    label = extra.serial = extra.serial + 1
            elif name[-1].isdecimal():
                extra.numbered = True
        cell: ActorRef[Any] = table.host.new_cell(self, table, label, owner)
        if children is not None:
            children[label] = cell
        if account is not None:
            accounts.give(cell, account)
        if not table.mailbox.plain:
            lanes.sort(cell)
        return cell

    def make_context(self, cell: ActorRef[A], actor: A) -> Context[A]:
        """Make an actor's context. A worker process makes another."""
        return Context(cell, actor)

    def host(self, config: HostConfig | None) -> Host:
        """Return the runtime of a host, made on first use."""
        key = LOOP if config is None else config
        runtime = self.hosts.get(key)
        if runtime is None:
            check = getattr(self.scheduler.loop, "check_host", None)  # a loop in virtual time has it
            if check is not None:
                check(key)
            runtime = self.hosts[key] = key.runtime(self)
        return runtime

    def usage(self) -> Usage:
        """Return the account of all actors, those included that have ended; memory is that of all processes."""
        return reckoning.system_usage(self.guardian)

    # -- look-up ---------------------------------------------------------------------------------------------
    @overload
    def ref(self, where: str) -> ActorRef[Any]: ...
    @overload
    def ref(self, where: Locator[A]) -> ActorRef[A]: ...
    def ref(self, where: Any) -> ActorRef[Any]:
        """Return the actor at a path from the root (`"nets/worker-1"`), or the child that a spec declares.

        Raises:
            UnknownActorError: There is none.
        """
        return self.resolve(None, where)

    def resolve(self, start: ActorRef[Any] | None, where: Any) -> ActorRef[Any]:
        """Look *where* up, names as seen from *start*. For `ref` and the context."""
        return lookup.find(self.guardian, self.root, start, where)

    def actors(self) -> Iterator[ActorRef[Any]]:
        """Yield every actor of the tree, parents before their children, in order of birth."""
        return lookup.walk(self.guardian)

    # -- what is left over -----------------------------------------------------------------------------------
    def dead_letter(self, message: Any, cell: ActorRef[Any], reason: str) -> None:
        """Count a message that nobody handled. For the kernel."""
        cell.need_extra().dropped += 1
        self.dead_letters.add(DeadLetter(message, cell.path, reason, trace.current()))

    def ended_abnormally(self, cell: ActorRef[Any], exit: Exit) -> None:
        """A life ended by a crash or a kill, whoever hears of it. For the kernel; tests look at it."""

    def unheard(self, cell: ActorRef[Any], exit: Exit) -> None:
        """An actor ended abnormally and nobody was there to hear it. For the kernel."""
        error = error_of(exit)
        if error is None or cell.need_extra().start_error is not None:
            return
        report(logging.ERROR, "actor_crashed_unheard", path=cell.path, exit=describe(exit), chain=causes(error))
        if len(self._unheard) < KEPT_UNHEARD:
            self._unheard.append((cell.path, raisable(cell.path, exit)))

    def raise_unheard(self) -> None:
        """Raise what ended the root, else what ended actors without anybody hearing it."""
        if self._root_exit is not None and not self._root_exit.clean:
            self._unheard.clear()
            raise raisable("/", self._root_exit)
        for path, error in self._unheard:
            error.add_note(f"this ended the actor `{path}`, and nobody was there to hear it")
        errors = [error for _, error in self._unheard]
        self._unheard.clear()
        if len(errors) == 1:
            raise errors[0]
        if errors:
            raise BaseExceptionGroup("actors crashed, and nobody was there to hear it", errors)

    # -- from scripts ----------------------------------------------------------------------------------------
    @classmethod
    def run(
        cls, root: Callable[..., Any], *args: Any, name: str = "system", flight: FlightRecorder | None = None
    ) -> int:
        """Run a tree until it ends or a signal stops it; return the exit status. Arguments are as for a system.

        Returns:
            0 when the root ended cleanly or on SIGTERM, 130 on SIGINT, 1 when the root crashed, gave up or did not
            start. A second signal kills.
        """
        from llmactors._run import run  # noqa: PLC0415  programs only

        return run(cls(root, *args, name=name, flight=flight))

    def blocking(self) -> BlockingSystem:
        """Return the system for code without asyncio: `with ActorSystem(App).blocking() as system:`; its refs block."""
        from llmactors._blocking import BlockingSystem  # noqa: PLC0415  it needs this module

        return BlockingSystem(self)
