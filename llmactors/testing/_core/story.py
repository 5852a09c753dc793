"""The story of a violation: of all that happened in a run, the events that led to it.

Theory of operation
1. It is about the event that broke the law, or those that the law says it is about; and so about their messages: all
   that happened to a message belongs to the story, and so do the ends of the lives that had it in hand.
2. Faults belong to it: in a run that was shrunk each is needed.
3. What caused something that belongs to it belongs to it.
4. Nothing after the violation does.
5. What does not fit is left out by weight: what is furthest from the violation first.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from llmactors.testing._values import (
    Event,
    Finished,
    Healed,
    Injected,
    LifeEnded,
    LifeEnding,
    LifeUp,
    PassedOn,
    SlotDiscarded,
    Taken,
)

CENTRAL, NEAR, FAR = range(3)


@dataclass(frozen=True, slots=True)
class Story:
    """Events that led to a violation.

    Args:
        events: All of them, in order.
        about: The numbers of those that it is about.
        weights: What each event's number weighs; the less, the more it belongs to it.
    """

    events: tuple[Event, ...]
    about: frozenset[int]
    weights: dict[int, int]

    def shortened(self, length: int) -> list[Event | int]:
        """Return its events in order, so many lines at most; a number stands for so many events left out."""
        kept = {event.number for event in self.events}
        heaviest = sorted(self.events, key=lambda event: (-self.weights[event.number], event.number))
        for left, event in enumerate(heaviest):
            if len(heaviest) - left <= 4 * length and len(_with_gaps(self.events, kept)) <= length:
                break
            kept.discard(event.number)
        return _with_gaps(self.events, kept)


def story(history: Sequence[Event], number: int | None, about: Iterable[int] = ()) -> Story:
    """Tell what led to a violation.

    Args:
        history: All that happened.
        number: The event that broke the law, or after which it was seen.
        about: Other events that it is about; without any it is about *number*.
    """
    last = len(history) - 1 if number is None else min(number, len(history) - 1)
    past = history[: last + 1]
    centre = {each for each in about if each <= last}
    if past and (not centre or _is_about_the_same(past[last], [past[each] for each in centre])):
        centre.add(last)
    weights = _close_to(past, centre, {event.letter for each in centre if hasattr(event := past[each], "letter")})
    _add_causes(past, weights)
    told = tuple(event for event in past if event.number in weights)
    repeated = _repeated(told) - centre
    return Story(tuple(event for event in told if event.number not in repeated), frozenset(centre), weights)


def _is_about_the_same(event: Event, others: Iterable[Event]) -> bool:
    """Say whether two events are of one message, or of one life."""
    mine = (getattr(event, "letter", None), getattr(event, "life", None))
    for other in others:
        theirs = (getattr(other, "letter", None), getattr(other, "life", None))
        if any(one is not None and one == another for one, another in zip(mine, theirs, strict=True)):
            return True
    return False


def _close_to(past: Sequence[Event], centre: set[int], letters: set[int]) -> dict[int, int]:
    """Weigh what the violation is about, what became of its messages and of who had them, and the faults."""
    weights = dict.fromkeys(centre, CENTRAL)
    lives = {event.life for event in past if isinstance(event, Taken) and event.letter in letters}
    hit = {event.path for event in past if isinstance(event, Injected)}
    for event in past:
        match event:
            case Injected() | Healed():
                weights.setdefault(event.number, CENTRAL)
            case LifeEnding() | LifeEnded() if event.life in lives or event.path in hit:
                weights.setdefault(event.number, NEAR)
        if getattr(event, "letter", None) in letters:
            weights.setdefault(event.number, NEAR)
    return weights


def _add_causes(past: Sequence[Event], weights: dict[int, int]) -> None:
    for last in sorted(weights, reverse=True):
        number, cause = last, past[last].cause
        while cause is not None and cause < number and cause not in weights:
            weights[cause] = FAR
            number, cause = cause, past[cause].cause


def _repeated(told: Sequence[Event]) -> set[int]:
    """Return the numbers of events that only say again what another one of the story says."""
    ended = {event.life for event in told if isinstance(event, LifeEnded)}
    passed: set[tuple[int, str]] = set()
    repeated: set[int] = set()
    for event in told:
        match event:
            case PassedOn():
                passed.add((event.letter, event.by))
            case LifeUp() | SlotDiscarded():
                repeated.add(event.number)
            case LifeEnding() if event.life in ended:
                repeated.add(event.number)
            case Finished() if (event.letter, event.path) in passed:
                repeated.add(event.number)
    return repeated


def _with_gaps(events: Sequence[Event], kept: set[int]) -> list[Event | int]:
    lines: list[Event | int] = []
    gap: list[Event] = []
    for event in events:
        if event.number not in kept:
            gap.append(event)
            continue
        lines += [len(gap)] if len(gap) > 1 else gap  # one event takes no more room than the word that it is left out
        gap = []
        lines.append(event)
    return lines + ([len(gap)] if len(gap) > 1 else gap)


def faults(events: Iterable[Event]) -> int:
    """Count the faults among *events*."""
    return sum(isinstance(event, Injected) for event in events)
