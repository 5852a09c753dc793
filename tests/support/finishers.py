"""An actor that has its process killed at a place chosen by counting, after a handler of it is over."""

import asyncio
import os
import signal
import sys
from pathlib import Path
from types import FrameType
from typing import Any

from llmactors import Actor, message


class Finisher(Actor):
    """Notes in a file each time it handles a message; after the first of all, it dies at a chosen event.

    Args:
        file: Where it notes.
        after: How many calls and returns after the handler is over.
    """

    def __init__(self, file: str, after: int) -> None:
        self._file, self._after = Path(file), after

    @message
    def plainly(self) -> None:
        self._handle(sys._getframe(1))  # what takes the message's arguments out of it

    @message
    def by_a_call(self, what: list[int]) -> None:
        self._handle(sys._getframe(1))

    @message
    async def by_a_slow_call(self, what: list[int]) -> None:
        await asyncio.sleep(0)
        self._handle(sys._getframe(0))

    @message
    async def at_once(self) -> None:
        self._handle(sys._getframe(0))

    @message
    async def slowly(self) -> None:
        await asyncio.sleep(0)
        self._handle(sys._getframe(0))

    @message
    def ready(self) -> bool:
        return True

    def _handle(self, last: FrameType) -> None:
        first = not self._file.exists()
        with self._file.open("a") as file:
            file.write("handled ")
        if first:
            sys.setprofile(Death(last, self._after))


class Death:
    """Kills the process when so many calls and returns have come after the return of a frame, the handler's last."""

    def __init__(self, last: FrameType, left: int) -> None:
        self._last: FrameType | None = last
        self._left = left

    def __call__(self, frame: FrameType, event: str, arg: Any) -> None:
        if self._last is not None:
            if frame is self._last and event == "return":
                self._last = None
            return
        self._left -= 1
        if not self._left:
            os.kill(os.getpid(), signal.SIGKILL)
