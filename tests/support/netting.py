"""A small tree with workers in processes, for tests of faults at every level."""

import asyncio
import os
from collections.abc import AsyncIterator
from pathlib import Path

from llmactors import Actor, message
from llmactors.hosts import Process
from supervisors import Supervisor, child, pool


class Net(Actor):
    @message
    async def predict(self, number: int) -> int:
        await asyncio.sleep(0.02)
        return number * number

    @message
    def pid(self) -> int:
        return os.getpid()


class Store(Actor):
    def __init__(self) -> None:
        self.kept: list[int] = []

    @message
    def keep(self, number: int) -> int:
        self.kept.append(number)
        return len(self.kept)

    @message
    def write(self, path: str) -> str:
        try:
            Path(path).write_text("written", encoding="utf-8")
        except OSError as error:
            return type(error).__name__
        return "written"

    @message
    def hold(self, mebibytes: int) -> int:
        """Hold so much memory, and touch it, a MiB at a time; return how much."""
        self.held = [bytes([1]) * (1 << 20) for _ in range(mebibytes)]
        return len(self.held)

    @message
    async def wait(self, seconds: float) -> str:
        """Do nothing for so long that needs memory."""
        await asyncio.sleep(seconds)
        return "waited"

    @message
    async def count(self, upto: int) -> AsyncIterator[int]:
        for number in range(upto):
            yield number
            await asyncio.sleep(0)


class Nets(Supervisor):
    store = child(Store)
    apart = child(Store, host=Process())
    nets = pool(Net, size=2, host=Process(), redeliver=5)
