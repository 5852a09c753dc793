"""The watchdog: finds a handler that does not return, names it, and interrupts it.

Theory of operation
1. A thread looks twenty times a second at what the scheduler keeps anyway: whose slice it is and when it began. The
   hot path pays nothing. Only what is slow is looked at closely, through the loop thread's stack. The thread does
   nothing that takes long, or waits, while a handler keeps the interpreter busy: reports are written by another one.
2. On the main thread the interrupt is a signal, whose handler raises `HandlerTimeoutError` where the handler is; it
   raises only if that very message is still in hand and the code that runs is the handler's own, called from the place
   in the kernel that takes its errors. Elsewhere the thread is sent the error, after the same look at its stack.
3. Code that never lets go of the interpreter's lock keeps this thread from looking too. A process of its own, the
   sentinel, finds that, names it and ends this process: see `_outside`.
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
from dataclasses import dataclass, replace
from pathlib import Path
from queue import SimpleQueue
from time import perf_counter
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from llmactors import _outside, _scheduler, _steps
from llmactors._core.overrun import STRIKES, Limits, Verdict, Watch, look, struck
from llmactors._messages import name_of
from llmactors._reports import report
from llmactors._streams import message_of
from llmactors.errors import HandlerTimeoutError
from llmactors.hosts import _loop
from llmactors.hosts._abandoned import ASYNC_EXC

if TYPE_CHECKING:
    from types import FrameType

    from llmactors._ports import Watchdog
    from llmactors._ref import ActorRef
    from llmactors._scheduler import Scheduler

STATUS: Final = 70  # EX_SOFTWARE
SIGNAL: Final = getattr(signal, "SIGURG", None)  # ignored where nobody handles it
KERNEL: Final = str(Path(__file__).parent) + os.sep
DEBUGGERS: Final = ("bdb.py", "pdb.py", "pydevd.py")
COVERAGE: Final = "coverage"  # it traces too, but it holds nobody up
PLACES: Final = {  # where the kernel calls handlers, and takes their errors
    _scheduler.Scheduler.drain.__code__,
    _scheduler.Scheduler.direct.__code__,
    _steps._driver.__code__,
    _steps.step.__code__,
    _loop._receive.__code__,
    _loop._notice.__code__,
}


REPORTS: Final = 100  # that wait to be written down; one more is left out

Stack: TypeAlias = list[tuple[str, int, str, None]]


@dataclass(frozen=True, slots=True)
class _Running:
    """What the loop does: whose message, and the frames from the innermost outwards."""

    cell: ActorRef[Any]
    began: float
    place: int
    left: Any
    most: Any
    message: Any
    own: bool
    stack: Stack

    @property
    def first(self) -> bool:
        """Whether it is the first message of its slice, which has run since the slice began."""
        return self.left is None or self.left == self.most - 1

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
        self._outside: _outside.Outside | None = None
        self._unsaid: _Running | None = None
        self._reports: SimpleQueue[tuple[int, str, _Running, float] | None] = SimpleQueue()
        self._reporter = threading.Thread(target=self._report, name="llmactors watchdog reports", daemon=True)

    def start(self) -> None:
        """Begin to watch. Called on the loop's thread."""
        if self._by_signal and SIGNAL is not None:
            self._before = signal.signal(SIGNAL, self._on_signal)
        self._thread.start()
        self._reporter.start()
        if self._config.sentinel and _outside.possible():
            self._outside = self._begin_outside(self._thread.native_id or 0)

    def _begin_outside(self, watchdog: int) -> _outside.Outside | None:
        limits = {
            "period": max(self._period, min(0.25, self._config.hard / 8)),
            "hard": self._config.hard,
            "grace": self._limits.grace,
            "interrupt": SIGNAL if self._by_signal else None,
        }
        threads = {"loop": threading.get_native_id(), "ident": self._scheduler.thread, "watchdog": watchdog}
        try:
            return _outside.Outside(self._scheduler, {**threads, **limits}, STATUS)
        except (OSError, AttributeError) as error:  # a sandbox, or a C library that has not what it takes
            report(logging.WARNING, "sentinel_missing", why=str(error))
            return None

    def stop(self) -> None:
        """Watch no more."""
        self._over.set()
        self._thread.join()
        self._say_unsaid()
        self._reports.put(None)
        self._reporter.join()
        self._armed = None
        if self._by_signal and SIGNAL is not None:
            signal.signal(SIGNAL, self._before or signal.SIG_DFL)
        outside, self._outside = self._outside, None
        if outside is not None:
            outside.close()

    @property
    def means(self) -> str:
        """What a handler that does not return is interrupted by, in words."""
        return "a signal" if self._by_signal else ASYNC_EXC

    # -- the thread ------------------------------------------------------------------------------------------
    def _run(self) -> None:
        watch, seen, since = Watch(), (0, 0.0), 0.0
        while not self._over.wait(self._period):
            self._tell_outside()
            struck_outside = self._say_unsaid()
            cell, began, now = self._scheduler.current, self._scheduler.last, perf_counter()
            if cell is None or (id(cell), began) != seen:
                watch, seen, since = Watch(), (id(cell), began), now
                continue
            running = _running(sys._current_frames().get(self._scheduler.thread), cell, began)
            if running is None:
                continue
            if watch.key is None and running.first:
                watch = Watch(running.key, since, now)
            if struck_outside is not None and struck_outside.key == running.key:
                watch = self._struck_outside(watch, running, now)
                continue
            watch, verdict = look(watch, running.key, now, self._limits)
            if verdict is not Verdict.NOTHING:
                watch = self._act(verdict, watch, running)

    def _tell_outside(self) -> None:
        if self._outside is not None:
            self._outside.look(debugged=_debugged(sys._current_frames().get(self._scheduler.thread)))

    def _struck_outside(self, watch: Watch, running: _Running, now: float) -> Watch:
        """Count an interrupt that the sentinel asked for; it has waited for the hard limit each time."""
        if watch.key == running.key and watch.strikes >= STRIKES:
            self._end(running)
        return struck(replace(watch, key=running.key, since=now - self._config.hard, looked=now, reported=True), now)

    def _say_unsaid(self) -> _Running | None:
        """Report the handler that was interrupted for the sentinel; return it."""
        running, self._unsaid = self._unsaid, None
        if running is not None:
            self._say(logging.ERROR, "handler_interrupted", running, self._config.hard)
        return running

    def _act(self, verdict: Verdict, watch: Watch, running: _Running) -> Watch:
        seconds = watch.looked - watch.since
        if verdict is Verdict.REPORT:
            self._say(logging.WARNING, "handler_is_slow", running, seconds)
        elif _debugged(sys._current_frames().get(self._scheduler.thread)) or _outside.traced():
            return watch
        elif verdict is Verdict.END:
            self._end(running)
        elif self._interrupt(running):
            self._say(logging.ERROR, "handler_interrupted", running, seconds)
            return struck(watch, perf_counter())
        return watch

    def _say(self, level: int, event: str, running: _Running, seconds: float) -> None:
        if self._reports.qsize() < REPORTS:  # whoever writes them down may be stuck itself
            self._reports.put((level, event, running, seconds))

    def _report(self) -> None:
        while (said := self._reports.get()) is not None:
            level, event, running, seconds = said
            facts = {"path": running.cell.path, "message": name_of(running.message), "seconds": seconds}
            report(level, event, **facts, stack=_in_words(running.stack))

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
        return (running.cell.path, name_of(running.message), self._config.hard)

    def _end(self, running: _Running) -> None:
        where = "".join(f'  File "{file}", line {line}, in {name}\n' for file, line, name, _ in running.stack)
        sys.stderr.write(  # at once: while this thread waits for a file, that handler would have the lock again
            f"the handler of {name_of(running.message)} in `{running.cell.path}` does not return and it swallowed "
            f"three interrupts: the process ends with status {STATUS}; give the work to a `Process()` host\n{where}"
        )
        sys.stderr.flush()
        os._exit(STATUS)

    # -- the main thread -------------------------------------------------------------------------------------
    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        armed, cell = self._armed, self._scheduler.current
        asked = self._outside is not None and self._outside.asked(self._scheduler.last)
        if (armed is None and not asked) or cell is None:
            if callable(self._before):  # another system's watchdog
                self._before(number, frame)
            return
        running = _running(frame, cell, self._scheduler.last)
        if running is None or not running.own or not (asked or running.key == armed):
            return
        if asked:
            self._unsaid = running
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
            if code is _scheduler.Scheduler.drain.__code__ or code is _scheduler.Scheduler.direct.__code__:
                break
            if code is _steps.step.__code__:
                break
        frame = frame.f_back
    if frame is None:
        return None
    known = frame.f_locals
    item = known["message"] if "message" in known else known["job"].item if "job" in known else known.get("item")
    return _Running(
        cell, began, id(frame), known.get("left"), known.get("most"), message_of(item), bool(own), _stack(innermost)
    )


def _stack(frame: FrameType | None) -> Stack:
    """Return where the code of *frame* is, the innermost last; the lines are read when somebody wants to see them."""
    found: Stack = []
    while frame is not None:
        found.append((frame.f_code.co_filename, frame.f_lineno, frame.f_code.co_name, None))
        frame = frame.f_back
    return found[::-1]


def _in_words(stack: Stack) -> str:
    return "".join(traceback.StackSummary.from_list(stack).format())


def _debugged(frame: FrameType | None) -> bool:
    """Say whether a debugger is at work: on the stack, tracing it, or watching the interpreter."""
    monitoring = getattr(sys, "monitoring", None)  # from Python 3.12
    if monitoring is not None and monitoring.get_tool(monitoring.DEBUGGER_ID) is not None:
        return True
    pydevd: Any = sys.modules.get("pydevd")
    if getattr(pydevd, "get_global_debugger", bool)():
        return True
    while frame is not None:
        traced_by = str(getattr(frame.f_trace, "__module__", "")).partition(".")[0]
        if Path(frame.f_code.co_filename).name in DEBUGGERS or (frame.f_trace is not None and traced_by != COVERAGE):
            return True
        frame = frame.f_back
    return False
