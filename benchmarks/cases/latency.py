"""Latency: what one actor feels of the others, and of the garbage collector.

- **skew**: `PRODUCERS` actors flood one actor, `INFLIGHT` messages ahead of it at most, in bursts of `BURST`.
  Meanwhile a quiet actor is asked every `EVERY` seconds; the latency is from sending an ask to its answer. The number
  of operations is that of the asks; a runtime too slow for all of them in `PATIENCE` seconds gives fewer. Runtimes
  whose producers cannot see what the flooded actor has handled send in rounds of `ROUND` each.
- **skew-queued**: the same, but the quiet actor's asks go through the queue.
- **gc-pause**: the longest garbage collection among so many actors: while messages go to and fro for `TRAFFIC`
  seconds, and while the actors are begun.
"""

import asyncio
import gc
import math
import time
from collections.abc import Awaitable, Callable, Sequence

from cases.kinds import Case, Reading, Readings

P99, P50, FLOOD = Reading("p99", "ms"), Reading("p50", "ms"), Reading("flood", "messages/s", higher_is_better=True)
PAUSE, BEGINNING = Reading("in traffic", "ms"), Reading("while spawning", "ms")

CASES = (
    Case("skew", "ask beside a flood", (P99, P50, FLOOD)),
    Case("skew-queued", "ask beside a flood, queued", (P99, P50, FLOOD)),
    Case("gc-pause", "GC pause, 300 000 actors", (PAUSE, BEGINNING)),
)

PRODUCERS = 8
INFLIGHT = 10_000
BURST = 100
ROUND = 1_000
EVERY = 0.010
PATIENCE = 15.0
SETTLE = 0.2
"""Seconds that a flood has before the first ask."""
TRAFFIC = 7.0
MANY = 300_000


def skewed(latencies: Sequence[float], seconds: float, flood: int) -> Readings:
    """Return the readings of asks that took *latencies* while *flood* messages were handled in *seconds*."""
    ordered = sorted(latencies)
    return {
        P99.name: ordered[math.ceil(0.99 * len(ordered)) - 1] * 1e3,
        P50.name: ordered[math.ceil(0.50 * len(ordered)) - 1] * 1e3,
        FLOOD.name: flood / seconds,
    }


async def probe(ask: Callable[[], Awaitable[object]], n: int) -> tuple[list[float], float]:
    """Ask *n* times on the running loop; return the latencies and how long it all took, in seconds."""
    taken: list[float] = []
    began = time.perf_counter()
    for number in range(n):
        wait = began + number * EVERY - time.perf_counter()
        if wait < -PATIENCE:
            break
        if wait > 0:
            await asyncio.sleep(wait)
        sent = time.perf_counter()
        await ask()
        taken.append(time.perf_counter() - sent)
    return taken, time.perf_counter() - began


def probe_blocking(
    ask: Callable[[], object], n: int, between: Callable[[int], None] | None = None
) -> tuple[list[float], float]:
    """Ask *n* times on this thread, with a call in *between*; return what `probe` does."""
    taken: list[float] = []
    began = time.perf_counter()
    for number in range(n):
        wait = began + number * EVERY - time.perf_counter()
        if wait < -PATIENCE:
            break
        if wait > 0:
            time.sleep(wait)
        if between is not None:
            between(number)
        sent = time.perf_counter()
        ask()
        taken.append(time.perf_counter() - sent)
    return taken, time.perf_counter() - began


class Pauses:
    """Times every garbage collection from its making until `close`."""

    def __init__(self) -> None:
        self._began = self._longest = 0.0
        gc.callbacks.append(self._heard)

    def _heard(self, phase: str, _info: dict[str, int]) -> None:
        if phase == "start":
            self._began = time.perf_counter()
        else:
            self._longest = max(self._longest, time.perf_counter() - self._began)

    def longest(self) -> float:
        """Return the longest pause since the last call, in milliseconds, and begin anew."""
        longest, self._longest = self._longest, 0.0
        return longest * 1e3

    def close(self) -> None:
        """Time no more."""
        gc.callbacks.remove(self._heard)


def traffic_seconds(actors: int) -> float:
    """Return how long messages go to and fro among so many actors: less for fewer, so that a trial is short."""
    return TRAFFIC * min(1.0, actors / MANY)
