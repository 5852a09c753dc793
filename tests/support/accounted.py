"""An actor that uses things, on any host."""

import asyncio
import subprocess
import sys
import time
from types import SimpleNamespace
from typing import Any

from llmactors import Actor, ActorRef, message

BURN = "import sys, time\nwhile time.process_time() < float(sys.argv[1]): pass\nprint(flush=True)\nsys.stdin.read()"


class Busy(Actor):
    """Uses what it is told to use."""

    def __init__(self) -> None:
        self.kept: Any = None
        self.below: subprocess.Popen[bytes] | None = None

    async def on_stop(self, exit: object) -> None:
        """End what it started."""
        del exit
        if self.below is not None:
            self.below.communicate()

    @message
    def nothing(self) -> None:
        """Do nothing."""

    @message
    def take(self, text: str) -> None:
        """Take something that has a size."""
        del text

    @message
    def keep(self, text: str) -> None:
        """Make something its state."""
        self.kept = text

    @message(timeout=30.0)
    def burn(self, seconds: float) -> None:
        """Use CPU time."""
        end = time.thread_time() + seconds
        while time.thread_time() < end:
            pass

    @message(timeout=30.0)
    async def wait(self, seconds: float) -> None:
        """Wait."""
        await asyncio.sleep(seconds)

    @message
    def spend(self, resource: str, amount: float) -> None:
        """Report what was used."""
        self.context.spend(resource, amount)

    @message(timeout=30.0)
    def have_burned_below(self, seconds: float) -> None:
        """Have a process below use CPU time; it stays until the end."""
        command = [sys.executable, "-c", BURN, str(seconds)]
        self.below = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        assert self.below.stdout is not None
        self.below.stdout.readline()

    @message
    def pretend_torch(self, size: int) -> None:
        """Have PyTorch hold so many bytes on a GPU."""
        cuda = SimpleNamespace(is_initialized=lambda: True, device_count=lambda: 1, memory_reserved=lambda _: size)
        sys.modules["torch"] = SimpleNamespace(cuda=cuda)  # type: ignore[assignment]  # as much of it as is asked

    @message
    async def begin(self) -> "ActorRef[Busy]":
        """Begin another one below."""
        return await self.context.spawn(Busy)
