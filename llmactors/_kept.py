"""`Slot`: the owner's port, through which a supervisor keeps an address and the lives in it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, TypeVar

from llmactors import _accounts as accounts
from llmactors import _aside as aside
from llmactors import _batches as batches
from llmactors import _lives as lives
from llmactors import _passing as passing
from llmactors import _slots as slots
from llmactors._core.flags import DEAD, ENDED, OVER, STARTING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from llmactors._accounts import Account
    from llmactors._birth import Birth
    from llmactors._messages import InHand
    from llmactors._ref import ActorRef
    from llmactors._usage import Usage

A = TypeVar("A")


class Slot(Generic[A]):
    """The owner's port: a slot that this actor keeps. Orders return at once; outcomes arrive as
    `Started`, `StartFailed` and `Ended` in the owner's `receive`, and overtake messages.
    """  # noqa: D205

    __slots__ = ("birth", "ref")

    def __init__(self, ref: ActorRef[A], birth: Birth) -> None:
        self.ref, self.birth = ref, birth

    @property
    def name(self) -> str:
        """The slot's name."""
        return self.ref.name

    @property
    def gate(self) -> Callable[[Usage, float], float | None] | None:
        """Asked before each slice: None is the go-ahead, a time on the system's clock is when to ask again."""
        return self.ref.need_extra().gate

    @gate.setter
    def gate(self, gate: Callable[[Usage, float], float | None] | None) -> None:
        slots.set_gate(self.ref, gate)

    @property
    def account(self) -> Account | None:
        """What the actor, and all that hangs on it, draws on. Set it before the first incarnation."""
        return accounts.of(self.ref)

    @account.setter
    def account(self, account: Account | None) -> None:
        accounts.give(self.ref, account)

    @property
    def on_idle(self) -> Callable[[], None] | None:
        """Called whenever the incarnation has taken its last message and could take one more; first when it is up."""
        return self.ref.need_extra().on_idle

    @on_idle.setter
    def on_idle(self, on_idle: Callable[[], None] | None) -> None:
        slots.set_on_idle(self.ref, on_idle)

    @property
    def gathering(self) -> type | None:
        """The class of the messages of which the actor, just now, would take one more into its next batch."""
        return batches.gathering(self.ref)

    def take_back(self, in_hand: Iterable[InHand] = ()) -> None:
        """Put *in_hand* (an `Ended`'s) and what waits in the slot's mailbox back in front of its owner's, in order.

        How often a message has been delivered so far goes with it, also when it is passed on (`Later(by=...)`).
        """
        passing.take_back(self.ref, in_hand)

    def start(self) -> None:
        """Begin the first incarnation."""
        self.revive()

    def revive(self, requeue: Iterable[InHand] = (), *, told: bool = True) -> bool:
        """Begin the next incarnation; *requeue* (an `Ended`'s `in_hand`) goes back to the front of the mailbox.

        Args:
            requeue: messages that it is to handle first, but for those that its last life had put aside.
            told: whether a `Started` is to come also where the incarnation is up by now.

        Returns:
            Whether it is up by now: its `on_start`, if it has one, did not wait.

        Raises:
            RuntimeError: An incarnation lives in the slot, or the slot was discarded.
        """
        cell = self.ref
        if not cell.flags & ENDED or cell.flags & DEAD:
            raise RuntimeError(f"slot `{cell.path}` is {cell.state}: only a slot that is down can be revived")
        if requeue:
            aside.give_back(cell, list(requeue))
        extra = cell.need_extra()
        extra.told = told
        try:
            lives.begin(cell, self.birth)
        finally:
            extra.told = True
        return not cell.flags & (STARTING | OVER)

    def stop(self) -> None:
        """Ask the incarnation to end; after the slot's shutdown time it is killed."""
        self.ref.stop()

    def kill(self, cause: BaseException | str | None = None) -> None:
        """End the incarnation at once."""
        self.ref.kill(cause)

    def discard(self) -> None:
        """Give the slot up: what waits in it becomes dead letters. A living incarnation is killed first."""
        slots.give_up(self.ref)

    def usage(self) -> Usage:
        """Return the slot's account."""
        return self.ref.usage()
