"""Keeps the ceilings of one tree of accounts: it gathers what is held, has the core judge, and orders."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any, Final

from llmactors import limits
from llmactors.errors import CeilingExceededError, MemoryCeilingError
from llmactors.limits import Pressure
from supervisors._budget import MEMORY
from supervisors._core.budget._ceiling import Ceil, Heights, Holding, Reclaim, review

if TYPE_CHECKING:
    from collections.abc import Iterator

    from llmactors import ActorRef
    from llmactors.limits import Measure
    from supervisors._accounts import BudgetAccount
    from supervisors._bank import Bank
    from supervisors._turnstiles import Turnstile

SAMPLED: Final = 8
"""Actors on the loop and on threads of which a sample is taken at one look; with more of them it takes more looks."""
EVERY: Final = 0.25
"""Seconds between two samples of them, at least."""


class Warden:
    """Judges what is held.

    Args:
        bank: the accounts.
    """

    def __init__(self, bank: Bank) -> None:
        self._bank = bank
        self._heights = Heights()
        self._held: dict[Turnstile, dict[str, float]] = {}
        self._seen: dict[Turnstile, tuple[float, int]] = {}  # CPU time and mailbox when a sample was taken
        self._next_sample = 0.0
        self._round: Iterator[Turnstile] = iter(())

    @property
    def needed(self) -> bool:
        """Whether there is a ceiling, and somebody under it."""
        return bool(self._bank.turnstiles) and any(account.ceilings for account in self._bank.accounts.values())

    def saw(self, turnstile: Turnstile, seen: Measure) -> None:
        """Take in what was seen of one actor."""
        if turnstile.account.has_ceiling:
            known = {**seen.holds, MEMORY: seen.memory, "gpu_memory": seen.gpu_memory, "processes": seen.processes}
            self._held[turnstile] = {resource: amount for resource, amount in known.items() if amount is not None}

    def review(self) -> bool:
        """Judge, and carry out what follows; say whether anything is near its ceiling."""
        bank = self._bank
        if not self.needed:
            if self._heights.pressed:
                self._heights = Heights()
                self._press(frozenset())
            return False
        self._sample()
        for gone in [turnstile for turnstile in self._held if bank.turnstiles.get(turnstile.ref) is not turnstile]:
            del self._held[gone]
            self._seen.pop(gone, None)
        self._heights, reclaims = review(self._heights, list(self._ceils()), self._holdings())
        for reclaim in reclaims:
            self._reclaim(reclaim)
        self._press(self._heights.pressed)
        for account in bank.accounts.values():
            for resource in account.ceilings:
                account.held[resource] = self._heights.held.get((account.name, resource), 0.0)
        return bool(self._heights.pressed)

    def _ceils(self) -> Iterator[Ceil]:
        for account in self._bank.accounts.values():
            for resource, (height, _) in account.ceilings.items():
                yield Ceil(account.name, resource, height, len(account.chain))

    def _holdings(self) -> list[Holding]:
        return [
            Holding(turnstile, tuple(account.name for account in turnstile.account.chain), held)
            for turnstile, held in self._held.items()
        ]

    def _sample(self) -> None:
        """Look at a few actors that have no process of their own; take samples of those that did something."""
        now = self._bank.clock()
        if now < self._next_sample:
            return
        self._next_sample = now + EVERY
        some = list(islice(self._round, SAMPLED))
        if len(some) < SAMPLED:
            self._round = iter(list(self._bank.turnstiles.values()))
        for turnstile in some:
            if limits.has_process(turnstile.ref) or not turnstile.account.has_ceiling:
                continue
            usage = turnstile.ref.usage()
            did = usage.cpu, usage.mailbox
            anew = turnstile.account.has_ceiling_of(MEMORY) and self._seen.get(turnstile) != did
            before = self._held.get(turnstile, {}).get(MEMORY)
            self.saw(turnstile, limits.measure(turnstile.ref, held=anew))
            self._seen[turnstile] = did
            if not anew and before is not None:
                self._held[turnstile][MEMORY] = before

    def _reclaim(self, reclaim: Reclaim) -> None:
        turnstile: Any = reclaim.key
        ref: ActorRef[Any] = turnstile.ref
        ceil, self._held[turnstile] = reclaim.ceil, {}
        kind = MemoryCeilingError if ceil.resource == MEMORY else CeilingExceededError
        error = kind(ref.path, ceil.resource, ceil.height.hard, reclaim.held, ceil.account)
        ref.kill(error)

    def _press(self, pressed: frozenset[str]) -> None:
        """Slow down and tell those whose subtree is pressed now, and let go of those whose is no more."""
        changed: list[BudgetAccount] = []
        for account in self._bank.accounts.values():
            is_pressed = any(each.name in pressed for each in account.chain)
            if is_pressed != account.pressed:
                account.pressed = is_pressed
                changed.append(account)
        if changed:
            for turnstile in list(self._bank.turnstiles.values()):
                if turnstile.account in changed:
                    limits.press(turnstile.ref, Pressure.HIGH if turnstile.account.pressed else Pressure.CALM)
