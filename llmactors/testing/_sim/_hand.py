"""What a world does in a simulated run."""

from __future__ import annotations

import asyncio
from random import Random
from typing import TYPE_CHECKING, Any

from llmactors._core.flags import OVER
from llmactors.testing import _values as events
from llmactors.testing._sim._due import at_once
from llmactors.testing.errors import SimulationError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from llmactors.testing._faults import Kind, Rule
    from llmactors.testing._sim._due import Due
    from llmactors.testing._sim._stage import Stage


class SimHand:
    """Does what a world asks for, on a simulated stage."""

    def __init__(self, stage: Stage, seed: int) -> None:
        self._stage = stage
        self.system, self.random = stage.system, Random(seed)  # noqa: S311  no secret
        self.checks: list[Callable[[], None]] = []

    def now(self) -> float:
        """Return the virtual time."""
        return self._stage.loop.time()

    def history(self) -> Sequence[events.Event]:
        """Return what has happened so far."""
        return self._stage.recorder.history

    def note(self, text: str) -> None:
        """Note something that the test says."""
        self._stage.recorder.note(events.Noted, text=text)

    async def order(self, rule: Rule, within: float) -> str:
        """Have a fault happen at the next place that fits."""
        injector = self._stage.injector
        order = injector.order(rule)
        try:
            async with asyncio.timeout(within):
                return await order.done
        finally:
            injector.cancel(order)

    def _targets(self, where: Any) -> list[Any]:
        found = [cell for cell in self._stage.cells() if self._stage.injector.is_target(where, cell)]
        if not found:
            raise SimulationError(f"{where!r} is nobody who lives now")
        return found

    def strike(self, kind: Kind, where: Any) -> str:
        """Kill or crash one of them at once."""
        alive = [cell for cell in self._targets(where) if not cell.flags & OVER]
        if not alive:
            raise SimulationError(f"{where!r} is nobody who lives now")
        cell = alive[0]
        if not self._stage.injector.strike(cell, at_once(kind)):
            raise SimulationError(f"{cell.where} could not be struck by {kind}: it has no process now")
        return str(cell.where)

    def freeze(self, where: Any) -> list[str]:
        """Stop workers."""
        return self._each(where, "freeze", self._stage.injector.freeze)

    def thaw(self, where: Any) -> None:
        """Have them go on."""
        for cell in self._stage.cells():
            if self._stage.injector.is_target(where, cell):
                self._stage.injector.thaw(cell)

    def part(self, where: Any) -> list[str]:
        """Cut workers off."""
        return self._each(where, "partition", self._stage.injector.part)

    def _each(self, where: Any, fault: Any, what: Callable[[Any, Due], bool]) -> list[str]:
        return [str(cell.where) for cell in self._targets(where) if what(cell, at_once(fault))]

    def join(self, where: Any) -> None:
        """Join them again."""
        for cell in self._stage.cells():
            if self._stage.injector.is_target(where, cell):
                self._stage.injector.join(cell.where)

    def heal(self) -> None:
        """End all faults."""
        self._stage.recorder.note(events.Healed)
        self._stage.injector.heal()

    def look(self) -> None:
        """Check what is to hold always."""
        for check in tuple(self.checks):
            check()

    def watch(self, check: Callable[[], None]) -> Callable[[], None]:
        """Have *check* called after every step."""
        self.checks.append(check)

        def stop() -> None:
            if check in self.checks:
                self.checks.remove(check)

        return stop
