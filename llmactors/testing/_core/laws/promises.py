"""Laws about what was promised to somebody: the outcome of an ask, the end of what is watched."""

from __future__ import annotations

from collections.abc import Iterator

from llmactors.testing._core.laws import Found, Law
from llmactors.testing._values import (
    Event,
    LifeEnded,
    LifeEnding,
    MonitorFired,
    MonitorSet,
    MonitorTaken,
    Resolved,
    Sent,
)


class EveryAskResolvesOnce(Law):
    """An ask has one outcome, however its actor ends, and has it when the system has closed.

    Who has asked and is over waits for nothing: in a process that was killed, nobody hears of an outcome any more.
    """

    name = "every ask resolves exactly once"
    sees = (Sent, Resolved, LifeEnded)

    def __init__(self) -> None:
        self._open: dict[int, Sent] = {}
        self._done: dict[int, tuple[Sent, Resolved]] = {}

    def saw(self, event: Event) -> Iterator[str]:
        """Take note of an ask or an outcome."""
        if isinstance(event, LifeEnded):
            for letter in [letter for letter, ask in self._open.items() if ask.by == event.path]:
                del self._open[letter]
        elif isinstance(event, Sent):
            if event.kind == "ask":
                self._open[event.letter] = event
        elif isinstance(event, Resolved):
            ask = self._open.pop(event.letter, None)
            if ask is not None:
                self._done[event.letter] = ask, event
            elif event.letter in self._done:
                ask, before = self._done[event.letter]
                what = f"{ask.text}, asked of {ask.to}, was {before.outcome}, and then {event.outcome}"
                yield Found(what, ask.number, before.number)

    def over(self) -> Iterator[str]:
        """Name what nobody ever heard of again."""
        for ask in self._open.values():
            yield Found(f"{ask.text}, asked of {ask.to} by {ask.by} at {ask.at:g} s, never had an outcome", ask.number)


class EveryMonitorFiresOnce(Law):
    """A monitor tells of one end, once, and not before it; or it was taken back, or went with who had set it."""

    name = "every monitor yields exactly one Down"
    sees = (MonitorSet, MonitorFired, MonitorTaken, LifeEnding)

    def __init__(self) -> None:
        self._set: dict[int, MonitorSet] = {}
        self._over: dict[int, str] = {}
        self._ending: set[int] = set()

    def saw(self, event: Event) -> Iterator[str]:
        """Take note of a monitor, or of what became of it."""
        match event:
            case MonitorSet():
                self._set[event.monitor] = event
            case MonitorTaken():
                self._over.setdefault(event.monitor, "was taken back")
            case LifeEnding():
                self._ending.add(event.life)
            case MonitorFired() if event.monitor in self._set:
                yield from self._fires(self._set[event.monitor])

    def _fires(self, it: MonitorSet) -> Iterator[str]:
        before = self._over.get(it.monitor)
        self._over[it.monitor] = "had told"
        if before is not None:
            yield Found(f"the monitor of {it.path}, set by {it.by}, told of its end after it {before}", it.number)
        elif it.life is not None and it.life not in self._ending:
            yield Found(f"the monitor of {it.path}, set by {it.by}, told of its end while it lived", it.number)

    def over(self) -> Iterator[str]:
        """Name the monitors that nothing became of."""
        for monitor, it in self._set.items():
            if monitor not in self._over:
                yield Found(
                    f"the monitor of {it.path}, set by {it.by} at {it.at:g} s, never told of its end", it.number
                )
