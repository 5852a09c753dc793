"""The wait graph: asks and waiting sends that handlers make, and the cycle that is refused at once.

Theory of operation
1. Only a wait that really begins is looked at: an ask that is answered on the spot, and everybody outside of actors,
   pays for nothing.
2. The hands of an actor are the tasks of its suspended handlers, and the one that runs now. A wait that a handler hands
   to another task (a task group, `Asks`) is not known here; such a hand counts as one that can go on.
3. The hands of an actor in a worker process are known as far as its worker tells whom a handler of it waits for.
"""

from __future__ import annotations

from asyncio import current_task
from typing import TYPE_CHECKING, Any, cast

from llmactors._asks import CURRENT, Ask
from llmactors._core.flags import REMOTE
from llmactors._core.waits import cycle
from llmactors._steps import is_hand
from llmactors.errors import WaitCycleError

if TYPE_CHECKING:
    from asyncio import Task

    from llmactors._ref import ActorRef
    from llmactors.hosts._port import RemoteHost


def begin(to: ActorRef[Any], ask: Ask | None = None) -> Task[Any] | None:
    """Note that the present handler, if there is one, waits for *to*; give what is returned to `end`.

    If it must not wait, its *ask* is taken back out of the mailbox.

    Raises:
        WaitCycleError: Nobody who waits could ever go on.
    """
    who = CURRENT.get()
    if who is None:
        return None
    me: ActorRef[Any] = who.cell if isinstance(who, Ask) else who
    task = current_task()
    if task is None or me.scheduler is not to.scheduler or not is_hand(task):
        return None
    waits = me.scheduler.waits
    waits[task] = to

    path = circle(me, task)
    if path is not None:
        del waits[task]
        if ask is not None and to.inbox and to.inbox[-1] is ask:
            to.inbox.pop()
        raise WaitCycleError(path)
    return task


def circle(me: ActorRef[Any], task: Task[Any] | None = None) -> tuple[str, ...] | None:
    """Return the path of the circle that a wait of *me*, in the hand *task*, has closed; None for none."""
    waits = me.scheduler.waits

    def waits_for(cell: ActorRef[Any]) -> tuple[ActorRef[Any], ...] | None:
        if cell.flags & REMOTE:
            return cast("RemoteHost", cell.handlers.host).waits_for(cell)
        hands = set() if cell.extra is None else {job.task for job in cell.extra.jobs}
        if cell is me and task is not None:
            hands.add(task)
        targets = tuple(waits[hand] for hand in hands if hand in waits)
        return targets if len(hands) == len(targets) >= cell.handlers.concurrency else None

    way = cycle(me, waits_for)
    return None if way is None else tuple(cell.path for cell in way)


def end(to: ActorRef[Any], task: Task[Any] | None) -> None:
    """The wait is over."""
    if task is not None:
        to.scheduler.waits.pop(task, None)
