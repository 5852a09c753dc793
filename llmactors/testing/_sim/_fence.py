"""The fence around simulated runs: what would be another thing in every run is found where it is used, and named.

Theory of operation
1. While a run is on, the functions of `time`, `random`, `uuid`, `secrets` and `os` that ask the world outside are
   replaced by ones that look who calls. Code under test gets an error that names its line; the standard library and
   installed packages get what they ask for: a log record's time does no harm.
2. Threads, processes and sockets are seen by an audit hook, which stays, as audit hooks do, and does nothing while no
   run is on. What only a real loop can do is refused by the simulated one (`beyond`), in the same words.
3. What is bound before (`from time import monotonic`), or is written in C, is not seen here. A run that depends on it
   is found when it is made twice.
4. The same hook is where a full disk is made: who opens a file to write is told so.
"""

from __future__ import annotations

import _thread
import errno
import os
import random
import secrets
import sys
import sysconfig
import threading
import time
import uuid
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from llmactors.testing.errors import OutsideWorldError, SimulationError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import FrameType

    from llmactors.testing._sim._stage import Stage

CLOCK: Final = "take the time from `asyncio.get_running_loop().time()`"
SLEEP: Final = "`await asyncio.sleep(...)`"
CHANCE: Final = "use a `random.Random` of its own with a seed, or the test's `world.random`"
APART: Final = "give it a stand-in in the simulation, or test it with real processes"

ASKS: Final[tuple[tuple[Any, tuple[str, ...], str], ...]] = (
    (time, ("time", "time_ns", "monotonic", "monotonic_ns", "perf_counter", "perf_counter_ns"), CLOCK),
    (time, ("sleep",), SLEEP),
    (random, ("random", "randint", "randrange", "choice", "choices", "shuffle", "sample", "uniform"), CHANCE),
    (random, ("gauss", "expovariate", "getrandbits", "betavariate", "triangular", "normalvariate"), CHANCE),
    (uuid, ("uuid1", "uuid4"), CHANCE),
    (secrets, ("token_bytes", "token_hex", "token_urlsafe", "choice", "randbelow", "randbits"), CHANCE),
    (os, ("urandom",), CHANCE),
)
START: Final = "_thread.start_new_thread"
STARTER: Final = "_start_new_thread"  # what `threading.Thread` calls
EVENTS: Final = {
    "socket.__new__": "a socket",
    "subprocess.Popen": "a process",
    "os.fork": "a process",
    "os.forkpty": "a process",
    "os.posix_spawn": "a process",
    "os.system": "a process",
    START: "a thread",
}
WRITES: Final = os.O_WRONLY | os.O_RDWR
FULL: Final = "open"

LIBRARIES: Final = tuple(
    {
        os.path.realpath(path) + os.sep
        for path in (*map(sysconfig.get_path, ("stdlib", "platstdlib", "purelib", "platlib")), sys.base_prefix)
        if path
    }
)
OURS: Final = ("llmactors.", "supervisors.", "llmagentos.", "<frozen ")


class _Fence:
    """Whose run is on, if one is."""

    def __init__(self) -> None:
        self.stage: Stage | None = None
        self.hooked = False

    def refuse(self, what: str, remedy: str, depth: int) -> None:
        """Refuse *what* to code under test; whoever else calls goes on.

        Raises:
            OutsideWorldError: Code under test calls.
        """
        stage, frame = self.stage, sys._getframe(depth)
        if stage is None or not _is_under_test(frame):
            return
        error = OutsideWorldError(what, f"{frame.f_code.co_filename}:{frame.f_lineno}", remedy)
        if stage.outside is None:
            stage.outside = error
        raise error

    def hear(self, event: str, args: tuple[Any, ...], depth: int = 1) -> None:
        """Hear what the interpreter is about to do, for the code so many frames up."""
        if self.stage is None:
            return
        what = EVENTS.get(event)
        if what is not None:
            frame = _whose(sys._getframe(depth))
            if frame is not None and _is_under_test(frame):
                error = OutsideWorldError(what, f"{frame.f_code.co_filename}:{frame.f_lineno}", APART)
                self.stage.outside = self.stage.outside or error
                raise error
        elif event == FULL and writes(args) and self.stage.disk_is_full():
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), args[0])


_FENCE: Final = _Fence()


def beyond(what: str, call: str, args: tuple[Any, ...]) -> SimulationError:
    """Return the error of who calls, two frames up, what no simulated loop can do; its run fails with it.

    Args:
        what: What it would use.
        call: The method of the loop.
        args: What that is called with.
    """
    what, frame = f"{what} (`{call}`)", _whose(sys._getframe(2))
    if frame is not None and _is_under_test(frame):
        where: str | None = f"{frame.f_code.co_filename}:{frame.f_lineno}"
    else:  # a task of its own, or a library of ours on somebody's behalf: what it is to run may be known
        where = _handed(args)
    if where is None:
        return SimulationError(f"{what} is used, which no simulated loop has; {APART}")
    error = OutsideWorldError(what, where, APART)
    if _FENCE.stage is not None and _FENCE.stage.outside is None:
        _FENCE.stage.outside = error
    return error


def _handed(args: tuple[Any, ...]) -> str | None:
    """Return where a function under test is written that is handed to an executor; None where there is none."""
    for one in args:
        inner = [one, *one.args] if isinstance(one, partial) else [one]
        for function in inner:
            code, module = getattr(function, "__code__", None), str(getattr(function, "__module__", ""))
            if code is not None and not module.startswith(OURS) and not _is_library(code.co_filename):
                return f"{code.co_filename}:{code.co_firstlineno}"
    return None


def _whose(frame: FrameType | None) -> FrameType | None:
    """Return the nearest frame, from there up, that is neither the standard library's nor an installed package's."""
    while frame is not None and not _is_under_test(frame) and not _is_ours(frame):
        frame = frame.f_back
    return frame


def _is_ours(frame: FrameType) -> bool:
    return str(frame.f_globals.get("__name__", "")).startswith(OURS)


def _is_under_test(frame: FrameType) -> bool:
    """Say whether that is neither the standard library's code, nor an installed package's, nor ours."""
    return not _is_ours(frame) and not _is_library(frame.f_code.co_filename)


def _is_library(path: str) -> bool:
    return os.path.realpath(path).startswith(LIBRARIES)


def writes(args: tuple[Any, ...]) -> bool:
    """Say whether a file is opened to write, as the interpreter tells it."""
    _, mode, flags = args
    return bool(set("wax+") & set(mode)) if isinstance(mode, str) else bool((flags or 0) & WRITES)


def _guarded(module: Any, name: str, remedy: str) -> Callable[..., Any]:
    real = getattr(module, name)
    what = f"{module.__name__}.{name}()"

    def guarded(*args: Any, **kwargs: Any) -> Any:
        if _FENCE.stage is not None:
            _FENCE.refuse(what, remedy, 2)
        return real(*args, **kwargs)

    guarded.__name__, guarded.__doc__ = name, real.__doc__
    return guarded


def _start_heard(*args: Any, **kwargs: Any) -> Any:
    _FENCE.hear(START, args, 2)
    return _thread.start_new_thread(*args, **kwargs)


@contextmanager
def fenced() -> Iterator[None]:
    """Put the fence up, for the runs in the block."""
    if not _FENCE.hooked:
        sys.addaudithook(_FENCE.hear)
        _FENCE.hooked = True
    real = [(module, name, getattr(module, name)) for module, names, _ in ASKS for name in names]
    for module, names, remedy in ASKS:
        for name in names:
            setattr(module, name, _guarded(module, name, remedy))
    if sys.version_info < (3, 12):  # before, nobody is told that a thread is started
        real.append((threading, STARTER, getattr(threading, STARTER)))
        setattr(threading, STARTER, _start_heard)
    try:
        yield
    finally:
        for module, name, function in real:
            setattr(module, name, function)


@contextmanager
def on(stage: Stage) -> Iterator[None]:
    """Have the run of *stage* be on."""
    outer, _FENCE.stage = _FENCE.stage, stage
    try:
        yield
    finally:
        _FENCE.stage = outer
