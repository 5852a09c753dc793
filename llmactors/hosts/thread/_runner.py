"""The thread of one incarnation: a Pykka actor that runs the orders in its inbox, one after the other.

Pykka brings the thread, its inbox and its orderly end; an order is a message to it. It keeps no state of ours but the
account of the thread, and it never fails: what an order raises is the order's outcome.
"""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

import pykka

from llmactors import _fence as fences
from llmactors.hosts._abandoned import Occupation

if TYPE_CHECKING:
    from collections.abc import Callable

    from llmactors._fence import Fence


class Life(Protocol):
    """Whose thread it is."""

    fence: Fence
    runner: Runner

    @property
    def name(self) -> str:
        """What the thread is called."""
        ...

    def deliver(self, call: Callable[..., Any], *args: Any) -> None:
        """Call *call* on the loop; from any thread."""
        ...

    def over(self) -> None:
        """The thread has run its last order. On the loop."""
        ...


class Order:
    """Something to run on the thread, and who hears its outcome."""

    __slots__ = ("done", "run")

    def __init__(self, run: Callable[[], Any], done: Callable[[Any, BaseException | None], None]) -> None:
        self.run, self.done = run, done


class Runner(pykka.ThreadingActor):
    """Runs orders.

    Args:
        life: Whose orders they are. None is begun any more once its fence is closed.
    """

    use_daemon_thread: ClassVar[bool] = True  # one that never comes back must not keep the program from ending

    def __init__(self, life: Life) -> None:
        super().__init__()
        self._life = life
        life.runner = self
        self._lock = threading.Lock()
        self._ended = False
        self._cpu = 0.0
        self._clock: int | None = None
        self.occupation = Occupation()
        self.began = threading.Event()

    def on_start(self) -> None:
        """Take the thread over."""
        self.occupation.thread = thread = threading.current_thread()
        thread.name = self._life.name
        fences.enter(self._life.fence)
        self._clock = _clock_of_this_thread()
        self.began.set()

    def on_receive(self, message: Any) -> None:
        """Run an order."""
        if not isinstance(message, Order) or not self._life.fence.open:
            return
        value: Any = None
        error: BaseException | None = None
        try:
            try:
                self.occupation.begin()
                value = message.run()
            finally:
                self.occupation.end()
        except BaseException as raised:  # noqa: BLE001  SystemExit, too, is the outcome of the order
            error = raised
        self._cpu = time.thread_time()
        if self._life.fence.open:
            self._life.deliver(message.done, value, error)

    def on_stop(self) -> None:
        """Say that the thread ends."""
        with self._lock:
            self._cpu, self._ended = time.thread_time(), True
        self._life.deliver(self._life.over)

    # -- from the loop ---------------------------------------------------------------------------------------
    @property
    def thread(self) -> threading.Thread | None:
        """The thread, once it has begun."""
        return self.occupation.thread

    def cpu(self) -> float:
        """Return the CPU seconds that the thread has used."""
        with self._lock:  # the clock of a thread that has ended must not be read
            return self._cpu if self._ended else self._now()

    def _now(self) -> float:
        return self._cpu if self._clock is None else time.clock_gettime(self._clock)


def _clock_of_this_thread() -> int | None:
    read = getattr(time, "pthread_getcpuclockid", None)  # neither macOS nor Windows has it
    return None if read is None else int(read(threading.get_ident()))
