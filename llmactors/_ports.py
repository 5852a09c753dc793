"""What the kernel takes from outside: time, chance, numbers and the order of the run queue.

A simulated system brings its own, and so decides everything that a run depends on. A choice of the run queue can be
named by what it is, not by its position: the cell's path, the class of the message at its front, and how many it has
handled so far; such a name survives unrelated edits of a program.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import count
from random import Random
from time import perf_counter
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from asyncio import AbstractEventLoop

CREDIT: Final = 64  # asks answered on the asker's stack between two turns of the loop


@dataclass(frozen=True, slots=True, kw_only=True)
class Ports:
    """The outside world of one system.

    Args:
        clock: Seconds, never going back. Every deadline and every account is on it.
        random: Chance, such as the jitter of a back-off.
        ids: Numbers for actors, each once.
        ready: Makes the run queue; its `popleft` chooses who is next.
        credit: Asks that may be answered on the asker's stack per turn; 0 sends every ask through the run queue.
    """

    clock: Callable[[], float] = perf_counter
    random: Random = field(default_factory=Random)
    ids: Iterator[int] = field(default_factory=lambda: count(1))
    ready: Callable[[], deque[Any]] = deque
    credit: int = CREDIT


def ports_of(loop: AbstractEventLoop) -> Ports:
    """Return the ports of a system that was given none: those that *loop* brings along, or the real world's."""
    make = getattr(loop, "actor_ports", None)  # a loop in virtual time has it
    ports: Ports = Ports() if make is None else make()
    return ports


@dataclass(frozen=True, slots=True, kw_only=True)
class Watchdog:
    """How long a handler may keep the loop to itself.

    Args:
        soft: Seconds after which it is reported, with its actor, message and stack.
        hard: Seconds after which it is interrupted by `HandlerTimeoutError`. One that swallows three interrupts, half a
            second apart or a tenth of *hard*, ends the process with status 70.
        sentinel: On Linux, have a small process beside this one find code that never lets go of the interpreter's lock;
            it ends this process with status 70, too.
    """

    soft: float = 0.1
    hard: float = 5.0
    sentinel: bool = True

    def __post_init__(self) -> None:
        if not 0 < self.soft <= self.hard:
            raise ValueError(f"soft={self.soft!r}, hard={self.hard!r}: positive seconds, the soft limit first")
