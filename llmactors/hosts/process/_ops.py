"""What items say. Both sides use the first group for calls that they make; the others have one direction."""

from __future__ import annotations

from enum import IntEnum, unique
from typing import Final

BROKEN: Final = 70
"""The exit status of a worker that cannot go on: EX_SOFTWARE."""
STARVED: Final = 71
"""The exit status of one that lacks the memory to say how it ended: EX_OSERR."""


@unique
class Op(IntEnum):
    """The first part of an item; the comments list the others."""

    # calls, by the one who makes them; the first three may say their trace behind (see `_traced`)
    TELL = 1  # number, target, name, arguments
    ASK = 2  # number, target, name, arguments, seconds
    STREAM = 3  # number, target, name, arguments, window, idle
    CANCEL = 4  # number
    ASK_IF_UP = 19  # as ASK, and fails at once where no incarnation is up
    CREDIT = 5  # number, items
    # what becomes of them, by the one who was called
    ANSWER = 6  # number, value
    FAIL = 7  # number, error
    UNHANDLED = 8  # number
    ITEM = 9  # number, value
    END = 10  # number
    DONE = 11  # numbers of tells
    SAID = 13  # count: so many more says are finished
    RELEASE = 17  # numbers of segments: the receiver may fill them again
    DROP = 18  # number of a segment that its sender uses no more
    LATER = 12  # number: the handler is done, the answer will come

    # main process to worker
    SAY = 14  # place of the endpoint, arguments: a tell to the worker's actor, the short way (see `_says`)
    QUESTION = 15  # place of the endpoint, number, seconds, arguments: an ask of the worker's actor, the short way
    START = 20  # spec
    STOP = 21  # exit
    PAUSE = 22
    RESUME = 23
    RECALL = 24
    LOOK = 25  # number: LOOKED comes back
    TRACE = 27  # whether: TRACED comes from now on, or no longer
    PRESS = 28  # level: `on_pressure` is to run
    PING = 26  # number: PONG comes back when the loop turns

    # worker to main process
    UP = 30
    PONG = 38  # number
    START_FAILED = 31  # error, whether it is StartIgnored
    CRASHED = 32  # error
    ENDED = 39  # exit
    DEAD = 33  # number of a say, reason: nobody handled it, or nobody heard its error
    ASIDE = 40  # number of a call, 0 for the say in hand: it is put aside
    RECALLED = 34  # count of says, numbers of calls, whether what is in hand waits at a checkpoint of a paused actor
    LOOKED = 37  # number, the actor's state in words, redacted
    TRACED = 41  # event: what the actor did, redacted
    ORDER = 35  # name, arguments: nothing comes back
    REQUEST = 36  # number, name, arguments: ANSWER or FAIL comes back
