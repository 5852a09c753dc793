"""What happened, in words: one short line for each event, for reports and timelines."""

from __future__ import annotations

from collections.abc import Iterable

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
    MonitorFired,
    MonitorSet,
    MonitorTaken,
    Noted,
    PassedOn,
    PutAside,
    Redelivered,
    Resolved,
    Sent,
    SlotDiscarded,
    Taken,
)

TEST = "test"
"""Whose events are those of nobody in the tree."""

OUTCOMES = {
    "answered": "is answered",
    "failed": "is answered with an error",
    "timeout": "has run out of time",
    "ended": "fails: its actor has ended",
    "refused": "is refused",
    "left": "is given up by its asker",
}


class Words:
    """Tells the events of one history.

    Args:
        history: All of it.
    """

    def __init__(self, history: Iterable[Event]) -> None:
        self._letters: dict[int, Sent] = {}
        self._monitors: dict[int, MonitorSet] = {}
        self._first: dict[str, int] = {}
        for event in history:
            if isinstance(event, Sent):
                self._letters[event.letter] = event
            elif isinstance(event, MonitorSet):
                self._monitors[event.monitor] = event
            elif isinstance(event, LifeBegan):
                self._first.setdefault(event.path, event.life)

    def sent(self, letter: int) -> Sent | None:
        """Return the sending of a letter."""
        return self._letters.get(letter)

    def who(self, event: Event) -> str:
        """Return whose event it is: a path, or the test's."""
        match event:
            case Sent() | PassedOn() | MonitorSet():
                return self._by(event.by)
            case MonitorFired() | MonitorTaken():
                monitor = self._monitors.get(event.monitor)
                return TEST if monitor is None else self._by(monitor.by)
            case Resolved():
                sent = self._letters.get(event.letter)
                return TEST if sent is None else self._by(sent.by)
            case Healed() | Noted():
                return TEST
        path: str = getattr(event, "path", TEST)
        return path

    def what(self, event: Event) -> str:
        """Return what happened, as a clause without whose it is."""
        match event:
            case Sent() | Taken() | Finished() | Failed() | PutAside() | PassedOn():
                return self._of_a_message(event)
            case Resolved() | Redelivered() | DeadLettered():
                return self._of_its_fate(event)
            case LifeBegan() | LifeUp() | LifeEnding() | LifeEnded() | SlotDiscarded():
                return self._of_a_life(event)
            case MonitorSet() | MonitorFired() | MonitorTaken():
                return self._of_a_monitor(event)
            case Injected():
                return f"{event.fault} (fault) at {event.point}"
            case Healed():
                return "faults end here"
        return event.text if isinstance(event, Noted) else type(event).__name__

    def _of_a_message(self, event: Sent | Taken | Finished | Failed | PutAside | PassedOn) -> str:
        text = self.text(event.letter)
        match event:
            case Sent():
                return f"-> {event.to} {text}{'' if event.kind == 'tell' else f' ({event.kind})'}"
            case Taken():
                again = "" if event.delivery == 1 else f" (delivery {event.delivery})"
                return f"takes {text}{again}"
            case Finished():
                return f"has handled {text}"
            case Failed():
                return f"fails in {text}: {event.error}"
            case PutAside():
                return f"puts {text} aside"
            case PassedOn():
                return f"-> {event.to} {text} (passed on)"

    def _of_its_fate(self, event: Resolved | Redelivered | DeadLettered) -> str:
        text = self.text(event.letter)
        match event:
            case Resolved():
                told = f": {event.text}" if event.text and event.outcome in ("answered", "failed") else ""
                return f"{text} {OUTCOMES[event.outcome]}{told}"
            case Redelivered():
                return f"is given {text} again"
            case DeadLettered():
                return f"{text} is a dead letter: {event.reason}"

    def _of_a_life(self, event: LifeBegan | LifeUp | LifeEnding | LifeEnded | SlotDiscarded) -> str:
        match event:
            case LifeBegan():
                again = "" if self._first.get(event.path) == event.life else " again"
                return f"is started{again} (life {event.life})"
            case LifeUp():
                return "is up"
            case LifeEnding():
                return f"begins to end: {event.exit}"
            case LifeEnded():
                return f"has ended: {event.exit}"
            case SlotDiscarded():
                return "is no more"

    def _of_a_monitor(self, event: MonitorSet | MonitorFired | MonitorTaken) -> str:
        monitor = self._monitors.get(event.monitor)
        path = f"monitor {event.monitor}" if monitor is None else monitor.path
        match event:
            case MonitorSet():
                return f"watches {path}"
            case MonitorFired():
                return f"hears that {path} has ended"
            case MonitorTaken():
                return f"watches {path} no more"

    def text(self, letter: int) -> str:
        """Return what a letter says."""
        sent = self._letters.get(letter)
        return f"message {letter}" if sent is None else sent.text

    @staticmethod
    def _by(path: str) -> str:
        return TEST if path == "outside" else path
