"""Actors for tests of trees whose workers are processes: they write what happens to them into a file."""

import asyncio
from pathlib import Path

from llmactors import Actor, Exit, message


class FaultError(Exception):
    """What a hand fails with."""


class Hand(Actor):
    """Writes how it stops into a file, by name.

    Args:
        diary: Where it writes.
        slow_stop: Seconds its stop takes.
        fails: It cannot start where this file is.
    """

    def __init__(self, diary: str, slow_stop: float = 0.0, fails: str = "") -> None:
        self.diary, self.slow_stop, self.fails = diary, slow_stop, fails

    def _write(self, verb: str) -> None:
        with Path(self.diary).open("a", encoding="utf-8") as diary:
            diary.write(f"{verb} {self.context.name}\n")

    def on_start(self) -> None:
        """Start, or fail to."""
        if self.fails and Path(self.fails).exists():
            self._write("fail")
            raise FaultError(self.context.name)

    async def on_stop(self, exit: Exit) -> None:
        """Stop, in a while."""
        self._write("halt")
        await asyncio.sleep(self.slow_stop)
        self._write("stop")

    @message
    def work(self) -> str:
        """Do nothing."""
        return "done"

    @message
    def leave(self) -> None:
        """End normally."""
        self.context.stop()

    @message
    def crash(self) -> None:
        """End abnormally."""
        raise FaultError(self.context.name)
