"""Actors that take more than they should: of CPU time, of memory. In a module of their own, for worker processes."""

import subprocess
import sys
import time
from typing import Any

from llmactors import Actor, message


class Hog(Actor):
    """Works, starts processes and holds memory, as much as it is told."""

    def __init__(self) -> None:
        self.held: list[bytes] = []
        self.small: list[dict[int, str]] = []
        self.pressed: list[str] = []
        self.below: list[subprocess.Popen[bytes]] = []

    @message(timeout=60, limit=None)
    def spin(self, cpu: float) -> float:
        """Use so many CPU seconds; return how long that took."""
        begun, used = time.monotonic(), time.process_time()
        while time.process_time() < used + cpu:
            pass
        return time.monotonic() - begun

    @message(timeout=60, limit=0.6)
    def spin_within_its_limit(self, cpu: float) -> str:
        used = time.process_time()
        while time.process_time() < used + cpu:
            pass
        return "done"

    @message(limit=None)
    def spin_for_ever(self) -> None:
        while True:
            pass

    @message(timeout=60, limit=None)
    def spin_below(self, cpu: float) -> None:
        """Have a child process of a child process use so many CPU seconds, and wait for it."""
        spin = f"import time\nwhile time.process_time() < {cpu}: pass"
        start = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {spin!r}])"
        subprocess.run([sys.executable, "-c", start], check=True)

    @message
    def begin_below(self, count: int) -> int:
        """Start so many processes that do nothing."""
        sleep = "import sys; sys.stdin.read()"
        self.below += [subprocess.Popen([sys.executable, "-c", sleep], stdin=subprocess.PIPE) for _ in range(count)]
        return len(self.below)

    @message(timeout=60)
    def hold(self, mebibytes: int) -> int:
        """Hold so much more, and touch it; return how much it is by now."""
        self.held.append((b"\1" * 4096) * (mebibytes << 8))
        return sum(map(len, self.held)) >> 20

    @message(timeout=60)
    def fill(self) -> None:
        """Hold small things until there is no room for one more."""
        while True:
            self.small.append({len(self.small): str(len(self.small))})

    @message
    def let_go(self) -> None:
        self.held.clear()

    def on_pressure(self, level: Any) -> None:
        self.pressed.append(str(level))

    @message
    def was_pressed(self) -> list[str]:
        return self.pressed

    @message
    def ping(self) -> str:
        return "pong"


class CachingHog(Hog):
    """Drops what it holds when it is pressed."""

    async def on_pressure(self, level: Any) -> None:  # type: ignore[override]
        super().on_pressure(level)
        self.held.clear()
