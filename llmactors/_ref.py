"""`ActorRef`: what users hold of an actor, and at once the cell in which it lives.

The ref *is* the slot: one object per actor. Users call its public methods; the fields are the kernel's. It stays valid
across restarts, for as long as the owner keeps the slot.
"""

# house: long because an ask is one function, to be read in one go: calls cost

from __future__ import annotations

from asyncio import CancelledError
from contextvars import copy_context
from math import inf
from threading import get_ident
from typing import TYPE_CHECKING, Any, Final, Generic, Literal, TypeVar, overload

from llmactors import _reckoning as reckoning
from llmactors import _slots as slots
from llmactors import _waits as waits
from llmactors._asks import CURRENT, PENDING, Ask, Failure
from llmactors._carried import OUTSIDE, CarriedAsk, enclosed, new_ask
from llmactors._core.deadlines import check_time
from llmactors._core.flags import (
    BATCH,
    DEAD,
    DRAINING,
    ENDED,
    ENDING,
    HELD,
    PAUSED,
    SIGNALS,
    SORTED,
    STARTING,
    state_of,
)
from llmactors._core.names import join
from llmactors._extra import Extra
from llmactors._messages import ASK_TIMEOUT, Message, Request, StreamMessage
from llmactors._scheduler import DEPTH
from llmactors._signals import Kill, Pause, Resume, Stop, put
from llmactors._steps import turn
from llmactors._stopping import told, until_discarded, until_up
from llmactors._streams import Flow, Stream
from llmactors.errors import ActorDownError, ActorEndedError, WaitCycleError, WrongThreadError

if TYPE_CHECKING:
    from collections import deque
    from collections.abc import Awaitable, Generator

    from llmactors._exits import Exit
    from llmactors._system import ActorSystem
    from llmactors._table import Table
    from llmactors._usage import Usage

A = TypeVar("A")
R = TypeVar("R")
T = TypeVar("T")

NEVER: Final = -inf
NEAR: Final = 64  # actors on the run queue, before which an ask may hope for its answer within a turn of the loop


class ActorRef(Generic[A]):
    """A reference to an actor: tell it, ask it, stream from it, stop it. Hashable; equal to itself only."""

    __slots__ = (
        "__weakref__",
        "actor",
        "born",
        "capacity",
        "cpu",
        "extra",
        "flags",
        "handled",
        "handlers",
        "inbox",
        "label",
        "owner",
        "scheduler",
        "system",
    )

    def __init__(self, system: ActorSystem, handlers: Table, label: str | int, owner: ActorRef[Any] | None) -> None:
        self.system, self.scheduler = system, system.scheduler
        self.handlers, self.label, self.owner = handlers, label, owner
        self.inbox: deque[Any] | None = None
        self.capacity = handlers.capacity
        self.flags = ENDED
        self.actor: Any = None
        self.cpu = self.born = 0.0
        self.handled = 0
        self.extra: Extra | None = None

    # -- messages --------------------------------------------------------------------------------------------
    def tell(self, message: Message[A, Any] | Request[Any] | object) -> bool:
        """Send *message* and go on; from any thread. Never waits, never raises for the receiver's sake.

        Returns:
            Whether the message was accepted. A refused one is a dead letter.
        """
        scheduler = self.scheduler
        if get_ident() != scheduler.thread:
            return self._tell_from_elsewhere(message)
        here = scheduler.here
        if here and (copy_context() if here is OUTSIDE else len(here) > scheduler.own):
            message = enclosed(scheduler, message)
        inbox = self.inbox
        if inbox is None:
            inbox = scheduler.free.pop() if scheduler.free else scheduler.new_inbox()
            inbox.append(message)
            self.inbox = inbox
            scheduler.ready.append(self)
            if scheduler.asleep:
                scheduler.arm()
            return True
        if len(inbox) < self.capacity:
            inbox.append(message)
            return True
        return slots.overflow(self, message)

    def _tell_from_elsewhere(self, message: Any) -> bool:
        return self.scheduler.crossing.tell(self, message)

    @overload
    async def ask(
        self, message: Message[A, R], timeout: float | None = None, *, when_down: Literal["wait", "fail"] = "wait"
    ) -> R: ...
    @overload
    async def ask(
        self, message: Request[R], timeout: float | None = None, *, when_down: Literal["wait", "fail"] = "wait"
    ) -> R: ...
    async def ask(  # noqa: C901, PLR0912, PLR0915  the hot path: calls cost
        self, message: Any, timeout: float | None = None, *, when_down: Literal["wait", "fail"] = "wait"
    ) -> Any:
        """Send *message* and wait for its answer, at most *timeout* seconds (the endpoint's default without one).

        Raises:
            ActorEndedError: The actor ended before it answered; `__cause__` is why.
            ActorDownError: No incarnation is up, and `when_down="fail"`.
            AskTimeoutError: No answer in time. An async handler is told to give up.
            MailboxFullError: The mailbox refused the message.
            UnhandledMessageError: The actor has no handler for it.
            WaitCycleError: All who wait would wait for ever; `path` says who.
            BaseException: Whatever the endpoint lists in `raises`.
        """
        scheduler = self.scheduler
        if get_ident() != scheduler.thread:
            raise WrongThreadError("ask")
        if timeout is not None and not (timeout.__class__ is float and timeout > NEVER):
            check_time("timeout", timeout)
        if self.inbox is None and not self.flags and scheduler.credit > 0 and scheduler.depth < DEPTH:
            value = scheduler.direct(self, message, timeout)
            kind = value.__class__
            if kind is not Ask and kind is not CarriedAsk:
                if kind is Failure:
                    try:
                        raise value.error
                    finally:  # as below
                        del value
                return value
            ask: Ask = value
            inside, soon = CURRENT.get() is not None, scheduler.soon
        else:
            if when_down == "fail" and self.flags & (STARTING | ENDING | ENDED | DEAD):
                raise ActorDownError(self.path, self.state)
            seconds = getattr(message, "__timeout__", ASK_TIMEOUT) if timeout is None else timeout
            here = scheduler.here
            if copy_context() if here is OUTSIDE else len(here) > scheduler.own:
                ask = new_ask(message, scheduler.clock(), seconds, self)
            else:
                ask = Ask(message, scheduler.clock(), seconds, self)
            inside, soon = CURRENT.get() is not None, not self.flags and len(scheduler.ready) < NEAR
            if inside:
                ask.inherit()
            if soon and self.inbox is None:
                inbox = self.inbox = scheduler.free.pop() if scheduler.free else scheduler.new_inbox()
                inbox.append(ask)
                scheduler.ready.append(self)
                if scheduler.asleep:
                    scheduler.arm()
            else:
                self.accept(ask)
        if ask.value is PENDING:
            hand = None
            try:
                if inside:
                    hand = waits.begin(self, ask)
                if soon:  # the actors have their turn before this one goes on: it takes neither a future nor a deadline
                    await turn()
                    early: Any = ask.value
                    failed = early.__class__ is Failure
                    del early  # as below
                    if failed:  # an interrupt goes first (see `Scheduler.interrupt`)
                        await turn()
                if ask.value is PENDING:
                    future = ask.future = scheduler.loop.create_future()
                    deadlines = scheduler.deadlines
                    deadlines.young.append(ask)
                    if deadlines.ticker is None:
                        deadlines.wind()
                    await future
                    young = deadlines.young
                    if young and young[-1] is ask:
                        young.pop()
            except (CancelledError, WaitCycleError) as left:
                ask.fail(left)
                ask.cell.abandon(ask)  # which is not this one if the message was passed on
                raise
            finally:
                if hand is not None:
                    waits.end(self, hand)
        value = ask.value
        if value.__class__ is Failure:
            try:
                raise value.error
            finally:  # the error's traceback holds this frame: it must not hold the error
                del ask, value
        ask.message = ask.value = ask.cell = ask.future = (
            None  # the wheel holds the ask until its deadline, but not what was said
        )
        return value

    async def send(self, message: Message[A, Any] | Request[Any] | object, timeout: float | None = None) -> None:
        """Send *message*, waiting for room in the mailbox: first come, first served.

        Raises:
            ActorEndedError: The slot was discarded.
            TimeoutError: There was no room within *timeout* seconds.
            WaitCycleError: All who wait would wait for ever; `path` says who.
        """
        if get_ident() != self.scheduler.thread:
            raise WrongThreadError("send")
        if timeout is not None:
            check_time("timeout", timeout)
        if self.flags & (DEAD | DRAINING):
            raise ActorEndedError(self.path, slots.exit_of(self))
        inbox = self.inbox
        if inbox is None or len(inbox) < self.capacity or (self.flags & (BATCH | SORTED) and slots.has_room(self)):
            self.tell(message)
            return
        hand = waits.begin(self)
        try:
            await slots.wait_for_room(self, enclosed(self.scheduler, message), timeout)
        finally:
            waits.end(self, hand)

    def stream(self, message: StreamMessage[A, T], *, window: int = 32, idle: float = 30.0) -> Stream[T]:
        """Read what a stream endpoint yields: `async with ref.stream(...) as items: async for item in items: ...`.

        Args:
            message: A call of an async-generator endpoint.
            window: Items that the producer may be ahead of the reader, 1 or more.
            idle: Seconds that a waiting producer gives its reader before the stream is cut.
        """
        if get_ident() != self.scheduler.thread:
            raise WrongThreadError("stream")
        if not isinstance(message, StreamMessage):
            raise TypeError(f"{message!r} is not a call of a stream endpoint (an async generator); `ask` it instead")
        if window < 1:
            raise ValueError(f"window={window!r}: a stream runs at least 1 item ahead")
        check_time("idle", idle)
        return Stream(self._flow(message, window, idle))

    def _flow(self, message: StreamMessage[A, T], window: int, idle: float) -> Flow[T]:
        return Flow(self, message, window, idle)

    def accept(self, item: Ask | Flow[Any]) -> None:
        """Queue an ask or a stream. For the kernel."""
        inbox = self.inbox
        if inbox is None:
            self.inbox = inbox = self.scheduler.new_inbox()
            inbox.append(item)
            self.scheduler.enqueue(self)
        elif len(inbox) < self.capacity:
            inbox.append(item)
        else:
            slots.overflow(self, item)

    def has_room(self) -> bool:
        """Say whether the mailbox would take a message now. For the kernel."""
        return slots.has_room(self)

    def abandon(self, item: Ask | Flow[Any]) -> None:
        """Nobody waits for *item* any more. For the kernel."""
        if not self.flags & DEAD:
            self.handlers.host.abandon(self, item)

    # -- life ------------------------------------------------------------------------------------------------
    def stop(self, *, drain: bool = False) -> Awaitable[Exit]:
        """Ask the actor to end after what is in hand (with *drain*: after what is queued); from any thread.

        Returns:
            What one may wait for, on the loop: `await ref.stop()` returns when that incarnation has ended, with how.
        """
        self.signal(Stop(drain))
        return told(self)

    def kill(self, cause: BaseException | str | None = None) -> None:
        """End the actor at once; it cannot refuse, and its `on_stop` does not run. From any thread."""
        self.signal(Kill(cause))

    def pause(self) -> None:
        """Hold its messages back from after the one in hand; for a supervisor: those of its subtree."""
        self.signal(Pause())

    def resume(self) -> None:
        """Take a pause back."""
        self.signal(Resume())

    def signal(self, signal: Any) -> None:
        """Put a control signal into the second lane; from any thread. For the kernel."""
        scheduler = self.scheduler
        if get_ident() != scheduler.thread:
            scheduler.crossing.signal(self, signal)
            return
        if self.flags & DEAD:
            return
        put((self.extra or self.need_extra()).signals, signal)
        idle, held = self.inbox is None, self.flags & HELD
        self.flags |= SIGNALS
        if idle:
            self.inbox = scheduler.new_inbox()
        if idle or held:
            scheduler.enqueue(self)

    async def wait_ended(self) -> Exit:
        """Wait until the slot is discarded, and return how its last incarnation ended."""
        return await until_discarded(self)

    def __await__(self) -> Generator[Any, None, ActorRef[A]]:
        """Wait until an incarnation is up, and return the ref.

        Raises:
            StartFailedError: It could not start; `__cause__` says why.
            ActorEndedError: The slot was discarded.
        """
        if self.flags & (STARTING | ENDED | ENDING | DEAD):
            yield from until_up(self)
        return self

    # -- what is known ---------------------------------------------------------------------------------------
    @property
    def name(self) -> str:
        """The name, unique among siblings."""
        return self.label if isinstance(self.label, str) else f"{self.handlers.cls.__name__.lower()}-{self.label}"

    @property
    def path(self) -> str:
        """The path of names from the root, such as `/nets/worker-1`."""
        parts: list[str] = []
        cell: ActorRef[Any] | None = self
        while cell is not None and cell.owner is not None:
            if cell is not cell.system.root:
                parts.append(cell.name)
            cell = cell.owner
        return join(tuple(reversed(parts)))

    @property
    def cls(self) -> type[A]:
        """The actor's class."""
        return self.handlers.cls

    @property
    def parent(self) -> ActorRef[Any] | None:
        """The owner of the slot; None for the root and for what the system itself spawned."""
        owner = self.owner
        return None if owner is None or owner.owner is None else owner

    @property
    def id(self) -> int:
        """A small number that names the slot within its system, given on first use."""
        extra = self.need_extra()
        if not extra.id:
            extra.id = next(self.system.ports.ids)
        return extra.id

    def children(self) -> tuple[ActorRef[Any], ...]:
        """Return the slots that hang on this one, the eldest first."""
        extra = self.extra
        return () if extra is None or not extra.children else tuple(extra.children.values())

    @property
    def state(self) -> str:
        """What the actor does now, from idle to discarded; the words are those of `state_of`."""
        extra = self.extra
        in_hand = self.scheduler.current is self or (
            extra is not None and len(extra.jobs) > len(extra.resumed or ())  # at a checkpoint it is as good as paused
        )
        return state_of(self.flags, in_hand=in_hand, queued=slots.queued(self) > 0)

    @property
    def paused(self) -> bool:
        """Whether a pause is in force."""
        extra = self.extra
        return bool(self.flags & PAUSED or (extra and extra.pause_children))

    @property
    def waiting(self) -> int:
        """How many messages wait in the mailbox."""
        return slots.waiting(self)

    def usage(self, *, tree: bool = False) -> Usage:
        """Return the actor's account.

        Args:
            tree: Of all actors below it, too, and of those that have ended. That takes a walk over them.
        """
        return reckoning.tree_usage(self) if tree else reckoning.usage_of(self)

    def need_extra(self) -> Extra:
        """Return the rare half of the cell, made on first use. For the kernel."""
        extra = self.extra
        if extra is None:
            extra = self.extra = Extra()
        return extra

    def __repr__(self) -> str:
        return f"<ActorRef {self.path} {self.cls.__name__} {self.state}>"

    def __reduce__(self) -> Any:
        raise TypeError(f"{self!r} cannot be pickled; send it in a message, and it arrives as a ref")
