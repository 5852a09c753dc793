"""A run queue for clocks that stand still: the loop gets its turn after so many slices, since no time ends a turn."""

from __future__ import annotations

from collections import deque
from typing import Any, Final

SLICES: Final = 256  # in a turn of the scheduler


class Turns(deque[Any]):
    """Says once in a while that it is empty, so that the scheduler ends its turn; then it is asked anew."""

    def __init__(self) -> None:
        super().__init__()
        self._taken = 0

    def popleft(self) -> Any:
        """Return who is next."""
        self._taken += 1
        return super().popleft()

    def __bool__(self) -> bool:
        if self._taken >= SLICES:
            self._taken = 0
            return False
        return len(self) > 0
