"""Accounts: where it is counted what a subtree uses, and asked for beforehand.

The kernel counts, and asks. It knows neither limits nor prices: those are the business of the account that an owner
gives to a slot.
"""

from __future__ import annotations

from asyncio import sleep
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol, Self

from llmactors import _pause as pauses
from llmactors import _slots as slots

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from llmactors._exits import Exit
    from llmactors._ref import ActorRef
    from llmactors._usage import Usage


class Account(Protocol):
    """What an owner gives to a slot. All that hangs on the slot draws on it too."""

    def gate(self, ref: ActorRef[Any]) -> Callable[[Usage, float], float | None] | None:
        """Return what is asked before each slice of that actor, which is new: see `Slot.gate`."""
        ...

    def spend(self, ref: ActorRef[Any], amounts: Mapping[str, float]) -> None:
        """Record what that actor has used."""
        ...

    def reserve(self, ref: ActorRef[Any], amounts: Mapping[str, float], *, wait: bool) -> tuple[float, Any] | None:
        """Set amounts aside, all or none: the time from which on they may be used, and what `settle` is to be given.

        None when the actor is to be paused, and to ask again when it is resumed; only where it can *wait*.

        Raises:
            Exception: There is not enough.
        """
        ...

    def again(self, amounts: Mapping[str, float], start: float) -> float:
        """Say when those amounts may be used whose time was *start*; where that was missed, later."""
        ...

    def settle(self, ref: ActorRef[Any], reserved: Any, used: Mapping[str, float]) -> None:
        """End a reservation; so much of it was used."""
        ...

    def ended(self, ref: ActorRef[Any], exit: Exit) -> None:
        """That actor's incarnation is over, with what it had reserved."""
        ...

    def discarded(self, ref: ActorRef[Any]) -> None:
        """That actor's slot is no more."""
        ...


def give(cell: ActorRef[Any], account: Account | None) -> None:
    """Have a cell, and all that will hang on it, draw on *account*."""
    cell.need_extra().account = account
    slots.set_gate(cell, None if account is None else account.gate(cell))


def of(cell: ActorRef[Any]) -> Account | None:
    """Return the account that an actor draws on."""
    return None if cell.extra is None else cell.extra.account


def spend(cell: ActorRef[Any], amounts: Mapping[str, float]) -> None:
    """Count what an actor has used."""
    check(amounts)
    _count(cell, amounts)
    account = of(cell)
    if account is not None:
        account.spend(cell, amounts)


def _count(cell: ActorRef[Any], amounts: Mapping[str, float]) -> None:
    extra = cell.need_extra()
    spent = extra.spent = extra.spent or {}
    for resource, amount in amounts.items():
        spent[resource] = spent.get(resource, 0) + amount


def hold(cell: ActorRef[Any], amounts: Mapping[str, float]) -> None:
    """Write down what an actor holds now."""
    check(amounts)
    extra = cell.need_extra()
    extra.holds = {**(extra.holds or {}), **amounts}


def check(amounts: Mapping[str, float]) -> None:
    """Refuse what cannot be spent.

    Raises:
        ValueError: An amount is below 0, or none is given.
    """
    if not amounts:
        raise ValueError("no amount: name a resource, such as calls=1")
    for resource, amount in amounts.items():
        if not amount >= 0:
            raise ValueError(f"{resource}={amount!r}: an amount is a number, 0 or more")


@dataclass(slots=True)
class Reservation:
    """Amounts that are set aside for what an actor is about to do; made by `Context.reserve`.

    In an async handler `async with` waits for its turn, in a plain one `with` does not. What was really used is said by
    `used`; without that, leaving the block counts all of it as used, also when the block fails.
    """

    _cell: ActorRef[Any]
    amounts: Mapping[str, float]
    _held: Any = None
    _used: dict[str, float] = field(default_factory=dict)
    _said: bool = False

    def used(self, **amounts: float) -> None:
        """Say what was used; what is not named was not.

        Raises:
            ValueError: An amount is below 0.
        """
        if amounts:
            check(amounts)
        self._used, self._said = amounts, True

    async def __aenter__(self) -> Self:
        cell, account = self._cell, of(self._cell)
        if account is not None:
            while (granted := account.reserve(cell, self.amounts, wait=True)) is None:
                pauses.pause(cell)
                await pauses.while_paused(cell)
            start, self._held = granted
            await self._until(start, account)
        return self

    async def _until(self, start: float, account: Account) -> None:
        scheduler, extra = self._cell.scheduler, self._cell.need_extra()
        while (delay := start - scheduler.clock()) > 0:
            extra.withheld += 1
            try:
                await sleep(delay)
                start = account.again(self.amounts, start)
            except BaseException:
                self.used()
                self._settle()
                raise
            finally:
                extra.withheld -= 1

    async def __aexit__(self, *_: object) -> None:
        self._settle()

    def __enter__(self) -> Self:
        account = of(self._cell)
        if account is not None:
            granted = account.reserve(self._cell, self.amounts, wait=False)
            self._held = None if granted is None else granted[1]
        return self

    def __exit__(self, *_: object) -> None:
        self._settle()

    def _settle(self) -> None:
        used = self._used if self._said else dict(self.amounts)
        account, held = of(self._cell), self._held
        _count(self._cell, used)
        if account is not None and held is not None:
            self._held = None
            account.settle(self._cell, held, used)
