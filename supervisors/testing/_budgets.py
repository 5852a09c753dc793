"""The law about budgets: at every step, what was granted is reserved, spent or still there."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import ClassVar

from llmactors import ActorSystem
from llmactors.testing import Event, Law, LifeBegan, LifeUp
from supervisors._accounts import Bank, BudgetAccount
from supervisors._core.budget._audit import audit
from supervisors._core.budget._ledger import Reservation
from supervisors.testing._looking import overseers


class BudgetsBalance(Law):
    """What accounts were granted is what they reserved, spent and have left; and in the end none is open."""

    name = "budgets balance"
    sees: ClassVar[tuple[type[Event], ...]] = (LifeBegan, LifeUp)

    def __init__(self) -> None:
        self._banks: dict[Bank, None] = {}
        self._unseen = False

    def saw(self, event: LifeBegan | LifeUp) -> tuple[str, ...]:  # noqa: ARG002  that it happened is enough
        """Somebody new may have a budget."""
        self._unseen = True
        return ()

    def look(self, system: ActorSystem) -> Iterable[str]:
        """Audit every tree of accounts."""
        if self._unseen:
            self._unseen = False
            for _, overseer in overseers(system):
                account = getattr(overseer, "_account", None)
                if isinstance(account, BudgetAccount):
                    self._banks.setdefault(account.bank)
        return self._audited() if self._banks else ()

    def _audited(self) -> Iterator[str]:
        for bank in self._banks:
            yield from audit(bank.ledger, _held(bank))

    def over(self) -> Iterator[str]:
        """Name the accounts that are still open."""
        for bank in self._banks:
            for account in bank.ledger:
                yield f"the account of {account.name} is still open"


def _held(bank: Bank) -> Iterator[Reservation]:
    """Yield every reservation that has not ended."""
    for account in bank.accounts.values():
        for reservations in account._held.values():
            yield from reservations
