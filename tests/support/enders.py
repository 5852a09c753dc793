"""Actors that end in every way there is."""

import asyncio
from typing import Any

from llmactors import Actor, ActorRef, Exit, message


class Idler(Actor):
    """Ends in any way that it is told to."""

    @message
    def boom(self) -> None:
        raise ValueError("boom")

    @message
    def leave(self) -> None:
        self.context.stop()

    @message
    def link_to(self, ref: ActorRef[Any]) -> None:
        self.context.link(ref)

    @message
    def unlink_from(self, ref: ActorRef[Any]) -> None:
        self.context.unlink(ref)


class Fragile(Actor):
    """Crashes where it is told to."""

    def __init__(self, where: str = "", diary: list[str] | None = None) -> None:
        self.where = where
        self.diary = [] if diary is None else diary
        if where == "init":
            raise ValueError(where)

    async def on_start(self) -> None:
        if self.where == "on_start":
            raise ValueError(self.where)
        await asyncio.sleep(0)
        if self.where == "on_start, later":
            raise ValueError(self.where)

    async def on_stop(self, exit: Exit) -> None:
        self.diary.append(type(exit).__name__)
        if self.where == "on_stop":
            raise ValueError(self.where)
        await asyncio.sleep(0)
        if self.where == "on_stop, later":
            raise ValueError(self.where)

    def receive(self, message: object) -> None:
        raise ValueError(message)

    @message
    def plain(self) -> None:
        raise ValueError("plain")

    @message
    async def first_step(self) -> None:
        raise ValueError("first step")

    @message
    async def suspended(self) -> None:
        await asyncio.sleep(0)
        raise ValueError("suspended")


class PlainHooks(Fragile):
    def on_start(self) -> None:  # type: ignore[override]  # a hook may be either
        if self.where == "on_start":
            raise ValueError(self.where)

    def on_stop(self, exit: Exit) -> None:  # type: ignore[override]  # as above
        self.diary.append(type(exit).__name__)
        if self.where == "on_stop":
            raise ValueError(self.where)
