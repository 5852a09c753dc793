"""What a test may leave behind: tasks, threads, processes and descriptors that were not there before."""

from __future__ import annotations

import asyncio
import gc
import threading
import time
from pathlib import Path
from typing import Final

import psutil

GRACE: Final = 3.0  # real seconds that what is on its way out may still take
TURNS: Final = 20  # turns of the loop that a task on its way out may still take
DESCRIPTORS: Final = Path("/proc/self/fd")


class Leftovers:
    """What was there at the beginning, to be compared with the end. Made on the running loop."""

    def __init__(self) -> None:
        self._tasks = asyncio.all_tasks()
        self._threads = _threads()
        self._processes = set(psutil.Process().children())
        self._descriptors = _descriptors()

    async def left(self) -> list[str]:
        """Say what is there now and was not before, a line for each; wait a moment for what is about to go."""
        tasks = await self._tasks_left()
        threads = [thread for thread in _threads() - self._threads if not _joined(thread)]
        _, processes = psutil.wait_procs(set(psutil.Process().children()) - self._processes, timeout=GRACE)
        return [
            *sorted(f"task {task.get_name()}: {task.get_coro()!r}" for task in tasks),
            *sorted(f"thread {thread.name}" for thread in threads),
            *sorted(f"process {process.pid}: {_command(process)}" for process in processes),
            *sorted(f"descriptor {number}: {what}" for number, what in self._descriptors_left()),
        ]

    async def _tasks_left(self) -> set[asyncio.Task[object]]:
        this = asyncio.current_task()
        for _ in range(TURNS):
            left = asyncio.all_tasks() - self._tasks - {this}
            if not left:
                break
            await asyncio.sleep(0)
        return asyncio.all_tasks() - self._tasks - {this}

    def _descriptors_left(self) -> list[tuple[int, str]]:
        end = time.monotonic() + GRACE
        while left := sorted(_descriptors().items() - self._descriptors.items()):
            if time.monotonic() > end:
                return left
            gc.collect()  # one that only garbage holds is no leak
            time.sleep(0.01)
        return []


def _threads() -> set[threading.Thread]:
    """Return the threads alive, but not a loop's own executor, which ends with its loop."""
    return {thread for thread in threading.enumerate() if not thread.name.startswith("asyncio_")}


def _joined(thread: threading.Thread) -> bool:
    thread.join(GRACE)
    return not thread.is_alive()


def _command(process: psutil.Process) -> str:
    try:
        return " ".join(process.cmdline())[:120] or process.name()
    except psutil.Error:
        return "(gone)"


def _descriptors() -> dict[int, str]:
    """Return the open descriptors and what they are; none where the system does not tell."""
    found = {}
    if DESCRIPTORS.is_dir():
        for link in DESCRIPTORS.iterdir():
            try:
                found[int(link.name)] = str(link.readlink())
            except OSError:  # the one of the directory itself
                continue
    return found
