"""What a test may leave behind by mistake: child processes and threads."""

import threading
from collections.abc import Iterable

import psutil


def children_now() -> set[psutil.Process]:
    """Return this process's direct children, those not yet waited for included."""
    return set(psutil.Process().children())


def threads_now() -> set[threading.Thread]:
    """Return the threads alive, but not an event loop's own executor, which ends with its loop."""
    return {thread for thread in threading.enumerate() if not thread.name.startswith("asyncio_")}


def describe(child: psutil.Process) -> str:
    """Name *child* so that the one who reads a failure knows what was started."""
    try:
        return f"process {child.pid} ({' '.join(child.cmdline())[:120] or child.name()})"
    except psutil.Error:
        return f"process {child.pid}"


def end_children(children: Iterable[psutil.Process]) -> None:
    """Kill *children* with all their descendants, so that one bad test does not spoil the next."""
    doomed = [one for child in children for one in _family(child)]
    for one in doomed:
        try:
            one.kill()
        except psutil.NoSuchProcess:
            continue
    psutil.wait_procs(doomed, timeout=1.0)


def _family(child: psutil.Process) -> list[psutil.Process]:
    try:
        return [child, *child.children(recursive=True)]
    except psutil.NoSuchProcess:
        return []
