"""A system whose every choice is somebody else's, and which says all that happens in it."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING, Any, TypeVar

from llmactors._ports import Ports
from llmactors._system import ActorSystem
from llmactors.hosts._loop import LOOP
from llmactors.testing._sim._cells import SimContext
from llmactors.testing._sim._deadlines import SimDeadlines
from llmactors.testing._sim._hosts import host_for
from llmactors.testing._sim._ready import SimReady

if TYPE_CHECKING:
    from collections.abc import Callable

    from llmactors._context import Context
    from llmactors._ref import ActorRef
    from llmactors._scheduler import Scheduler
    from llmactors.hosts._port import Host, HostConfig
    from llmactors.testing._sim._stage import Stage

A = TypeVar("A")


class SimSystem(ActorSystem):
    """A simulated system.

    Args:
        stage: To whom everything is told.
        seed: Of the chance that actors use.
        root: As for an `ActorSystem`.
        args: As for an `ActorSystem`.
        check_messages: As for an `ActorSystem`.
    """

    def __init__(
        self, stage: Stage, seed: int, root: Callable[..., Any] | None, *args: Any, check_messages: bool = True
    ) -> None:
        self.stage = stage
        stage.system = self
        ports = Ports(
            clock=stage.loop.time,
            random=Random(seed),  # noqa: S311  no secret
            ready=lambda: SimReady(stage.chooser, stage.loop),
            credit=0,
        )
        super().__init__(root, *args, ports=ports, check_messages=check_messages)

    def is_next_root(self, label: str | int) -> bool:
        """Say whether a cell of that name, new under the system itself, is the root of the tree."""
        return self.root is None and self._root_class is not None and label == self._root_name()

    def make_scheduler(self) -> Scheduler:
        """Make the scheduler; its deadlines cost nothing while nothing is due, and no mailbox is looked at."""
        scheduler = super().make_scheduler()
        scheduler.sampler.on = False
        scheduler.deadlines = deadlines = SimDeadlines(scheduler.deadlines)
        scheduler.watch = deadlines.watch
        scheduler.sampler.on = False  # a timer that looks at queues would keep a run going that waits for nothing
        return scheduler

    def make_context(self, cell: ActorRef[A], actor: A) -> Context[A]:
        """Make an actor's context, whose monitors say when they fire."""
        return SimContext(cell, actor)

    def host(self, config: HostConfig | None) -> Host:
        """Return what stands for a host."""
        key = LOOP if config is None else config
        runtime = self.hosts.get(key)
        if runtime is None:
            runtime = self.hosts[key] = host_for(self, key)
        return runtime

    def dead_letter(self, message: Any, cell: ActorRef[Any], reason: str) -> None:
        """Count a message that nobody handled, and tell of it."""
        self.stage.dead_letter(message, cell.path, reason)
        super().dead_letter(message, cell, reason)
