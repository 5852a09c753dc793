"""Faults of real processes: what the simulator only says of them is done to them, by signals and limits.

| fault | to an actor on the loop | to a worker process |
| --- | --- | --- |
| kill, oom | cut off where it stands; `MemoryError` | SIGKILL, with the message in hand or just finished |
| crash | an exception leaves the handler | SIGABRT, as a library in C does it |
| hang | the handler waits for ever | SIGSTOP, until it is given up |
| slow, partition | the handler waits | SIGSTOP, and after so many seconds SIGCONT |
| disk_full | not done: it would be every actor's disk | RLIMIT_FSIZE of 0: writing to a file fails |
| start_failure, drop, delay | as simulated | as simulated: they happen on this side |
| duplicate, stall_stream | as simulated | not done: they happen on the other side |
"""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import TYPE_CHECKING, Any, Final

from llmactors.testing._faults import MESSAGES, WHENS
from llmactors.testing._real._cells import hands_of, is_remote
from llmactors.testing._real._strike import SIGNALS, pid_of, signal_to, without_disk
from llmactors.testing._sim._inject import Injector, Order

if TYPE_CHECKING:
    from llmactors.testing._faults import Rule

GRAIN: Final = 0.0005  # seconds between two looks at what a worker has in hand
PATIENCE: Final = 10.0  # seconds for a worker to take a message that a fault waits for


class RealInjector(Injector):
    """Has faults happen in real processes."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self._sent: Counter[tuple[str, str]] = Counter()
        self._watching: set[asyncio.Task[None]] = set()
        self._stopped: dict[str, int] = {}

    def crosses(self, cell: Any, name: str) -> None:
        """A message goes over to a worker; it may be the end of it."""
        self._sent[cell.where, name] += 1
        for order in self._orders:  # it is done when the signal is sent, and not before: its test goes on then
            if self._fits(order.rule, cell, order.rule.at.when, name, self._sent[cell.where, name]):
                self._run(self._ordered(order, cell))
                return
        for when in WHENS:
            fired = self._fires((*MESSAGES, "disk_full"), cell, when, name, self._sent[cell.where, name])
            if fired is not None:
                if fired[0].kind == "disk_full":
                    self.strike(cell, fired[0])
                else:
                    self._run(self._strike_when(cell, fired[0], when))
                return

    def order(self, rule: Rule) -> Order:
        """Have a fault happen at the next place that fits; what a worker has in hand already is such a place."""
        order = super().order(rule)
        for cell in self._stage.cells():
            if is_remote(cell) and self._fits(rule, cell, rule.at.when, rule.at.message or "", rule.at.nth or 1):
                self._run(self._ordered(order, cell))
        return order

    async def _ordered(self, order: Order, cell: Any) -> None:
        if await self._comes(cell, order.rule.at.when) and order in self._orders:
            self._orders.remove(order)
            self._note(order.rule.kind, cell, f"{order.rule.at.when}, as ordered")
            self.strike(cell, order.rule)
            if not order.done.done():
                order.done.set_result(cell.where)

    def _run(self, coroutine: Any) -> None:
        task = asyncio.get_running_loop().create_task(coroutine)
        self._watching.add(task)
        task.add_done_callback(self._watching.discard)

    async def _strike_when(self, cell: Any, rule: Rule, when: str) -> None:
        if await self._comes(cell, when):
            self.strike(cell, rule)

    async def _comes(self, cell: Any, when: str) -> bool:
        """Wait for a place in the life of a worker's message; False when it does not come."""
        loop = asyncio.get_running_loop()
        until, life = loop.time() + PATIENCE, cell.life
        held: frozenset[Any] = frozenset()
        while loop.time() < until and cell.life == life:
            hands = hands_of(cell)
            if hands and when != "finished":
                return True
            if held and hands != held:
                return True
            held = hands
            await asyncio.sleep(GRAIN)
        return False

    def strike(self, cell: Any, rule: Rule) -> None:
        """Do to an actor what the fault says, at once."""
        pid = pid_of(cell) if is_remote(cell) else None
        if pid is None:
            if not is_remote(cell):
                super().strike(cell, rule)
            return
        if rule.kind in SIGNALS:
            signal_to(pid, SIGNALS[rule.kind])
        elif rule.kind == "disk_full":
            without_disk(pid)
        else:
            self.freeze(cell)
            if rule.kind != "hang":
                self._later(self._amount(rule, cell, "at work"), self.thaw, cell)

    def part(self, cell: Any, seconds: float | None = None) -> None:
        """Cut a worker off: a real one is stopped, so that nothing of it is heard."""
        if not is_remote(cell):
            super().part(cell, seconds)
            return
        self.freeze(cell)
        if seconds is not None:
            self._later(seconds, self.thaw, cell)

    def join(self, where: str) -> None:
        """Join a worker again."""
        super().join(where)
        for cell in self._stage.cells():
            if cell.where == where:
                self.thaw(cell)

    def freeze(self, cell: Any) -> None:
        """Stop a worker."""
        pid = pid_of(cell) if is_remote(cell) else None
        if pid is None:
            super().freeze(cell)
        elif cell.where not in self._stopped:
            self._stopped[cell.where] = pid
            signal_to(pid, "SIGSTOP")

    def thaw(self, cell: Any) -> None:
        """Have it go on."""
        pid = self._stopped.pop(cell.where, None)
        if pid is None:
            super().thaw(cell)
        elif pid == pid_of(cell):
            signal_to(pid, "SIGCONT")

    def heal(self) -> None:
        """No more faults."""
        for task in self._watching:
            task.cancel()
        super().heal()
        for cell in self._stage.cells():
            if cell.where in self._stopped:
                self.thaw(cell)

    def close(self) -> None:
        """The run is over."""
        for task in self._watching:
            task.cancel()
        super().close()
