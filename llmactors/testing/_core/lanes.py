"""Where things stand in a timeline: lanes, bars, arrows and marks, in rows and columns rather than in pixels.

Theory of operation
1. An actor is a lane, an event is a row. Lanes stand in the order in which their actors appear, the test's first.
2. A life is a bar, light until it is up and while it ends. In it, what is in hand is a narrow bar.
3. A message is an arrow from where it was sent, or passed on, to where it was taken, and an answer one back. A message
   that nobody took is an arrow to the mailbox that it ended or waits in.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Literal

from llmactors.testing._core.words import TEST, Words
from llmactors.testing._values import (
    DeadLettered,
    Event,
    Failed,
    Finished,
    Healed,
    Injected,
    LifeBegan,
    LifeEnded,
    LifeEnding,
    LifeUp,
    Noted,
    PassedOn,
    PutAside,
    Redelivered,
    Resolved,
    Sent,
    Taken,
)

Stage = Literal["starting", "up", "ending", "hand"]
Kind = Literal["message", "answer", "lost", "waiting"]
Sign = Literal["fault", "failure", "abnormal end", "note", "redelivery"]


@dataclass(frozen=True, slots=True)
class Bar:
    """A stretch of a lane, from one row to another."""

    lane: int
    first: int
    last: int
    stage: Stage
    title: str


@dataclass(frozen=True, slots=True)
class Arrow:
    """Something on its way from one lane and row to another."""

    from_lane: int
    from_row: int
    to_lane: int
    to_row: int
    kind: Kind
    title: str


@dataclass(frozen=True, slots=True)
class Mark:
    """A sign on a lane."""

    lane: int
    row: int
    sign: Sign
    title: str


@dataclass(frozen=True, slots=True)
class Row:
    """One event: when it was, whose it is, and what happened."""

    number: int
    at: float
    lane: int
    who: str
    what: str


@dataclass(slots=True)
class Sheet:
    """A whole timeline.

    Attributes:
        lanes: Whose they are, by path.
        rows: What happened, in order.
        bars: Lives, and what they have in hand.
        arrows: Messages and answers.
        marks: Faults, and what went wrong.
    """

    lanes: list[str]
    rows: list[Row] = field(default_factory=list)
    bars: list[Bar] = field(default_factory=list)
    arrows: list[Arrow] = field(default_factory=list)
    marks: list[Mark] = field(default_factory=list)


def sheet(history: Sequence[Event]) -> Sheet:
    """Lay a history out."""
    return _Drawing(history).drawn()


class _Drawing:
    def __init__(self, history: Sequence[Event]) -> None:
        self._history = history
        self._words = Words(history)
        self._sheet = Sheet(list(_paths(history, self._words)))
        self._places = {path: place for place, path in enumerate(self._sheet.lanes)}
        self._lives: dict[int, tuple[Stage, int]] = {}
        self._hands: dict[int, tuple[int, int]] = {}
        self._held: dict[int, dict[int, int]] = {}
        self._ways: dict[int, tuple[int, int, str]] = {}

    def drawn(self) -> Sheet:
        for row, event in enumerate(self._history):
            who, what = self._words.who(event), self._words.what(event)
            self._sheet.rows.append(Row(event.number, event.at, self._lane(who), who, what))
            self._life(event, row)
            self._message(event, row)
            self._mark(event, row, f"{who} {what}")
        self._finish(len(self._history) - 1)
        return self._sheet

    def _lane(self, path: str) -> int:
        return self._places.get(path, self._places.get(TEST, 0))

    # -- lives ------------------------------------------------------------------------------------------------
    def _life(self, event: Event, row: int) -> None:
        match event:
            case LifeBegan():
                self._lives[event.life] = "starting", row
            case LifeUp():
                self._turn(event.path, event.life, row, "up")
            case LifeEnding():
                self._turn(event.path, event.life, row, "ending")
            case LifeEnded():
                for letter, taken in self._held.pop(event.life, {}).items():
                    self._hand(event.path, letter, taken, row)
                self._turn(event.path, event.life, row, None)

    def _turn(self, path: str, life: int, row: int, stage: Stage | None) -> None:
        before = self._lives.pop(life, None)
        if before is not None:
            self._bar(path, before[1], row, before[0], f"{path}, life {life}: {before[0]}")
        if stage is not None:
            self._lives[life] = stage, row

    def _bar(self, path: str, first: int, last: int, stage: Stage, title: str) -> None:
        self._sheet.bars.append(Bar(self._lane(path), first, last, stage, title))

    # -- messages ---------------------------------------------------------------------------------------------
    def _message(self, event: Event, row: int) -> None:
        match event:
            case Sent() | PassedOn():
                by = TEST if event.by == "outside" else event.by
                self._ways[event.letter] = self._lane(by), row, event.to
            case Redelivered():
                self._ways[event.letter] = self._lane(event.path), row, event.path
            case Taken():
                self._arrives(event.letter, event.path, row, "message")
                self._hands[event.letter] = self._lane(event.path), row
                self._held.setdefault(event.life, {})[event.letter] = row
            case DeadLettered():
                self._arrives(event.letter, event.path, row, "lost")
            case Finished() | Failed() | PutAside():
                self._lets_go(event, row)
            case Resolved():
                self._answers(event, row)

    def _arrives(self, letter: int, path: str, row: int, kind: Kind) -> None:
        way = self._ways.pop(letter, None)
        if way is not None:
            lane, sent, _ = way
            self._sheet.arrows.append(Arrow(lane, sent, self._lane(path), row, kind, self._words.text(letter)))

    def _lets_go(self, event: Finished | Failed | PutAside, row: int) -> None:
        taken = self._held.get(event.life, {}).pop(event.letter, None)
        if taken is not None:
            self._hand(event.path, event.letter, taken, row)
            self._hands[event.letter] = self._lane(event.path), row

    def _hand(self, path: str, letter: int, taken: int, row: int) -> None:
        self._bar(path, taken, row, "hand", f"{path} has {self._words.text(letter)} in hand")

    def _answers(self, event: Resolved, row: int) -> None:
        sent, hand = self._words.sent(event.letter), self._hands.get(event.letter)
        if sent is not None and hand is not None and event.outcome in ("answered", "failed"):
            lane, answered = hand
            to = self._lane(TEST if sent.by == "outside" else sent.by)
            self._sheet.arrows.append(Arrow(lane, answered, to, row, "answer", self._words.what(event)))

    # -- the rest ---------------------------------------------------------------------------------------------
    def _mark(self, event: Event, row: int, title: str) -> None:
        sign: Sign | None = None
        match event:
            case Injected():
                sign = "fault"
            case Failed():
                sign = "failure"
            case LifeEnded() if not event.clean:
                sign = "abnormal end"
            case Resolved() if event.outcome not in ("answered", "left"):
                sign = "failure"
            case Redelivered():
                sign = "redelivery"
            case Healed() | Noted():
                sign = "note"
        if sign is not None:
            self._sheet.marks.append(Mark(self._sheet.rows[row].lane, row, sign, title))

    def _finish(self, last: int) -> None:
        """Draw what has not ended: lives that go on, messages that wait."""
        paths = {event.life: event.path for event in self._history if isinstance(event, LifeBegan)}
        for life, (stage, row) in self._lives.items():
            self._bar(paths[life], row, last, stage, f"{paths[life]}, life {life}: {stage}, to the end")
        for life, letters in self._held.items():
            for letter, taken in letters.items():
                self._hand(paths.get(life, TEST), letter, taken, last)
        for letter, (lane, row, to) in self._ways.items():
            title = f"{self._words.text(letter)}: nobody took it"
            self._sheet.arrows.append(Arrow(lane, row, self._lane(to), row, "waiting", title))


def _paths(history: Iterable[Event], words: Words) -> dict[str, None]:
    paths: dict[str, None] = {}
    for event in history:
        paths.setdefault(words.who(event))
        if isinstance(event, (Sent, PassedOn)):
            paths.setdefault(event.to)
    if TEST in paths:
        paths = {TEST: None, **paths}
    return paths
