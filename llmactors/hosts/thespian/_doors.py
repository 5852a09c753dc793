"""Doors: Thespian addresses behind which actors of ours live, seen from the loop."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from llmactors.errors import LLMActorsError, RemoteError

if TYPE_CHECKING:
    from llmactors._ref import ActorRef
    from llmactors.hosts.thespian._link import BrokerLink


class Door:
    """The address of one actor of ours in a Thespian system. What is sent there is asked of the actor."""

    def __init__(self, link: BrokerLink, ref: ActorRef[Any]) -> None:
        self._link, self._ref = link, ref
        self._tasks: set[asyncio.Task[None]] = set()
        self._open: asyncio.Future[tuple[str, Any]] = asyncio.get_running_loop().create_future()
        self._number = link.open(self)
        link.say("door", self._number)

    async def address(self) -> Any:
        """Return the address, when there is one.

        Raises:
            RemoteError: The Thespian system has none to give.
        """
        event, content = await asyncio.shield(self._open)
        if event != "door":
            raise RemoteError("thespian", f"no address: {content}")
        return content

    def heard(self, event: str, *parts: Any) -> None:
        """Deal with what the broker says."""
        if event == "knock":
            task = asyncio.get_running_loop().create_task(self._ask(*parts), name=f"asked for {self._ref.path}")
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        elif not self._open.done():
            self._open.set_result((event, parts[0]))
        if event == "lost":
            for task in self._tasks:
                task.cancel()

    async def _ask(self, knock: int, content: Any) -> None:
        answer: Any = None
        with suppress(LLMActorsError):  # the kernel has counted it; Thespian's language has no word for it
            answer = await self._ref.ask(content)
        if not self._link.over:
            self._link.say("reply", self._number, knock, answer)
