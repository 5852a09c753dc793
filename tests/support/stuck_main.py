"""A program with a handler that does not return: `python stuck_main.py KIND PLACE HARD`. Prints what became of it."""

import asyncio
import ctypes
import logging
import re
import sys
import threading
import time
from collections.abc import Callable
from functools import partial
from types import FrameType, SimpleNamespace
from typing import Any

from llmactors import Actor, ActorSystem, Ended, Watchdog, message
from llmactors.errors import ActorEndedError

say = partial(print, flush=True)
HARD = float(sys.argv[3]) if len(sys.argv) > 3 else 0.3


def spin(seconds: float = 20) -> str:
    """Compute, in Python."""
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        pass
    return "spun"


class Heard(logging.Handler):
    """Knows whether anything was logged."""

    heard = False

    def emit(self, record: logging.LogRecord) -> None:
        """Hear it."""
        self.heard = True


def slow() -> str:
    """Compute until that was reported."""
    log = Heard()
    logging.getLogger("llmactors").addHandler(log)
    while not log.heard:
        spin(0.01)
    return "spun"


def sleep() -> str:
    """Wait in C, without the interpreter's lock."""
    time.sleep(20)
    return "slept"


def swallow() -> str:
    """Go on, whatever is raised."""
    while True:
        try:
            spin()
        except Exception:  # noqa: BLE001 - that is the point
            say("swallowed")


def deadlock() -> str:
    """Wait in C, with the interpreter's lock, for what never comes; signals do not help."""
    libc, mutex = ctypes.PyDLL(None), ctypes.create_string_buffer(128)
    libc.pthread_mutex_lock(mutex)
    libc.pthread_mutex_lock(mutex)
    return "unlocked"


def match() -> str:
    """Compute in C, with the interpreter's lock; but `re` looks after signals."""
    re.match(r"(a+)+$", "a" * 64 + "b")
    return "matched"


def rematch() -> str:
    """Do so again and again, whatever is raised."""
    while True:
        try:
            match()
        except Exception:  # noqa: BLE001 - that is the point
            say("swallowed")


def nap(seconds: float) -> str:
    """Keep the interpreter's lock for a while."""
    ctypes.PyDLL(None).usleep(int(seconds * 1e6))
    return "slept"


def stopped() -> str:
    """Wait for a line. Meanwhile others stop the process."""
    say("at work")
    sys.stdin.readline()
    return "went on"


def traced() -> str:
    """Be traced, as by a debugger."""

    def trace(frame: FrameType, event: str, arg: Any) -> Any:
        return trace

    sys.settrace(trace)
    try:
        return spin(4 * HARD)
    finally:
        sys.settrace(None)


def monitored() -> str:
    """Run under a debugger that watches the interpreter."""
    monitoring: Any = getattr(sys, "monitoring")  # noqa: B009 - from Python 3.12
    monitoring.use_tool_id(monitoring.DEBUGGER_ID, "a debugger")
    return spin(4 * HARD)


def under_pydevd() -> None:
    """Have the debugger of many editors."""
    sys.modules["pydevd"] = SimpleNamespace(get_global_debugger=object)  # type: ignore[assignment]


def pydevd() -> str:
    """Run under it."""
    under_pydevd()
    return spin(4 * HARD)


def debugged_in_c() -> str:
    """Run under it, and keep the interpreter's lock."""
    under_pydevd()
    spin(0.5 * HARD)
    nap(4 * HARD)
    return "spun"


def carry() -> str:
    """Return at once, beside many others and a thread that computes."""
    threading.Thread(target=spin, args=(4 * HARD,), daemon=True).start()
    return "carried"


CALLS = (slow, sleep, swallow, match, rematch, deadlock, stopped, traced, monitored, pydevd, debugged_in_c)
KINDS: dict[str, Callable[[], str]] = {
    "spin": spin,
    "async": spin,
    "nap": lambda: nap(0.5 * HARD),
    "load": carry,
    **{call.__name__: call for call in CALLS},
}


class Stuck(Actor):
    """Does not return, in one of several ways."""

    @message(timeout=30)
    def do(self, kind: str) -> str:
        """Be stuck."""
        return KINDS[kind]()

    @message(timeout=30)
    async def do_async(self, kind: str) -> str:
        """Be stuck after a suspension."""
        await asyncio.sleep(0)
        return self.do(kind)

    @message
    def ping(self) -> str:
        """Answer."""
        return "pong"


class Owner(Actor):
    """Brings it back."""

    def on_start(self) -> None:
        """Begin it."""
        self.slot = self.context.open("stuck", Stuck)
        self.slot.start()

    def receive(self, message: object) -> None:
        """Begin it again."""
        if isinstance(message, Ended):
            self.slot.revive()


class Busy(Actor):
    """One of many that always have something to do."""

    @message
    def work(self) -> None:
        """Compute for a moment, and come back for more."""
        spin(0.0005)
        self.context.self_ref.tell(Busy.work())


async def main(kind: str, limits: Watchdog) -> None:
    """Ask it, then see whether the system lives."""
    async with ActorSystem(watchdog=limits) as system:
        if kind == "load":
            for _ in range(20):
                (await system.spawn(Busy)).tell(Busy.work())
        (stuck,) = (await system.spawn(Owner)).children()
        await stuck
        try:
            say(await stuck.ask(Stuck.do_async("spin") if kind == "async" else Stuck.do(kind)))
        except ActorEndedError as error:
            say(type(error.__cause__).__name__, error.__cause__)
        if kind == "load":
            await asyncio.sleep(4 * HARD)
        say(await stuck.ask(Stuck.ping(), timeout=30))


def in_thread(kind: str, limits: Watchdog) -> None:
    """Ask it on a loop in a thread."""
    with ActorSystem(Owner, watchdog=limits).blocking() as system:
        stuck = system.ref("stuck")
        try:
            say(stuck.ask(Stuck.do(kind)))
        except ActorEndedError as error:
            say(type(error.__cause__).__name__.replace("_Sent", ""), error.__cause__)
        say(stuck.ask(Stuck.ping()))


if __name__ == "__main__":
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr)
    watchdog = Watchdog(soft=min(0.05, HARD), hard=HARD)
    if sys.argv[2] == "thread":
        in_thread(sys.argv[1], watchdog)
    else:
        asyncio.run(main(sys.argv[1], watchdog))
