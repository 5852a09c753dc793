"""The scheduler without its accounts, for nothing but to be measured beside the real one.

It is the real one's own source with lines taken out, in two ways. *Unaccounted*, nothing is added to an actor's CPU
time and messages; the clock is read, since a turn has to end after its time and a slice to learn its length. *Untimed*,
the clock is not read either: a turn ends after `TURN` slices, and a slice has as many messages as it can have.
"""

import inspect
import textwrap
from collections.abc import Callable, Mapping
from typing import Any, ClassVar, Final

from llmactors import ActorSystem, _scheduler
from llmactors._scheduler import Scheduler

TURN: Final = 900  # slices: about as many as the real one has of a ring in its half millisecond
SUMS: Final = {
    "                cell.cpu += now - self.last\n                cell.handled += most - left\n": "",
    "                self.last = last\n": "",
}
"""What is replaced in the source of `drain` where no account is kept, each exactly once."""
SUMS_AND_CLOCK: Final = {
    "                now = clock()\n"
    "                cell.cpu += now - self.last\n"
    "                cell.handled += most - left\n"
    "                began, last = last, now\n": "                slices -= 1\n",
    "                self.last = last\n": "",
    "        last = clock()\n        end_of_turn = last + TURN\n": f"        slices = {TURN}\n",
    "left = most = handlers.slice\n": "left = SLICE\n",
    "                if now > end_of_turn or here:\n": "                if not slices or here:\n",
    "                    handlers.slice = fitting(most, most - left, now - began, long=LONG, greatest=SLICE)\n": "",
}
"""As `SUMS`, where the clock is not read either."""


def without(changes: Mapping[str, str], drain: Callable[..., None]) -> Callable[..., None]:
    """Return `Scheduler.drain` with these changes.

    Raises:
        ValueError: It has changed, and this module has to follow.
    """
    source = inspect.getsource(drain)
    for there, instead in changes.items():
        if source.count(there) != 1:
            raise ValueError(f"`Scheduler.drain` has not exactly one of:\n{there}write down here what it has now")
        source = source.replace(there, instead)
    names: dict[str, Any] = dict(vars(_scheduler))
    exec(textwrap.dedent(source), names)  # noqa: S102  our own source, but for the account
    changed: Callable[..., None] = names["drain"]
    return changed


class UnaccountedScheduler(Scheduler):
    """Runs actors and keeps no account of it."""

    drain = without(SUMS, Scheduler.drain)


class UntimedScheduler(Scheduler):
    """Runs actors by the number of their messages and keeps no account of it."""

    drain = without(SUMS_AND_CLOCK, Scheduler.drain)


class UnaccountedSystem(ActorSystem):
    """A system in which nobody is charged for anything."""

    kind: ClassVar[type[Scheduler]] = UnaccountedScheduler

    def make_scheduler(self) -> Scheduler:
        """Make the scheduler, on the running loop."""
        return self.kind(super().make_scheduler().loop, self.ports)


class UntimedSystem(UnaccountedSystem):
    """A system in which nobody looks at the clock either."""

    kind = UntimedScheduler
