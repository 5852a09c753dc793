"""What the main process and its fork server say to each other: JSON, one packet each, with descriptors beside it.

The socket is a pair of SOCK_SEQPACKET: packets keep their borders, it has no name that anybody could connect to, and
when one side is gone, however it ended, the other reads an empty packet.
"""

from __future__ import annotations

import json
import socket
from typing import Any, Final

PROTOCOL: Final = 1
PACKET: Final = 128 * 1024  # bytes; paths and module names, never values
DESCRIPTORS: Final = 4


def pair() -> tuple[socket.socket, socket.socket]:
    """Return the two ends of a new connection."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    for end in (ours, theirs):
        end.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 2 * PACKET)
    return ours, theirs


def send(end: socket.socket, packet: dict[str, Any], descriptors: tuple[int, ...] = ()) -> None:
    """Send one packet.

    Raises:
        ValueError: It is larger than a packet may be.
        OSError: The other side is gone.
    """
    data = json.dumps(packet).encode()
    if len(data) > PACKET:
        raise ValueError(f"a packet of {len(data)} bytes is over the limit of {PACKET}: is `sys.path` that long?")
    if descriptors:
        socket.send_fds(end, [data], descriptors)
    else:
        end.send(data)


def receive(end: socket.socket) -> tuple[dict[str, Any] | None, list[int]]:
    """Return the next packet and its descriptors; None when the other side is gone.

    Raises:
        BlockingIOError: There is none yet, and the socket does not block.
    """
    try:
        data, descriptors, _flags, _address = socket.recv_fds(end, PACKET, DESCRIPTORS)
    except ConnectionResetError:  # it ended without reading all; told once, and before what it had sent
        data, descriptors, _flags, _address = socket.recv_fds(end, PACKET, DESCRIPTORS)
    return (json.loads(data) if data else None), descriptors
