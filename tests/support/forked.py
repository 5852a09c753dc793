"""What forked workers do in tests of the fork server, and how a test waits for processes without a fixed pause."""

import os
import random
import sys
import time
from collections.abc import Callable, Iterable
from typing import Any

import psutil


def serve(order: dict[str, Any], descriptors: list[int]) -> None:
    """Do what the order says, and write the result to the descriptor that came with it."""
    out = descriptors[0]
    match order["do"]:
        case "wait":
            os.write(out, b"up")
            time.sleep(60)
        case "daemon":
            write_pids(out, os.getpid(), daemon())
            time.sleep(60)
        case "random":
            os.write(out, str(random.random()).encode())
        case "exit":
            os._exit(7)
        case "path":
            os.write(out, sys.path[0].encode())


def daemon() -> int:
    """Start a grandchild that nothing of ours is the parent or session of; return its pid."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.setsid()
        if os.fork() == 0:
            os.close(reader)
            os.write(writer, str(os.getpid()).encode())
            os.close(writer)
            time.sleep(60)
        os._exit(0)
    os.close(writer)
    os.waitpid(child, 0)
    pid = int(os.read(reader, 32))
    os.close(reader)
    return pid


def write_pids(out: int, *pids: int) -> None:
    """Write process ids for `read_pids`."""
    os.write(out, " ".join(map(str, pids)).encode())


def alive(pids: Iterable[int]) -> set[int]:
    """Return those that run: not gone, and not a zombie."""
    found = set()
    for pid in pids:
        try:
            if psutil.Process(pid).status() != psutil.STATUS_ZOMBIE:
                found.add(pid)
        except psutil.NoSuchProcess:
            continue
    return found


def wait_until(true: Callable[[], bool], within: float = 5.0) -> bool:
    """Wait until *true* is, for at most *within* seconds; say whether it was."""
    end = time.monotonic() + within
    while not true():
        if time.monotonic() > end:
            return False
        time.sleep(0.002)
    return True
