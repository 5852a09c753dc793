"""A share of CPU without control groups: the worker and all below it are stopped and continued in turn."""

from __future__ import annotations

import os
import signal
from contextlib import suppress
from typing import TYPE_CHECKING

from llmactors._core.duty import begin, change, look
from llmactors.hosts.process.limits._meter import Meter, tree

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable

    from llmactors._core.duty import Duty


class DutyCycle:
    """Holds one worker to a share of CPU.

    Args:
        pid: the worker.
        loop: whose timers wake us.
        clock: seconds, as the system counts them.
        meter: what counts its CPU time; one of its own without it.
    """

    def __init__(
        self, pid: int, loop: asyncio.AbstractEventLoop, clock: Callable[[], float], meter: Meter | None = None
    ) -> None:
        self._pid, self._loop, self._clock = pid, loop, clock
        self._meter = Meter(pid) if meter is None else meter
        self._duty: Duty | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._since = 0.0
        self._stood = 0.0

    @property
    def stood_still(self) -> float:
        """Seconds that the worker has stood still in all; they count for no limit."""
        return self._stood + (self._clock() - self._since if self._duty is not None and self._duty.stopped else 0.0)

    def set_share(self, share: float | None) -> None:
        """Let the worker have *share* cores at most; None lifts it."""
        duty = self._duty
        if share is None:
            self.end()
        elif duty is None:
            self._duty = begin(share, self._meter.read(), self._clock())
            self._look()
        else:
            self._duty = change(duty, share, self._clock())
            self._look()

    def end(self) -> None:
        """Let the worker go on, and hold it no more."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        duty, self._duty = self._duty, None
        if duty is not None and duty.stopped:
            self._stood += self._clock() - self._since
            self._signal(signal.SIGCONT)

    def forget(self) -> None:
        """The worker is gone: hold nobody any more, and signal nobody."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self.stopped:
            self._stood += self._clock() - self._since
        self._duty = None

    @property
    def stopped(self) -> bool:
        """Whether the worker stands still now."""
        return self._duty is not None and self._duty.stopped

    def _look(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        duty, now = self._duty, self._clock()
        if duty is None:
            return
        self._duty, until = look(duty, self._meter.read(), now)
        if self._duty.stopped != duty.stopped:
            if self._duty.stopped:
                self._since = now
            else:
                self._stood += now - self._since
            self._signal(signal.SIGSTOP if self._duty.stopped else signal.SIGCONT)
        self._timer = self._loop.call_later(max(0.0, until - now), self._look)

    def _signal(self, number: signal.Signals) -> None:
        for pid in tree(self._pid):
            with suppress(ProcessLookupError, PermissionError):  # one that runs as somebody else is not ours to stop
                os.kill(pid, number)
