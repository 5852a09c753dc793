"""What all accounts of one tree share."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from supervisors._core.budget._ledger import Ledger
from supervisors._governor import Governor

if TYPE_CHECKING:
    from llmactors import ActorRef
    from supervisors._accounts import BudgetAccount
    from supervisors._turnstiles import Turnstile


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
        self.turnstiles: dict[ActorRef[Any], Turnstile] = {}
        self.governor = Governor(self)
