"""The descriptors of one worker: made all together, or none of them."""

from __future__ import annotations

import os
import socket
from contextlib import ExitStack
from typing import TYPE_CHECKING, Final, NamedTuple

from llmactors.errors import ForkRefusedError
from llmactors.hosts.process._page import new_page

if TYPE_CHECKING:
    from llmactors.hosts.process._page import Page

SEND_BUFFER: Final = 1 << 20  # bytes


class Ends(NamedTuple):
    """What a connection to a worker is made of: ours, and what is handed over and then closed."""

    page: Page
    channel: socket.socket
    passing: socket.socket  # for descriptors of segments
    theirs: ExitStack  # closes those that are handed over
    handed: tuple[int, int, int]  # to the worker: its channel, the page, its socket for descriptors


def new_ends(size: int) -> Ends:
    """Make them, with a page of *size* places.

    Raises:
        ForkRefusedError: This process may have no more descriptors.
    """
    with ExitStack() as ours, ExitStack() as theirs:
        try:
            page, descriptor = new_page(size)
            ours.callback(page.close)
            theirs.callback(os.close, descriptor)
            channel, far = _pair(ours, theirs, socket.SOCK_STREAM)
            passing, taking = _pair(ours, theirs, socket.SOCK_SEQPACKET)
            for end in (channel, far):
                end.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER)
        except OSError as error:
            raise ForkRefusedError(no_descriptors(error)) from error
        ours.pop_all()
        return Ends(page, channel, passing, theirs.pop_all(), (far.fileno(), descriptor, taking.fileno()))
    raise AssertionError("an exit stack without a callback that swallows errors swallowed one")


def _pair(ours: ExitStack, theirs: ExitStack, kind: socket.SocketKind) -> tuple[socket.socket, socket.socket]:
    near, far = socket.socketpair(socket.AF_UNIX, kind)
    ours.callback(near.close)
    theirs.callback(far.close)
    return near, far


def no_descriptors(error: OSError | None = None) -> str:
    """Say that a worker cannot be had for want of descriptors, and what to do."""
    why = "no descriptor was left for it" if error is None else str(error)
    return f"{why}; a worker takes three descriptors here, for a moment five: have fewer, or allow more (`ulimit -n`)"
