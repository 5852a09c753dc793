"""Turnstiles: what the kernel asks before each slice of one actor, or before its worker process gets a message."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from llmactors import ActorRef, Usage
    from supervisors._accounts import BudgetAccount


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
            self.account.held_up(until - now)
        return until

    def charge(self, usage: Usage, now: float) -> None:
        """Charge the CPU time since the last time."""
        seconds, self.charged = usage.cpu - self.charged, usage.cpu
        if seconds > 0:
            self.account.charge(seconds, now)


class WorkerTurnstile(Turnstile):
    """What is asked before an actor in a worker process gets a message: its CPU time is not withheld here."""

    __slots__ = ("worker",)

    def __init__(self, account: BudgetAccount, ref: ActorRef[Any]) -> None:
        super().__init__(account, ref)
        self.worker = account.bank.governor.enrol(self)

    def __call__(self, usage: Usage, now: float) -> float | None:  # noqa: ARG002  the gate's port
        """Answer None for the go-ahead, or when to ask again."""
        self.account.bank.governor.stirred(self.worker)
        until = self.account.place(self, now)
        if until is not None:
            self.account.held_up(until - now)
        return until

    def charge(self, usage: Usage, now: float) -> None:  # noqa: ARG002  as above
        """Charge what the process has used since the last time."""
        self.charge_up_to(usage.cpu)

    def charge_up_to(self, cpu: float) -> None:
        """Charge what is new of so many CPU seconds in all."""
        seconds, self.charged = cpu - self.charged, max(cpu, self.charged)
        if seconds > 0:
            self.account.charge_seconds(seconds)
