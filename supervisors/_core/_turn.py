"""One decision in the making: the family as it changes, and the orders in their order."""

from __future__ import annotations

from typing import Any

from supervisors._core._change import changed
from supervisors._core._effects import (
    AnswerStart,
    AnswerStop,
    ArmTimer,
    BeginStart,
    CancelTimer,
    Discard,
    Effect,
    Fact,
    Kill,
    Report,
    SendStop,
    Why,
)
from supervisors._core._family import Family, Phase
from supervisors._core._slots import Asked, Sequel, Slot, State, Table, age


class Turn:
    """The verbs that decisions are made of. Lives for one call of `decide`."""

    __slots__ = ("effects", "family", "now", "slots")

    def __init__(self, family: Family, now: float) -> None:
        self.family, self.now = family, now
        self.slots: Table = family.slots
        self.effects: list[Effect] = []

    @property
    def closing(self) -> bool:
        """Whether the family is on its way out."""
        return self.family.phase in (Phase.CLOSING, Phase.CLOSED)

    def set(self, **changes: Any) -> None:
        """Change the family's header."""
        self.family = changed(self.family, **changes)

    def order(self, *effects: Effect) -> None:
        """Give orders, in this order."""
        self.effects += effects

    def report(self, fact: Fact, slot: Slot, why: Why | None = None, *, expected: bool = True) -> None:
        """Order a report about *slot*."""
        self.order(Report(fact, slot.name, why, expected))

    def move(self, slot: Slot, state: State, **changes: Any) -> Slot:
        """Bring *slot* into *state*."""
        moved = changed(slot, state=state, since=self.now, aged=age(slot, self.now), **changes)
        self.slots.put(moved)
        return moved

    def begin(self, slot: Slot) -> None:
        """Begin an incarnation."""
        self.move(slot, State.STARTING, starts=slot.starts + 1)
        self.order(BeginStart(slot.name))

    def halt(self, slot: Slot, sequel: Sequel = Sequel.REVIVE) -> None:
        """End the incarnation as its terms say; one that is stopping already keeps its stop and gets the sequel."""
        if slot.state is not State.STOPPING:
            self.order(Kill(slot.name) if slot.terms.kill else SendStop(slot.name))
        self.move(slot, State.STOPPING, sequel=sequel)

    def arm(self, name: str | None, delay: float) -> int:
        """Arm a timer and return its ticket."""
        ticket = self.family.tickets + 1
        self.set(tickets=ticket)
        self.order(ArmTimer(name, delay, ticket))
        return ticket

    def disarm(self, slot: Slot) -> None:
        """Cancel the timer that *slot* waits for, if it waits for one."""
        if slot.state is State.BACKING_OFF and slot.ticket:
            self.order(CancelTimer(slot.name))

    def rest(self, slot: Slot, state: State, *, kept: bool = True) -> None:
        """Leave *slot* without an incarnation and without a prospect of one: at rest in *state*, or forgotten."""
        if kept and slot.terms.kept:
            self.move(slot, state, asked=Asked.NO)
        else:
            self.slots.drop(slot.name)
        self.order(Discard(slot.name))

    def retire(self, slot: Slot, called_off: Why) -> None:
        """Put *slot* to rest because somebody asked for it, and answer those who wait for it."""
        if slot.asked is not Asked.NO:
            self.order(AnswerStart(slot.name, called_off))
        self.rest(slot, State.DOWN)
        self.order(AnswerStop(slot.name))
