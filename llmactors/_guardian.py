"""The guardian: the system's own actor, on which every other hangs."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from llmactors import _ends as ends
from llmactors._actor import Actor
from llmactors._messages import Ended, Started, StartFailed

if TYPE_CHECKING:
    from llmactors._exits import Exit
    from llmactors._kept import Slot


class Guardian(Actor):
    """The system's own actor: it holds the root's slot and owns whatever the system spawns."""

    pausable = False
    local = True

    def __init__(self) -> None:
        self.root: Slot[Any] | None = None
        self.root_over: asyncio.Event = asyncio.Event()
        self.root_up: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def receive(self, message: object) -> None:
        """Hear of the root."""
        match message:
            case Started():
                if not self.root_up.done():
                    self.root_up.set_result(None)
            case StartFailed(_, error):
                self.root_over.set()
                if not self.root_up.done():
                    self.root_up.set_exception(error)
            case Ended(_, exit):
                self.root_over.set()
                self.context.system.root_ended(exit)
                if not self.root_up.done():
                    self.root_up.set_exception(ends.ended_error(message.ref, exit))

    async def on_stop(self, exit: Exit) -> None:  # noqa: ARG002  the hook's signature
        """Stop the root, and wait for it."""
        if self.root is not None and not self.root_over.is_set():
            self.root.stop()
            await self.root_over.wait()
