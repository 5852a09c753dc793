"""Counting what is done, where a test asserts that it does not grow: lines run, which no busy machine changes."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any


@contextmanager
def lines() -> Iterator[Callable[[], int]]:
    """Count the lines that the kernel and the trees run on this thread; what comes back tells how many so far.

    Lines rather than instructions: CPython 3.11 may hang where each instruction is traced.
    """
    count = 0

    def trace(frame: FrameType, event: str, _: Any) -> Any:
        nonlocal count
        if event == "call" and not frame.f_globals.get("__name__", "").startswith(("llmactors.", "supervisors.")):
            return None
        count += event == "line"
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        yield lambda: count
    finally:
        sys.settrace(before)
