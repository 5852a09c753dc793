"""Laws about messages: none is lost, none is handled twice, and two that follow each other stay in order."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from llmactors.testing._core.laws import Found, Law
from llmactors.testing._values import (
    Crossed,
    DeadLettered,
    Event,
    Failed,
    Finished,
    Injected,
    LifeBegan,
    LifeEnded,
    LifeEnding,
    PassedOn,
    PutAside,
    Redelivered,
    Resolved,
    Sent,
    SlotDiscarded,
    Taken,
)

QUEUED, IN_HAND, FINISHED, FAILED = "queued", "in hand", "handled", "in a handler that failed"

UNHEARD: Final = frozenset({"unheard", "unhandled", "full"})
"""Why a message is a dead letter that a handler has seen through: its error had no hearer, there was no handler for it,
or there was no room to put it aside."""

GIVEN_UP: Final = frozenset({"timeout", "ended", "refused", "left"})
"""Outcomes of an ask after which nobody wants its message handled."""


@dataclass(slots=True)
class _Fate:
    """What became of a letter so far."""

    sent: Sent
    to: str
    """In whose mailbox it waits, or waited last."""
    stage: str = QUEUED
    delivery: int = 0
    """How often it was taken."""
    due: int = 1
    """The delivery that comes next."""
    life: int = 0
    """Which life took it last."""
    dead: str | None = None
    given_up: bool = False

    def __str__(self) -> str:
        return f"{self.sent.text}, sent to {self.sent.to},"


class NoMessageIsLost(Law):
    """A letter is handled, or a dead letter, or lost in the hands of a life that ended; exactly one of them.

    It is taken again only when it was redelivered or put aside.
    """

    name = "every message is handled, a dead letter, or still queued"
    sees = (
        *(Sent, Taken, Finished, Failed, PutAside, PassedOn, Crossed, Redelivered, DeadLettered, Resolved),
        *(LifeBegan, LifeEnding, LifeEnded, SlotDiscarded, Injected),
    )

    def __init__(self) -> None:
        self._fates: dict[int, _Fate] = {}
        self._ending: set[int] = set()
        self._discarded: set[str] = set()
        self._redeliver: dict[int, int] = {}
        self._duplicated = False

    def saw(self, event: Event) -> Iterator[str]:
        """Follow a letter from stage to stage."""
        match event:
            case Sent():
                self._fates[event.letter] = _Fate(event, event.to)
            case (
                Taken() | Finished() | Failed() | PutAside() | PassedOn() | Redelivered() | DeadLettered() | Resolved()
            ):
                fate = self._fates.get(event.letter)
                if fate is not None:
                    for what in self._follows(fate, event):
                        yield Found(what, fate.sent.number)
            case Crossed():
                self._fates.pop(event.letter, None)
            case LifeBegan():
                self._redeliver[event.life] = event.redeliver
                self._discarded.discard(event.path)
            case LifeEnding() | LifeEnded():
                self._ending.add(event.life)
            case SlotDiscarded():
                self._discarded.add(event.path)
            case Injected():
                self._duplicated = self._duplicated or event.fault == "duplicate"

    def _follows(self, fate: _Fate, event: Event) -> Iterator[str]:
        match event:
            case Taken():
                yield from self._taken(fate, event)
            case Finished():
                fate.stage = FINISHED
            case Failed():
                fate.stage = FAILED
            case PutAside():
                fate.stage, fate.due = QUEUED, fate.delivery
            case PassedOn():
                yield from self._passed_on(fate, event)
            case Redelivered():
                yield from self._redelivered(fate, event)
            case DeadLettered():
                yield from self._dead(fate, event)
            case Resolved():
                fate.given_up = event.outcome in GIVEN_UP

    def _taken(self, fate: _Fate, event: Taken) -> Iterator[str]:
        if fate.dead is not None:
            yield f"{fate} was taken by {event.path} when it was a dead letter ({fate.dead})"
        elif fate.stage != QUEUED:
            yield f"{fate} was taken by {event.path} when it was {fate.stage} already"
        elif event.delivery != fate.due:
            yield f"{fate} was taken by {event.path} as delivery {event.delivery}; delivery {fate.due} was due"
        fate.stage, fate.delivery, fate.life = IN_HAND, event.delivery, event.life

    def _passed_on(self, fate: _Fate, event: PassedOn) -> Iterator[str]:
        if fate.dead is not None:
            yield f"{fate} was passed on to {event.to} when it was a dead letter ({fate.dead})"
        fate.stage, fate.due, fate.to = QUEUED, max(fate.delivery, 1), event.to

    def _redelivered(self, fate: _Fate, event: Redelivered) -> Iterator[str]:
        ended = self._duplicated or fate.life in self._ending
        if fate.dead is not None or fate.stage == QUEUED or not ended:
            where = f"a dead letter ({fate.dead})" if fate.dead is not None else fate.stage
            yield f"{fate} was given back to {event.path} when it was {where}, and no life had ended with it in hand"
        elif event.delivery > 1 + self._redeliver.get(fate.life, event.delivery):
            most = self._redeliver[fate.life]
            yield f"{fate} is to be delivered for the {event.delivery}. time; its actor declares redeliver={most}"
        fate.stage, fate.due, fate.to = QUEUED, event.delivery, event.path

    def _dead(self, fate: _Fate, event: DeadLettered) -> Iterator[str]:
        if fate.dead is not None:
            yield f"{fate} was a dead letter twice: {fate.dead}, and {event.reason}"
        elif fate.stage == FINISHED and event.reason not in UNHEARD:
            yield f"{fate} was a dead letter ({event.reason}) when it was handled"
        fate.dead = event.reason

    def over(self) -> Iterator[str]:
        """Name the letters of which nothing is known."""
        for fate in self._fates.values():
            if fate.dead is not None or fate.given_up:
                continue
            if fate.stage == QUEUED and fate.to in self._discarded:
                yield Found(
                    f"{fate} is neither handled nor a dead letter, and its mailbox is no more", fate.sent.number
                )
            elif fate.stage == IN_HAND and fate.life not in self._ending:
                yield Found(f"{fate} is still in hand", fate.sent.number)


class OrderIsKept(Law):
    """Messages from one sender to one slot are taken in the order in which they were sent.

    Exempt are mailboxes with priorities, notices, and letters that were delivered before, put aside or passed on.
    """

    name = "order is kept from one sender to one actor"
    sees = (Sent, Taken, PutAside, PassedOn, Crossed, Redelivered, LifeBegan)

    def __init__(self) -> None:
        self._sent: dict[int, Sent] = {}
        self._latest: dict[tuple[str, str], Sent] = {}
        self._ranked: set[str] = set()
        self._exempt: set[int] = set()

    def saw(self, event: Event) -> Iterator[str]:
        """Take note of what was sent, and compare what is taken."""
        match event:
            case Sent():
                self._sent[event.letter] = event
            case PutAside() | PassedOn() | Crossed() | Redelivered():
                self._exempt.add(event.letter)
            case LifeBegan() if event.ranked:
                self._ranked.add(event.path)
            case Taken() if event.letter in self._sent and event.letter not in self._exempt:
                sent = self._sent[event.letter]
                if event.delivery == 1 and event.path not in self._ranked and sent.kind != "notice":
                    yield from self._in_order(sent)

    def _in_order(self, sent: Sent) -> Iterator[str]:
        pair = sent.by, sent.to
        before = self._latest.get(pair)
        if before is not None and before.number > sent.number:
            what = f"{sent.to} took {before.text} before {sent.text}, which {sent.by} had sent first"
            yield Found(what, sent.number, before.number)
        else:
            self._latest[pair] = sent
