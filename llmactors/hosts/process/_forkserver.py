"""The fork server, which is also the reaper: a small process that imports first and then only forks and waits.

Theory of operation
1. It is started by the main process and has one socket to it: orders come in, reports go out. That the main process is
   gone, however it ended, is an order too; its pidfd says so even where a fork of it still holds the socket. There is
   no event loop and no thread here, so a fork copies a quiet process.
2. It is a child subreaper, and so is every worker. While a worker lives, all that it started is below it, however often
   that forked, called setsid, or lost its parent. When a worker ends, its orphans become children of this process. So a
   child that is no worker is left over from one that ended, and is killed with everything below it.
3. When the main process is gone, every descendant is killed, until there is none left.
4. Workers are killed with this process (PDEATHSIG, which fires when the forking *thread* ends: there is only one here).
5. After the modules to preload, it refuses to fork if there is a second thread: its locks would be copied locked.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import os
import selectors
import signal
import socket
import sys
import time
import traceback
from collections.abc import Callable
from typing import Any, Final

from llmactors.hosts.process import _linux, _wire
from llmactors.hosts.process._versions import versions

POLL: Final = 0.002  # seconds between looks at descendants that are dying
PATIENCE: Final = 2.0  # seconds for descendants that we may not kill

Serve = Callable[[dict[str, Any], list[int]], None]


class ForkServer:
    """Forks workers on order, and waits for what ends.

    Args:
        end: The socket to the main process.
        parent: The process id of the main process.
        serve: What a new worker runs, with the order and the descriptors that came with it.
    """

    def __init__(self, end: socket.socket, parent: int, serve: Serve) -> None:
        self._end = end
        self._main = os.pidfd_open(parent)
        self._orphaned = os.getppid() != parent  # it was gone before we could watch it
        self._serve = serve
        self._workers: set[int] = set()
        self._refusal: str | None = None
        self._strays = False
        self._waking, waker = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        self._waker = waker
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the main process's to answer
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        signal.set_wakeup_fd(waker, warn_on_full_buffer=False)
        _linux.adopt_orphans()

    def run(self) -> None:
        """Work until the main process is gone, and then leave nothing behind."""
        _wire.send(self._end, {"is": "hello", **versions()})
        with selectors.DefaultSelector() as selector:
            selector.register(self._end, selectors.EVENT_READ)
            selector.register(self._waking, selectors.EVENT_READ)
            selector.register(self._main, selectors.EVENT_READ)
            while not self._orphaned and self._round(selector):
                pass
        self._kill_everything()

    def _round(self, selector: selectors.BaseSelector) -> bool:
        """Do what there is to do; False when the main process is gone."""
        ready = {key.fd for key, _ in selector.select(POLL if self._strays else None)}
        if self._waking in ready:
            with contextlib.suppress(BlockingIOError):
                os.read(self._waking, 4096)
        self._reap()
        if self._strays:
            self._kill_strays()
        if self._main in ready:
            return False
        return self._end.fileno() not in ready or self._obey()

    # -- orders -------------------------------------------------------------------------------------------------------
    def _obey(self) -> bool:
        order, descriptors = _wire.receive(self._end)
        if order is None:
            return False
        try:
            if order["is"] == "preload":
                self._preload(order)
            else:
                self._fork(order, descriptors)
        finally:
            for descriptor in descriptors:
                os.close(descriptor)
        return True

    def _preload(self, order: dict[str, Any]) -> None:
        for name in order["modules"]:
            before = _linux.thread_count()
            try:
                importlib.import_module(name)
            except Exception as error:  # noqa: BLE001  told to the one who asked, at each start
                self._refusal = f"preload={name!r} could not be imported: {type(error).__name__}: {error}"
                return
            if _linux.thread_count() > before:
                self._refusal = (
                    f"importing {name!r} starts a thread, and a process with threads cannot be forked safely; "
                    "take it out of preload= (or its `__fork_safe__` away), so that each worker imports it"
                )
                return
        gc.collect()
        gc.freeze()  # what is there now is shared with the workers, and collecting it would copy it

    def _fork(self, order: dict[str, Any], descriptors: list[int]) -> None:
        refusal = self._refusal
        if refusal is None and _linux.thread_count() > 1:
            refusal = "the fork server has a second thread, and cannot fork safely; look for it among preload="
        if refusal is not None:
            self._refuse(order, refusal)
            return
        parent = os.getpid()
        for stream in filter(None, (sys.stdout, sys.stderr)):  # a program may have been started without them
            stream.flush()
        try:
            pid = os.fork()
        except OSError as error:
            self._refuse(order, f"no process could be forked: {error}; have fewer, or allow more (`ulimit -u`, memory)")
            return
        if pid == 0:
            self._become_worker(parent, order, descriptors)
        self._workers.add(pid)
        try:
            handle = os.pidfd_open(pid)
        except OSError as error:
            os.kill(pid, signal.SIGKILL)
            self._refuse(order, f"the fork server cannot hold a worker: {error}; allow more descriptors (`ulimit -n`)")
            return
        try:
            self._report({"is": "forked", "number": order["number"], "pid": pid}, (handle,))
        finally:
            os.close(handle)

    def _refuse(self, order: dict[str, Any], why: str) -> None:
        self._report({"is": "refused", "number": order["number"], "why": why})

    def _become_worker(self, parent: int, order: dict[str, Any], descriptors: list[int]) -> None:
        status = 70
        try:
            _linux.die_with_parent(parent)
            os.setsid()
            _linux.adopt_orphans()
            signal.set_wakeup_fd(-1)
            for number in (signal.SIGCHLD, signal.SIGINT, signal.SIGTERM):
                signal.signal(number, signal.SIG_DFL)
            self._end.close()
            for descriptor in (self._waking, self._waker, self._main):
                os.close(descriptor)
            reseed()
            sys.path[:] = order.get("path", sys.path)
            self._serve(order, descriptors)
            status = 0
        except BaseException:  # noqa: BLE001  the last frame of a process
            traceback.print_exc()
        finally:
            with contextlib.suppress(OSError, ValueError):
                for stream in filter(None, (sys.stdout, sys.stderr)):
                    stream.flush()
            os._exit(status)

    # -- ends ---------------------------------------------------------------------------------------------------------
    def _reap(self) -> None:
        """Wait for all that has ended; what a worker leaves behind is killed before its end is told."""
        ended = []
        for pid, status, cpu in iter(_reap_one, None):
            if pid in self._workers:
                self._workers.discard(pid)
                ended.append((pid, status, cpu))
        if ended:
            self._kill_strays()
        for pid, status, cpu in ended:
            self._report({"is": "ended", "pid": pid, "status": status, "cpu": cpu})

    def _kill_strays(self) -> None:
        strays = _linux.children_of(os.getpid()) - self._workers
        _linux.kill(_linux.descendants_of(strays))
        self._strays = bool(strays)

    def _kill_everything(self) -> None:
        give_up = float("inf")
        while True:
            refused = _linux.kill(_linux.descendants_of(_linux.children_of(os.getpid())))
            while (ended := _reap_one()) is not None:
                self._workers.discard(ended[0])
            left = _linux.children_of(os.getpid())
            if not left or time.monotonic() > give_up:
                return
            if left <= refused:
                give_up = min(give_up, time.monotonic() + PATIENCE)
            time.sleep(POLL)

    def _report(self, packet: dict[str, Any], descriptors: tuple[int, ...] = ()) -> None:
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):  # the next round sees that it is gone
            _wire.send(self._end, packet, descriptors)


def _reap_one() -> tuple[int, int, float] | None:
    """Wait for a child that has ended; return its pid, wait status and CPU seconds."""
    try:
        pid, status, usage = os.wait4(-1, os.WNOHANG)
    except ChildProcessError:
        return None
    return (pid, status, usage.ru_utime + usage.ru_stime) if pid else None


def reseed() -> None:
    """Give a forked process random numbers of its own. `random` does it by itself; numpy and torch do not."""
    numpy, torch = sys.modules.get("numpy"), sys.modules.get("torch")
    if numpy is not None and "numpy.random" in sys.modules:
        numpy.random.seed()
    if torch is not None:
        torch.default_generator.seed()


def main(descriptor: int, parent: int, serve: str) -> None:
    """Run the fork server on the socket with this descriptor. *serve* names what workers run: `module:function`."""
    module, _, function = serve.partition(":")
    ForkServer(socket.socket(fileno=descriptor), parent, getattr(importlib.import_module(module), function)).run()
