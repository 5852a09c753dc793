"""A fault done to one living actor, at once."""

from __future__ import annotations

import os
import signal
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

from llmactors import _ends as ends
from llmactors._core.flags import DEAD, ENDED, OVER, REMOTE
from llmactors._exits import Crash, Killed
from llmactors.errors import ActorDownError, ActorEndedError
from llmactors.hosts.process._ops import Op
from llmactors.testing.errors import FaultPlanError, InjectedCrashError

if TYPE_CHECKING:
    from llmactors._ref import ActorRef
    from llmactors.hosts.process._channel import Channel

Stroke = Literal["crash", "kill", "oom", "hang", "slow", "partition", "disk_full"]

SIGNALS: Final = {"kill": "SIGKILL", "duplicate": "SIGKILL", "crash": "SIGABRT"}
PROMPT: Final = frozenset({*SIGNALS, "oom", "disk_full"})
"""What is done to a process once; the rest is to stop it, and to have it go on."""
ON_LOOP: Final = ("crash", "kill")
ON_PROCESS: Final = ("kill", "crash", "oom", "hang", "slow", "partition", "disk_full")
SLOW: Final = 1.0  # seconds
TOO_MUCH: Final = 33 << 20
"""Bytes that a process without memory is given to read. From 32 MiB on, the C library asks the kernel for them and
takes none of what it has free."""


def pid_of(cell: Any) -> int | None:
    """Return the process of an actor's incarnation; None while there is none."""
    life = cell.actor
    worker = None if life is None or life.over else life.worker
    return None if worker is None else int(worker.pid)


def signal_to(pid: int, name: str) -> bool:
    """Signal a process; say whether it was still there."""
    with suppress(ProcessLookupError):
        os.kill(pid, signal.Signals[name])
        return True
    return False


def without_disk(pid: int) -> bool:
    """Let a process write to no file any more; say whether it was still there."""
    return _limit(pid, "RLIMIT_FSIZE", 0)


def without_memory(pid: int, channel: Channel) -> bool:
    """Let a process have no more memory than it has, and have it need more; say whether it was still there.

    Its handler gets a `MemoryError` if it asks for more than is free. In any case it finds something on its channel
    that is larger than what it may have, and ends for want of memory there: with the message in hand, or after it.
    """
    with suppress(FileNotFoundError, ProcessLookupError):
        pages = int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[0])
        if pages and _limit(pid, "RLIMIT_AS", pages * os.sysconf("SC_PAGE_SIZE")):
            channel.send([Op.LATER, bytes(TOO_MUCH)])
            return True
    return False


def hurt(pid: int, fault: str, channel: Channel) -> bool:
    """Do one of `PROMPT` to a process; say whether it was still there."""
    if fault == "oom":
        return without_memory(pid, channel)
    if fault == "disk_full":
        return without_disk(pid)
    return signal_to(pid, SIGNALS[fault])


def _limit(pid: int, name: str, most: int) -> bool:
    import resource  # noqa: PLC0415  not everywhere; where there are worker processes it is

    with suppress(ProcessLookupError, PermissionError):
        kind = getattr(resource, name)
        soft, hard = resource.prlimit(pid, kind)
        resource.prlimit(pid, kind, (most if soft == resource.RLIM_INFINITY else min(soft, most), hard))
        return True
    return False


def inject(ref: ActorRef[Any], fault: Stroke, seconds: float | None = None) -> None:
    """Do a fault to a living actor at once, whatever it has in hand. On the system's loop.

    An actor on the loop can `crash` and be killed. A worker process can also run out of memory (`oom`: it may have no
    more than it has, and ends as soon as it needs more), stand still for ever (`hang`, until it is given up) or for so
    many seconds (`slow`, `partition`), and lack room on the disk (`disk_full`).

    Args:
        ref: Whom.
        fault: What.
        seconds: For how long it stands still; 1 without.

    Raises:
        FaultPlanError: That cannot be done to this actor; the text says what can.
        ActorDownError: No incarnation is up.
        ActorEndedError: The slot was discarded.
    """
    if ref.flags & DEAD:
        raise ActorEndedError(ref.path, None if ref.extra is None else ref.extra.exit)
    if ref.flags & (OVER | ENDED):
        raise ActorDownError(ref.path, ref.state)
    can = ON_PROCESS if ref.flags & REMOTE else ON_LOOP
    if fault not in can:
        raise FaultPlanError("fault", fault, f"one of {', '.join(can)}: {ref.path} is a {ref.cls.__name__} there")
    if not ref.flags & REMOTE:
        crash = fault == "crash"
        ends.end(ref, Crash(InjectedCrashError(ref.path)) if crash else Killed("a fault was injected"))
        return
    pid = pid_of(ref)
    if pid is None:
        raise ActorDownError(ref.path, ref.state)
    if fault in PROMPT:
        hurt(pid, fault, ref.actor.channel)
    else:
        signal_to(pid, "SIGSTOP")
        if fault != "hang":
            ref.scheduler.loop.call_later(SLOW if seconds is None else seconds, signal_to, pid, "SIGCONT")
