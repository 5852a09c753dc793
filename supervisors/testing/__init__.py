"""Laws of supervision: what holds of every tree in every run, for tests with `llmactors.testing`."""

from supervisors.testing._budgets import BudgetsBalance
from supervisors.testing._families import ChildrenKeepTheirOrder, RestartsWithinIntensity, StopOrderIsReversed

__all__ = ["LAWS"]

LAWS = (StopOrderIsReversed, RestartsWithinIntensity, ChildrenKeepTheirOrder, BudgetsBalance)
