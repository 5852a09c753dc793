"""`Context`: an actor's view of its system, and the owner's port through which supervisors keep slots."""

from __future__ import annotations

from asyncio import sleep
from math import inf
from typing import TYPE_CHECKING, Any, Generic, Literal, NoReturn, TypeVar, overload

from llmactors import _accounts as accounts
from llmactors import _aside as aside
from llmactors import _lanes as lanes
from llmactors import _pause as pauses
from llmactors import _slots as slots
from llmactors._accounts import Reservation
from llmactors._birth import Birth
from llmactors._core.flags import DEAD, ENDED
from llmactors._core.names import check_name
from llmactors._exits import Killed, Normal
from llmactors._kept import Slot
from llmactors._messages import Down
from llmactors._signals import Link, LinkExit, Stashed, Stop, check_shutdown
from llmactors._timers import Call, Timer
from llmactors.errors import HostCapabilityError, NameTakenError, TooManyTimersError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from llmactors._accounts import Account
    from llmactors._blocking import BlockingRef
    from llmactors._core.mailbox import Mailbox
    from llmactors._exits import Exit
    from llmactors._lookup import Locator
    from llmactors._ref import ActorRef
    from llmactors._system import ActorSystem
    from llmactors.hosts._port import HostConfig

A = TypeVar("A")
B = TypeVar("B")

Until = Literal["ended", "discarded"]


class Monitor:
    """A watch over an actor: one `Down`, then it is gone. It belongs to the incarnation that asked for it."""

    __slots__ = ("_watcher", "ref", "until")

    def __init__(self, watcher: ActorRef[Any] | None, ref: ActorRef[Any], until: Until) -> None:
        self._watcher, self.ref, self.until = watcher, ref, until

    def arm(self, watcher: ActorRef[Any]) -> None:
        """Be known on both sides. For the kernel."""
        mine, theirs = watcher.need_extra(), self.ref.need_extra()
        if mine.watching is None:
            mine.watching = {}
        mine.watching[self] = None
        if self.until == "ended":
            if theirs.monitors is None:
                theirs.monitors = {}
            theirs.monitors[self] = None
        else:
            if theirs.watchers is None:
                theirs.watchers = {}
            theirs.watchers[self] = None

    def fire(self, exit: Exit) -> None:
        """Send the notice. For the kernel."""
        watcher = self._watcher
        self.cancel()
        if watcher is not None:
            slots.notice(watcher, Down(self.ref, exit))

    def cancel(self) -> None:
        """Send nothing any more."""
        watcher, self._watcher = self._watcher, None
        mine, theirs = None if watcher is None else watcher.extra, self.ref.extra
        for known in (mine and mine.watching, theirs and theirs.monitors, theirs and theirs.watchers):
            if known:
                known.pop(self, None)


class Context(Generic[A]):
    """What an actor can see and do in its system. `self.context` in an actor; it ends with the incarnation."""

    __slots__ = ("_cell", "actor")

    def __init__(self, cell: ActorRef[A], actor: A) -> None:
        self._cell, self.actor = cell, actor

    @property
    def self_ref(self) -> ActorRef[A]:
        """The actor's own ref."""
        return self._cell

    @property
    def name(self) -> str:
        """The actor's name."""
        return self._cell.name

    @property
    def path(self) -> str:
        """The actor's path."""
        return self._cell.path

    @property
    def over(self) -> bool:
        """Whether this incarnation was killed or has ended: what its code still does in a `finally` reaches nobody."""
        extra = self._cell.need_extra()
        return extra.context is not self or extra.host_done

    @property
    def system(self) -> ActorSystem:
        """The system that runs the actor."""
        return self._cell.system

    @property
    def account(self) -> Account | None:
        """What this actor's children draw on; it outlives the incarnation. For supervisors that keep budgets."""
        return accounts.of(self._cell)

    @account.setter
    def account(self, account: Account | None) -> None:
        self._cell.need_extra().account = account

    # -- children --------------------------------------------------------------------------------------------
    def spawn(
        self,
        cls: Callable[..., B],
        *args: Any,
        name: str | None = None,
        host: HostConfig | None = None,
        shutdown: float | Literal["kill", "forever"] = 5.0,
        **kwargs: Any,
    ) -> ActorRef[B]:
        """Begin an actor that is linked to this one, ends with it, and is never restarted.

        `await` the ref to wait until it is up.

        Raises:
            NameTakenError: A sibling has that name.
        """
        return self._cell.system.spawn_under(self._cell, cls, args, kwargs, name=name, host=host, shutdown=shutdown)

    def open(
        self,
        name: str,
        cls: Callable[..., B],
        *args: Any,
        host: HostConfig | None = None,
        mailbox: Mailbox | None = None,
        redeliver: int = 0,
        shutdown: float | Literal["kill", "forever"] = 5.0,
        start_timeout: float | None = None,
        kwargs: Mapping[str, Any] | None = None,
    ) -> Slot[B]:
        """Open a slot that this actor keeps: it decides what follows when its incarnations end. Nothing starts yet.

        After a restart of this actor, opening the same name and class again gives the same slot back: its refs stay
        valid, its mailbox is kept.

        Raises:
            NameTakenError: This incarnation has a child of that name.
        """
        check_name(name)
        check_shutdown(shutdown)
        birth = Birth(cls, args, kwargs, start_timeout)  # type: ignore[arg-type]
        table = self._cell.system.host(host).table(birth.cls)
        ref = self._reopen(name, birth.cls, table)
        if ref is None:
            ref = self._cell.system.new_cell(table, name, self._cell)
        extra = ref.need_extra()
        extra.kept, extra.unclaimed = True, False
        extra.mailbox, extra.redeliver, extra.shutdown = mailbox, redeliver, shutdown
        lanes.sort(ref)
        if self._cell.need_extra().pause_children:
            pauses.pause(ref)
        return Slot(ref, birth)

    def _reopen(self, name: str, cls: type, table: Any) -> ActorRef[Any] | None:
        children = self._cell.need_extra().children or {}
        old = children.get(name)
        if old is None:
            return None
        if old.extra is None or not old.extra.unclaimed:
            raise NameTakenError(old.path)
        if old.handlers.cls is not cls or old.handlers.host is not table.host:
            slots.discard(old)
            return None
        return old

    # -- links and monitors ----------------------------------------------------------------------------------
    def link(self, ref: ActorRef[Any]) -> None:
        """Watch *ref*: one `Down` comes when its incarnation ends; with `until="discarded"`, when its slot goes."""
        me = self._cell
        if ref is me:
            return
        mine, theirs = me.need_extra(), ref.need_extra()
        for parent, child, extra in ((me, ref, theirs), (ref, me, mine)):
            if child.owner is parent and not extra.kept and not child.flags & DEAD:  # linked by birth
                extra.unlinked = False
                return
        known = None if mine.links is None else mine.links.get(ref)
        gone = ref.flags & (ENDED | DEAD)
        if known is not None and (gone or (theirs.links or {}).get(me) is known.other):
            return
        link = Link(known)
        if mine.links is None:
            mine.links = {}
        mine.links[ref] = link
        if gone:
            me.signal(LinkExit(ref, ref.path, theirs.exit or Killed("it is not there"), link))
            return
        if theirs.links is None:
            theirs.links = {}
        link.other.before = theirs.links.get(me)
        theirs.links[me] = link.other

    def unlink(self, ref: ActorRef[Any]) -> None:
        """Take a link back. After it returns no end that follows is heard over that link."""
        me = self._cell
        mine, theirs = me.need_extra(), ref.need_extra()
        link = None if mine.links is None else mine.links.pop(ref, None)
        if link is not None:
            link.cut()
            if theirs.links is not None and theirs.links.get(me) is link.other:
                if link.other.before is None:
                    del theirs.links[me]
                else:  # of an earlier life of this actor it is still to hear
                    theirs.links[me] = link.other.before
        if ref.owner is me:
            theirs.unlinked = True
        elif me.owner is ref:
            mine.unlinked = True

    def monitor(self, ref: ActorRef[Any], until: Until = "ended") -> Monitor:
        """Watch *ref*: one `Down` comes when its incarnation ends, or with `"discarded"` when its slot is."""
        if until not in {"ended", "discarded"}:
            raise ValueError(f'until={until!r}: choose "ended" or "discarded"')
        monitor = Monitor(self._cell, ref, until)
        extra = ref.need_extra()
        if ref.flags & DEAD or (until == "ended" and ref.flags & ENDED):
            monitor.fire(extra.exit or Killed("it is not there"))
        else:
            monitor.arm(self._cell)
        return monitor

    def demonitor(self, monitor: Monitor) -> None:
        """Take a monitor back; a `Down` of it that waits in the mailbox still comes."""
        monitor.cancel()

    # -- the rest --------------------------------------------------------------------------------------------
    def send_after(self, delay: float, message: Any, to: ActorRef[Any] | None = None) -> Timer:
        """Send *message* to *to* (this actor without one) in *delay* seconds. Ends with this incarnation.

        Raises:
            TooManyTimersError: As many wait as the class declares by `max_timers`.
            ValueError: The delay is below 0, or no number.
        """
        if not 0 <= delay < inf:
            raise ValueError(f"delay={delay!r}: a delay is a number of seconds, 0 or more")
        timers, most = self._cell.need_extra().timers, self._cell.handlers.max_timers
        if timers is not None and len(timers) >= most:
            raise TooManyTimersError(self._cell.path, type(self.actor).__name__, most)
        return self._set(self._timer(self._cell, delay, message, self._cell if to is None else to))

    def call_after(self, delay: float, call: Callable[[], object]) -> Timer:
        """Call *call* in *delay* seconds, whatever is in hand or held back: for owners of slots.

        Ends with this incarnation; what it raises ends this actor.
        """
        return self._set(Call(self._cell, delay, call, self._cell))

    def _set(self, timer: Timer) -> Timer:
        extra = self._cell.need_extra()
        if extra.timers is None:
            extra.timers = set()
        extra.timers.add(timer)
        return timer

    def stash(self) -> NoReturn:
        """Put the message in hand aside and end its handler here; `unstash` brings it back, with its asker.

        As many messages find room aside as in the mailbox. They stay in order, and outlive this incarnation: at its
        end they go back to the front of the mailbox. An `except BaseException` around the call would keep the message.
        """
        raise Stashed

    def unstash(self) -> None:
        """Put what was set aside back in front of the mailbox, in the order in which it came."""
        aside.unstash(self._cell)

    def shut(self) -> None:
        """Take no message any more until `unshut`. Signals, and notices of slots, are heard all the same."""
        slots.shut(self._cell)

    def unshut(self) -> None:
        """Take messages again."""
        slots.unshut(self._cell)

    def hold(self, resource: str, amount: float) -> None:
        """Say how much of a resource this actor holds now: `self.context.hold("storage", size)`, in bytes.

        It counts for the ceilings of its subtree until it is said anew, also in its next incarnations: files stay.

        Raises:
            ValueError: The amount is below 0.
        """
        accounts.hold(self._cell, {resource: amount})

    def spend(self, resource: str, amount: float) -> None:
        """Count what was used of a resource: `self.context.spend("tokens", 120)`. It is seen in `usage().spent`.

        Raises:
            ValueError: The amount is below 0.
        """
        accounts.spend(self._cell, {resource: amount})

    def reserve(self, **amounts: float) -> Reservation:
        """Set amounts aside for what is about to be done.

        ```py
        async with self.context.reserve(calls=1, tokens=1_000) as reserved:
            reply = await self.model.reply(prompt)
            reserved.used(calls=1, tokens=reply.tokens)
        ```

        In an async handler it waits where a budget withholds the go-ahead. In a plain one, `with` does not wait.

        Raises:
            ValueError: An amount is below 0, or none is given.
        """
        accounts.check(amounts)
        return Reservation(self._cell, amounts)

    def _timer(self, cell: ActorRef[Any], delay: float, message: Any, to: ActorRef[Any]) -> Timer:
        return Timer(cell, delay, message, to)

    def blocking(self, ref: ActorRef[B]) -> BlockingRef[B]:
        """Return *ref* for a plain handler that runs on a thread of its own (`Thread()`): its `ask` blocks.

        Raises:
            HostCapabilityError: Handlers run on the loop here, which must not block: `await ref.ask(...)`.
        """
        raise HostCapabilityError("Loop()", f"block for `{ref.path}` in a handler; `await` it in an async one")

    @overload
    def ref(self, where: str) -> ActorRef[Any]: ...
    @overload
    def ref(self, where: Locator[B]) -> ActorRef[B]: ...
    def ref(self, where: Any) -> ActorRef[Any]:
        """Look an actor up: a name among the siblings, then each ancestor's; a path from the root; or a spec.

        Raises:
            UnknownActorError: There is none.
        """
        return self._cell.system.resolve(self._cell, where)

    async def checkpoint(self) -> None:
        """Let a pause take effect here, and let the others run: wait until nobody has this actor paused."""
        await sleep(0)
        self._cell.need_extra().beats += 1
        await pauses.while_paused(self._cell)

    def stop(self) -> None:
        """End this actor after what is in hand, as `Normal`."""
        self._cell.signal(Stop(exit=Normal()))
