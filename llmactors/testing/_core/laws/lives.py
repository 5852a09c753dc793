"""Laws about lives: one at a time in a slot, each ended once, nothing done outside them, none left by its owner."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import ClassVar

from llmactors.testing._core.laws import Found, Law
from llmactors.testing._values import (
    Failed,
    Finished,
    LifeBegan,
    LifeEnded,
    LifeEnding,
    LifeUp,
    PassedOn,
    PutAside,
    SlotDiscarded,
    Taken,
)


class EveryLifeEndsOnce(Law):
    """A life begins, may come up, begins to end, and is over: each once, in this order."""

    name = "every life ends exactly once"
    hears: ClassVar = {LifeBegan: "_begins", LifeUp: "_is_up", LifeEnding: "_ends", LifeEnded: "_is_over"}

    def __init__(self) -> None:
        self._stages: dict[int, str] = {}
        self._began: dict[int, LifeBegan] = {}

    def _begins(self, event: LifeBegan) -> Iterable[str]:
        self._began[event.life] = event
        return self._step(event.life, "began", None)

    def _is_up(self, event: LifeUp) -> Iterable[str]:
        return self._step(event.life, "was up", "began")

    def _ends(self, event: LifeEnding) -> Iterable[str]:
        return self._step(event.life, "began to end", "began", "was up")

    def _is_over(self, event: LifeEnded) -> Iterable[str]:
        return self._step(event.life, "was over", "began", "was up", "began to end")

    def _step(self, life: int, stage: str, *after: str | None) -> Iterable[str]:
        before, self._stages[life] = self._stages.get(life), stage
        return () if before in after else (self._found(life, f"{stage}, and before that it {before or 'was none'}"),)

    def over(self) -> Iterator[str]:
        """Name the lives that are not over."""
        for life, stage in self._stages.items():
            if stage != "was over":
                yield self._found(life, f"{stage}, and was never over")

    def _found(self, life: int, what: str) -> Found:
        began = self._began.get(life)
        path, about = ("nobody", ()) if began is None else (began.path, (began.number,))
        return Found(f"life {life} of {path} {what}", *about)


class NothingIsHandledOutsideALife(Law):
    """A handler begins while its life is up and not ending, and none is at work when the life is over."""

    name = "nothing is handled before an actor is up, or after its end"
    hears: ClassVar = {
        LifeUp: "_is_up",
        LifeEnding: "_ends",
        LifeEnded: "_is_over",
        Taken: "_taken",
        Finished: "_finished",
    }

    def __init__(self) -> None:
        self._stages: dict[int, str] = {}

    def _is_up(self, event: LifeUp) -> Iterable[str]:
        self._stages.setdefault(event.life, "up")
        return ()

    def _ends(self, event: LifeEnding) -> Iterable[str]:
        self._stages[event.life] = "ending"
        return ()

    def _is_over(self, event: LifeEnded) -> Iterable[str]:
        self._stages[event.life] = "over"
        return ()

    def _taken(self, event: Taken) -> Iterable[str]:
        stage = self._stages.get(event.life, "not up yet")
        if stage == "up":
            return ()
        return (f"{event.path} took message {event.letter} when its life {event.life} was {stage}",)

    def _finished(self, event: Finished) -> Iterable[str]:
        if self._stages.get(event.life) != "over":
            return ()
        return (f"{event.path} finished message {event.letter} when its life {event.life} was over",)


class OneAtATime(Law):
    """A life has no more messages in hand than its class declares, which is one unless it says more."""

    name = "an actor handles one message at a time"
    hears: ClassVar = {
        LifeBegan: "_begins",
        Taken: "_taken",
        **dict.fromkeys((Finished, Failed, PutAside), "_done"),
        PassedOn: "_passed_on",
    }

    def __init__(self) -> None:
        self._room: dict[int, int] = {}
        self._hands: dict[int, set[int]] = {}
        self._holders: dict[int, int] = {}

    def _begins(self, event: LifeBegan) -> Iterable[str]:
        self._room[event.life] = event.concurrency
        return ()

    def _taken(self, event: Taken) -> Iterable[str]:
        hands = self._hands.get(event.life)
        if hands is None:
            hands = self._hands[event.life] = set()
        hands.add(event.letter)
        self._holders[event.letter] = event.life
        room = self._room.get(event.life, 0)
        if 0 < room < len(hands):
            return (f"{event.path} had messages {_list(hands)} in hand at once; its concurrency is {room}",)
        return ()

    def _done(self, event: Finished | Failed | PutAside) -> Iterable[str]:
        hands = self._hands.get(event.life)
        if hands is not None:
            hands.discard(event.letter)
        return ()

    def _passed_on(self, event: PassedOn) -> Iterable[str]:
        hands = self._hands.get(self._holders.get(event.letter, 0))
        if hands is not None:
            hands.discard(event.letter)
        return ()


class OneOwnerPerName(Law):
    """There is one life at a time at a path, and the slot is given up after the last of them."""

    name = "a name has at most one owner"
    hears: ClassVar = {LifeBegan: "_begins", LifeEnded: "_is_over", SlotDiscarded: "_given_up"}

    def __init__(self) -> None:
        self._living: dict[str, dict[int, LifeBegan]] = {}

    def _begins(self, event: LifeBegan) -> Iterable[str]:
        living = self._living.setdefault(event.path, {})
        broken = [f"life {event.life} began at {event.path} while life {other} was there" for other in living]
        living[event.life] = event
        return broken

    def _is_over(self, event: LifeEnded) -> Iterable[str]:
        self._living.get(event.path, {}).pop(event.life, None)
        return ()

    def _given_up(self, event: SlotDiscarded) -> Iterable[str]:
        living = self._living.get(event.path, ())
        return [f"the slot {event.path} was given up while life {life} was in it" for life in living]


@dataclass(slots=True)
class _Brood:
    """What hangs on one life."""

    path: str
    over: bool
    living: dict[int, str]


class NoOrphans(Law):
    """When a life is over, those that hung on it are over too, and none begins on it afterwards."""

    name = "no orphan is left after a stop"
    hears: ClassVar = {LifeBegan: "_begins", LifeEnded: "_is_over"}

    def __init__(self) -> None:
        self._broods: dict[int, _Brood] = {}
        self._owners: dict[int, int] = {}

    def _begins(self, event: LifeBegan) -> Iterable[str]:
        self._broods[event.life] = _Brood(event.path, over=False, living={})
        owners = self._broods.get(event.owner_life)
        if owners is None:
            return ()
        self._owners[event.life] = event.owner_life
        owners.living[event.life] = event.path
        return (f"{event.path} began when its owner {owners.path} was over",) if owners.over else ()

    def _is_over(self, event: LifeEnded) -> Iterable[str]:
        brood = self._broods.get(event.life)
        if brood is None:
            return ()
        brood.over = True
        owner = self._owners.get(event.life)
        if owner is not None:
            self._broods[owner].living.pop(event.life, None)
        living = brood.living.values()
        return [f"{path} outlives its owner {event.path}, which has ended: {event.exit}" for path in living]


def _list(letters: set[int]) -> str:
    return ", ".join(str(letter) for letter in sorted(letters))
