"""The one word that says everything unusual about a cell. Zero means: nothing but messages to look at.

Theory of operation
1. `flags` is tested once per slice and after each message; a cell to which nothing happens pays for nothing else.
2. A cell with a flag of `HELD` is not on the run queue (or is skipped there): somebody will put it back.
3. Only signals, notices of an owner and `on_stop` get through to a held cell.
"""

from __future__ import annotations

from typing import Final

SIGNALS: Final = 1  # control signals wait in the second lane
BUSY: Final = 2  # as many messages are in hand as the class (or the host's window) allows
PAUSED: Final = 4
STARTING: Final = 8
ENDING: Final = 16  # children stop, then `on_stop` runs
ENDED: Final = 32  # between two incarnations, or before the first
DEAD: Final = 64  # discarded
GATED: Final = 128  # its gate withheld the go-ahead; a timer brings it back
GATE: Final = 256  # has a gate to ask
WAITERS: Final = 512  # senders wait for room
REQUEUED: Final = 1024  # the front of the queue holds messages that were delivered before
STOPPING: Final = 2048  # ends when nothing is in hand
DRAINING: Final = 4096  # ends when nothing is in hand and nothing is queued
SHUT: Final = 8192  # holds its own messages back, until it takes them again
WATCHED: Final = 16384  # its owner hears when it has nothing to do
SORTED: Final = 32768  # its mailbox has priorities or a time to live: messages wait in a lane beside the inbox
REMOTE: Final = 65536  # handled elsewhere: what waits is forwarded by the host, and no ask is answered on the spot
BATCH: Final = 131072  # gathers messages for a batch

HELD: Final = BATCH | BUSY | PAUSED | STARTING | ENDING | ENDED | DEAD | GATED | SHUT
KEPT_WITH_SLOT: Final = (  # what a life's end leaves
    PAUSED | SIGNALS | REQUEUED | GATE | WAITERS | WATCHED | SORTED | REMOTE
)
OVER: Final = ENDING | ENDED | DEAD  # no more messages in this life
GONE: Final = ENDED | DEAD  # no life is in the slot
LEFT_AT_BEGINNING: Final = ~(ENDED | BUSY)  # what the beginning of a life leaves
LEFT_AT_END: Final = ~(STARTING | STOPPING | DRAINING | BUSY | GATED | SHUT)  # what the beginning of an end leaves


def state_of(flags: int, *, in_hand: bool, queued: bool) -> str:
    """Name the state that a person sees, the most telling one first."""
    table = (
        (DEAD, "discarded"),
        (ENDED, "down"),
        (ENDING | STOPPING | DRAINING, "stopping"),
        (STARTING, "starting"),
    )
    for mask, name in table:
        if flags & mask:
            return name
    if flags & PAUSED:
        return "pausing" if in_hand else "paused"
    if in_hand:
        return "running"
    if flags & GATED:
        return "throttled"
    return "ready" if queued else "idle"
