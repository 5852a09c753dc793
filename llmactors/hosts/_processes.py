"""What a process and all that it has started use: read when somebody asks, and not much more often than that pays."""

from __future__ import annotations

import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Final, Literal, TypeAlias

import psutil

from llmactors.hosts.process.limits._meter import Meter, cpu_seconds, tree

FRESH: Final = 0.2
"""Seconds for which memory, and who is below a process, is not looked up again."""
Kind: TypeAlias = Literal["pss", "rss"]


class ProcessAccount:
    """The account of one process and of all below it.

    CPU time never shrinks, also when those below end; what one used between the last look and its end is not seen.

    Args:
        pid: The process.
    """

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self._meter = Meter(pid)
        self._cpu = self._own = 0.0
        self._looked = self._measured = -FRESH
        self._memory: tuple[int, Kind] | None = None

    def cpu(self) -> float:
        """Return the CPU seconds used so far; what it was at the last look when the process is gone."""
        now = time.monotonic()
        with suppress(ProcessLookupError, psutil.Error):
            if sys.platform != "linux":
                times = psutil.Process(self.pid).cpu_times()
                self._cpu = max(self._cpu, times.user + times.system)
            elif now - self._looked < FRESH:
                own = cpu_seconds(self.pid)
                self._cpu, self._own = self._cpu + max(0.0, own - self._own), own
            else:
                self._own, self._looked = cpu_seconds(self.pid), now
                self._cpu = max(self._cpu, self._meter.read())
        return self._cpu

    @property
    def last(self) -> float:
        """The CPU seconds at the last look. Of a process that has ended nothing else may be asked."""
        return self._cpu

    def memory(self) -> tuple[int, Kind] | None:
        """Return the bytes held, and how they were measured; None when the process is gone."""
        now = time.monotonic()
        if now - self._measured >= FRESH:
            self._measured, self._memory = now, memory_of(self.pid)
        return self._memory


def memory_of(pid: int) -> tuple[int, Kind] | None:
    """Return the bytes that a process and all below it hold, and how they were measured; None if it is gone."""
    pids = tree(pid) if sys.platform == "linux" else [pid]
    shares = [_share(each) for each in pids]
    if shares[0] is not None and None not in shares:
        return sum(share for share in shares if share is not None), "pss"
    sizes = [size for each in pids if (size := _resident(each)) is not None]
    return (sum(sizes), "rss") if sizes else None


def _share(pid: int) -> int | None:
    """Return the proportional set size, in bytes; None where it cannot be read."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_bytes().splitlines()
    except OSError:  # it is gone, it is somebody else's, or the kernel has none
        return None
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith(b"Pss:")), None)


def _resident(pid: int) -> int | None:
    try:
        return int(psutil.Process(pid).memory_info().rss)
    except psutil.Error:
        return None


def gpu_memory() -> int | None:
    """Return the bytes that PyTorch holds on the GPUs of this process; None where it is not loaded or uses none.

    PyTorch's allocator is asked. What the driver itself takes for each process, some hundred MiB, is not in it.
    """
    cuda = getattr(sys.modules.get("torch"), "cuda", None)
    try:
        if cuda is None or not cuda.is_initialized():
            return None
        return sum(int(cuda.memory_reserved(device)) for device in range(cuda.device_count()))
    except Exception:  # noqa: BLE001  half imported, or broken: there is no figure
        return None
