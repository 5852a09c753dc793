"""Laws about what was promised to somebody: the outcome of an ask, the end of what is watched."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import ClassVar

from llmactors.testing._core.laws import Found, Law
from llmactors.testing._values import (
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
    hears: ClassVar = {Sent: "_sent", Resolved: "_resolved", LifeEnded: "_is_over"}

    def __init__(self) -> None:
        self._open: dict[int, Sent] = {}
        self._done: dict[int, tuple[Sent, Resolved]] = {}

    def _sent(self, event: Sent) -> Iterable[str]:
        if event.kind == "ask":
            self._open[event.letter] = event
        return ()

    def _resolved(self, event: Resolved) -> Iterable[str]:
        ask = self._open.pop(event.letter, None)
        if ask is not None:
            self._done[event.letter] = ask, event
            return ()
        if event.letter not in self._done:
            return ()
        ask, before = self._done[event.letter]
        what = f"{ask.text}, asked of {ask.to}, was {before.outcome}, and then {event.outcome}"
        return (Found(what, ask.number, before.number),)

    def _is_over(self, event: LifeEnded) -> Iterable[str]:
        for letter in [letter for letter, ask in self._open.items() if ask.by == event.path]:
            del self._open[letter]
        return ()

    def over(self) -> Iterator[str]:
        """Name what nobody ever heard of again."""
        for ask in self._open.values():
            yield Found(f"{ask.text}, asked of {ask.to} by {ask.by} at {ask.at:g} s, never had an outcome", ask.number)


class EveryMonitorFiresOnce(Law):
    """A monitor tells of one end, once, and not before it; or it was taken back, or went with who had set it."""

    name = "every monitor yields exactly one Down"
    hears: ClassVar = {
        MonitorSet: "_is_set",
        MonitorFired: "_fired",
        MonitorTaken: "_taken_back",
        LifeEnding: "_ends",
    }

    def __init__(self) -> None:
        self._set: dict[int, MonitorSet] = {}
        self._over: dict[int, str] = {}
        self._ending: set[int] = set()

    def _is_set(self, event: MonitorSet) -> Iterable[str]:
        self._set[event.monitor] = event
        return ()

    def _taken_back(self, event: MonitorTaken) -> Iterable[str]:
        self._over.setdefault(event.monitor, "was taken back")
        return ()

    def _ends(self, event: LifeEnding) -> Iterable[str]:
        self._ending.add(event.life)
        return ()

    def _fired(self, event: MonitorFired) -> Iterable[str]:
        it = self._set.get(event.monitor)
        if it is None:
            return ()
        before = self._over.get(it.monitor)
        self._over[it.monitor] = "had told"
        if before is not None:
            return (Found(f"the monitor of {it.path}, set by {it.by}, told of its end after it {before}", it.number),)
        if it.life is not None and it.life not in self._ending:
            return (Found(f"the monitor of {it.path}, set by {it.by}, told of its end while it lived", it.number),)
        return ()

    def over(self) -> Iterator[str]:
        """Name the monitors that nothing became of."""
        for monitor, it in self._set.items():
            if monitor not in self._over:
                yield Found(
                    f"the monitor of {it.path}, set by {it.by} at {it.at:g} s, never told of its end", it.number
                )
