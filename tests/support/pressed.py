"""Actors that are told of pressure. In a module of their own, for worker processes."""

import asyncio
from typing import Any

from llmactors import Actor, message
from llmactors.limits import Pressure


class Cache(Actor):
    """Writes down what it is told, and when."""

    def __init__(self) -> None:
        self.seen: list[str] = []

    def on_pressure(self, level: Pressure) -> None:
        self.seen.append(level)

    @message
    def note(self, what: str) -> None:
        self.seen.append(what)

    @message
    async def wait(self, seconds: float) -> None:
        self.seen.append("waits")
        await asyncio.sleep(seconds)
        self.seen.append("waited")

    @message
    def so_far(self) -> list[str]:
        return [str(each) for each in self.seen]


class SlowCache(Cache):
    """Takes its time to drop what it has."""

    async def on_pressure(self, level: Pressure) -> None:  # type: ignore[override]
        self.seen.append("begins")
        await asyncio.sleep(0.01)
        self.seen.append(level)


class BrokenCache(Cache):
    """Cannot drop anything."""

    def on_pressure(self, level: Pressure) -> None:
        raise ValueError(f"cannot answer {level}")


class Deaf(Actor):
    """Does not want to know."""

    @message
    def ping(self) -> str:
        return "pong"


class Files(Actor):
    """Says how much it has stored."""

    @message
    def store(self, size: float) -> None:
        self.context.hold("storage", size)

    @message
    def note(self, text: str) -> None:
        del text

    @message
    def remember(self, mebibytes: int) -> None:
        self.held: Any = [bytes(1 << 20) for _ in range(mebibytes)]

    @message
    def ping(self) -> str:
        return "pong"
