"""Actors that do not come back, or only take long. In a module of their own, where worker processes find them."""

import asyncio
import ctypes
import os
import threading
import time

from llmactors import Actor, message


class Stuck(Actor):
    def __init__(self) -> None:
        self.done: list[int] = []

    @message
    def pid(self) -> int:
        return os.getpid()

    @message
    def note(self, number: int) -> None:
        self.done.append(number)

    @message
    def noted(self) -> list[int]:
        return self.done

    @message(timeout=60, limit=0.5)
    def sleep(self, seconds: float) -> None:
        time.sleep(seconds)

    @message(timeout=60, limit=0.5)
    async def sleep_after_a_step(self, seconds: float) -> None:
        await asyncio.sleep(0)
        time.sleep(seconds)  # noqa: ASYNC251  it is what must not be done

    @message(timeout=60, limit=0.5)
    async def wait(self, seconds: float) -> None:
        await asyncio.sleep(seconds)

    @message(timeout=60, limit=0.5)
    def hold_the_lock(self, seconds: int) -> None:
        hold_the_lock(seconds)

    @message
    def hold_the_lock_behind_my_back(self, seconds: int) -> None:
        later = threading.Timer(0.1, hold_the_lock, [seconds])
        later.daemon = True
        later.start()

    @message(timeout=120, limit=1.0)
    def compute(self, seconds: float) -> float:
        """Use *seconds* of the processor; return how long that took."""
        began, used = time.monotonic(), time.process_time()
        while time.process_time() - used < seconds:
            pass
        return time.monotonic() - began

    @message
    def be_meek(self, processor: int) -> None:
        """Share one processor with others, and give way to them."""
        os.sched_setaffinity(0, {processor})
        os.nice(6)


def hold_the_lock(seconds: int) -> None:
    """Sleep in C, without letting go of the interpreter's lock."""
    ctypes.PyDLL(None).sleep(ctypes.c_uint(seconds))
