"""Dead letters: what nobody handled, counted and kept for a while."""

from __future__ import annotations

import logging
from collections import Counter, deque
from typing import TYPE_CHECKING, Final

from llmactors._reports import report

if TYPE_CHECKING:
    from llmactors._messages import DeadLetter

KEPT_LETTERS: Final = 100
LOUD: Final = frozenset({"full", "poison", "unhandled"})  # a mistake somewhere, rather than the way of the world


class DeadLetters:
    """What nobody handled: counters by reason, and the last few letters."""

    __slots__ = ("_warned", "counts", "recent")

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self.recent: deque[DeadLetter] = deque(maxlen=KEPT_LETTERS)
        self._warned: deque[str] = deque(maxlen=KEPT_LETTERS)

    @property
    def total(self) -> int:
        """How many there were."""
        return self.counts.total()

    def add(self, letter: DeadLetter) -> None:
        """Count a letter; the first of each mailbox and loud reason is a warning."""
        self.counts[letter.reason] += 1
        self.recent.append(letter)
        key = f"{letter.path} {letter.reason}"
        level = (
            logging.WARNING
            if letter.reason in {"full", "poison", "unhandled"} and key not in self._warned
            else logging.DEBUG
        )
        if level == logging.WARNING:
            self._warned.append(key)
        report(level, "dead_letter", path=letter.path, reason=letter.reason, message=type(letter.message).__qualname__)
