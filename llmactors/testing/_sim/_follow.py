"""Playing what a flight recorder kept: turns in the order in which they were, whatever came between them."""

from __future__ import annotations

import re
from collections import deque
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

    from llmactors.testing._core.choices import Choice

TURN: Final = re.compile(r"(?P<path>\S+) (?P<what>.*)#(?P<number>\d+)")
SIGNALS: Final = "signals"


class Follower:
    """Has those go on whose turn it was, as far as they can; everything else takes its plain course.

    A message that an actor took unnoticed, behind its signals, is met when its next one is taken.

    Args:
        choices: The turns, in order.
    """

    def __init__(self, choices: Sequence[Choice]) -> None:
        self._turns: dict[str, deque[Choice]] = {}
        self._places = {id(choice): place for place, choice in enumerate(choices)}
        for choice in choices:
            self._turns.setdefault(choice.pick, deque()).append(choice)

    def pick(self, point: str, options: Sequence[str] | None) -> str | None:
        """Return the option whose turn came first, of those that there are."""
        if options is None or not point.startswith("next "):
            return None
        known = [(turns, option) for option in options if (turns := self._turns.get(_turn_of(option)[0]))]
        return min(known, key=lambda one: self._places[id(one[0][0])])[1] if known else None

    def took(self, turn: str) -> None:
        """Somebody had a turn."""
        name, path, number = _turn_of(turn)
        self._met(name)
        while number > 1 and self._met(f"{path} #{number - 1}"):
            number -= 1

    def _met(self, name: str) -> bool:
        turns = self._turns.get(name)
        if turns:
            turns.popleft()
        return turns is not None

    def unmet(self) -> tuple[Choice, ...]:
        """Return the turns that nobody had."""
        left = [choice for turns in self._turns.values() for choice in turns]
        return tuple(sorted(left, key=lambda choice: self._places[id(choice)]))


def _turn_of(turn: str) -> tuple[str, str, int]:
    """Return what a turn is called on a tape, whose it is, and which message comes next."""
    found = TURN.fullmatch(turn)
    if found is None:
        return turn, turn, 0
    path, what, number = found["path"], found["what"].strip(), int(found["number"])
    return (f"{path} {SIGNALS}" if what == SIGNALS else f"{path} #{number}"), path, number
