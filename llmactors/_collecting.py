"""Collects the garbage of a whole program when that delays nobody. For `ActorSystem.run` only: a library does not."""

from __future__ import annotations

import asyncio
import gc
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from llmactors._core.collecting import THRESHOLDS, Book, Verdict, look

if TYPE_CHECKING:
    from collections.abc import Iterator

    from llmactors._scheduler import Scheduler

LOOK_EVERY: Final = 0.25  # seconds


@contextmanager
def in_portions() -> Iterator[None]:
    """Have the interpreter collect by itself only what is young, in small portions; as before at the end."""
    thresholds = gc.get_threshold()
    gc.set_threshold(*THRESHOLDS)
    try:
        yield
    finally:
        gc.set_threshold(*thresholds)
        gc.unfreeze()


def collect_whole() -> None:
    """Collect everything that is not frozen, and freeze what is left."""
    gc.collect()
    gc.freeze()


async def collect_when_idle(scheduler: Scheduler) -> None:
    """Collect the whole now and then, for ever."""
    book = Book(scheduler.clock(), _portions())
    while True:
        await asyncio.sleep(LOOK_EVERY)
        book, verdict = look(book, _portions(), scheduler.clock(), scheduler.last)
        if verdict is Verdict.THAWED:
            gc.unfreeze()
        if verdict is not Verdict.NOTHING:
            collect_whole()


def _portions() -> int:
    """Return how often the young have been collected for the second time."""
    portions: int = gc.get_stats()[1]["collections"]
    return portions
