"""Processes: the actor is in another process on this machine, the asker on one processor and the worker on another.

- **process-ask**: one question after the other.
- **process-tell**: all messages, as fast as the sender makes them, then an ask that comes after them; a sender on a
  loop gives it a turn every `TURN` messages. Where mailboxes are bounded by default, this one's bound is declared
  large.
- **process-echo**: an ask with `MIB` bytes, answered with the same bytes. The rate is that of one direction.
- **process-swap**: the same, answered with as many other bytes, that the worker had: nothing is passed through.
- **process-restart**: `kill -9` of the worker's process; the time until the actor has answered again. The median of
  all.
"""

import contextlib
import os
import statistics
from collections.abc import Sequence
from pathlib import Path

from cases.kinds import Case, Reading, Readings

RATE = Reading("rate", "MiB/s", higher_is_better=True)
BACK = Reading("time", "ms")

CASES = (
    Case("process-ask", "ask, another process", apart=True),
    Case("process-tell", "tell, another process", apart=True),
    Case("process-echo", "1 MiB echoed, another process", (RATE,), apart=True),
    Case("process-swap", "1 MiB for another, another process", (RATE,), apart=True),
    Case("process-restart", "killed process until it answers", (BACK,), apart=True),
)

TURN = 1_000
MIB = 1 << 20
WARM_UP = 300
LONG = 60.0
"""Seconds that an ask may take that waits for everything before it."""


def processors() -> tuple[int, int]:
    """Return the numbers of the client's processor and the worker's; the same one where there is but one."""
    if not hasattr(os, "sched_getaffinity"):
        return 0, 0
    allowed = sorted(os.sched_getaffinity(0))
    return allowed[-1], allowed[-2] if len(allowed) > 1 else allowed[-1]


def pin(processor: int) -> None:
    """Keep every thread of this process on one processor. Nothing where threads cannot be placed."""
    if not hasattr(os, "sched_setaffinity"):
        return
    for thread in Path("/proc/self/task").iterdir():
        with contextlib.suppress(OSError):  # it has ended meanwhile
            os.sched_setaffinity(int(thread.name), {processor})


def place_client() -> int:
    """Pin this process as the client; return the number of the worker's processor."""
    client, worker = processors()
    pin(client)
    return worker


def echoed(seconds: float, echoes: int) -> Readings:
    """Return the readings of so many asks and answers of `MIB` bytes."""
    return {RATE.name: echoes / seconds}


def back_after(seconds: Sequence[float]) -> Readings:
    """Return the readings of restarts that took that long each."""
    return {BACK.name: statistics.median(seconds) * 1e3}


def is_running(pid: int) -> bool:
    """Say whether a process is there."""
    return Path(f"/proc/{pid}").exists()
