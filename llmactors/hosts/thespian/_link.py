"""Our end of the connection to a broker (see `_broker`), on the loop."""

from __future__ import annotations

import asyncio
import os
import pickle
import socket
import struct
import subprocess
import sys
from contextlib import suppress
from itertools import count
from typing import TYPE_CHECKING, Any, Final, Protocol

import psutil

from llmactors.errors import WorkerLostError
from llmactors.hosts.thespian._doors import Door

if TYPE_CHECKING:
    from llmactors._ref import ActorRef
    from llmactors.hosts.thespian._config import Thespian

HEAD: Final = struct.Struct("<I")
PATIENCE: Final = 10.0  # seconds for a broker to end in order


class Listener(Protocol):
    """Hears what becomes of one actor."""

    def heard(self, event: str, *parts: Any) -> None:
        """Deal with an event."""
        ...


class BrokerLink:
    """A broker process and what it knows of.

    Args:
        config: Which Thespian system it is to begin.
    """

    def __init__(self, config: Thespian) -> None:
        self._config = config
        self._numbers = count(1)
        self._listeners: dict[int, Listener] = {}
        self._seen: dict[int, psutil.Process] = {}
        self._task: asyncio.Task[None] | None = None
        self._doors: dict[ActorRef[Any], Door] = {}
        self.process: subprocess.Popen[bytes] | None = None
        self.over = False

    async def begin(self) -> None:
        """Start the process; returns when its Thespian system is up.

        Raises:
            WorkerLostError: It could not begin one.
        """
        ours, theirs = socket.socketpair()
        environment = {
            **os.environ,
            "THESPIAN_BASE_IPADDR": self._config.address,
            "THESPLOG_FILE": os.devnull,
            "PYTHONPATH": os.pathsep.join(path for path in sys.path if path),
        }
        command = [sys.executable, "-m", "llmactors.hosts.thespian._broker", str(theirs.fileno()), self._config.base]
        try:
            self.process = subprocess.Popen(  # noqa: S603, ASYNC220  our own program; a fork is over at once
                command, pass_fds=(theirs.fileno(),), env=environment, stdin=subprocess.DEVNULL, start_new_session=True
            )
        except BaseException:
            ours.close()
            raise
        finally:
            theirs.close()
        self._reader, self._writer = await asyncio.open_connection(sock=ours)
        try:
            up, *parts = await self._read()
        except (asyncio.IncompleteReadError, ConnectionError):
            up, parts = "broken", ["it ended"]
        if up != "up":
            await self.close()
            raise WorkerLostError(self.process.pid, f"no Thespian system: {parts[0]}")
        self._note(parts[1])
        self._task = asyncio.create_task(self._listen(), name="thespian broker")

    def open(self, listener: Listener) -> int:
        """Give an actor to be a number; *listener* hears of it."""
        number = next(self._numbers)
        self._listeners[number] = listener
        return number

    def forget(self, number: int) -> None:
        """Nobody listens any more."""
        self._listeners.pop(number, None)

    def say(self, *order: Any) -> None:
        """Give an order; one that is lost with the broker is answered by its end. Raises what pickling raises."""
        body = pickle.dumps(order)
        if not self._writer.is_closing():
            self._writer.write(HEAD.pack(len(body)) + body)

    async def address_of(self, ref: ActorRef[Any]) -> Any:
        """Return the Thespian address of an actor of ours."""
        door = self._doors.get(ref)
        if door is None:
            door = self._doors[ref] = Door(self, ref)
        return await door.address()

    def kill(self) -> None:
        """Kill everything at once; every listener hears of it."""
        if self.process is not None and self.process.poll() is None:
            self.process.kill()

    async def _read(self) -> tuple[Any, ...]:
        head = await self._reader.readexactly(HEAD.size)
        event: tuple[Any, ...] = pickle.loads(await self._reader.readexactly(HEAD.unpack(head)[0]))  # noqa: S301  see `_broker`, 4
        return event

    async def _listen(self) -> None:
        try:
            while True:
                event, number, *parts = await self._read()
                if event == "created":
                    self._note(parts[1])
                listener = self._listeners.get(number)
                if listener is not None:
                    listener.heard(event, *parts)
                elif event == "created":
                    self.say("kill", number)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:  # whatever it was: nobody would hear of anything any more
            self._lost()

    def _note(self, pids: list[int]) -> None:
        """Remember Thespian's processes, to kill them if the broker cannot."""
        self._seen = {pid: process for pid, process in self._seen.items() if process.is_running()}
        for pid in pids:
            with suppress(psutil.Error):
                self._seen.setdefault(pid, psutil.Process(pid))

    def _lost(self) -> None:
        self.over = True
        for process in self._seen.values():
            with suppress(psutil.Error):
                process.kill()
        listeners, self._listeners = self._listeners, {}
        for listener in listeners.values():
            listener.heard("lost", 0 if self.process is None else self.process.pid)

    async def close(self) -> None:
        """End the process and all that is below it."""
        self._writer.close()
        with suppress(ConnectionError):
            await self._writer.wait_closed()
        if self._task is not None:
            await self._task
        if self.process is not None:
            loop = asyncio.get_running_loop()
            end = loop.time() + PATIENCE
            while self.process.poll() is None:
                if loop.time() > end:
                    self.process.kill()
                await asyncio.sleep(0.005)
        self._lost()
