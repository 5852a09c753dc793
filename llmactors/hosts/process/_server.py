"""The main process's side of a fork server: orders out, reports in, on the event loop."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import os
import signal
import socket
import subprocess
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from itertools import count
from typing import Any, Final

from llmactors.errors import ForkRefusedError
from llmactors.hosts.process import _boot, _wire
from llmactors.hosts.process._descriptors import no_descriptors
from llmactors.hosts.process._ops import STARVED
from llmactors.hosts.process._versions import mismatch, versions

SERVE: Final = "llmactors.hosts.process._worker:serve"
CLOSING: Final = 5.0  # seconds that a fork server has to end its descendants


@dataclass(slots=True, eq=False)
class Forked:
    """A worker process. The descriptor is its pidfd: it names this process even when its number is used again."""

    pid: int
    pidfd: int

    def kill(self) -> None:
        """Send SIGKILL, unless it has ended."""
        if self.pidfd >= 0:
            with contextlib.suppress(ProcessLookupError):
                signal.pidfd_send_signal(self.pidfd, signal.SIGKILL)

    def close(self) -> None:
        """Give the pidfd back."""
        if self.pidfd >= 0:
            os.close(self.pidfd)
            self.pidfd = -1


@dataclass(frozen=True, slots=True)
class Hearing:
    """Whom to tell what becomes of an order to fork. Exactly one of the first two is called, then perhaps the third.

    Args:
        forked: The worker runs.
        refused: It never will.
        ended: It has ended, with this wait status and these CPU seconds; None and 0.0 when the fork server, which
            knows them, is gone.
    """

    forked: Callable[[Forked], None]
    refused: Callable[[ForkRefusedError], None]
    ended: Callable[[int | None, float], None]


@dataclass(slots=True)
class _Book:
    orders: dict[int, Hearing] = field(default_factory=dict)
    workers: dict[int, Hearing] = field(default_factory=dict)


class ServerLink:
    """One fork server, from its start to its end.

    Args:
        preload: Modules that it imports before it forks.
        python: Its interpreter; None for this one.
        env: Variables to set beside those of this process.
        serve: What workers run, as `module:function`.

    Raises:
        ForkRefusedError: There is no such interpreter, or no descriptor left.
    """

    def __init__(
        self,
        preload: tuple[str, ...] = (),
        python: str | None = None,
        env: dict[str, str] | None = None,
        serve: str = SERVE,
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self._numbers = count(1)
        self._book = _Book()
        self._dying: int | None = None  # pidfd of the process, when it is gone without our doing
        self._why = "the fork server has ended"
        self._python = python
        self._end, theirs = _pair()
        try:
            self._process = _boot.start(theirs.fileno(), serve=serve, python=python, env=env)
        except OSError as error:
            self._end.close()
            raise ForkRefusedError(_not_started(python, error)) from error
        finally:
            theirs.close()
        self.open = True
        self._end.setblocking(False)  # noqa: FBT003  the standard library's signature
        self._loop.add_reader(self._end.fileno(), self._read)
        self._preloaded: set[str] = set()
        self._order_imports(list(preload))

    @property
    def pid(self) -> int:
        """The process id of the fork server."""
        return self._process.pid

    @property
    def path(self) -> list[str]:
        """Where workers look for modules, as things are now."""
        return _boot.search_path(self._python)

    def preload(self, modules: Iterable[str]) -> None:
        """Have modules imported before the next worker is forked, unless they have been."""
        fresh = [name for name in modules if name not in self._preloaded]
        if fresh:
            self._order_imports(fresh)

    def _order_imports(self, modules: list[str]) -> None:
        self._preloaded.update(modules)
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):  # reading tells it too, and why
            _wire.send(self._end, {"is": "preload", "modules": modules})

    def fork(self, order: dict[str, Any], descriptors: tuple[int, ...], hearing: Hearing) -> None:
        """Order a worker. *hearing* is told what becomes of it, later, from the loop."""
        number = next(self._numbers)
        packet = {"is": "fork", "number": number, "cwd": _cwd(), **order}
        if self._python is None:
            packet["path"] = self.path
        try:
            _wire.send(self._end, packet, descriptors)
        except OSError:
            self._read()  # it may have said why before it ended
            self._loop.call_soon(hearing.refused, ForkRefusedError(self._why))
            return
        except ValueError as error:
            self._loop.call_soon(hearing.refused, ForkRefusedError(str(error)))
            return
        self._book.orders[number] = hearing

    # -- reports ------------------------------------------------------------------------------------------------------
    def _read(self) -> None:
        while self.open:
            try:
                report, descriptors = _wire.receive(self._end)
            except BlockingIOError:
                return
            if report is None:
                self._gone()
            else:
                self._on_report(report, descriptors)

    def _on_report(self, report: dict[str, Any], descriptors: list[int]) -> None:
        book = self._book
        match report["is"]:
            case "hello":
                problem = report.get("why") or mismatch(versions(), report)
                if problem is not None:
                    self._why = problem
                    self._gone()
            case "forked":
                self._forked(report["pid"], book.orders.pop(report["number"]), descriptors)
            case "refused":
                book.orders.pop(report["number"]).refused(ForkRefusedError(report["why"]))
            case "ended":
                hearing = book.workers.pop(report["pid"], None)
                if hearing is not None:  # else it was refused in the end
                    hearing.ended(report["status"], report["cpu"])

    def _forked(self, pid: int, hearing: Hearing, descriptors: list[int]) -> None:
        """A worker has begun. The kernel leaves its descriptor out when this process may have no more."""
        if descriptors:
            self._book.workers[pid] = hearing
            hearing.forked(Forked(pid, descriptors[0]))
        else:
            os.kill(pid, signal.SIGKILL)  # it is not reaped before the fork server has told its end
            hearing.refused(ForkRefusedError(no_descriptors()))

    def _gone(self) -> None:
        """The fork server is gone, and its workers with it: PDEATHSIG has killed them."""
        self._shut()
        self._reap_later()
        orders, workers = list(self._book.orders.values()), list(self._book.workers.values())
        self._book = _Book()
        for hearing in orders:
            hearing.refused(ForkRefusedError(self._why))
        for hearing in workers:
            hearing.ended(None, 0.0)

    def _reap_later(self) -> None:
        """Wait for the process that is gone, or about to be, without waiting here."""
        if self._process.poll() is None:
            self._dying = os.pidfd_open(self._process.pid)
            self._loop.add_reader(self._dying, self._reap)

    def _reap(self) -> None:
        self._process.poll()
        self._forget_dying()

    def _forget_dying(self) -> None:
        if self._dying is not None:
            self._loop.remove_reader(self._dying)
            os.close(self._dying)
            self._dying = None

    def _shut(self) -> None:
        if self.open:
            self.open = False
            self._loop.remove_reader(self._end.fileno())
            self._end.close()

    async def close(self) -> None:
        """End the fork server and every process below it; return when they are gone.

        Raises:
            TimeoutError: Something below it could not be killed.
        """
        self._shut()
        self._forget_dying()
        if self._process.poll() is not None:
            return
        gone = self._loop.create_future()
        handle = os.pidfd_open(self._process.pid)
        self._loop.add_reader(handle, _settle, gone)
        try:
            async with asyncio.timeout(CLOSING):
                await gone
        finally:
            self._loop.remove_reader(handle)
            os.close(handle)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(1.0)


def _pair() -> tuple[socket.socket, socket.socket]:
    try:
        return _wire.pair()
    except OSError as error:
        raise ForkRefusedError(no_descriptors(error)) from error


def _not_started(python: str | None, error: OSError) -> str:
    if error.errno == errno.EMFILE:
        return no_descriptors(error)
    return f"python={python!r} cannot be started: {error}"


def _settle(future: asyncio.Future[None]) -> None:
    if not future.done():
        future.set_result(None)


def _cwd() -> str | None:
    try:
        return os.getcwd()  # noqa: PTH109
    except FileNotFoundError:
        return None


def describe_status(status: int) -> str:
    """Say how a process ended, from its wait status."""
    code = os.waitstatus_to_exitcode(status)
    if code == STARVED:
        return f"exit status {code}: it had no memory left"
    if code >= 0:
        return f"exit status {code}"
    try:
        return f"killed by {signal.Signals(-code).name}"
    except ValueError:  # a real-time signal
        return f"killed by signal {-code}"
