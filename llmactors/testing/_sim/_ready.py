"""The run queue of a simulated system: who takes the next message, and when the loop gets its turn, are choices."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Any

from llmactors.testing._sim._names import name_of_turn

if TYPE_CHECKING:
    from llmactors.testing._sim._chooser import Chooser
    from llmactors.testing._sim._loop import SimLoop


class SimReady(deque[Any]):
    """A run queue whose `popleft` chooses, and which is empty for once when the loop is to have its turn.

    The scheduler looks at its truth before each slice, and once more at the end of a turn, to come back.
    """

    def __init__(self, chooser: Chooser, loop: SimLoop) -> None:
        super().__init__()
        self._chooser, self._loop = chooser, loop
        self._sliced = False  # a slice is over: the turn may be

    def __bool__(self) -> bool:
        if not len(self):
            self._sliced = False
            return False
        if self._sliced:
            self._sliced = False
            return not (self._loop.others() and self._chooser.turn_ends(self))
        return True

    def popleft(self) -> Any:
        """Take the next cell."""
        self._sliced = True
        chooser = self._chooser
        place = 0 if len(self) == 1 and not chooser.every else chooser.next(self)
        cell = self[place]
        del self[place]
        if chooser.took is not None:
            chooser.took(name_of_turn(cell))
        return cell
