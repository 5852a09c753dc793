"""`ActorSystem.run`: a system as a whole program, with signals, an exit status and the fastest loop there is."""

from __future__ import annotations

import asyncio
import logging
import signal
import sys
from typing import TYPE_CHECKING, Any, Final

from llmactors._collecting import collect_when_idle, collect_whole, in_portions
from llmactors._core.chain import causes
from llmactors._ports import Watchdog
from llmactors._reports import report

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from llmactors._system import ActorSystem

STOPPING: Final = ("SIGINT", "SIGTERM", "SIGHUP")  # the last when a terminal goes away
ALWAYS: Final = {signal.SIGINT, signal.SIGTERM}
SIGNALLED: Final = 128  # the status of what a signal stopped is that much more than the signal
SLOW: Final = 5.0  # seconds of starting, after which it is said what still starts


def loop_factory() -> Callable[[], asyncio.AbstractEventLoop]:
    """Return what makes event loops: uvloop's where it is installed."""
    try:
        import uvloop  # noqa: PLC0415  optional
    except ImportError:
        return asyncio.new_event_loop
    return uvloop.new_event_loop


def run(system: ActorSystem) -> int:
    """Run *system* until its root ends or a signal stops it; return the exit status."""
    system.watchdog = system.watchdog or Watchdog()
    with in_portions(), asyncio.Runner(loop_factory=loop_factory()) as runner:
        return runner.run(_main(system))


async def _main(system: ActorSystem) -> int:
    signals = _Signals(system)
    try:
        telling = asyncio.create_task(_tell_what_starts(system))
        try:
            error = await signals.until_over(system.start())
        finally:
            telling.cancel()
        if error is not None and signals.received is None:
            report(logging.CRITICAL, "system_did_not_start", system=system.name, chain=causes(error))
            return 1
        collect_whole()
        collector = asyncio.create_task(collect_when_idle(system.scheduler))
        try:
            if signals.received is None:
                await signals.until_over(system.wait_root_ended())
            await system.stop()
        finally:
            collector.cancel()
        return _status(system, signals.received)
    finally:
        signals.restore()


def _status(system: ActorSystem, received: int | None) -> int:
    try:
        system.raise_unheard()
    except BaseException as error:  # noqa: BLE001  as above
        report(logging.CRITICAL, "system_failed", system=system.name, chain=causes(error))
        return 1
    return 0 if received in {None, signal.SIGTERM} else SIGNALLED + (received or 0)


async def _tell_what_starts(system: ActorSystem) -> None:
    """Say now and then what the start waits for: the actors that start and have none below them that does."""
    wait = SLOW
    while True:
        await asyncio.sleep(wait)
        wait *= 2
        starting = [ref.path for ref in system.actors() if ref.state == "starting"]
        above = {one.rpartition("/")[0] or "/" for one in starting if one != "/"}
        waited_for = [path for path in starting if path not in above]
        report(logging.WARNING, "still_starting", system=system.name, actors=waited_for[:10])


class _Signals:
    """The first SIGINT, SIGTERM or SIGHUP stops the system in order, the second kills what is left."""

    def __init__(self, system: ActorSystem) -> None:
        self._system = system
        self._over = asyncio.Event()
        self.received: int | None = None
        self._loop = asyncio.get_running_loop()
        self._before: dict[int, Any] = {}
        for number in (signal.Signals[name] for name in STOPPING if hasattr(signal, name)):
            before = signal.getsignal(number)
            if number not in ALWAYS and before is signal.SIG_IGN:  # of nohup
                continue
            self._before[number] = before
            if sys.platform == "win32":
                signal.signal(number, lambda n, _: self._loop.call_soon_threadsafe(self._on_signal, n))
            else:
                self._loop.add_signal_handler(number, self._on_signal, number)

    def _on_signal(self, number: int) -> None:
        if self.received is None:
            self.received = number
            self._over.set()
        else:
            self._system.kill()

    async def until_over(self, what: Coroutine[Any, Any, object]) -> BaseException | None:
        """Wait for *what* or for a signal, which stops the system; return the error of *what*, if it has one."""
        ended = asyncio.create_task(_error_of(what))
        asked = asyncio.create_task(self._over.wait())
        await asyncio.wait({ended, asked}, return_when=asyncio.FIRST_COMPLETED)
        asked.cancel()
        if not ended.done():
            await self._system.stop()
        return await ended

    def restore(self) -> None:
        """Put the former signal handlers back."""
        for number, handler in self._before.items():
            if sys.platform != "win32":
                self._loop.remove_signal_handler(number)
            signal.signal(number, handler)


async def _error_of(what: Coroutine[Any, Any, object]) -> BaseException | None:
    try:
        await what
    except (Exception, SystemExit) as error:  # noqa: BLE001  reported in full, and the exit status says it
        return error
    return None
