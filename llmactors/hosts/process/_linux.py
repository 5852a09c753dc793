"""What the standard library lacks of Linux: prctl, and the children of a process."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
from pathlib import Path
from typing import Final

PR_SET_PDEATHSIG: Final = 1
PR_SET_CHILD_SUBREAPER: Final = 36

_libc = ctypes.CDLL(None, use_errno=True)


def die_with_parent(parent: int) -> None:
    """Have this process killed when the thread that forked it ends, and end now if that is over already.

    The signal comes at the end of the parent's *thread*: fork from a thread that lives as long as it should.
    """
    _prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)


def adopt_orphans() -> None:
    """Become the parent of descendants whose own parent ends (a child subreaper)."""
    _prctl(PR_SET_CHILD_SUBREAPER, 1)


def _prctl(option: int, value: int) -> None:
    if _libc.prctl(option, ctypes.c_ulong(value), 0, 0, 0) != 0:
        code = ctypes.get_errno()
        raise OSError(code, f"prctl({option}): {os.strerror(code)}")


def thread_count() -> int:
    """Return how many threads this process has, those that Python does not know of included."""
    return sum(1 for _ in Path("/proc/self/task").iterdir())


def parents() -> dict[int, int]:
    """Return every process that can be seen, with its parent. A process that ends meanwhile may be missing."""
    found: dict[int, int] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            with contextlib.suppress(FileNotFoundError, ProcessLookupError):
                found[int(entry.name)] = int((entry / "stat").read_bytes().rpartition(b")")[2].split()[1])
    return found


def children_of(pid: int) -> set[int]:
    """Return the processes whose parent is *pid*, those included that have ended and were not waited for."""
    try:
        return {int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_bytes().split()}
    except FileNotFoundError:  # a kernel without CONFIG_PROC_CHILDREN
        return {child for child, parent in parents().items() if parent == pid}


def descendants_of(roots: set[int]) -> set[int]:
    """Return *roots* and every process below them."""
    found: set[int] = set()
    waiting = set(roots)
    if not waiting:
        return found
    below: dict[int, list[int]] = {}
    for child, parent in parents().items():
        below.setdefault(parent, []).append(child)
    while waiting:
        pid = waiting.pop()
        found.add(pid)
        waiting.update(set(below.get(pid, ())) - found)
    return found


def kill(pids: set[int]) -> set[int]:
    """Send SIGKILL to each; return those that may not be killed by us."""
    refused = set()
    for pid in pids:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            continue
        except PermissionError:
            refused.add(pid)
    return refused
