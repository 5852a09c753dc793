"""The flight recorder: who had the last turns before a crash, kept in a bounded memory and told by name.

Theory of operation
1. The run queue is what a run of a program depends on: who takes the next message. A queue that notes whom it gives a
   turn costs a tenth of a microsecond a turn; a system without a recorder has a plain one, and pays nothing.
2. What is noted is the cell, how many messages it had handled, and whether signals waited for it. Names are made when
   somebody wants them. So nothing that was said is kept, and a name survives edits of the program: `/counter #3` is the
   third message that it took. A turn in which it took none but was told something (that a child is up or has ended, to
   stop) is one for its signals; one in which it did nothing is none.
3. In a system with a recorder no ask is answered on its asker's stack, so that each message has a turn of its own.
4. At a crash the last turns are written down, for the last few crashes.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final

from llmactors._core.chain import causes
from llmactors._core.flags import SIGNALS
from llmactors._exits import describe, error_of

if TYPE_CHECKING:
    from llmactors._exits import Exit
    from llmactors._ports import Ports
    from llmactors._ref import ActorRef

TURNS: Final = 2_000
CRASHES: Final = 50
ALONE: Final = "alone"  # signals, and no message waits
FIRST: Final = "first"  # signals, and messages behind them


@dataclass(frozen=True, slots=True, kw_only=True)
class Recording:
    """What was recorded of the time before a crash.

    Attributes:
        id: What people call it, such as `crash-3`.
        path: Who crashed.
        at: When, on the system's clock.
        exit: How, in words.
        chain: What led to it, the root cause first.
        turns: Whose turn it was, the latest last: paths, and which message of that actor it was, from 1; 0 is a turn in
            which it took no message, but signals.
        missed: How many turns before them are not known any more.
    """

    id: str
    path: str
    at: float
    exit: str
    chain: tuple[str, ...]
    turns: tuple[tuple[str, int], ...]
    missed: int


@dataclass(slots=True)
class FlightRecorder:
    """Keeps the last turns of a system, and what they were before each of its last crashes.

    Args:
        turns: How many turns it keeps, 1 or more.
        crashes: How many crashes it keeps, 1 or more.

    Raises:
        ValueError: A number is less than 1.
    """

    turns: int = TURNS
    crashes: int = CRASHES
    recordings: dict[str, Recording] = field(default_factory=dict, init=False, repr=False)
    _queue: NotingQueue = field(init=False, repr=False)
    _count: int = field(default=0, init=False, repr=False)

    def __post_init__(self) -> None:
        if self.turns < 1 or self.crashes < 1:
            raise ValueError(f"turns={self.turns!r}, crashes={self.crashes!r}: at least 1 of each is kept")
        self._queue = NotingQueue(self.turns)

    def recorded(self, ports: Ports) -> Ports:
        """Return the ports of a system that is recorded: each message has a turn of its own. For the kernel."""
        return replace(ports, ready=lambda: self._queue, credit=0)

    def crashed(self, cell: ActorRef[Any], exit: Exit) -> str:
        """Write down what was before a crash, and return what it is called. For the kernel."""
        self._count += 1
        name, error = f"crash-{self._count}", error_of(exit)
        while len(self.recordings) >= self.crashes:
            del self.recordings[next(iter(self.recordings))]
        self.recordings[name] = Recording(
            id=name,
            path=cell.path,
            at=cell.scheduler.clock(),
            exit=describe(exit),
            chain=() if error is None else tuple(causes(error)),
            turns=self._queue.turns(),
            missed=max(0, self._queue.noted - self.turns),
        )
        return name


class NotingQueue(deque[Any]):
    """A run queue that notes whom it gives a turn."""

    def __init__(self, keep: int) -> None:
        super().__init__()
        self._log: deque[tuple[ActorRef[Any], int, str]] = deque(maxlen=keep)
        self.noted = 0

    def popleft(self) -> Any:
        """Give the next cell its turn."""
        cell = super().popleft()
        self._log.append((cell, cell.handled, _signals(cell) if cell.flags else ""))
        self.noted += 1
        return cell

    def turns(self) -> tuple[tuple[str, int], ...]:
        """Return the last turns by name, a message each: a turn in which an actor took several is several."""
        ends: dict[int, int] = {}
        found: list[tuple[str, int]] = []
        for cell, handled, signals in reversed(self._log):
            in_hand = cell.scheduler.current is cell and signals != ALONE
            end = ends.get(id(cell), cell.handled + in_hand)
            if end > handled:
                found += [(cell.path, number) for number in range(end, handled, -1)]
            elif signals:
                found.append((cell.path, 0))
            ends[id(cell)] = handled
            if len(found) >= (self._log.maxlen or 0):
                break
        return tuple(reversed(found))


def _signals(cell: ActorRef[Any]) -> str:
    """Say whether signals wait for an actor, and whether messages do, too; empty where no signals do."""
    if not cell.flags & SIGNALS:
        return ""
    return FIRST if cell.inbox else ALONE
