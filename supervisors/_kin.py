"""The accounts on which worker processes draw, as a tree that is divided: see `_core.budget._division`."""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING, TypeAlias

from supervisors._core.budget._division import Claim, Divided, Pot

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from supervisors._accounts import BudgetAccount
    from supervisors._governor import Worker

Claims: TypeAlias = "Callable[[BudgetAccount, Kin], Sequence[Claim | Pot]]"


def _endless(_account: BudgetAccount) -> float:
    return inf


class Kin:
    """Accounts on which workers draw, as a tree.

    Attributes:
        own: By account, the workers that draw on it themselves.
        below: By account, those right below it.
        tops: Those above all others.
    """

    def __init__(self, workers: Iterable[Worker]) -> None:
        self.own: dict[BudgetAccount, list[Worker]] = {}
        self.below: dict[BudgetAccount, list[BudgetAccount]] = {}
        self.tops: list[BudgetAccount] = []
        for worker in workers:
            for account in worker.account.chain:
                self.own.setdefault(account, [])
            self.own[worker.account].append(worker)
        for account in self.own:
            siblings = self.tops if account.parent is None else self.below.setdefault(account.parent, [])
            siblings.append(account)
            self.below.setdefault(account, [])

    def pot(self, account: BudgetAccount, claims: Claims, cores: Callable[[BudgetAccount], float] = _endless) -> Pot:
        """Return an account with all that shares it: those below, and what *claims* a part of it itself."""
        below = [self.pot(each, claims, cores) for each in self.below[account]]
        return Pot(cores(account), account.weight, (*below, *claims(account, self)))

    def part_of_loop(self, account: BudgetAccount, shares: Divided) -> float:
        """Return what the loop has of an account and those below it."""
        return shares.get(account, 0.0) + sum(self.part_of_loop(each, shares) for each in self.below[account])
