"""The watchdog: finds a handler that does not return, names it, and interrupts it.

Theory of operation
1. A thread looks twenty times a second at what the scheduler keeps anyway: whose slice it is and when it began. The hot
   path pays nothing. Only what is slow is looked at closely, through the loop thread's stack.
2. On the main thread the interrupt is a signal, whose handler raises `HandlerTimeoutError` where the handler is; it
   raises only if that very message is still in hand and the code that runs is the handler's own, called from the place
   in the kernel that takes its errors. Elsewhere the thread is sent the error, after the same look at its stack.
3. Code that never lets go of the interpreter's lock keeps this thread from looking too: it is not found.
4. It never interrupts where a debugger is at work, nor counts time in which it did not run itself.
"""

from __future__ import annotations

import ctypes
import logging
import os
import signal
import sys
import threading
import traceback
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any, Final

from llmactors import _scheduler, _steps
from llmactors._core.overrun import Limits, Verdict, Watch, look, struck
from llmactors._reports import report
from llmactors._streams import message_of
from llmactors.errors import HandlerTimeoutError
from llmactors.hosts import _loop

if TYPE_CHECKING:
    from types import FrameType

    from llmactors._ports import Watchdog
    from llmactors._ref import ActorRef
    from llmactors._scheduler import Scheduler

STATUS: Final = 70  # EX_SOFTWARE
SIGNAL: Final = getattr(signal, "SIGURG", None)  # ignored where nobody handles it
KERNEL: Final = str(Path(__file__).parent) + os.sep
DEBUGGERS: Final = ("bdb.py", "pdb.py", "pydevd.py")
PLACES: Final = {  # where the kernel calls handlers, and takes their errors
    _scheduler.Scheduler.slice.__code__,
    _scheduler.Scheduler.direct.__code__,
    _steps._driver.__code__,
    _steps._finish.__code__,
    _loop._receive.__code__,
    _loop._notice.__code__,
}


@dataclass(frozen=True, slots=True)
class _Running:
    """What the loop does: whose message, and the frames from the innermost outwards."""

    cell: ActorRef[Any]
    began: float
    place: int
    left: Any
    message: Any
    own: bool
    stack: str

    @property
    def key(self) -> tuple[Any, ...]:
        return (id(self.cell), self.began, self.place, self.left)


class Watcher:
    """The thread that watches one scheduler, from `start` to `stop`."""

    def __init__(self, scheduler: Scheduler, config: Watchdog) -> None:
        self._scheduler, self._config = scheduler, config
        self._period = min(0.05, config.soft / 2)
        grace = min(0.5, max(config.hard / 10, self._period))
        self._limits = Limits(soft=config.soft, hard=config.hard, grace=grace, late=max(10 * self._period, config.soft))
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="llmactors watchdog", daemon=True)
        self._by_signal = scheduler.thread == threading.main_thread().ident and SIGNAL is not None
        self._armed: tuple[Any, ...] | None = None
        self._delivered = threading.Event()
        self._before: Any = None

    def start(self) -> None:
        """Begin to watch. On the main thread, called there."""
        if self._by_signal and SIGNAL is not None:
            self._before = signal.signal(SIGNAL, self._on_signal)
        self._thread.start()

    def stop(self) -> None:
        """Watch no more."""
        self._over.set()
        self._thread.join()
        self._armed = None
        if self._by_signal and SIGNAL is not None:
            signal.signal(SIGNAL, self._before or signal.SIG_DFL)

    # -- the thread ------------------------------------------------------------------------------------------
    def _run(self) -> None:
        watch, seen, since = Watch(), (0, 0.0), 0.0
        while not self._over.wait(self._period):
            cell, began, now = self._scheduler.current, self._scheduler.last, perf_counter()
            if cell is None or (id(cell), began) != seen:
                watch, seen, since = Watch(), (id(cell), began), now
                continue
            running = _running(sys._current_frames().get(self._scheduler.thread), cell, began)
            if running is None:
                continue
            if watch.key is None and running.left in {None, _scheduler.SLICE - 1}:  # the first of its slice
                watch = Watch(running.key, since, now)
            watch, verdict = look(watch, running.key, now, self._limits)
            if verdict is not Verdict.NOTHING:
                watch = self._act(verdict, watch, running)

    def _act(self, verdict: Verdict, watch: Watch, running: _Running) -> Watch:
        facts = {"path": running.cell.path, "message": repr(running.message), "seconds": watch.looked - watch.since}
        if verdict is Verdict.REPORT:
            report(logging.WARNING, "handler_is_slow", **facts, stack=running.stack)
        elif _debugged(running):
            return watch
        elif verdict is Verdict.END:
            self._end(running, "it swallowed three interrupts")
        elif self._interrupt(running):
            report(logging.ERROR, "handler_interrupted", **facts, stack=running.stack)
            return struck(watch, perf_counter())
        return watch

    def _interrupt(self, running: _Running) -> bool:
        """Interrupt the handler; False when it was not in code of its own just now."""
        if self._by_signal and SIGNAL is not None:
            self._delivered.clear()
            self._armed = running.key
            signal.pthread_kill(self._scheduler.thread, SIGNAL)
            self._delivered.wait(self._period)
            self._armed = None
            return self._delivered.is_set()
        if not running.own:
            return False
        error = type("HandlerTimeoutError", (_SentError,), {"facts": self._facts(running)})
        ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(self._scheduler.thread), ctypes.py_object(error))
        return True

    def _facts(self, running: _Running) -> tuple[str, str, float]:
        return (running.cell.path, repr(running.message), self._config.hard)

    def _end(self, running: _Running, why: str) -> None:
        sys.stderr.write(
            f"the handler of {running.message!r} in `{running.cell.path}` does not return and {why}: "
            f"the process ends with status {STATUS}; give the work to a `Process()` host\n{running.stack}"
        )
        sys.stderr.flush()
        os._exit(STATUS)

    # -- the main thread -------------------------------------------------------------------------------------
    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        armed, cell = self._armed, self._scheduler.current
        if armed is None or cell is None:
            if callable(self._before):  # another system's watchdog
                self._before(number, frame)
            return
        running = _running(frame, cell, self._scheduler.last)
        if running is None or not running.own or running.key != armed:
            return
        self._armed = None
        self._delivered.set()
        raise HandlerTimeoutError(*self._facts(running))


class _SentError(HandlerTimeoutError):
    """The error that a thread is sent: made without arguments, by the interpreter."""

    facts: tuple[str, str, float]

    def __init__(self) -> None:
        super().__init__(*self.facts)


def _running(frame: FrameType | None, cell: ActorRef[Any], began: float) -> _Running | None:
    """Return what runs on the stack of *frame* for *cell*; None when it is no handler."""
    innermost, own = frame, None
    while frame is not None:
        code = frame.f_code
        if code.co_filename.startswith(KERNEL):
            if own is None:
                own = code in PLACES and frame is not innermost
            if code is _scheduler.Scheduler.slice.__code__ or code is _scheduler.Scheduler.direct.__code__:
                break
            if code is _steps._finish.__code__:
                break
        frame = frame.f_back
    if frame is None:
        return None
    known = frame.f_locals
    item = known["message"] if "message" in known else known["job"].item if "job" in known else known.get("item")
    stack = "".join(traceback.format_stack(innermost))
    return _Running(cell, began, id(frame), known.get("left"), message_of(item), bool(own), stack)


def _debugged(running: _Running) -> bool:
    return sys.gettrace() is not None or any(f'{name}"' in running.stack for name in DEBUGGERS)
