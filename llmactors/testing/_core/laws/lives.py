"""Laws about lives: one at a time in a slot, each ended once, nothing done outside them, none left by its owner."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from llmactors.testing._core.laws import Found, Law
from llmactors.testing._values import (
    Event,
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
    sees = (LifeBegan, LifeUp, LifeEnding, LifeEnded)

    def __init__(self) -> None:
        self._stages: dict[int, str] = {}
        self._began: dict[int, LifeBegan] = {}

    def saw(self, event: Event) -> Iterator[str]:
        """Follow a life from stage to stage."""
        match event:
            case LifeBegan():
                self._began[event.life] = event
                yield from self._step(event.life, "began", None)
            case LifeUp():
                yield from self._step(event.life, "was up", "began")
            case LifeEnding():
                yield from self._step(event.life, "began to end", "began", "was up")
            case LifeEnded():
                yield from self._step(event.life, "was over", "began", "was up", "began to end")

    def _step(self, life: int, stage: str, *after: str | None) -> Iterator[str]:
        before, self._stages[life] = self._stages.get(life), stage
        if before not in after:
            yield self._found(life, f"{stage}, and before that it {before or 'was none'}")

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
    sees = (LifeUp, LifeEnding, LifeEnded, Taken, Finished)

    def __init__(self) -> None:
        self._stages: dict[int, str] = {}

    def saw(self, event: Event) -> Iterator[str]:
        """Take note of a life's stage, or judge a handler by it."""
        match event:
            case LifeUp():
                self._stages.setdefault(event.life, "up")
            case LifeEnding():
                self._stages[event.life] = "ending"
            case LifeEnded():
                self._stages[event.life] = "over"
            case Taken() if self._stages.get(event.life) != "up":
                stage = self._stages.get(event.life, "not up yet")
                yield f"{event.path} took message {event.letter} when its life {event.life} was {stage}"
            case Finished() if self._stages.get(event.life) == "over":
                yield f"{event.path} finished message {event.letter} when its life {event.life} was over"


class OneAtATime(Law):
    """A life has no more messages in hand than its class declares, which is one unless it says more."""

    name = "an actor handles one message at a time"
    sees = (LifeBegan, Taken, Finished, Failed, PutAside, PassedOn)

    def __init__(self) -> None:
        self._room: dict[int, int] = {}
        self._hands: dict[int, set[int]] = {}
        self._holders: dict[int, int] = {}

    def saw(self, event: Event) -> Iterator[str]:
        """Count what is in hand."""
        match event:
            case LifeBegan():
                self._room[event.life] = event.concurrency
            case Taken():
                hands = self._hands.setdefault(event.life, set())
                hands.add(event.letter)
                self._holders[event.letter] = event.life
                room = self._room.get(event.life, 0)
                if 0 < room < len(hands):
                    yield f"{event.path} had messages {_list(hands)} in hand at once; its concurrency is {room}"
            case Finished() | Failed() | PutAside():
                self._hands.get(event.life, set()).discard(event.letter)
            case PassedOn():
                self._hands.get(self._holders.get(event.letter, 0), set()).discard(event.letter)


class OneOwnerPerName(Law):
    """There is one life at a time at a path, and the slot is given up after the last of them."""

    name = "a name has at most one owner"
    sees = (LifeBegan, LifeEnded, SlotDiscarded)

    def __init__(self) -> None:
        self._living: dict[str, dict[int, LifeBegan]] = {}

    def saw(self, event: Event) -> Iterator[str]:
        """Keep account of who lives where."""
        match event:
            case LifeBegan():
                living = self._living.setdefault(event.path, {})
                for other in living:
                    yield f"life {event.life} began at {event.path} while life {other} was there"
                living[event.life] = event
            case LifeEnded():
                self._living.get(event.path, {}).pop(event.life, None)
            case SlotDiscarded():
                for life in self._living.get(event.path, ()):
                    yield f"the slot {event.path} was given up while life {life} was in it"


@dataclass(slots=True)
class _Brood:
    """What hangs on one life."""

    path: str
    over: bool
    living: dict[int, str]


class NoOrphans(Law):
    """When a life is over, those that hung on it are over too, and none begins on it afterwards."""

    name = "no orphan is left after a stop"
    sees = (LifeBegan, LifeEnded)

    def __init__(self) -> None:
        self._broods: dict[int, _Brood] = {}
        self._owners: dict[int, int] = {}

    def saw(self, event: Event) -> Iterator[str]:
        """Keep account of who hangs on whom."""
        match event:
            case LifeBegan():
                self._broods[event.life] = _Brood(event.path, over=False, living={})
                owners = self._broods.get(event.owner_life)
                if owners is not None:
                    self._owners[event.life] = event.owner_life
                    owners.living[event.life] = event.path
                    if owners.over:
                        yield f"{event.path} began when its owner {owners.path} was over"
            case LifeEnded() if event.life in self._broods:
                brood = self._broods[event.life]
                brood.over = True
                for path in brood.living.values():
                    yield f"{path} outlives its owner {event.path}, which has ended: {event.exit}"
                owner = self._owners.get(event.life)
                if owner is not None:
                    self._broods[owner].living.pop(event.life, None)


def _list(letters: set[int]) -> str:
    return ", ".join(str(letter) for letter in sorted(letters))
