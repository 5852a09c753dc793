"""One decision in the making: the family as it changes, and the orders in their order."""

from __future__ import annotations

from supervisors._core._effects import (
    AnswerStart,
    AnswerStop,
    ArmTimer,
    BeginStart,
    CancelTimer,
    Discard,
    Effect,
    Kill,
    SendStop,
    Why,
)
from supervisors._core._family import Family
from supervisors._core._slots import DOWN, NOBODY, STARTING, STOPPING, Sequel, Slot, State, Table


class Turn:
    """The verbs that decisions are made of. Lives for one call of `decide`."""

    __slots__ = ("effects", "family", "now", "order", "slots")

    def __init__(self, family: Family, now: float) -> None:
        self.family, self.now = family, now
        self.slots: Table = family.slots
        self.effects: list[Effect] = []
        self.order = self.effects.append  # gives an order, after those given before

    @property
    def closing(self) -> bool:
        """Whether the family is on its way out."""
        return self.family.verdict is not None

    def move(self, slot: Slot, state: State) -> None:
        """Bring *slot* into *state*."""
        self.slots.enter(slot, state, self.now)

    def begin(self, slot: Slot) -> None:
        """Begin an incarnation."""
        slot.starts += 1
        self.slots.enter(slot, STARTING, self.now)
        self.order(BeginStart(slot.name))

    def halt(self, slot: Slot, sequel: Sequel = Sequel.REVIVE) -> None:
        """End the incarnation as its terms say; one that is stopping already keeps its stop and gets the sequel."""
        if slot.state is not STOPPING:
            self.disarm(slot)
            self.order(Kill(slot.name) if slot.terms.kill else SendStop(slot.name))
            self.move(slot, STOPPING)
        slot.sequel = sequel

    def arm(self, name: str | None, delay: float) -> int:
        """Arm a timer and return its ticket."""
        self.family.tickets += 1
        self.order(ArmTimer(name, delay, self.family.tickets))
        return self.family.tickets

    def disarm(self, slot: Slot) -> None:
        """Cancel the timer of *slot*, if it has one."""
        if slot.ticket:
            self.order(CancelTimer(slot.name))
            slot.ticket = 0

    def rest(self, slot: Slot, state: State, *, kept: bool = True) -> None:
        """Leave *slot* without an incarnation and without a prospect of one: at rest in *state*, or forgotten."""
        if kept and slot.terms.kept:
            slot.asked = NOBODY
            self.move(slot, state)
        else:
            self.slots.drop(slot.name)
        self.order(Discard(slot.name))

    def retire(self, slot: Slot, called_off: Why) -> None:
        """Put *slot* to rest because somebody asked for it, and answer those who wait for it."""
        if slot.asked is not NOBODY:
            self.order(AnswerStart(slot.name, called_off))
        self.rest(slot, DOWN)
        self.order(AnswerStop(slot.name))
