"""Watches that a worker that has something to do reacts, and ends it when it is past its limit (see `_core.pulse`).

A worker without messages is not watched, and costs nothing: it is when somebody wants something from it that a stopped
one is found.
"""

from __future__ import annotations

import logging
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from llmactors._core.flags import OVER, STARTING
from llmactors._core.pulse import Pulse, Sight, Verdict, look
from llmactors._messages import HANDLER_LIMIT
from llmactors._reports import report
from llmactors._streams import message_of
from llmactors._words import shown
from llmactors.errors import HandlerTimeoutError, WorkerLostError
from llmactors.hosts.process._ops import Op

if TYPE_CHECKING:
    import asyncio

    from llmactors.hosts.process._life import Life

PERIOD: Final = 0.5  # seconds between two looks
PATIENCE: Final = 5.0  # seconds without a sign of life from a worker that has nothing in hand, or is stopped


class Watch:
    """The looks at one worker."""

    def __init__(self, life: Life) -> None:
        self._life = life
        self._timer: asyncio.TimerHandle | None = None
        self._pulse: Pulse | None = None
        self._asked = self._answered = 0

    def begin(self) -> None:
        """The worker has something to do."""
        if self._timer is None and not self._life.over:
            self._pulse = None
            self._arm()

    def _arm(self) -> None:
        self._timer = self._life.cell.scheduler.loop.call_later(PERIOD, self._look)

    def answered(self, number: int) -> None:
        """The worker's loop turns."""
        self._answered = number

    def close(self) -> None:
        """The worker is no more."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _look(self) -> None:
        self._timer = None
        life = self._life
        if life.over or life.killed or life.worker is None or not life.post.sent.out:
            return
        self._arm()
        if life.cell.flags & (OVER | STARTING):  # its start and its end have times of their own
            self._pulse = None
            return
        hand, limit, item = self._in_hand()
        state, stalled = _process(life.worker.pid)
        if life.hold.stopped:  # by us, and not for long: it counts as waiting for a processor
            state = "S"
        stalled += life.hold.stood_still
        answered = self._answered == self._asked
        sight = Sight(life.cell.scheduler.loop.time(), hand, limit, answered, state, stalled)
        self._pulse, verdict = look(self._pulse, sight, PERIOD, PATIENCE)
        if answered:
            self._asked += 1
            life.channel.send([Op.PING, self._asked])
        if verdict is not Verdict.NOTHING:
            self._end(verdict, item, limit)

    def _in_hand(self) -> tuple[Any, float | None, Any]:
        """Return what tells the messages in hand from others, the longest of their limits, and the first of them."""
        hands = self._life.post.sent.hands(self._life.calls)
        limits = [getattr(message_of(item), "__limit__", HANDLER_LIMIT) for _, item in hands]
        longest = None if None in limits else max((limit for limit in limits if limit is not None), default=None)
        return tuple(key for key, _ in hands) or None, longest, hands[0][1] if hands else None

    def _end(self, verdict: Verdict, item: Any, limit: float | None) -> None:
        life = self._life
        path, pid = life.cell.path, 0 if life.worker is None else life.worker.pid
        error: Exception
        if verdict is Verdict.OVERRUN:
            error = HandlerTimeoutError(path, shown(message_of(item)), limit or 0.0)
        elif verdict is Verdict.STOPPED:
            error = WorkerLostError(pid, f"it was stopped for {PATIENCE:g} s")
        else:
            error = WorkerLostError(pid, f"it had nothing in hand and did not react for {PATIENCE:g} s")
        report(logging.ERROR, "worker_does_not_react", path=path, pid=pid, error=str(error))
        life.end_for(error)


def _process(pid: int) -> tuple[str, float]:
    """Return what a process does, and the seconds in which it was ready to run and had no processor."""
    try:
        state = Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()[0].decode()
    except (FileNotFoundError, ProcessLookupError):  # it is gone; its end will be told
        return "X", 0.0
    return state, max((_stalled(task) for task in Path(f"/proc/{pid}/task").glob("*")), default=0.0)


def _stalled(task: Path) -> float:
    try:
        return int((task / "schedstat").read_bytes().split()[1]) / 1e9
    except (OSError, IndexError, ValueError):  # the thread is gone, or the kernel does not count
        return 0.0
