"""The scheduler without its accounts, for nothing but to be measured beside the real one.

It is the real one's own source with the lines of the account taken out: the clock that is read once a slice, and what
is added to the actor's CPU time and messages. A turn ends after `TURN` slices, since nothing tells the time any more,
and a slice has as many messages as it can have.
"""

import inspect
import textwrap
from collections.abc import Callable
from typing import Any, Final

from llmactors import ActorSystem, _scheduler
from llmactors._scheduler import Scheduler

TURN: Final = 900  # slices: about as many as the real one has of a ring in its half millisecond
CHANGES: Final = {
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
"""What is replaced in the source of `drain`, each exactly once."""


def without_accounts(drain: Callable[..., None]) -> Callable[..., None]:
    """Return `Scheduler.drain` without its accounts.

    Raises:
        ValueError: It has changed, and this module has to follow.
    """
    source = inspect.getsource(drain)
    for there, instead in CHANGES.items():
        if source.count(there) != 1:
            raise ValueError(f"`Scheduler.drain` has not exactly one of:\n{there}write down here what it has now")
        source = source.replace(there, instead)
    names: dict[str, Any] = dict(vars(_scheduler))
    exec(textwrap.dedent(source), names)  # noqa: S102  our own source, but for the account
    changed: Callable[..., None] = names["drain"]
    return changed


class UnaccountedScheduler(Scheduler):
    """Runs actors and keeps no account of it."""

    drain = without_accounts(Scheduler.drain)


class UnaccountedSystem(ActorSystem):
    """A system in which nobody is charged for anything."""

    def make_scheduler(self) -> Scheduler:
        """Make the scheduler, on the running loop."""
        accounted = super().make_scheduler()
        return UnaccountedScheduler(accounted.loop, self.ports)
