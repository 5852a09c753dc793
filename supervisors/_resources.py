"""`ResourceSupervisor`: a supervisor whose subtree has a budget, and shares it out among its children."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, ClassVar

from llmactors import ActorRef, Slot, limits, message
from supervisors._accounts import BudgetAccount
from supervisors._bank import Bank
from supervisors._budget import Budget, OnExhausted
from supervisors._overseer import REFUSES
from supervisors._quantity import plain
from supervisors._specs import ChildSpec, check_weight
from supervisors._supervisor import Supervisor
from supervisors.errors import BudgetExhaustedError, ChildNotFoundError, SpecError


@dataclass(frozen=True, slots=True, kw_only=True)
class Allotment:
    """What one account has of one resource, as `budgets` tells it.

    Attributes:
        account: the address of the subtree.
        resource: the resource.
        kind: ``rate``, ``ceiling`` or ``allowance``.
        limit: units a second, units in all, or units at a time.
        soft: of a ceiling, from where on its actors are slowed down and told; None for others.
        used: what has been spent, is held now, or, of a rate, went in the last second.
        reserved: what is about to be spent; None for a rate.
        granted: what is promised to accounts below; None for a rate.
        available: what is left; None for a rate.
        throttled: seconds that the actors of the subtree have waited for the go-ahead, and its processes have stood
            still for their limit of CPU, added up.
        weight: its part of what its siblings want too.
    """

    account: str
    resource: str
    kind: str
    limit: float
    used: float
    reserved: float | None
    granted: float | None
    available: float | None
    throttled: float
    weight: float
    soft: float | None = None


@dataclass(frozen=True, slots=True)
class _Escalated:
    """What a supervisor tells itself to end with."""

    error: BudgetExhaustedError


class ResourceSupervisor(Supervisor):
    """A `Supervisor` that holds its children to budgets, and shares the CPU of the loop among them by weight.

    ```py
    class Team(ResourceSupervisor):
        budget = Budget(Rate(cpu=0.5), Allowance(calls=100))
        busy = child(Busy, budget=Budget(Rate(cpu=0.25)), weight=2)
        quiet = child(Quiet)
    ```

    A budget belongs to a subtree: what a child is granted comes out of its parent's, and what it has not used returns
    with its slot. It outlives restarts, so that a child that crashes again and again draws on the same budget.

    Attributes:
        budget: what the whole subtree may use.
    """

    declarations = Supervisor.declarations | {"budget"}
    grants = True
    budget: ClassVar[Budget | None] = None
    _account: BudgetAccount

    def __init_subclass__(cls, **kwargs: Any) -> None:
        """Refuse a budget that is none."""
        super().__init_subclass__(**kwargs)
        if cls.budget is not None and not isinstance(cls.budget, Budget):
            raise SpecError("budget", cls.budget, "give a Budget(Rate(...), Ceiling(...), Allowance(...))")

    async def on_start(self) -> None:
        """Open the account, and start the children.

        Raises:
            BudgetExhaustedError: the account above, or this one, has not so much to grant.
            ChildStartError: as for a `Supervisor`.
        """
        self._account = self._own_account()
        self._account.on_exhausted, self._account.on_exceeded = self._ran_out, self._end
        await super().on_start()

    def _own_account(self) -> BudgetAccount:
        """Return the account of an earlier life, or open one below that of the nearest budget above."""
        above, me = self.context.account, self.context.self_ref
        name = f"{me.path.rstrip('/')}/"  # the one without the slash is what its own supervisor keeps for it
        if isinstance(above, BudgetAccount) and above.name == name:
            return above
        parent = above if isinstance(above, BudgetAccount) else None
        bank = Bank(self.context.system.ports.clock) if parent is None else parent.bank
        account = BudgetAccount(bank, name, parent, me)
        self.context.account = account
        if self.budget is not None:
            account.limit(self.budget)
        return account

    def _opened(self, slot: Slot[Any]) -> None:
        account = slot.account
        if not isinstance(account, BudgetAccount) or account.ref is not slot.ref:
            spec = self._keeper.specs[slot.name]
            account = BudgetAccount(self._account.bank, slot.ref.path, self._account, slot.ref, spec.weight)
            slot.account = account
            if spec.budget is not None:
                try:
                    _check_measured(spec.budget, slot.ref)
                    account.limit(spec.budget)
                except (BudgetExhaustedError, SpecError):
                    account.close()
                    slot.account = None
                    raise
        account.on_exhausted, account.on_exceeded = self._ran_out, self._end

    def _ran_out(self, account: BudgetAccount, resource: str, policy: OnExhausted) -> None:
        """An allowance is used up, and its subtree is not to go on."""
        if policy is OnExhausted.PAUSE:
            account.ref.pause()
        elif policy is OnExhausted.ESCALATE:
            self.context.self_ref.tell(_Escalated(self._error(account, resource)))
        else:
            self._end(account)

    def _end(self, account: BudgetAccount) -> None:
        """End a child for good, or all of them."""
        if account is self._account:
            for name in reversed(self._keeper.specs):
                self._keeper.terminate(name)
        else:
            self._keeper.terminate(account.ref.name)

    def receive(self, message: Any) -> Any:
        """Hear of the children; end with the exhaustion that is to be escalated.

        Raises:
            BudgetExhaustedError: an allowance with ``on_exhausted="escalate"`` is used up.
        """
        if isinstance(message, _Escalated):
            raise message.error
        return super().receive(message)

    @staticmethod
    def _error(account: BudgetAccount, resource: str) -> BudgetExhaustedError:
        if account.wall is not None and resource == "wall":
            return BudgetExhaustedError(account.name, resource, account.wall, 0, 0)
        line = account.bank.ledger.account(account.name).lines[resource]
        return BudgetExhaustedError(account.name, resource, plain(line.limit), plain(line.available), 0)

    # -- administration -----------------------------------------------------------------------------------------------
    @message(raises=(*REFUSES, BudgetExhaustedError))
    def set_budget(
        self, child: str | ActorRef[Any] | ChildSpec[Any] | None, budget: Budget, weight: float | None = None
    ) -> None:
        """Change limits while it runs: those that *budget* names; others stay. What waited for more goes on.

        Args:
            child: which child; None for the supervisor's own budget.
            budget: the new limits.
            weight: a new weight, if it is to change.

        Raises:
            ChildNotFoundError: it is not a child of this supervisor.
            BudgetExhaustedError: the account above has not so much to grant, or more than that is used already.
        """
        account = self._account if child is None else self._account_of(self._name_of(child))
        _check_measured(budget, account.ref)
        account.limit(budget)
        if weight is not None:
            check_weight(weight)
            account.set_weight(weight)

    @message
    def budgets(self) -> list[Allotment]:
        """Tell what every account of this subtree has, the supervisor's own first."""
        mine = self._account.name
        accounts = [account for account in self._account.bank.accounts.values() if _within(account, mine)]
        return [allotment for account in accounts for allotment in allotments(account)]

    def _account_of(self, name: str) -> BudgetAccount:
        if name not in self._keeper.slots:
            raise ChildNotFoundError(name)
        account = self._keeper.slots[name].account
        assert isinstance(account, BudgetAccount)
        return account


def _check_measured(budget: Budget, ref: ActorRef[Any]) -> None:
    """Refuse a ceiling that nobody can see to.

    Raises:
        SpecError: it is of something that only an actor with a process of its own has, and this one has none.
    """
    shares = getattr(ref.cls, "pausable", True) and not limits.has_process(ref)
    for resource in budget.ceilings if shares else ():
        if resource in {"gpu_memory", "processes"}:
            what = f"`{ref.path}` shares its process with others, so nobody can tell what is its own"
            raise SpecError(f"ceiling.{resource}", resource, f"{what}; give it host=Process()")


def _within(account: BudgetAccount, name: str) -> bool:
    return any(each.name == name for each in account.chain)


def allotments(account: BudgetAccount) -> Iterable[Allotment]:
    """Yield what an account has of each resource that is limited in it."""
    throttled, weight = account.throttled, account.weight
    if account.wall is not None:
        gone = min(account.wall, account.bank.clock() - account.opened)
        yield Allotment(
            account=account.name,
            resource="wall",
            kind="allowance",
            limit=account.wall,
            used=gone,
            reserved=0,
            granted=0,
            available=account.wall - gone,
            throttled=throttled,
            weight=weight,
        )
    for resource, meter in account.meters.items():
        yield Allotment(
            account=account.name,
            resource=resource,
            kind="rate",
            limit=meter.pace.rate,
            used=meter.flow.rate(account.bank.clock()),
            reserved=None,
            granted=None,
            available=None,
            throttled=throttled,
            weight=weight,
        )
    for resource, (height, _) in account.ceilings.items():
        held = account.held.get(resource, 0.0)
        yield Allotment(
            account=account.name,
            resource=resource,
            kind="ceiling",
            limit=height.hard,
            soft=height.soft,
            used=held,
            reserved=None,
            granted=None,
            available=max(0.0, height.hard - held),
            throttled=throttled,
            weight=weight,
        )
    for resource, line in account.bank.ledger.account(account.name).lines.items():
        yield Allotment(
            account=account.name,
            resource=resource,
            kind="allowance",
            limit=plain(line.limit),
            used=plain(line.spent),
            reserved=plain(line.reserved),
            granted=plain(line.granted),
            available=plain(line.available),
            throttled=throttled,
            weight=weight,
        )
