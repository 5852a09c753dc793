"""The hosts of a simulated system: all of them run on its loop, and end as the real ones do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, TypeAlias, cast

from llmactors import _lives as lives
from llmactors._table import Table
from llmactors.errors import HostCapabilityError
from llmactors.hosts._loop import Loop, LoopHost, loop_table
from llmactors.testing._sim._cells import SimRef
from llmactors.testing._sim._tables import seen
from llmactors.testing.errors import SimulationError

if TYPE_CHECKING:
    from llmactors._exits import Exit
    from llmactors._ref import ActorRef
    from llmactors.hosts._port import Birth


class SimTable(Table):
    """A table whose slices have one message each: between any two, somebody else may come."""

    __slots__ = ()

    def copy_for(self, host: Any) -> SimTable:
        """Return the same table for a host of the same kind in another run, or to be kept."""
        table = SimTable.__new__(SimTable)
        table.update(self)
        for name in KEPT:
            setattr(table, name, getattr(self, name))
        table.host, table.streams, table.batched = host, dict(self.streams), {}
        return table

    def _one(self) -> int:
        return 1

    def _learn_nothing(self, messages: int) -> None:
        pass

    slice = property(_one, _learn_nothing)


KEPT: Final = tuple(set(Table.__slots__) - {"batched", "host", "slice", "streams"})
"""What a table says of its class, whatever the run."""

Known: TypeAlias = "dict[tuple[type[SimLoopHost], type], SimTable]"
"""The tables of the runs before, by kind of host and class."""


class SimLoopHost(LoopHost):
    """Runs incarnations on the loop, one message a slice.

    Attributes:
        apart: Whether it stands for a process of its own.
    """

    apart = False

    def table(self, cls: type) -> Table:
        """Return how messages for actors of *cls* are delivered, and seen."""
        table = self._tables.get(cls)
        if table is None:
            self.check(cls)
            table = self._tables[cls] = self._new_table(cls)
        return table

    def _new_table(self, cls: type) -> SimTable:
        """Make a table, or copy that of a run before; those that a class has adapted to its host are made anew."""
        known: Known = self._system.stage.tables
        model = known.get((type(self), cls))
        if model is not None:
            return model.copy_for(self)
        table: Any = loop_table(cls, self)
        table.__class__ = SimTable
        table = seen(table)
        if table.idle is None and not table.batched and not hasattr(cls, "_adapt"):
            known[type(self), cls] = table.copy_for(None)  # so that nothing holds this run
        return cast("SimTable", table)

    def check(self, cls: type) -> None:
        """Refuse a class that this host cannot run."""

    def new_cell(self, system: Any, table: Table, label: str | int, owner: ActorRef[Any] | None) -> ActorRef[Any]:
        """Make an empty cell that says what happens to it."""
        return SimRef(system, table, label, owner)

    def start(self, cell: ActorRef[Any], birth: Birth) -> None:
        """Make the instance, unless a fault keeps it from starting."""
        sim: Any = cell
        try:
            if cell.owner is not None:
                sim.stage.injector.at_start(sim)
        except Exception as error:  # noqa: BLE001  the fault
            lives.start_failed(cell, error)
            return
        super().start(cell, birth)

    def thawed(self, cell: Any) -> None:
        """It goes on after having stood still."""


class SimProcessHost(SimLoopHost):
    """Stands for worker processes, one for each incarnation: they can be stopped, cut off, and killed anywhere."""

    apart = True
    capabilities = frozenset({"async", "pause", "process", "refs", "spawn", "stream", "timers"})

    def __init__(self, system: Any) -> None:
        super().__init__(system)
        self._stopping: dict[Any, Exit] = {}

    def check(self, cls: type) -> None:
        """Refuse what a worker process cannot run.

        Raises:
            HostCapabilityError: *cls* is a supervisor.
        """
        if not getattr(cls, "pausable", True):
            raise HostCapabilityError("Process()", f"run the supervisor {cls.__name__}")

    def stop(self, cell: ActorRef[Any], exit: Exit) -> None:
        """Run `on_stop`; a process that stands still does so when it goes on, if it has not been killed by then."""
        sim: Any = cell
        if sim.frozen:
            self._stopping[cell] = exit
        else:
            super().stop(cell, exit)

    def thawed(self, cell: Any) -> None:
        """It goes on: so does its end."""
        exit = self._stopping.pop(cell, None)
        if exit is not None:
            super().stop(cell, exit)

    def kill(self, cell: ActorRef[Any]) -> None:
        """End at once."""
        self._stopping.pop(cell, None)
        super().kill(cell)


class SimThreadHost(SimLoopHost):
    """Stands for threads: plain handlers run on the loop, at once."""

    capabilities = frozenset({"async", "pause", "refs", "spawn", "stream", "timers"})


def host_for(system: Any, config: Any) -> SimLoopHost:
    """Make the runtime that stands for a host.

    Raises:
        SimulationError: Nothing stands for that one.
    """
    kind = type(config).__name__
    if isinstance(config, Loop):
        return SimLoopHost(system)
    if kind == "Process":
        return SimProcessHost(system)
    if kind == "Thread":
        return SimThreadHost(system)
    raise SimulationError(f"{config!r} cannot be simulated: it lives in a system of its own; test it at level 'real'")
