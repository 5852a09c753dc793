"""Stands where the owner of a worker's actor is: in the main process, which is told what becomes of the actor."""

from __future__ import annotations

from typing import TYPE_CHECKING

from llmactors._messages import Ended, Started, StartFailed

if TYPE_CHECKING:
    from llmactors.hosts.process._worker import Worker


class OwnerElsewhere:
    """The owner of a worker's actor, as the kernel in the worker sees it."""

    """Stands where the owner of the worker's actor is: tells the main process."""

    flags = 0
    owner = extra = None

    def __init__(self, worker: Worker) -> None:
        self._worker = worker

    def signal(self, signal: object) -> None:
        """Tell what became of the actor."""
        match signal:
            case Started():
                self._worker.started()
            case StartFailed(_, error):
                self._worker.start_failed(error)
            case Ended(_, exit):
                self._worker.ended(exit)
