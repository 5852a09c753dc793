"""The account of a subtree: asked by the kernel before each slice and each reservation, charged after.

Theory of operation
1. Every child of a `ResourceSupervisor` has an account, and so has the supervisor itself. All that hangs on a slot
   draws on its account, and so on those above.
2. Before each slice the kernel asks the actor's *turnstile*. First it charges the CPU time of the slices before; then
   the go-ahead is withheld until every rate of CPU above is paid for, until no sibling is far behind, and until the
   message's place in every rate of messages has come.
3. What is reserved is asked of the ledger, whole or not at all, before it is spent.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Any, Final

from llmactors import ActorRef, Usage
from supervisors._budget import Budget, OnExhausted, Pace
from supervisors._core.budget._ledger import Ledger, Refusal, Reservation
from supervisors._core.budget._pace import admit, owe
from supervisors._core.budget._shares import Shares
from supervisors._quantity import billionths, plain
from supervisors.errors import BudgetExhaustedError

CPU: Final = "cpu"
MESSAGES: Final = "messages"
CPU_SECONDS: Final = "cpu_seconds"
WALL: Final = "wall"


class Bank:
    """What all accounts of one tree share.

    Args:
        clock: seconds, as the kernel counts them.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self.clock = clock
        self.loop = asyncio.get_running_loop()
        self.ledger = Ledger()
        self.accounts: dict[str, BudgetAccount] = {}


class Turnstile:
    """What is asked before each slice of one actor."""

    __slots__ = ("account", "barred", "charged", "ref", "ticket")

    def __init__(self, account: BudgetAccount, ref: ActorRef[Any]) -> None:
        self.account, self.ref = account, ref
        self.charged = 0.0  # CPU seconds
        self.ticket: float | None = None  # when its next message may be handled
        self.barred = 0.0  # until when a rate keeps it from going on: until then it is in nobody's way

    def __call__(self, usage: Usage, now: float) -> float | None:
        """Answer None for the go-ahead, or when to ask again."""
        self.charge(usage, now)
        until = self.account.withheld(self, now)
        if until is not None:
            self.account.throttled += until - now
        return until

    def charge(self, usage: Usage, now: float) -> None:
        """Charge the CPU time since the last time."""
        seconds, self.charged = usage.cpu - self.charged, usage.cpu
        if seconds > 0:
            self.account.charge(seconds, now)


class BudgetAccount:
    """The account of one subtree.

    Args:
        bank: what it shares with the others.
        name: the subtree's address.
        parent: the account above.
        ref: the actor at the top of the subtree.
        weight: its part of what its siblings want too.

    Attributes:
        throttled: seconds that its actors have waited for the go-ahead, added up.
        exhausted: the resources of which nothing is left, and that pause it.
        on_exhausted: told of a resource of which nothing is left, and what follows.
    """

    def __init__(
        self, bank: Bank, name: str, parent: BudgetAccount | None, ref: ActorRef[Any], weight: float = 1.0
    ) -> None:
        self.bank, self.name, self.parent, self.ref, self.weight = bank, name, parent, ref, weight
        self.chain: tuple[BudgetAccount, ...] = (self, *(() if parent is None else parent.chain))
        self.shares = Shares(self._child_wants)
        self.paces: dict[str, Pace] = {}
        self.due: dict[str, float] = {}
        self.policies: dict[str, OnExhausted] = {}
        self.wall: float | None = None  # seconds, from when it was opened
        self.opened = bank.clock()
        self._timer: asyncio.TimerHandle | None = None
        self.throttled = 0.0
        self.exhausted: set[str] = set()
        self._was_exhausted = False
        self.starved: dict[ActorRef[Any], None] = {}
        self.on_exhausted: Callable[[BudgetAccount, str, OnExhausted], None] = _nobody
        self._contending: dict[Turnstile, None] = {}
        self._turnstiles: dict[ActorRef[Any], Turnstile] = {}
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
        for resource, pace in budget.paces.items():
            self.paces[resource] = pace
            self.due[resource] = min(self.due.get(resource, 0.0), self.bank.clock())
        if wall is not None:
            self.wall, self.policies[WALL] = plain(wall[0]), wall[1]
            self._watch_the_clock()
        self._replenished(frozenset(allowances))

    def _watch_the_clock(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        assert self.wall is not None
        left = self.opened + self.wall - self.bank.clock()
        if left > 0:
            self.exhausted.discard(WALL)
        self._timer = self.bank.loop.call_later(max(0.0, left), self.run_out, WALL)

    def set_weight(self, weight: float) -> None:
        """Change its part beside its siblings."""
        self.weight = weight
        if self.parent is not None:
            self.parent.shares.join(self.name, weight)

    def _replenished(self, resources: frozenset[str]) -> None:
        """More may be there: let those go on that wait for it, first come first served."""
        lines = self.bank.ledger.account(self.name).lines
        was_exhausted = self._was_exhausted
        self.exhausted -= {resource for resource in resources & self.exhausted if lines[resource].available > 0}
        self._was_exhausted = bool(self.exhausted)
        if was_exhausted and not self.exhausted:
            self.ref.resume()
        for ref in tuple(self.starved):
            ref.resume()
        self.starved.clear()

    # -- the go-ahead -------------------------------------------------------------------------------------------------
    def gate(self, ref: ActorRef[Any]) -> Callable[[Usage, float], float | None] | None:
        """Make the turnstile of an actor; supervisors have none, since they must be able to act."""
        if getattr(ref.cls, "pausable", True) is False:
            return None
        turnstile = self._turnstiles[ref] = Turnstile(self, ref)
        return turnstile

    def withheld(self, turnstile: Turnstile, now: float) -> float | None:
        """Answer None when that actor may handle its next message, or when it is to ask again."""
        turnstile.barred = max(account.due.get(CPU, 0.0) for account in self.chain)
        if turnstile.barred > now:
            return turnstile.barred
        for account in self.chain:
            if account.parent is not None:
                account._contending[turnstile] = None
                until = account.parent.shares.go_ahead(account.name, now)
                if until is not None:
                    return until
        return self._place(turnstile, now)

    def _place(self, turnstile: Turnstile, now: float) -> float | None:
        if turnstile.ticket is None:
            turnstile.ticket = self._admit(MESSAGES, 1.0, now)
        if turnstile.ticket > now:
            turnstile.barred = turnstile.ticket
            return turnstile.ticket
        turnstile.ticket = None
        return None

    def _admit(self, resource: str, units: float, now: float) -> float:
        """Take a place in every rate of a resource, here and above; return when it comes."""
        start = now
        for account in self.chain:
            pace = account.paces.get(resource)
            if pace is not None:
                account.due[resource], at = admit(pace, account.due[resource], now, units)
                start = max(start, at)
        return start

    def charge(self, seconds: float, now: float) -> None:
        """Charge CPU time, here and above."""
        for account in self.chain:
            pace = account.paces.get(CPU)
            if pace is not None:
                account.due[CPU] = owe(pace, account.due[CPU], now, seconds)
            if account.parent is not None:
                account.parent.shares.used(account.name, seconds)
        if any(CPU_SECONDS in account.policies for account in self.chain):
            self._spend({CPU_SECONDS: billionths(seconds)})

    def _child_wants(self, name: str) -> bool:
        """Tell whether a child still has something to do: it holds its siblings up."""
        child = self.bank.accounts.get(name)
        if child is None:
            return False
        contending, now = child._contending, self.bank.clock()
        while contending:
            turnstile = next(iter(contending))
            if turnstile.barred <= now and turnstile.ref.usage().mailbox and not turnstile.ref.paused:
                return True
            del contending[turnstile]
        return False

    # -- what is reserved and spent -----------------------------------------------------------------------------------
    def spend(self, ref: ActorRef[Any], amounts: Mapping[str, float]) -> None:  # noqa: ARG002  the kernel's port
        """Record what an actor has used without having reserved it."""
        now = self.bank.clock()
        for account in self.chain:
            for resource, amount in amounts.items():
                if resource in account.paces:
                    account.due[resource] = owe(account.paces[resource], account.due[resource], now, amount)
        self._spend({resource: billionths(amount) for resource, amount in amounts.items()})

    def _spend(self, amounts: Mapping[str, int]) -> None:
        for resource in self.bank.ledger.spend(self.name, amounts):
            holder = next(account for account in self.chain if resource in account.policies)
            holder.run_out(resource)

    def run_out(self, resource: str) -> None:
        """Nothing is left of a resource: what the allowance says follows, once."""
        if resource not in self.exhausted:
            self.exhausted.add(resource)
            self._was_exhausted = True
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

    def settle(self, ref: ActorRef[Any], reserved: Reservation, used: Mapping[str, float]) -> None:
        """End a reservation; so much of it was used. One that ended with its actor is past settling."""
        held = self._held.get(ref, [])
        if reserved in held:
            held.remove(reserved)
            self._settle(reserved, {resource: billionths(amount) for resource, amount in used.items()})

    def _settle(self, reserved: Reservation, used: Mapping[str, int]) -> None:
        self.bank.ledger.settle(reserved, used)
        for resource in reserved.lines:
            holder = next(account for account in self.chain if account.name == reserved.lines[resource])
            if used.get(resource, 0) < reserved.amounts[resource]:
                holder._replenished(frozenset((resource,)))

    def ended(self, ref: ActorRef[Any]) -> None:
        """An incarnation is over: what it had reserved may have been spent, so it counts as spent."""
        self.starved.pop(ref, None)
        for reserved in self._held.pop(ref, ()):
            self._settle(reserved, reserved.amounts)

    def discarded(self, ref: ActorRef[Any]) -> None:
        """A slot is no more: charge its last slice, and close its account if it has one of its own."""
        turnstile = self._turnstiles.pop(ref, None)
        if turnstile is not None:
            turnstile.charge(ref.usage(), self.bank.clock())
        for account in self.chain:
            account.starved.pop(ref, None)
            if turnstile is not None:
                account._contending.pop(turnstile, None)
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


def _nobody(account: BudgetAccount, resource: str, policy: OnExhausted) -> None:
    """Nobody is told: the account is not in use yet."""
