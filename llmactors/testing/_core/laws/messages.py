"""Laws about messages: none is lost, none is handled twice, and two that follow each other stay in order."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import ClassVar, Final

from llmactors.testing._core.laws import Found, Law
from llmactors.testing._values import (
    Crossed,
    DeadLettered,
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

    def found(self, what: str) -> tuple[Found]:
        """Say of it what was broken."""
        return (Found(f"{self.sent.text}, sent to {self.sent.to}, {what}", self.sent.number),)


class NoMessageIsLost(Law):
    """A letter is handled, or a dead letter, or lost in the hands of a life that ended; exactly one of them.

    It is taken again only when it was redelivered or put aside.
    """

    name = "every message is handled, a dead letter, or still queued"
    hears: ClassVar = {
        Sent: "_sent",
        Taken: "_taken",
        Finished: "_finished",
        Failed: "_failed",
        PutAside: "_put_aside",
        PassedOn: "_passed_on",
        Crossed: "_crossed",
        Redelivered: "_redelivered",
        DeadLettered: "_dead",
        Resolved: "_resolved",
        LifeBegan: "_begins",
        **dict.fromkeys((LifeEnding, LifeEnded), "_ends"),
        SlotDiscarded: "_given_up",
        Injected: "_injected",
    }

    def __init__(self) -> None:
        self._fates: dict[int, _Fate] = {}
        self._ending: set[int] = set()
        self._discarded: set[str] = set()
        self._redeliver: dict[int, int] = {}
        self._duplicated = False

    # -- letters ---------------------------------------------------------------------------------------------
    def _sent(self, event: Sent) -> Iterable[str]:
        self._fates[event.letter] = _Fate(event, event.to)
        return ()

    def _taken(self, event: Taken) -> Iterable[str]:
        fate = self._fates.get(event.letter)
        if fate is None:
            return ()
        said: Iterable[str] = ()
        if fate.dead is not None:
            said = fate.found(f"was taken by {event.path} when it was a dead letter ({fate.dead})")
        elif fate.stage != QUEUED:
            said = fate.found(f"was taken by {event.path} when it was {fate.stage} already")
        elif event.delivery != fate.due:
            said = fate.found(f"was taken by {event.path} as delivery {event.delivery}; delivery {fate.due} was due")
        fate.stage, fate.delivery, fate.life = IN_HAND, event.delivery, event.life
        return said

    def _finished(self, event: Finished) -> Iterable[str]:
        fate = self._fates.get(event.letter)
        if fate is not None:
            fate.stage = FINISHED
        return ()

    def _failed(self, event: Failed) -> Iterable[str]:
        fate = self._fates.get(event.letter)
        if fate is not None:
            fate.stage = FAILED
        return ()

    def _put_aside(self, event: PutAside) -> Iterable[str]:
        fate = self._fates.get(event.letter)
        if fate is not None:
            fate.stage, fate.due = QUEUED, fate.delivery
        return ()

    def _passed_on(self, event: PassedOn) -> Iterable[str]:
        fate = self._fates.get(event.letter)
        if fate is None:
            return ()
        dead = fate.dead
        fate.stage, fate.due, fate.to = QUEUED, max(fate.delivery, 1), event.to
        return () if dead is None else fate.found(f"was passed on to {event.to} when it was a dead letter ({dead})")

    def _crossed(self, event: Crossed) -> Iterable[str]:
        self._fates.pop(event.letter, None)
        return ()

    def _redelivered(self, event: Redelivered) -> Iterable[str]:
        fate = self._fates.get(event.letter)
        if fate is None:
            return ()
        said: Iterable[str] = ()
        ended = self._duplicated or fate.life in self._ending
        if fate.dead is not None or fate.stage == QUEUED or not ended:
            where = f"a dead letter ({fate.dead})" if fate.dead is not None else fate.stage
            said = fate.found(
                f"was given back to {event.path} when it was {where}, and no life had ended with it in hand"
            )
        elif event.delivery > 1 + self._redeliver.get(fate.life, event.delivery):
            most = self._redeliver[fate.life]
            said = fate.found(f"is to be delivered for the {event.delivery}. time; its actor declares redeliver={most}")
        fate.stage, fate.due, fate.to = QUEUED, event.delivery, event.path
        return said

    def _dead(self, event: DeadLettered) -> Iterable[str]:
        fate = self._fates.get(event.letter)
        if fate is None:
            return ()
        before, fate.dead = fate.dead, event.reason
        if before is not None:
            return fate.found(f"was a dead letter twice: {before}, and {event.reason}")
        if fate.stage == FINISHED and event.reason not in UNHEARD:
            return fate.found(f"was a dead letter ({event.reason}) when it was handled")
        return ()

    def _resolved(self, event: Resolved) -> Iterable[str]:
        fate = self._fates.get(event.letter)
        if fate is not None:
            fate.given_up = event.outcome in GIVEN_UP
        return ()

    # -- who has them ----------------------------------------------------------------------------------------
    def _begins(self, event: LifeBegan) -> Iterable[str]:
        self._redeliver[event.life] = event.redeliver
        self._discarded.discard(event.path)
        return ()

    def _ends(self, event: LifeEnding | LifeEnded) -> Iterable[str]:
        self._ending.add(event.life)
        return ()

    def _given_up(self, event: SlotDiscarded) -> Iterable[str]:
        self._discarded.add(event.path)
        return ()

    def _injected(self, event: Injected) -> Iterable[str]:
        self._duplicated = self._duplicated or event.fault == "duplicate"
        return ()

    def over(self) -> Iterator[str]:
        """Name the letters of which nothing is known."""
        for fate in self._fates.values():
            if fate.dead is not None or fate.given_up:
                continue
            if fate.stage == QUEUED and fate.to in self._discarded:
                yield from fate.found("is neither handled nor a dead letter, and its mailbox is no more")
            elif fate.stage == IN_HAND and fate.life not in self._ending:
                yield from fate.found("is still in hand")


class OrderIsKept(Law):
    """Messages from one sender to one slot are taken in the order in which they were sent.

    Exempt are mailboxes with priorities, notices, and letters that were delivered before, put aside or passed on.
    """

    name = "order is kept from one sender to one actor"
    hears: ClassVar = {
        Sent: "_sent_out",
        Taken: "_taken",
        **dict.fromkeys((PutAside, PassedOn, Crossed, Redelivered), "_has_moved"),
        LifeBegan: "_begins",
    }

    def __init__(self) -> None:
        self._sent: dict[int, Sent] = {}
        self._latest: dict[tuple[str, str], Sent] = {}
        self._ranked: set[str] = set()
        self._exempt: set[int] = set()

    def _sent_out(self, event: Sent) -> Iterable[str]:
        self._sent[event.letter] = event
        return ()

    def _has_moved(self, event: PutAside | PassedOn | Crossed | Redelivered) -> Iterable[str]:
        self._exempt.add(event.letter)
        return ()

    def _begins(self, event: LifeBegan) -> Iterable[str]:
        if event.ranked:
            self._ranked.add(event.path)
        return ()

    def _taken(self, event: Taken) -> Iterable[str]:
        sent = self._sent.get(event.letter)
        if sent is None or event.letter in self._exempt or event.path in self._ranked:
            return ()
        if event.delivery != 1 or sent.kind == "notice":
            return ()
        pair = sent.by, sent.to
        before = self._latest.get(pair)
        if before is not None and before.number > sent.number:
            what = f"{sent.to} took {before.text} before {sent.text}, which {sent.by} had sent first"
            return (Found(what, sent.number, before.number),)
        self._latest[pair] = sent
        return ()
