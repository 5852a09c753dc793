"""Ray: every actor is a process, so it has no cases of one process but those where that is no matter.

Its daemons run where they like; driver and actor are placed. It is kept on loopback: it would turn 127.0.0.1 into the
machine's outward address, another address of loopback it leaves alone. A tell is a call whose result is let go.
"""

import contextlib
import os
import signal
import tempfile
import time
from collections.abc import Callable
from typing import Any

os.environ["RAY_USAGE_STATS_ENABLED"] = "0"

import psutil
import ray

from cases import latency
from cases.kinds import Measure, Readings, time_of
from cases.latency import ROUND, probe_blocking, skewed
from cases.lives import spawned
from cases.processes import MIB, back_after, echoed, pin, place_client

LOOPBACK = "127.0.0.2"
STORE = 256 << 20
WARM_UP = 200
RETRY = 0.002
SETTLE = 3.0
"""Seconds that Ray has to start the workers it keeps in reserve."""
LOOK = 10
"""Asks of the quiet actor between two looks at the flood."""


class Echo:
    """Answers with what it was sent, says where it is, and moves to a processor."""

    def echo(self, value: Any) -> Any:
        """Answer."""
        return value

    def pid(self) -> int:
        """Answer which process it is in."""
        return os.getpid()

    def place(self, processor: int) -> None:
        """Move the process."""
        pin(processor)


class Counter(Echo):
    """Counts what it is told."""

    count = 0

    def add(self, amount: int) -> None:
        """Count."""
        self.count += amount

    def total(self) -> int:
        """Answer how many it was."""
        return self.count


class Producer:
    """Sends a round to the actor it is told."""

    def go(self, to: Any) -> int:
        """Send, and wait until all of it has been handled."""
        for _ in range(ROUND):
            to.add.remote(1)
        return int(ray.get(to.total.remote()))


def _actor(cls: type, **options: Any) -> Any:
    return ray.remote(num_cpus=0, **options)(cls).remote()


def _with_ray(body: Callable[[int], Readings]) -> Measure:
    def measure(n: int) -> Readings:
        with tempfile.TemporaryDirectory(prefix="ray-", ignore_cleanup_errors=True) as folder:
            ray.init(
                num_cpus=2,
                include_dashboard=False,
                _node_ip_address=LOOPBACK,
                _temp_dir=folder,
                object_store_memory=STORE,
                logging_level="CRITICAL",
                log_to_driver=False,
            )
            try:
                return body(n)
            finally:
                ray.shutdown()

    return measure


def _placed(cls: type) -> Any:
    actor = _actor(cls)
    ray.get(actor.place.remote(place_client()))
    return actor


def _ask(n: int) -> Readings:
    echo = _placed(Echo)
    for value in range(WARM_UP):
        ray.get(echo.echo.remote(value))
    began = time.perf_counter()
    for value in range(n):
        ray.get(echo.echo.remote(value))
    return time_of(time.perf_counter() - began, n)


def _tell(n: int) -> Readings:
    counter = _placed(Counter)
    ray.get(counter.total.remote())
    began = time.perf_counter()
    for _ in range(n):
        counter.add.remote(1)
    assert ray.get(counter.total.remote()) == n
    return time_of(time.perf_counter() - began, n)


def _echo(n: int) -> Readings:
    echo, data = _placed(Echo), os.urandom(MIB)
    assert ray.get(echo.echo.remote(data)) == data
    began = time.perf_counter()
    for _ in range(n):
        ray.get(echo.echo.remote(data))
    return echoed(time.perf_counter() - began, n)


def _restart(n: int) -> Readings:
    echo = _actor(Echo, max_restarts=-1, max_task_retries=-1)
    taken = []
    for _ in range(n):
        before = after = ray.get(echo.pid.remote())
        began = time.perf_counter()
        os.kill(before, signal.SIGKILL)
        while after == before:
            try:
                after = ray.get(echo.pid.remote())
            except ray.exceptions.RayError:
                time.sleep(RETRY)
        taken.append(time.perf_counter() - began)
    return back_after(taken)


def _spawn(n: int) -> Readings:
    ray.get(_actor(Echo).echo.remote(0))
    time.sleep(SETTLE)
    before = _memory_of_all()
    began = time.perf_counter()
    actors = [_actor(Echo) for _ in range(n)]
    ray.get([actor.echo.remote(0) for actor in actors])
    return spawned(time.perf_counter() - began, _memory_of_all() - before, n)


def _memory_of_all() -> int:
    """Return how much all of Ray's processes hold, what they share counted once."""
    held = 0
    for process in psutil.Process().children(recursive=True):
        with contextlib.suppress(psutil.Error):
            held += process.memory_full_info().pss
    return held


def _skew(n: int) -> Readings:
    flooded, quiet = _actor(Counter), _actor(Echo)
    ray.get(quiet.echo.remote(0))
    producers = [_actor(Producer) for _ in range(latency.PRODUCERS)]
    ray.get([producer.go.remote(flooded) for producer in producers])
    before = ray.get(flooded.total.remote())
    running = {producer: producer.go.remote(flooded) for producer in producers}

    def refill(number: int) -> None:
        if number % LOOK == 0:
            for producer, sending in list(running.items()):
                if ray.wait([sending], timeout=0)[0]:
                    running[producer] = producer.go.remote(flooded)

    latencies, seconds = probe_blocking(lambda: ray.get(quiet.echo.remote(1)), n, refill)
    return skewed(latencies, seconds, ray.get(flooded.total.remote()) - before)


MEASURES = {
    "spawn": _with_ray(_spawn),
    "skew": _with_ray(_skew),
    "process-ask": _with_ray(_ask),
    "process-tell": _with_ray(_tell),
    "process-echo": _with_ray(_echo),
    "process-restart": _with_ray(_restart),
}
