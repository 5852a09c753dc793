"""Uses actors on threads, interrupts some, and is then traced line by line: "traced N lines" says that nothing hung."""

import asyncio
import sys
import time
from contextlib import suppress
from types import FrameType
from typing import Any

from llmactors import Actor, ActorSystem, message
from llmactors.errors import ActorEndedError, HandlerTimeoutError
from llmactors.hosts import Thread


class Worker(Actor):
    """Does as it is told, on a thread."""

    @message
    def add(self, number: int) -> int:
        """Return the next number."""
        return number + 1

    @message(limit=0.05)
    def spin(self) -> None:
        """Never return."""
        while True:
            time.sleep(0)


async def main() -> None:
    """Have one actor answer, and another be interrupted; then trace."""
    with suppress(HandlerTimeoutError):  # which nobody hears of but the system
        async with ActorSystem() as system:
            one = await system.spawn(Worker, host=Thread())
            assert await one.ask(Worker.add(1)) == 2
            other = await system.spawn(Worker, host=Thread())
            with suppress(ActorEndedError):
                await other.ask(Worker.spin())
            sys.stdout.write(f"traced {traced(100)} lines\n")


def traced(times: int) -> int:
    """Run a function under a trace; return how many lines it had."""
    lines = 0

    def trace(frame: FrameType, event: str, _: Any) -> Any:
        nonlocal lines
        lines += event == "line"
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        for _ in range(times):
            plain()
    finally:
        sys.settrace(before)
    return lines


def plain() -> int:
    """Return a number."""
    return 1


if __name__ == "__main__":
    asyncio.run(main())
