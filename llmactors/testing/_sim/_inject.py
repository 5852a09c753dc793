"""The injector: at each place where a fault may happen it asks whether one does, and has it happen.

Theory of operation
1. A place has a name: the kind of fault, the actor's path, where in the life of which message. Whether a fault happens
   there is a choice like any other (`_chooser`), so that it can be replayed, and left out.
2. After `heal` nothing more happens by chance, and what was held back goes on.
3. A test may order a fault for the next place that fits: `order`.
"""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from fnmatch import fnmatchcase
from functools import partial
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from llmactors import _ends as ends
from llmactors import _slots as slots
from llmactors._core.flags import DEAD, GATED, OVER
from llmactors._exits import Crash, Killed
from llmactors._signals import Cut
from llmactors.errors import WorkerLostError
from llmactors.hosts.process._ops import STARVED
from llmactors.testing import _values as events
from llmactors.testing._faults import MESSAGES, Rule
from llmactors.testing._sim._due import AT_ONCE, Due, Order
from llmactors.testing._sim._ways import Channel, Deliver, Waiting
from llmactors.testing._sim._whom import has_workers, is_below
from llmactors.testing.errors import InjectedCrashError, InjectedStartError

if TYPE_CHECKING:
    from collections.abc import Callable

    from llmactors.testing._sim._recorder import Letter
    from llmactors.testing._sim._stage import Stage

Late: TypeAlias = "Callable[[Deliver], bool]"

STOPPED: Final = 5.0
"""Seconds after which a stopped worker that has something to do is given up, as the process host does."""


class Injector:
    """Has faults happen in one run.

    Attributes:
        healed: No fault happens by chance any more.
        active: Whether one may happen, by chance or because it was ordered; else no place need be asked about.
        met: Lines of the plan, from 0, for which there was a place.
    """

    def __init__(self, stage: Stage, rules: tuple[Rule, ...], most: int | None) -> None:
        self._stage, self._rules, self._most = stage, rules, most
        self._by_kinds: dict[tuple[str, ...], tuple[tuple[int, Rule], ...]] = {}
        self._count = 0
        self._orders: list[Order] = []
        self._channels: dict[tuple[str, str], Channel] = {}
        self._cut_off: dict[str, list[Waiting]] = {}
        self._joined: dict[str, asyncio.Future[None]] = {}
        self._writes: Counter[str] = Counter()
        self._timers: list[asyncio.Handle] = []
        self.healed = False
        self.met: set[int] = set()
        self._reckon()

    # -- whether ---------------------------------------------------------------------------------------------
    def _may(self) -> bool:
        """Say whether faults may happen by chance."""
        return not self.healed and (self._most is None or self._count < self._most)

    def _reckon(self) -> None:
        self.active = bool(self._orders) or (bool(self._rules) and self._may())

    def _fires(self, kinds: tuple[str, ...], cell: Any, when: str, name: str, ordinal: int) -> Due | None:
        """Return the fault that happens here, once that is on record."""
        due = self._due(kinds, cell, when, name, ordinal)
        if due is not None:
            self._happens(cell, due)
        return due

    def _due(self, kinds: tuple[str, ...], cell: Any, when: str, name: str, ordinal: int) -> Due | None:
        """Return the fault that is to happen here; who has it happen says so by `_happens`."""
        for order in self._orders:
            if order.rule.kind in kinds and self._fits(order.rule, cell, when, name, ordinal):
                return Due(order.rule, f"{when} {name} #{ordinal}", order)
        rules = self._rules_of(kinds)
        if not rules or not self._may():
            return None
        for line, rule in rules:
            if self._fits(rule, cell, when, name, ordinal):
                self.met.add(line)
                point = f"{when} {name} #{ordinal}"
                if self._stage.chooser.happens(f"{rule.kind} {cell.where} {point}", rule.rate):
                    self._count += 1
                    self._reckon()
                    return Due(rule, point)
        return None

    def _rules_of(self, kinds: tuple[str, ...]) -> tuple[tuple[int, Rule], ...]:
        """Return the lines of the plan about some kinds of faults, with their places in it."""
        rules = self._by_kinds.get(kinds)
        if rules is None:
            rules = tuple((line, rule) for line, rule in enumerate(self._rules) if rule.kind in kinds)
            self._by_kinds[kinds] = rules
        return rules

    def _happens(self, cell: Any, due: Due) -> None:
        """A fault happens: it is put on record, and who ordered it hears of it."""
        order = due.order
        if order is not None:
            self._orders.remove(order)
            self._reckon()
        self._stage.recorder.note(
            events.Injected,
            cause=None if due.point == AT_ONCE else self._stage.recorder.causes.get(cell.where),
            fault=due.rule.kind,
            path=cell.where,
            point=due.point,
        )
        if order is not None and not order.done.done():
            order.done.set_result(cell.where)

    def _fits(self, rule: Rule, cell: Any, when: str, name: str, ordinal: int) -> bool:
        at = rule.at
        if rule.kind in MESSAGES and at.when != when:
            return False
        if (at.message is not None and at.message != name) or (at.nth is not None and at.nth != ordinal):
            return False
        return self.is_target(at.who, cell)

    def is_target(self, who: Any, cell: Any) -> bool:
        """Say whether a plan's *who* means that actor."""
        if cell.owner is None:
            return False
        worker = cell.handlers.pausable
        if who is None:
            return bool(worker)
        if isinstance(who, str):
            return fnmatchcase(cell.where, who) or fnmatchcase(cell.name, who)
        if isinstance(who, type):
            return issubclass(cell.cls, who)
        target = self._stage.target(who)
        if target is None:
            return False
        if target is cell:
            return worker or not has_workers(target)
        return bool(worker) and is_below(cell, target)

    def order(self, rule: Rule) -> Order:
        """Have a fault happen at the next place that fits."""
        order = Order(rule, asyncio.get_running_loop().create_future())
        self._orders.append(order)
        self._reckon()
        return order

    def cancel(self, order: Order) -> None:
        """Take an order back."""
        if order in self._orders:
            self._orders.remove(order)
            self._reckon()

    # -- in the life of a message ----------------------------------------------------------------------------
    def at(self, cell: Any, when: str, name: str, ordinal: int) -> Any:
        """A place in the life of a message: return what the handler has to wait for, or nothing.

        Raises:
            InjectedCrashError: The handler crashes here.
            Cut: The actor is killed here.
        """
        fired = self._fires(MESSAGES, cell, when, name, ordinal)
        if fired is None:
            return None
        rule, point = fired.rule, fired.point
        match rule.kind:
            case "crash":
                raise InjectedCrashError(f"{cell.where}, {point}")
            case "kill":
                raise Cut(self.death(cell, "killed by SIGKILL"))
            case "oom":
                if cell.handlers.host.apart:
                    raise Cut(self.death(cell, f"exit status {STARVED}: it had no memory left"))
                raise MemoryError(f"injected at {cell.where}, {point}")
            case "hang":
                return asyncio.get_running_loop().create_future()
            case _:
                return asyncio.sleep(self._amount(rule, cell, point))

    def at_finish(self, cell: Any, name: str, ordinal: int) -> None:
        """A message has been handled, and nobody has heard of it yet.

        Raises:
            Cut: Its acknowledgement is lost with the actor: it will be delivered again.
        """
        if cell.extra is not None and cell.extra.redeliver:
            fired = self._fires(("duplicate",), cell, "finished", name, ordinal)
            if fired is not None:
                raise Cut(self.death(cell, "killed by SIGKILL before its acknowledgement was heard"))

    def _amount(self, rule: Rule, cell: Any, point: str) -> float:
        return self._stage.chooser.amount(f"{rule.kind} {cell.where} {point}", *rule.at.span(rule.kind))

    def death(self, cell: Any, how: str) -> Killed:
        """Return how an actor ends that is killed: as its host would tell it."""
        if cell.handlers.host.apart:
            return Killed(WorkerLostError(cell.life, how))
        return Killed("a fault was injected")

    def strike(self, cell: Any, due: Due) -> bool:
        """Have a fault happen to an actor at once, whatever it has in hand; say whether there was anybody to hurt."""
        self._happens(cell, due)
        crash = due.rule.kind == "crash"
        ends.end(cell, Crash(InjectedCrashError(cell.where)) if crash else self.death(cell, "killed by SIGKILL"))
        return True

    def at_start(self, cell: Any) -> None:
        """An incarnation begins.

        Raises:
            InjectedStartError: It cannot start.
        """
        lives = 1 if cell.extra is None else max(1, cell.extra.incarnation)
        fired = self._fires(("start_failure",), cell, "start", cell.cls.__name__, lives)
        if fired is not None:
            raise InjectedStartError(f"{cell.where}, {fired.point}")

    def at_item(self, cell: Any, name: str, ordinal: int) -> Any:
        """A stream is about to give an item away: return what it has to wait for, or nothing."""
        fired = self._fires(("stall_stream",), cell, "item of", name, ordinal)
        return None if fired is None else asyncio.sleep(self._amount(fired.rule, cell, fired.point))

    def at_write(self, cell: Any) -> bool:
        """The actor opens a file to write: say whether the disk is full."""
        self._writes[cell.where] += 1
        return self._fires(("disk_full",), cell, "write", cell.cls.__name__, self._writes[cell.where]) is not None

    # -- on the way ------------------------------------------------------------------------------------------
    def on_way(self, cell: Any, by: Any, letter: Letter, name: str) -> Late | None:
        """A message sets out: return what is to be called with its delivery where it does not come at once."""
        if not (self.active or self._channels or self._cut_off):
            return None
        where = cell.where
        due = self._due(("drop", "delay", "partition"), cell, "sent", name, letter.number)
        sender = "outside" if by is None else by.where
        if due is not None and due.rule.kind == "partition":
            self.part(cell, due, self._amount(due.rule, cell, due.point))
        elif due is not None:
            self._happens(cell, due)
            if due.rule.kind == "drop":
                self._stage.lost(letter, where)
                return lambda _: True
            return self._held_up(sender, letter, where, self._amount(due.rule, cell, due.point))
        if (sender, where) in self._channels:
            return self._held_up(sender, letter, where, 0.0)
        if self._cut_between(sender, where) is not None:
            return partial(self._passes, sender, where, letter)
        return None

    def _cut_between(self, sender: str, where: str) -> str | None:
        """Return which of the two is cut off; None where a message may pass."""
        return next((end for end in (where, sender) if end in self._cut_off), None)

    def _passes(self, sender: str, where: str, letter: Letter, deliver: Deliver) -> bool:
        """Deliver a message, or have it wait until both ends are joined again."""
        cut = self._cut_between(sender, where)
        if cut is None:
            deliver()
        else:
            self._cut_off[cut].append(Waiting(sender, where, letter, deliver))
        return True

    def _held_up(self, sender: str, letter: Letter, where: str, seconds: float) -> Late:
        channel = self._channels.setdefault((sender, where), Channel())
        due = channel.free_at = max(asyncio.get_running_loop().time() + seconds, channel.free_at)

        def late(deliver: Deliver) -> bool:
            channel.waiting.append((due, Waiting(sender, where, letter, deliver)))
            if channel.timer is None:
                channel.timer = self._at(due, self._arrive, sender, where)
            return True

        return late

    def _again(self, one: Waiting) -> None:
        """A message that waited goes on, before those of the same sender that were sent later."""
        channel, loop = self._channels.setdefault((one.sender, one.where), Channel()), asyncio.get_running_loop()
        channel.waiting.append((loop.time(), one))
        channel.waiting = deque(sorted(channel.waiting, key=lambda waiting: waiting[1].letter.number))
        self._arrives_soon(channel, one.sender, one.where)

    def _arrive(self, sender: str, where: str) -> None:
        """Let one message through. The next follows a step later: an ask that is let through sets out by then."""
        channel, now = self._channels[sender, where], asyncio.get_running_loop().time()
        channel.timer = None
        if not channel.waiting:
            del self._channels[sender, where]
        elif self.healed or channel.waiting[0][0] <= now:
            _, one = channel.waiting.popleft()
            self._passes(sender, where, one.letter, one.deliver)
            self._arrives_soon(channel, sender, where)
        else:
            channel.timer = self._at(channel.waiting[0][0], self._arrive, sender, where)

    def _arrives_soon(self, channel: Channel, sender: str, where: str) -> None:
        if channel.timer is not None:
            channel.timer.cancel()
        channel.timer = asyncio.get_running_loop().call_soon(self._arrive, sender, where)
        self._timers.append(channel.timer)

    def _at(self, when: float, call: Callable[..., object], *args: Any) -> asyncio.TimerHandle:
        self._timers = [timer for timer in self._timers if not timer.cancelled()]
        timer = asyncio.get_running_loop().call_at(when, call, *args)
        self._timers.append(timer)
        return timer

    def _later(self, seconds: float, call: Callable[..., object], *args: Any) -> None:
        self._at(asyncio.get_running_loop().time() + seconds, call, *args)

    def close(self) -> None:
        """The run is over: what is on its way will not arrive, and nothing more happens."""
        self.healed = True
        self._reckon()
        for timer in self._timers:
            timer.cancel()
        lost = [(one.letter, one.where) for way in self._channels.values() for _, one in way.waiting]
        lost += [(one.letter, one.where) for waiting in self._cut_off.values() for one in waiting]
        for letter, where in lost:
            self._stage.lost(letter, where)

    # -- a worker that stands still, or is cut off -----------------------------------------------------------
    def part(self, cell: Any, due: Due, seconds: float | None = None) -> bool:
        """Cut a worker off: nothing comes to it and nothing of it is heard. Say whether anybody was there."""
        self._happens(cell, due)
        if cell.where not in self._cut_off:
            self._cut_off[cell.where] = []
            self._joined[cell.where] = asyncio.get_running_loop().create_future()
            if seconds is not None:
                self._later(seconds, self.join, cell.where)
        return True

    def join(self, where: str) -> None:
        """Join a worker again: what was on its way arrives, in order."""
        waiting = self._cut_off.pop(where, None)
        joined = self._joined.pop(where, None)
        if joined is not None and not joined.done():
            joined.set_result(None)
        for one in waiting or ():
            self._again(one)

    def unheard(self, cell: Any) -> Any:
        """Return what the answer of a worker that is cut off has to wait for; None for others."""
        return self._joined.get(cell.where)

    def freeze(self, cell: Any, due: Due) -> bool:
        """Stop a worker, as SIGSTOP does. Say whether there was anybody to stop."""
        self._happens(cell, due)
        if cell.flags & DEAD or cell.frozen:
            return True
        cell.frozen = True
        self._stage.loop.held = self._stage.stands_still
        cell.flags |= GATED
        self._later(STOPPED, self._given_up, cell, cell.life)
        return True

    def thaw(self, cell: Any) -> None:
        """Have it go on, as SIGCONT does."""
        if cell.frozen:
            cell.frozen = False
            cell.flags &= ~GATED
            self._stage.loop.let_go()
            if not self._stage.frozen():
                self._stage.loop.held = None
            cell.handlers.host.thawed(cell)
            if not cell.flags & DEAD:
                cell.scheduler.requeue(cell)

    def _given_up(self, cell: Any, life: int) -> None:
        busy = slots.queued(cell) or (cell.extra is not None and cell.extra.jobs)
        if cell.frozen and cell.life == life and busy and not cell.flags & OVER:
            ends.end(cell, Killed(WorkerLostError(life, f"it was stopped for {STOPPED:g} s")))

    def heal(self) -> None:
        """No more faults: what was held back goes on."""
        self.healed = True
        for order in self._orders:
            order.done.cancel()
        self._orders.clear()
        self._reckon()
        for where in list(self._cut_off):
            self.join(where)
        for (sender, where), channel in self._channels.items():
            self._arrives_soon(channel, sender, where)
        for cell in self._stage.frozen():
            self.thaw(cell)
