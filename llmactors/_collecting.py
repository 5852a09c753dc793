"""Collects the garbage of a whole program when that delays nobody. For `ActorSystem.run` only: a library does not."""

from __future__ import annotations

import asyncio
import gc
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from llmactors._core.collecting import THRESHOLDS, Verdict, look, new_book

if TYPE_CHECKING:
    from collections.abc import Iterator

    from llmactors._scheduler import Scheduler

LOOK_EVERY: Final = 0.25  # seconds


@contextmanager
def in_portions() -> Iterator[None]:
    """Have the interpreter collect by itself only what is young, in small portions; as before at the end."""
    thresholds = gc.get_threshold()
    gc.set_threshold(*THRESHOLDS)
    gc.callbacks.append(_freeze)
    try:
        yield
    finally:
        gc.callbacks.remove(_freeze)
        gc.set_threshold(*thresholds)
        gc.unfreeze()


def _freeze(phase: str, info: dict[str, Any]) -> None:
    """A portion has been looked at twice: leave it alone from now on. Called by the collector."""
    if phase == "stop" and info["generation"]:
        gc.freeze()


def collect_whole() -> None:
    """Collect everything that was not frozen before; what is left is frozen."""
    gc.collect()
    gc.freeze()


async def collect_when_idle(scheduler: Scheduler) -> None:
    """Collect now and then what the interpreter does not by itself, for ever."""
    book = new_book(_portions(), scheduler.clock(), gc.get_freeze_count())
    while True:
        await asyncio.sleep(LOOK_EVERY)
        book, verdict = look(book, _portions(), scheduler.clock(), scheduler.last)
        if verdict is Verdict.YOUNG:
            collect_whole()
        elif verdict is Verdict.THAWED:
            gc.unfreeze()
            collect_whole()
            book = new_book(_portions(), scheduler.clock(), gc.get_freeze_count())


def _portions() -> int:
    """Return how often the young have been collected for the second time."""
    portions: int = gc.get_stats()[1]["collections"]
    return portions
