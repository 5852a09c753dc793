"""A small tree with workers in processes, for tests of faults at every level."""

import asyncio
import os
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


class Nets(Supervisor):
    store = child(Store)
    apart = child(Store, host=Process())
    nets = pool(Net, size=2, host=Process(), redeliver=5)
