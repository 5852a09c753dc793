"""The account of a subtree: asked by the kernel before each slice and each reservation, charged after.

Theory of operation
1. Every child of a `ResourceSupervisor` has an account, and so has the supervisor itself. All that hangs on a slot
   draws on its account, and so on those above.
2. What runs in worker processes is held back by the `Governor`, from outside; it charges their CPU time too.
3. Before each slice the kernel asks the actor's *turnstile*. First it charges the CPU time of the slices before; then
   the go-ahead is withheld until every rate of CPU above is paid for, until no sibling is far behind, and until the
   message's place in every rate of messages has come.
4. What is reserved is asked of the ledger, whole or not at all, before it is spent.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from math import inf
from typing import Any, Final

from llmactors import ActorRef, Exit, Killed, Usage, limits
from llmactors.errors import CeilingExceededError
from supervisors._bank import Bank
from supervisors._budget import CPU, Budget, Height, OnExceeded, OnExhausted, Pace
from supervisors._core.budget._flow import Flow
from supervisors._core.budget._ledger import Refusal, Reservation
from supervisors._core.budget._meter import Meter
from supervisors._core.budget._pace import lapsed
from supervisors._core.budget._shares import Shares
from supervisors._quantity import billionths, plain
from supervisors._turnstiles import Turnstile, WorkerTurnstile
from supervisors.errors import BudgetExhaustedError

MESSAGES: Final = "messages"
CPU_SECONDS: Final = "cpu_seconds"
WALL: Final = "wall"
SLOWED: Final = 0.01
"""Seconds that each message of an actor waits while it is near a ceiling."""
LEAST: Final = 0.001
"""Cores that actors on the loop have at least beside workers, so that they get on."""


class BudgetAccount:
    """The account of one subtree.

    Args:
        bank: what it shares with the others.
        name: the subtree's address.
        parent: the account above.
        ref: the actor at the top of the subtree.
        weight: its part of what its siblings want too.

    Attributes:
        throttled: seconds that actors have waited for the go-ahead, here and below, added up.
        exhausted: the resources of which nothing is left, and that pause it.
        on_exhausted: told of a resource of which nothing is left, and what follows.
    """

    def __init__(
        self, bank: Bank, name: str, parent: BudgetAccount | None, ref: ActorRef[Any], weight: float = 1.0
    ) -> None:
        self.bank, self.name, self.parent, self.ref, self.weight = bank, name, parent, ref, weight
        self.chain: tuple[BudgetAccount, ...] = (self, *(() if parent is None else parent.chain))
        self.shares = Shares(self._child_wants)
        self.meters: dict[str, Meter] = {}  # of what has a rate
        self.loop_pace: Pace | None = None  # of CPU, without what workers get of it
        self.loop_used = 0.0  # CPU seconds on the loop since the governor last looked
        self.loop_members = 0  # actors that do not have a process of their own
        self.ceilings: dict[str, tuple[Height, OnExceeded]] = {}
        self.held: dict[str, float] = {}  # of what has a ceiling, when that was last looked at
        self.pressed = False  # near a ceiling, here or above
        self.policies: dict[str, OnExhausted] = {}
        self.wall: float | None = None  # seconds, from when it was opened
        self.opened = bank.clock()
        self._timer: asyncio.TimerHandle | None = None
        self.throttled = 0.0
        self.exhausted: set[str] = set()
        self.starved: dict[ActorRef[Any], None] = {}
        self.on_exhausted: Callable[[BudgetAccount, str, OnExhausted], None] = _nobody
        self.on_exceeded: Callable[[BudgetAccount], None] = _nobody
        self._contending: dict[Turnstile, None] = {}
        self._held: dict[ActorRef[Any], list[Reservation]] = {}
        bank.ledger.open(name, None if parent is None else parent.name, {})
        bank.accounts[name] = self
        if parent is not None:
            parent.shares.join(name, weight)

    # -- its limits ---------------------------------------------------------------------------------------------------
    def limit(self, budget: Budget) -> None:
        """Set the limits that *budget* names; others stay.

        Raises:
            BudgetExhaustedError: the account above has not so much to grant; then nothing is changed.
        """
        ledger, allowances = self.bank.ledger, budget.allowances
        wall = allowances.pop(WALL, None)  # time passes for everybody at once: it is not shared out
        for resource, (amount, _) in allowances.items():
            refusal = ledger.refuses(self.name, resource, amount)
            if refusal is not None:
                raise exhausted(refusal)
        for resource, (amount, _) in allowances.items():
            ledger.set_limit(self.name, resource, amount)
        self.policies.update({resource: policy for resource, (_, policy) in allowances.items()})
        now = self.bank.clock()
        for resource, pace in budget.paces.items():
            self.meters.setdefault(resource, Meter(pace, Flow(now))).change(pace, now)
        self.loop_pace = self.meters[CPU].pace if CPU in self.meters else None
        self.ceilings.update(budget.ceilings)
        self.bank.governor.limits_changed()
        if wall is not None:
            self.wall, self.policies[WALL] = plain(wall[0]), wall[1]
            self._watch_the_clock()
        self._replenished(frozenset(allowances) if wall is None else frozenset((*allowances, WALL)))

    def _watch_the_clock(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        assert self.wall is not None
        left = self.opened + self.wall - self.bank.clock()
        self._timer = self.bank.loop.call_later(max(0.0, left), self.run_out, WALL)

    def set_weight(self, weight: float) -> None:
        """Change its part beside its siblings."""
        self.weight = weight
        if self.parent is not None:
            self.parent.shares.join(self.name, weight)
        self.bank.governor.limits_changed()

    def _replenished(self, resources: frozenset[str]) -> None:
        """More may be there: let those go on that wait for it, first come first served."""
        was_exhausted = bool(self.exhausted)
        self.exhausted -= {resource for resource in resources & self.exhausted if self._has_left(resource)}
        if was_exhausted and not self.exhausted:
            self.ref.resume()
        for ref in tuple(self.starved):
            ref.resume()
        self.starved.clear()

    def _has_left(self, resource: str) -> bool:
        if resource == WALL:
            return self.wall is not None and self.opened + self.wall > self.bank.clock()
        return self.bank.ledger.account(self.name).lines[resource].available > 0

    # -- the go-ahead -------------------------------------------------------------------------------------------------
    def gate(self, ref: ActorRef[Any]) -> Callable[[Usage, float], float | None] | None:
        """Make the turnstile of an actor; supervisors have none, since they must be able to act."""
        if getattr(ref.cls, "pausable", True) is False:
            return None
        self._take_away(ref)  # the one of an account above, which it was born with
        turnstile = WorkerTurnstile(self, ref) if limits.has_process(ref) else Turnstile(self, ref)
        if not isinstance(turnstile, WorkerTurnstile):
            for account in self.chain:
                account.loop_members += 1
        self.bank.turnstiles[ref] = turnstile
        return turnstile

    def _take_away(self, ref: ActorRef[Any]) -> None:
        """An actor draws on its account no more: charge its last slice."""
        turnstile = self.bank.turnstiles.pop(ref, None)
        if turnstile is None:
            return
        turnstile.charge(ref.usage(), self.bank.clock())
        self.bank.governor.leave(ref)
        for account in turnstile.account.chain:
            account.loop_members -= not isinstance(turnstile, WorkerTurnstile)
            account._contending.pop(turnstile, None)

    def withheld(self, turnstile: Turnstile, now: float) -> float | None:
        """Answer None when that actor may handle its next message, or when it is to ask again."""
        turnstile.barred = max((meter.due for meter in self._meters(CPU)), default=0.0)
        if turnstile.barred > now:
            return turnstile.barred
        for account in self.chain:
            if account.parent is not None:
                account._contending[turnstile] = None
                until = account.parent.shares.go_ahead(account.name, now)
                if until is not None:
                    return until
        return self.place(turnstile, now)

    def place(self, turnstile: Turnstile, now: float) -> float | None:
        """Answer None when the place of its next message has come in every rate of messages, or when that is."""
        if turnstile.ticket is None or self._missed(MESSAGES, turnstile.ticket, now):
            turnstile.ticket = self._admit(MESSAGES, 1.0, now) + (SLOWED if self.pressed else 0.0)
        if turnstile.ticket > now:
            turnstile.barred = turnstile.ticket
            return turnstile.ticket
        turnstile.ticket = None
        self.went(MESSAGES, 1.0, now)
        return None

    def held_up(self, seconds: float) -> None:
        """An actor has waited so long for the go-ahead: tell it here and above."""
        for account in self.chain:
            account.throttled += seconds

    def went(self, resource: str, units: float, now: float) -> None:
        """So much of a resource was used: count it in every rate of it, here and above."""
        for meter in self._meters(resource):
            meter.flow.add(units, now)

    def _meters(self, resource: str) -> list[Meter]:
        return [account.meters[resource] for account in self.chain if resource in account.meters]

    def _missed(self, resource: str, place: float, now: float) -> bool:
        return lapsed([meter.pace for meter in self._meters(resource)], place, now)

    def _admit(self, resource: str, units: float, now: float) -> float:
        """Take a place in every rate of a resource, here and above; return when it comes."""
        return max((meter.admit(units, now) for meter in self._meters(resource)), default=now)

    def charge(self, seconds: float, now: float) -> None:
        """Charge CPU time on the loop, here and above."""
        for account in self.chain:
            account.loop_used += seconds
            meter = account.meters.get(CPU)
            if meter is not None:
                meter.owe(seconds, now, account.loop_pace)
            if account.parent is not None:
                account.parent.shares.used(account.name, seconds)
        self.charge_seconds(seconds)

    def charge_seconds(self, seconds: float) -> None:
        """Charge CPU time to the allowances of it, here and above."""
        if any(CPU_SECONDS in account.policies for account in self.chain):
            self._spend({CPU_SECONDS: billionths(seconds)})

    # -- ceilings -----------------------------------------------------------------------------------------------------
    @property
    def has_ceiling(self) -> bool:
        """Whether what is held is limited, here or above."""
        return any(account.ceilings for account in self.chain)

    def has_ceiling_of(self, resource: str) -> bool:
        """Say whether so much is limited of a resource, here or above."""
        return any(resource in account.ceilings for account in self.chain)

    def _exceeded(self, error: CeilingExceededError) -> None:
        """Somebody was killed for a ceiling: where that is to be the end of the subtree, so it is."""
        limited = [account for account in self.chain if error.resource in account.ceilings]
        named = [account for account in limited if account.name == error.account and error.held is not None]
        if limited:  # the kernel, which does not say what was held, goes by the lowest
            account = named[0] if named else min(limited, key=lambda each: each.ceilings[error.resource][0].hard)
            if account.ceilings[error.resource][1] is OnExceeded.STOP:
                account.on_exceeded(account)

    # -- beside worker processes --------------------------------------------------------------------------------------
    @property
    def cores(self) -> float:
        """What it may use of CPU; infinite without a rate."""
        return self.meters[CPU].pace.rate if CPU in self.meters else inf

    @property
    def is_watched(self) -> bool:
        """Whether what workers use is limited, here or above."""
        return any(CPU in account.meters or CPU_SECONDS in account.policies for account in self.chain)

    def share_with_workers(self, cores: float) -> None:
        """Leave so many cores of its rate to the actors on the loop."""
        if CPU in self.meters:
            pace = self.meters[CPU].pace
            rate = max(LEAST, min(pace.rate, cores))
            self.loop_pace = Pace(rate, rate * pace.slack)

    def loop_waits(self, now: float) -> bool:
        """Say whether actors on the loop wait for the CPU time of this account to be paid for."""
        return self.loop_pace is not None and self.meters[CPU].due > now - self.loop_pace.slack / 2

    def _child_wants(self, name: str) -> bool:
        """Tell whether a child still has something to do: it holds its siblings up."""
        child = self.bank.accounts.get(name)
        if child is None:
            return False
        contending, now = child._contending, self.bank.clock()
        while contending:
            turnstile = next(iter(contending))
            if turnstile.barred <= now and turnstile.ref.waiting and not turnstile.ref.paused:
                return True
            del contending[turnstile]
        return False

    # -- what is reserved and spent -----------------------------------------------------------------------------------
    def spend(self, ref: ActorRef[Any], amounts: Mapping[str, float]) -> None:  # noqa: ARG002  the kernel's port
        """Record what an actor has used without having reserved it."""
        now = self.bank.clock()
        for resource, amount in amounts.items():
            for meter in self._meters(resource):
                meter.owe(amount, now)
        self._spend({resource: billionths(amount) for resource, amount in amounts.items()})

    def _spend(self, amounts: Mapping[str, int]) -> None:
        for resource in self.bank.ledger.spend(self.name, amounts):
            holder = next(account for account in self.chain if resource in account.policies)
            holder.run_out(resource)

    def run_out(self, resource: str) -> None:
        """Nothing is left of a resource: what the allowance says follows, once."""
        if resource not in self.exhausted:
            self.exhausted.add(resource)
            self.on_exhausted(self, resource, self.policies[resource])

    def reserve(
        self, ref: ActorRef[Any], amounts: Mapping[str, float], *, wait: bool
    ) -> tuple[float, Reservation] | None:
        """Set amounts aside, all or none: when they may be used, and the reservation. None: wait, paused.

        Raises:
            BudgetExhaustedError: there is not enough, and nobody is to wait for more.
        """
        counted = {resource: billionths(amount) for resource, amount in amounts.items()}
        answer = self.bank.ledger.reserve(self.name, counted)
        if isinstance(answer, Refusal):
            holder = self.bank.accounts[answer.account]
            policy = holder.policies[answer.resource]
            if wait and policy is OnExhausted.PAUSE:
                holder.starved[ref] = None
                return None
            if policy is not OnExhausted.PAUSE:
                holder.run_out(answer.resource)
            raise exhausted(answer)
        self._held.setdefault(ref, []).append(answer)
        now = self.bank.clock()
        return max((self._admit(resource, amount, now) for resource, amount in amounts.items()), default=now), answer

    def again(self, amounts: Mapping[str, float], start: float) -> float:
        """Answer when amounts may be used whose time was *start*: it has come, or was missed, and there is another."""
        now = self.bank.clock()
        missed = [resource for resource in amounts if self._missed(resource, start, now)]
        return max((self._admit(resource, amounts[resource], now) for resource in missed), default=start)

    def settle(self, ref: ActorRef[Any], reserved: Reservation, used: Mapping[str, float]) -> None:
        """End a reservation; so much of it was used. One that ended with its actor is past settling."""
        held = self._held.get(ref, [])
        if reserved in held:
            held.remove(reserved)
            self._settle(reserved, {resource: billionths(amount) for resource, amount in used.items()})

    def _settle(self, reserved: Reservation, used: Mapping[str, int]) -> None:
        now = self.bank.clock()
        self.bank.ledger.settle(reserved, used)
        for resource, amount in reserved.amounts.items():
            self.went(resource, plain(used.get(resource, 0)), now)
            unused = plain(max(0, amount - used.get(resource, 0)))
            for meter in self._meters(resource) if unused else ():
                meter.give_back(unused)
        for resource in reserved.lines:
            holder = next(account for account in self.chain if account.name == reserved.lines[resource])
            if used.get(resource, 0) < reserved.amounts[resource]:
                holder._replenished(frozenset((resource,)))

    def ended(self, ref: ActorRef[Any], exit: Exit | None = None) -> None:
        """An incarnation is over: what it had reserved may have been spent, so it counts as spent."""
        self.starved.pop(ref, None)
        turnstile = self.bank.turnstiles.get(ref)
        if isinstance(turnstile, WorkerTurnstile):
            turnstile.charge(ref.usage(), self.bank.clock())
        for reserved in self._held.pop(ref, ()):
            self._settle(reserved, reserved.amounts)
        if isinstance(exit, Killed) and isinstance(exit.cause, CeilingExceededError):
            self._exceeded(exit.cause)

    def discarded(self, ref: ActorRef[Any]) -> None:
        """A slot is no more: charge its last slice, and close its account if it has one of its own."""
        self._take_away(ref)
        for account in self.chain:
            account.starved.pop(ref, None)
        for account in self.chain:
            if account.ref is ref:
                account.close()

    def close(self) -> None:
        """Close the account: what it has not used returns."""
        if self.bank.accounts.pop(self.name, None) is None:
            return
        if self._timer is not None:
            self._timer.cancel()
        for held in tuple(self._held):
            self.ended(held)
        if self.parent is not None:
            self.parent.shares.leave(self.name)
        self.bank.ledger.close(self.name)


def exhausted(refusal: Refusal) -> BudgetExhaustedError:
    """Make the error that a refusal is."""
    return BudgetExhaustedError(
        refusal.account, refusal.resource, plain(refusal.limit), plain(refusal.available), plain(refusal.asked)
    )


def _nobody(*_: object) -> None:
    """Nobody is told: the account is not in use yet."""
