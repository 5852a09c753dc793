"""The law about budgets: at every step, what was granted is reserved, spent or still there."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import ClassVar

from llmactors import ActorSystem
from llmactors.testing import Event, Law, LifeBegan, LifeEnded, LifeUp
from supervisors._accounts import BudgetAccount
from supervisors._bank import Bank
from supervisors._core.budget._audit import audit, unaccounted
from supervisors._core.budget._ledger import Line, Reservation
from supervisors.testing._looking import overseers


class BudgetsBalance(Law):
    """What accounts were granted is what they reserved, spent and have left; and in the end none is open.

    What is used since there is a limit is spent, and stays so over every end; and who has ended holds nothing.
    """

    name = "budgets balance"
    sees: ClassVar[tuple[type[Event], ...]] = (LifeBegan, LifeUp, LifeEnded)

    def __init__(self) -> None:
        self._banks: dict[Bank, None] = {}
        self._unseen = False
        self._living: dict[str, int] = {}
        self._holders: dict[Reservation, int] = {}
        self._before: dict[tuple[Bank, str, str], tuple[Line, int]] = {}

    def saw(self, event: LifeBegan | LifeUp | LifeEnded) -> tuple[str, ...]:
        """Somebody new may have a budget; who has ended has none."""
        self._unseen = True
        if isinstance(event, LifeEnded):
            self._living.pop(event.path, None)
        else:
            self._living[event.path] = event.life
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
        holders: dict[Reservation, int] = {}
        before: dict[tuple[Bank, str, str], tuple[Line, int]] = {}
        for bank in self._banks:
            yield from audit(bank.ledger, _held(bank))
            for path, reserved in _holders(bank):
                life = holders[reserved] = self._holders.get(reserved, self._living.get(path, 0))
                if self._living.get(path) != life:
                    yield f"{path} holds what it reserved in a life that is over"
            for (name, resource), (line, amount) in unaccounted(bank.ledger).items():
                known, was = self._before.get((bank, name, resource), (line, amount))
                if known is line and was != amount:
                    yield f"`{resource}` of {name}: {amount - was} billionths were used, and not spent"
                before[bank, name, resource] = line, amount
        self._holders, self._before = holders, before

    def over(self) -> Iterator[str]:
        """Name the accounts that are still open."""
        for bank in self._banks:
            for account in bank.ledger:
                yield f"the account of {account.name} is still open"


def _held(bank: Bank) -> Iterator[Reservation]:
    """Yield every reservation that has not ended."""
    return (reserved for _, reserved in _holders(bank))


def _holders(bank: Bank) -> Iterator[tuple[str, Reservation]]:
    """Yield the same, and the paths of those who hold them."""
    for account in bank.accounts.values():
        for ref, reservations in account._held.items():
            for reserved in reservations:
                yield ref.path, reserved
