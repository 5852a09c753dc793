"""Who is at the other end of a Unix socket, as the kernel says."""

import os
import socket
import struct
from dataclasses import dataclass
from typing import Protocol

import psutil

from llmagentos._control.errors import ControlRefusedError

_UCRED = struct.Struct("3i")
_LOCAL_PEERPID, _SOL_LOCAL = 0x002, 0  # macOS; its user is checked by the mode of the socket and its directory


class Connected(Protocol):
    """The part of a socket that tells of its peer; asyncio's transports hand out such a thing."""

    def getsockopt(self, level: int, optname: int, buflen: int, /) -> bytes:
        """Answer an option of the socket."""


@dataclass(frozen=True, slots=True)
class Peer:
    """A process, and the user it runs as."""

    pid: int
    uid: int


def peer_of(connected: Connected) -> Peer:
    """Ask the kernel who is at the other end."""
    if hasattr(socket, "SO_PEERCRED"):
        pid, uid, _ = _UCRED.unpack(connected.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _UCRED.size))
        return Peer(pid, uid)
    (pid,) = struct.unpack("i", connected.getsockopt(_SOL_LOCAL, _LOCAL_PEERPID, 4))
    return Peer(pid, os.getuid())


def check_client(peer: Peer) -> None:
    """Refuse another user, and whatever this system started itself: a worker must not steer its own system.

    Raises:
        ControlRefusedError: It is one of these, or cannot be told from them.
    """
    if peer.uid not in {os.getuid(), 0}:
        raise ControlRefusedError(f"user {peer.uid} does not own this system")
    try:
        ancestors = [parent.pid for parent in psutil.Process(peer.pid).parents()] if peer.pid > 0 else None
    except psutil.Error:
        ancestors = None
    if ancestors is None:
        raise ControlRefusedError(f"process {peer.pid} is gone or of another namespace; connect from this one")
    if peer.pid != os.getpid() and os.getpid() in ancestors:
        raise ControlRefusedError(f"process {peer.pid} was started by this system and may not control it")


def check_server(peer: Peer, pid: int) -> None:
    """Refuse a server that is not the process whose lease we read.

    Raises:
        ControlRefusedError: It is another process, or another user's.
    """
    if peer.uid != os.getuid() or peer.pid != pid:
        raise ControlRefusedError(f"the socket is held by process {peer.pid} of user {peer.uid}, not by process {pid}")
