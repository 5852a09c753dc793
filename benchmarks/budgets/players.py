"""The actors of these measurements, in a module of their own: worker processes import it once."""

import asyncio
import time

from llmactors import Actor, message

GRAB = 64 * 2**20


class Busy(Actor):
    """Has always something to do: in pieces of a quarter of a millisecond, or without an end."""

    @message
    def go_on(self) -> None:
        """Work a little, and go on after that."""
        end = time.perf_counter() + 0.00025
        while time.perf_counter() < end:
            pass
        self.context.self_ref.tell(Busy.go_on())

    @message(limit=None)
    def spin(self) -> None:
        """Work for ever."""
        while True:
            pass


class Quiet(Actor):
    """Answers."""

    @message
    def answer(self) -> int:
        """Answer at once."""
        return 1


class Greedy(Quiet):
    """Takes memory until it is stopped."""

    @message(timeout=60, limit=None)
    async def grab(self) -> None:
        """Allocate 64 MiB every 10 ms."""
        held = []
        while True:
            held.append((b"\1" * 4096) * (GRAB // 4096))
            await asyncio.sleep(0.01)
