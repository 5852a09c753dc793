"""The process between us and a Thespian actor system: `python -m llmactors.hosts.thespian._broker DESCRIPTOR BASE`.

Theory of operation
1. Thespian forks its administrator from the process that begins the system. That process is this one: small, and
   nothing of ours is open in it.
2. It is the subreaper of all that Thespian detaches. When our end of the connection is gone, however we ended, it shuts
   the system down, and kills until no descendant is left.
3. Every message has a path of its own: an endpoint that lives for that one message. An answer that comes when
   nobody waits any more finds nobody, and certainly not the next one who asks.
4. Frames are pickled, as are Thespian's own. The actors are trusted with the process that talks to them.
5. Thespian would listen on every network address of the machine, and unpickle what comes. It listens on the one given,
   in this process and in all that are forked from it.
"""

from __future__ import annotations

import ctypes
import os
import pickle
import select
import signal
import socket
import struct
import sys
import threading
import time
from contextlib import ExitStack, suppress
from datetime import timedelta
from itertools import count
from queue import Queue
from typing import TYPE_CHECKING, Any, Final

import psutil
from thespian.actors import ActorExitRequest, ActorSystem, ActorSystemException
from thespian.system.transport.IPBase import IPActorAddress

from llmactors.hosts.thespian._paths import Together
from llmactors.hosts.thespian._watched import (
    DOOR,
    Done,
    Failed,
    Handed,
    Hello,
    Here,
    Knock,
    Leaving,
    Reply,
    watched_name,
)

if TYPE_CHECKING:
    from collections.abc import Callable

HEAD: Final = struct.Struct("<I")
PR_SET_CHILD_SUBREAPER: Final = 36
LOOK: Final = timedelta(seconds=0.05)  # how soon a cancelled ask closes its endpoint
START: Final = 30.0  # seconds for an actor to say that it is up
EVERYWHERE: Final = ("", "0.0.0.0")  # noqa: S104  these are what we do not bind to
QUIET: Final = {
    "version": 1,
    "disable_existing_loggers": False,
    "handlers": {},
    "root": {"level": "CRITICAL", "handlers": []},
}


class Life:
    """One actor."""

    def __init__(self, address: Any) -> None:
        self.address = address
        self.pid = 0
        self.over = self.leaving = False
        self.hands: Queue[tuple[Any, ...] | None] = Queue()


class Broker:
    """Does what our side says, and tells it what becomes of it."""

    def __init__(self, connection: socket.socket, base: str) -> None:
        self._connection, self._base = connection, base
        self._lock = threading.Lock()
        self._lives: dict[int, Life] = {}
        self._doors: dict[int, tuple[Any, dict[int, Any]]] = {}
        self._system: Any = None
        self._paths: Any = None

    def begin(self) -> None:
        """Begin the Thespian system."""
        together = self._base == "simpleSystemBase"
        capabilities = None if together else {"Admin Port": _free_port(self._base)}
        self._system = ActorSystem(self._base, capabilities=capabilities, logDefs=QUIET, transientUnique=True)
        self._paths = Together(self._system) if together else self._system
        self.say("up", os.getpid(), _descendants())

    def say(self, *event: Any) -> None:
        """Tell our side."""
        body = pickle.dumps(event)
        with self._lock, suppress(OSError):
            self._connection.sendall(HEAD.pack(len(body)) + body)

    def obey(self, order: str, life: int, *parts: Any) -> None:
        """Do what our side says."""
        if order == "create":
            self._thread(self._create, life, *parts)
        elif order == "door":
            self._thread(self._door, life)
        elif order == "reply":
            self._thread(self._reply, life, *parts)
        elif life in self._lives:
            one = self._lives[life]
            match order:
                case "hand":
                    one.hands.put(parts)
                case "exit":
                    self._thread(self._exit, one)
                case "kill":
                    self._kill(one)

    @staticmethod
    def _thread(call: Callable[..., None], *args: Any) -> None:
        threading.Thread(target=call, args=args, daemon=True).start()

    # -- lives -------------------------------------------------------------------------------------------------
    def _create(self, number: int, name: str) -> None:
        try:
            life = Life(self._paths.createActor(watched_name(name)))
        except Exception as error:  # noqa: BLE001  Thespian raises what the import did
            self.say("failed", number, f"{type(error).__name__}: {error}")
            return
        with self._paths.private() as home:
            here = home.ask(life.address, Hello(), timedelta(seconds=START))
            if not isinstance(here, Here):
                self.say("failed", number, getattr(here, "details", None) or "it did not say that it is up")
                return
            life.pid = here.pid if here.pid != os.getpid() else 0
            self._lives[number] = life
            self.say("created", number, here.pid, _descendants())
            self._thread(self._serve, number, life)
            self._watch(life, home)
        life.over = True
        life.hands.put(None)
        del self._lives[number]
        self.say("gone", number, life.leaving)

    def _watch(self, life: Life, home: Any) -> None:
        """Return when the actor is over: it has said that it leaves, or its process has ended."""
        descriptor = -1
        with suppress(OSError):
            descriptor = os.pidfd_open(life.pid) if life.pid else -1
        while True:
            ended = descriptor >= 0 and bool(select.select([descriptor], [], [], 0)[0])
            if isinstance(home.listen(LOOK), Leaving):
                life.leaving = True
            if ended or (life.leaving and descriptor < 0):
                break
        if descriptor >= 0:
            os.close(descriptor)

    def _exit(self, life: Life) -> None:
        with self._paths.private() as path, suppress(ActorSystemException):  # gone already
            path.tell(life.address, ActorExitRequest(recursive=True))

    def _kill(self, life: Life) -> None:
        if not life.pid:
            self._thread(self._exit, life)
            return
        with suppress(psutil.Error):  # gone already
            process = psutil.Process(life.pid)
            for one in (*process.children(recursive=True), process):
                one.kill()

    # -- messages ----------------------------------------------------------------------------------------------
    def _serve(self, number: int, life: Life) -> None:
        """Hand one message after the other over: the next one when the one before has been handled."""
        while True:
            order = life.hands.get()
            if order is None or life.over:
                return
            with ExitStack() as stack, suppress(ActorSystemException):  # it has ended; that is being told
                path = stack.enter_context(self._paths.private())
                path.tell(life.address, Handed(order[1]))
                self._hear(number, life, stack, path, order)

    def _hear(self, number: int, life: Life, stack: ExitStack, path: Any, order: tuple[Any, ...]) -> None:
        message, _, patience = order
        waits = patience > 0
        while not life.over:
            heard = path.listen(LOOK)
            if isinstance(heard, Done):
                self.say("done", number, message)
                if waits:
                    self._thread(self._linger, number, life, stack.pop_all(), path, order)
                return
            if isinstance(heard, Failed):
                self.say("poison", number, message, heard.type_name, heard.text, heard.traceback)
                return
            if heard is not None and waits:
                waits = False
                self.say("answer", number, message, heard)

    def _linger(self, number: int, life: Life, stack: ExitStack, path: Any, order: tuple[Any, ...]) -> None:
        """The message has been handled, and its answer is still to come: keep its path open while somebody waits."""
        message, _, patience = order
        end = time.monotonic() + patience
        with stack:
            while not life.over and time.monotonic() < end:
                heard = path.listen(LOOK)
                if heard is not None:
                    self.say("answer", number, message, heard)
                    return

    # -- doors -------------------------------------------------------------------------------------------------
    def _door(self, number: int) -> None:
        """Open a door, and pass on what comes to it, until the end."""
        address = self._paths.createActor(DOOR)
        with self._paths.private() as home:
            if not isinstance(home.ask(address, Hello(), timedelta(seconds=START)), Here):
                self.say("shut", number, "it did not say that it is up")
                return
            knocks: dict[int, Any] = {}
            self._doors[number] = address, knocks
            self.say("door", number, address)
            for knock in count():
                heard = home.listen(LOOK)
                if isinstance(heard, Knock):
                    knocks[knock] = heard.sender
                    self.say("knock", number, knock, heard.content)

    def _reply(self, number: int, knock: int, content: Any) -> None:
        address, knocks = self._doors[number]
        sender = knocks.pop(knock)
        if content is None:
            return
        with self._paths.private() as path:
            path.tell(address, Reply(sender, content))

    # -- the connection ----------------------------------------------------------------------------------------
    def run(self) -> None:
        """Obey until our side is gone."""
        buffer = b""
        while True:
            data = self._connection.recv(1 << 16)
            if not data:
                return
            buffer += data
            while len(buffer) >= HEAD.size and len(buffer) >= HEAD.size + HEAD.unpack_from(buffer)[0]:
                size = HEAD.unpack_from(buffer)[0]
                body, buffer = buffer[HEAD.size : HEAD.size + size], buffer[HEAD.size + size :]
                self.obey(*pickle.loads(body))  # noqa: S301  rule 4

    def end(self) -> None:
        """Shut the system down, and kill what is left of it."""
        shutting = threading.Thread(target=self._shut_down, daemon=True)
        shutting.start()
        shutting.join(1.0)
        while True:
            left = psutil.Process().children(recursive=True)
            for one in left:
                with suppress(psutil.Error):
                    one.kill()
            if not left:
                return
            psutil.wait_procs(left, timeout=0.2)

    def _shut_down(self) -> None:
        with suppress(Exception):
            if self._system is not None:
                self._system.shutdown()


def listen_on(address: str) -> None:
    """Have Thespian listen on *address* only (rule 5)."""
    begin = IPActorAddress.__init__

    def narrowed(self: Any, *args: Any, **kwargs: Any) -> None:
        begin(self, *args, **kwargs)
        if self.bindname[0] in EVERYWHERE:
            self.bindname = (address, *self.bindname[1:])

    IPActorAddress.__init__ = narrowed


def _descendants() -> list[int]:
    return [process.pid for process in psutil.Process().children(recursive=True)]


def _free_port(base: str) -> int:
    kind = socket.SOCK_DGRAM if base == "multiprocUDPBase" else socket.SOCK_STREAM
    with socket.socket(type=kind) as probe:
        probe.bind((os.environ["THESPIAN_BASE_IPADDR"], 0))
        port: int = probe.getsockname()[1]
        return port


def main() -> None:
    """Be the broker."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for our side, which ends us in order
    connection = socket.socket(fileno=int(sys.argv[1]))
    os.register_at_fork(after_in_child=connection.close)
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    listen_on(os.environ["THESPIAN_BASE_IPADDR"])
    broker = Broker(connection, sys.argv[2])
    try:
        broker.begin()
        broker.run()
    except Exception as error:  # noqa: BLE001  our side says it
        broker.say("broken", f"{type(error).__name__}: {error}")
    finally:
        broker.end()
    os._exit(0)  # threads may still wait for actors that are gone


if __name__ == "__main__":
    main()
