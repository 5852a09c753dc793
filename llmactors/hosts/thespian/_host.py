"""The runtime of `Thespian(...)`."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from llmactors import _ends as ends
from llmactors._ref import ActorRef
from llmactors.errors import HostCapabilityError
from llmactors.hosts._loop import LoopHost
from llmactors.hosts.thespian._child import ThespianChild
from llmactors.hosts.thespian._link import BrokerLink

if TYPE_CHECKING:
    from llmactors._table import Table
    from llmactors._usage import Usage
    from llmactors.hosts.thespian._config import Thespian


class ThespianHost(LoopHost):
    """Runs what stands for Thespian actors, and one broker for all of them."""

    capabilities = frozenset({"foreign", "pause", "process"})

    def __init__(self, system: Any, config: Thespian) -> None:
        super().__init__(system)
        self._config = config
        self._link: BrokerLink | None = None
        self._beginning: asyncio.Task[None] | None = None

    def table(self, cls: type) -> Table:
        """Return how messages for actors of *cls* are delivered.

        Raises:
            HostCapabilityError: *cls* is not `ThespianChild`.
        """
        if not issubclass(cls, ThespianChild):
            raise HostCapabilityError("Thespian()", f"run {cls.__name__}, which is no ThespianChild")
        return super().table(cls)

    def new_cell(self, system: Any, table: Table, label: str | int, owner: ActorRef[Any] | None) -> ActorRef[Any]:
        """Make an empty cell. Messages are Thespian's, and cross as Thespian has them cross."""
        return ActorRef(system, table, label, owner)

    async def link(self) -> BrokerLink:
        """Return the connection to a living broker; the first to ask has it started."""
        if self._link is None or self._link.over or self._beginning is None:
            old, self._link = self._link, BrokerLink(self._config)
            beginning = _begin(self._link, old)
            self._beginning = self._system.scheduler.loop.create_task(beginning, name="thespian broker begins")
        link = self._link
        begun = self._beginning
        if not begun.done():
            await asyncio.wait((begun,))  # one who gives up does not take the broker from the others
        if begun.exception() is not None and self._beginning is begun:
            self._link = self._beginning = None  # the next one to ask tries anew
        begun.result()
        return link

    def kill(self, cell: ActorRef[Any]) -> None:
        """Kill the actor's process; the slot's life is over when that is."""
        child = cell.actor
        if not isinstance(child, ThespianChild) or not child.kill_then(lambda: ends.host_done(cell)):
            ends.host_done(cell)

    def usage(self, cell: ActorRef[Any]) -> Usage:
        """Return the account: CPU time and memory are those of the actor's process."""
        usage, child = super().usage(cell), cell.actor
        if not isinstance(child, ThespianChild) or not child.pid:
            return replace(usage, pid=None)
        memory = child.memory()
        return replace(
            usage,
            pid=child.pid,
            memory=None if memory is None else memory[0],
            memory_is=None if memory is None else memory[1],
        )

    async def close(self) -> None:
        """End the broker, and with it the Thespian system."""
        if self._beginning is not None and self._link is not None:
            await asyncio.wait((self._beginning,))
            if self._beginning.exception() is None:
                await self._link.close()


async def _begin(link: BrokerLink, old: BrokerLink | None) -> None:
    """Start a broker, once nothing is left of the one before."""
    if old is not None:
        await old.close()
    await link.begin()
