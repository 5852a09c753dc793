"""Histories written down by hand: each line an event, numbered and timed as it comes."""

from collections.abc import Iterable, Sequence
from typing import Any, Literal, Self

from llmactors.testing._core.judge import Judge
from llmactors.testing._core.laws import Law
from llmactors.testing._values import (
    DeadLettered,
    Event,
    Failed,
    Finished,
    Injected,
    LifeBegan,
    LifeEnded,
    LifeEnding,
    LifeUp,
    MonitorFired,
    MonitorSet,
    MonitorTaken,
    Outcome,
    PassedOn,
    PutAside,
    Redelivered,
    Resolved,
    Sent,
    SlotDiscarded,
    Taken,
)

Kind = Literal["tell", "send", "ask", "stream", "notice"]


def timed(facts: dict[str, Any]) -> dict[str, Any]:
    """Return when it was, of the facts of an event, for the one that follows it at once."""
    return {"at": facts["at"]} if "at" in facts else {}


class History:
    """Writes events down in order. Each is caused by the one before it, unless *cause* says otherwise."""

    def __init__(self) -> None:
        self.events: list[Event] = []

    def add(self, what: type[Event], /, **facts: Any) -> Self:
        number = len(self.events)
        head = {"number": number, "at": number / 10, "cause": number - 1 if number else None}
        self.events.append(what(**{**head, **facts}))
        return self

    # -- messages ---------------------------------------------------------------------------------------------
    def sent(self, letter: int, to: str = "/a", by: str = "outside", kind: Kind = "tell", **facts: Any) -> Self:
        named = {"message": "Player.note", "text": f"Player.note({letter})", **facts}
        return self.add(Sent, letter=letter, by=by, to=to, kind=kind, **named)

    def taken(self, letter: int, path: str = "/a", life: int = 1, delivery: int = 1, **facts: Any) -> Self:
        return self.add(Taken, letter=letter, path=path, life=life, delivery=delivery, **facts)

    def finished(self, letter: int, path: str = "/a", life: int = 1, **facts: Any) -> Self:
        return self.add(Finished, letter=letter, path=path, life=life, **facts)

    def failed(self, letter: int, path: str = "/a", life: int = 1, **facts: Any) -> Self:
        return self.add(Failed, letter=letter, path=path, life=life, error="ValueError()", **facts)

    def handled(self, letter: int, path: str = "/a", life: int = 1) -> Self:
        return self.taken(letter, path, life).finished(letter, path, life)

    def aside(self, letter: int, path: str = "/a", life: int = 1) -> Self:
        return self.add(PutAside, letter=letter, path=path, life=life)

    def passed_on(self, letter: int, to: str = "/b", by: str = "/a", **facts: Any) -> Self:
        return self.add(PassedOn, letter=letter, by=by, to=to, **facts)

    def resolved(self, letter: int, outcome: Outcome = "answered", **facts: Any) -> Self:
        return self.add(Resolved, letter=letter, outcome=outcome, text="7", **facts)

    def again(self, letter: int, delivery: int = 2, path: str = "/a", **facts: Any) -> Self:
        return self.add(Redelivered, letter=letter, path=path, delivery=delivery, **facts)

    def dead(self, letter: int, reason: str = "discarded", path: str = "/a") -> Self:
        return self.add(DeadLettered, letter=letter, path=path, reason=reason)

    # -- lives ------------------------------------------------------------------------------------------------
    def began(self, path: str = "/a", life: int = 1, owner: str | None = None, **facts: Any) -> Self:
        named = {"kind": "Player", "owner_life": 0, "capacity": 4, **facts}
        return self.add(LifeBegan, path=path, life=life, owner=owner, **named)

    def up(self, path: str = "/a", life: int = 1, owner: str | None = None, **facts: Any) -> Self:
        return self.began(path, life, owner, **facts).add(LifeUp, path=path, life=life, **timed(facts))

    def add_up(self, path: str = "/a", life: int = 1) -> Self:
        return self.add(LifeUp, path=path, life=life)

    def ending(
        self, path: str = "/a", life: int = 1, *, asked: bool = True, by: str | None = None, **facts: Any
    ) -> Self:
        exit_ = "Shutdown()" if asked else "Crash(ValueError())"
        return self.add(LifeEnding, path=path, life=life, exit=exit_, clean=asked, asked=asked, by=by, **facts)

    def ended(
        self, path: str = "/a", life: int = 1, *, asked: bool = True, by: str | None = None, **facts: Any
    ) -> Self:
        exit_ = "Shutdown()" if asked else "Crash(ValueError())"
        self.ending(path, life, asked=asked, by=by, **facts)
        return self.add(LifeEnded, path=path, life=life, exit=exit_, clean=asked, **timed(facts))

    def discarded(self, path: str = "/a") -> Self:
        return self.add(SlotDiscarded, path=path)

    # -- the rest ---------------------------------------------------------------------------------------------
    def watched(self, monitor: int = 1, path: str = "/a", life: int | None = 1) -> Self:
        return self.add(MonitorSet, monitor=monitor, by="/w", path=path, life=life)

    def fired(self, monitor: int = 1) -> Self:
        return self.add(MonitorFired, monitor=monitor)

    def taken_back(self, monitor: int = 1) -> Self:
        return self.add(MonitorTaken, monitor=monitor)

    def injected(self, fault: str = "kill", path: str = "/a", point: str = "taken A.b #1", **facts: Any) -> Self:
        return self.add(Injected, fault=fault, path=path, point=point, **facts)


def judged(laws: Iterable[Law], events: Sequence[Event]) -> list[str]:
    """Return what is broken of *laws* by *events*, the end included."""
    judge = Judge(laws)
    for event in events:
        judge.saw(event)
    judge.over()
    return [broken.what for broken in judge.broken]
