"""What a watched process and its sentinel have in common, on the process's side: see `_sentinel` for the other.

Theory of operation
1. A shared page: the watchdog's thread counts its looks there, so that the sentinel sees when it no longer gets the
   interpreter's lock; the sentinel says there when it wants the handler interrupted.
2. The sentinel reads in this process's memory whose handler runs, so the hot path pays nothing for it. It is told
   where: fields of classes with `__slots__` are at fixed places. It may look because it is named to the kernel (Yama).
3. The latch ends this process with a status of our choice without its lock: a read is left with the C library, from a
   pipe that only the sentinel writes to, and with it what to call when it is done: `_exit(70)`.
4. faulthandler writes the stacks when it gets a signal; it needs no lock either.
"""

from __future__ import annotations

import contextlib
import ctypes
import faulthandler
import json
import mmap
import os
import signal
import struct
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from llmactors import _sentinel
from llmactors._now import Now
from llmactors._ref import ActorRef
from llmactors._table import Table

if TYPE_CHECKING:
    from llmactors._scheduler import Scheduler

SIGEV_NONE: Final = 1
SIGEV_THREAD: Final = 2
PR_SET_PTRACER: Final = 0x59616D61
NUMBER: Final = struct.Struct("Q")
DEBUGGED: Final = 8  # where it stands whether a debugger was at work at the last look
ASKED: Final = struct.Struct("Qd")  # the look at which the sentinel asks for an interrupt, and when what runs began
ASKED_AT: Final = 16
AIOCB: Final = struct.Struct("iiiiPNNiiPP")  # file, two of no use, where to, how much, value, signal, kind, call
KIND: Final = 44  # where the kind of notice stands in it

_taken: Final[set[int]] = set()  # signals for stacks: one for each sentinel
_latches: Final[list[Latch]] = []  # the C library keeps their addresses


def possible() -> bool:
    """Say whether a process can have a sentinel here: on Linux, with an interpreter that can be started."""
    return sys.platform == "linux" and bool(sys.executable) and not getattr(sys, "frozen", False)


def traced() -> bool:
    """Say whether a debugger of the system's kind, such as gdb, holds this process. Only Linux tells."""
    if sys.platform != "linux":
        return False
    with open("/proc/self/status", "rb") as status:  # noqa: PTH123  twenty times a second
        return b"TracerPid:\t0\n" not in status.read()


class Latch:
    """Ends this process with a status when another one writes to it; `close` lets go of it."""

    def __init__(self, status: int) -> None:
        libc = ctypes.CDLL(None, use_errno=True)
        library = libc if hasattr(libc, "aio_read") else ctypes.CDLL("librt.so.1", use_errno=True)
        self.reader, self.writer = os.pipe()
        self._error = library.aio_error
        self._byte, self._order = ctypes.create_string_buffer(8), ctypes.create_string_buffer(512)
        end = ctypes.cast(libc._exit, ctypes.c_void_p).value
        where = ctypes.addressof(self._byte)
        AIOCB.pack_into(self._order, 0, self.reader, 0, 0, 0, where, 1, status, 0, SIGEV_THREAD, end, 0)
        if library.aio_read(self._order) != 0:
            code = ctypes.get_errno()
            self._close()
            raise OSError(code, f"aio_read: {os.strerror(code)}")
        _latches.append(self)

    def close(self) -> None:
        """Call nothing any more: have the read end without a notice."""
        struct.pack_into("i", self._order, KIND, SIGEV_NONE)
        os.write(self.writer, b"\0")
        while self._error(self._order) != 0:
            os.sched_yield()
        self._close()
        _latches.remove(self)

    def _close(self) -> None:
        os.close(self.reader)
        os.close(self.writer)


class Outside:
    """The sentinel of one system.

    Args:
        scheduler: Of the system.
        order: The loop's thread, `ident` to Python and `loop` to the system, and that of the `watchdog`; `period`,
            `hard` and `grace` in seconds; and `interrupt`, the signal that interrupts, or None.
        status: With which the process ends.
    """

    def __init__(
        self,
        scheduler: Scheduler,
        order: dict[str, Any],
        status: int,
    ) -> None:
        self._looks = 0
        with contextlib.ExitStack() as undo:
            page = os.memfd_create("llmactors watchdog")
            undo.callback(os.close, page)
            stacks = os.memfd_create("llmactors stacks")
            undo.callback(os.close, stacks)
            os.ftruncate(page, mmap.PAGESIZE)
            self._page = mmap.mmap(page, mmap.PAGESIZE)
            undo.callback(self._page.close)
            latch = Latch(status)
            undo.callback(latch.close)
            self._dump = self._register(stacks)
            undo.callback(self._unregister)
            passed = {"page": page, "stacks": stacks, "latch": latch.writer}
            facts = {"pid": os.getpid(), "places": places(scheduler), "dump": self._dump}
            self._pid = _spawn({**facts, **order}, passed)
            undo.callback(self._reap)
            ctypes.CDLL(None).prctl(PR_SET_PTRACER, ctypes.c_ulong(self._pid), 0, 0, 0)  # without Yama nobody asks
            self._undo = undo.pop_all()

    def look(self, *, debugged: bool) -> None:
        """Count a look of the watchdog: it has had the lock."""
        self._looks += 1
        NUMBER.pack_into(self._page, DEBUGGED, debugged)
        NUMBER.pack_into(self._page, 0, self._looks)

    def asked(self, began: float) -> bool:
        """Say whether the sentinel wants what began then interrupted; once. For the signal's handler.

        The watchdog's thread has had no look since, or one: for that the handler of a signal gives it the chance.
        """
        looks, seen = ASKED.unpack_from(self._page, ASKED_AT)
        NUMBER.pack_into(self._page, ASKED_AT, 0)
        return bool(looks) and looks >= self._looks - 1 and seen == began

    def close(self) -> None:
        """End the sentinel, and leave nothing behind."""
        self._undo.close()

    def _register(self, stacks: int) -> int:
        for number in range(signal.SIGRTMAX - 1, signal.SIGRTMIN, -1):
            if number not in _taken and signal.getsignal(number) is signal.SIG_DFL:
                _taken.add(number)
                faulthandler.register(number, file=stacks, all_threads=True, chain=False)
                return number
        raise OSError("no real-time signal is free")

    def _unregister(self) -> None:
        faulthandler.unregister(self._dump)
        _taken.discard(self._dump)

    def _reap(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(self._pid, signal.SIGKILL)
        with contextlib.suppress(ChildProcessError):  # a program that waits for every child has waited for this one
            os.waitpid(self._pid, 0)


def _spawn(order: dict[str, Any], passed: dict[str, int]) -> int:
    """Start the sentinel: a group of its own, so that Ctrl-C is not for it."""
    numbers = {name: number for number, name in enumerate(passed, max(10, *passed.values()) + 1)}
    actions: list[tuple[Any, ...]] = [(os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDWR, 0), (os.POSIX_SPAWN_DUP2, 0, 1)]
    actions += [(os.POSIX_SPAWN_DUP2, passed[name], number) for name, number in numbers.items()]
    script = str(Path(_sentinel.__file__))
    arguments = [sys.executable, "-I", "-S", script, json.dumps({**order, **numbers})]
    return os.posix_spawn(sys.executable, arguments, os.environ, file_actions=actions, setpgroup=0)


def places(scheduler: Scheduler) -> dict[str, int]:
    """Return where in the memory of this process stands what the sentinel reads."""
    return {
        **{name: id(scheduler) + _offset(Now, name) for name in ("current", "last", "root")},
        "none": id(None),
        "str": id(str),
        **{name: _offset(ActorRef, name) for name in ("owner", "label", "handlers")},
        "cls": _offset(Table, "cls"),
    }


def _offset(cls: type, name: str) -> int:
    """Return where in an instance of *cls* the slot *name* is, by looking for what was put there."""
    make: Any = cls.__new__
    probe, marker = make(cls), object()
    setattr(probe, name, marker)
    words = (ctypes.c_size_t * (cls.__basicsize__ // ctypes.sizeof(ctypes.c_size_t))).from_address(id(probe))
    return list(words).index(id(marker)) * ctypes.sizeof(ctypes.c_size_t)
