"""Faults of real processes: what the simulator only says of them is done to them, by signals and limits.

| fault | to an actor on the loop | to a worker process |
| --- | --- | --- |
| kill | cut off where it stands | SIGKILL, with the message in hand or just finished |
| crash | an exception leaves the handler | SIGABRT, as a library in C does it |
| oom | `MemoryError` | RLIMIT_AS of what it has, and something to read for which it lacks the room |
| hang | the handler waits for ever | SIGSTOP, until it is given up |
| slow, partition | the handler waits | SIGSTOP, and after so many seconds SIGCONT |
| disk_full | as simulated: `ENOSPC` where it opens a file to write | RLIMIT_FSIZE of 0: writing to a file fails |
| start_failure, drop, delay | as simulated | as simulated: they happen on this side |
| duplicate | as simulated | SIGKILL with the message in hand, where a mailbox redelivers |
| stall_stream | as simulated | what has come of a stream is kept from its reader: it happens on this side |

Theory of operation
1. A message that goes over to a worker may be the end of it: whether it is, is chosen then. The fault is done when the
   worker has that message in hand, or is through with it, and it is on record when it was done, with the place at which
   it was: a message may be over before it was seen in hand. What was chosen and could not be done, because the worker
   was gone by then, is neither on record nor counted.
2. What a test has ordered is done the same way; whichever place comes first takes the order.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from llmactors._messages import name_of
from llmactors.testing._faults import MESSAGES, WHENS
from llmactors.testing._real._cells import StalledFlow, hands_of, is_over, is_remote
from llmactors.testing._real._strike import PROMPT, hurt, pid_of, signal_to
from llmactors.testing._sim._due import Due, Order
from llmactors.testing._sim._inject import Injector

if TYPE_CHECKING:
    from llmactors.testing._faults import Rule

GRAIN: Final = 0.0005  # seconds between two looks at what a worker has in hand
FINISHED: Final = "finished"
PATIENCE: Final = 10.0  # seconds for a worker to take a message that a fault waits for


class RealInjector(Injector):
    """Has faults happen in real processes."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self._sent: Counter[tuple[str, str]] = Counter()
        self._watching: set[asyncio.Task[None]] = set()
        self._stopped: dict[str, int] = {}
        self._stalled: list[StalledFlow[Any]] = []

    # -- whether -----------------------------------------------------------------------------------------------
    def _due(self, kinds: tuple[str, ...], cell: Any, when: str, name: str, ordinal: int) -> Due | None:
        """Return the fault that is to happen here. Lines of the plan are met also when all its faults were had."""
        for line, rule in enumerate(() if self.healed else self._rules):
            if rule.kind in kinds and self._fits(rule, cell, when, name, ordinal):
                self.met.add(line)
        return super()._due(kinds, cell, when, name, ordinal)

    def crosses(self, cell: Any, message: Any) -> int:
        """A message goes over to a worker; it may be the end of it. Return which of that name it is."""
        name = name_of(message)
        self._sent[cell.where, name] += 1
        number = self._sent[cell.where, name]
        once = ("disk_full", "duplicate") if cell.extra is not None and cell.extra.redeliver else ("disk_full",)
        for when in WHENS:
            kinds = (*MESSAGES, *once) if when == "taken" else MESSAGES
            due = self._due(kinds, cell, when, name, number)
            if due is not None and due.rule.kind == "disk_full":
                self._do(cell, due)
            elif due is not None:
                self._run(self._do_when(cell, due, when, message))
            if due is not None:
                break
        return number

    def order(self, rule: Rule) -> Order:
        """Have a fault happen at the next place that fits; what a worker has in hand already is such a place."""
        order = super().order(rule)
        when = rule.at.when
        for cell in self._stage.cells():
            if is_remote(cell) and self._fits(rule, cell, when, rule.at.message or "", rule.at.nth or 1):
                self._run(self._do_when(cell, Due(rule, f"{when}, as ordered", order), when, None))
        return order

    def _run(self, coroutine: Any) -> None:
        task = asyncio.get_running_loop().create_task(coroutine)
        self._watching.add(task)
        task.add_done_callback(self._watching.discard)

    async def _do_when(self, cell: Any, due: Due, when: str, message: Any) -> None:
        """Do it at that place in the life of a worker's message, unless somebody else was there before."""
        place = await self._place(cell, when, message)
        still = place is not None and (due.order is None or due.order in self._orders)
        if place == FINISHED and when != FINISHED:  # it was over before it was seen in hand
            still = still and due.rule.kind != "duplicate"
            due = replace(due, point=f"{FINISHED}{due.point.removeprefix(when)}")
        self._do(cell, due, still=still)

    def _do(self, cell: Any, due: Due, *, still: bool = True) -> None:
        if not (still and self.strike(cell, due)) and due.order is None:
            self._count -= 1
            self._reckon()

    async def _place(self, cell: Any, when: str, message: Any) -> str | None:
        """Wait for a place in the life of a worker's message; return which came, None where none does.

        Where *message* is None, it is the next one in hand.
        """
        loop = asyncio.get_running_loop()
        until, life, seen = loop.time() + PATIENCE, cell.life, False
        while loop.time() < until and cell.life == life:
            hands = hands_of(cell)
            message = hands[0] if hands and message is None else message
            here = any(held is message for held in hands)
            if here and when != FINISHED:
                return when
            if not here and message is not None and (seen or is_over(cell, message)):
                return FINISHED
            seen = here
            await asyncio.sleep(GRAIN)
        return None

    # -- what is done --------------------------------------------------------------------------------------------
    def strike(self, cell: Any, due: Due) -> bool:
        """Do to an actor what the fault says, at once. Say whether that could be done."""
        if not is_remote(cell):
            return super().strike(cell, due)
        pid = pid_of(cell)
        done = pid is not None and self._done_to(cell, pid, due.rule)
        if done:
            self._happens(cell, due)
        return done

    def _done_to(self, cell: Any, pid: int, rule: Rule) -> bool:
        if rule.kind in PROMPT:
            return hurt(pid, rule.kind, cell.actor.channel)
        return self._stop(cell, None if rule.kind == "hang" else self._amount(rule, cell, "at work"))

    def _stop(self, cell: Any, seconds: float | None = None) -> bool:
        pid = pid_of(cell)
        if pid is None or (cell.where not in self._stopped and not signal_to(pid, "SIGSTOP")):
            return False
        self._stopped.setdefault(cell.where, pid)
        if seconds is not None:
            self._later(seconds, self.thaw, cell)
        return True

    def part(self, cell: Any, due: Due, seconds: float | None = None) -> bool:
        """Cut a worker off: a real one is stopped, so that nothing of it is heard."""
        if not is_remote(cell):
            return super().part(cell, due, seconds)
        done = self._stop(cell, seconds)
        if done:
            self._happens(cell, due)
        return done

    def freeze(self, cell: Any, due: Due) -> bool:
        """Stop a worker."""
        return self.part(cell, due) if is_remote(cell) else super().freeze(cell, due)

    def item_comes(self, flow: StalledFlow[Any]) -> bool:
        """An item of a worker's stream has come: say whether it, and what follows, is kept from its reader."""
        cell: Any = flow.cell
        letter = self._stage.recorder.letter(flow.message)
        ordinal = 0 if letter is None else letter.ordinal
        due = self._fires(("stall_stream",), cell, "item of", name_of(flow.message), ordinal)
        if due is None:
            return False
        self._stalled.append(flow)
        self._later(self._amount(due.rule, cell, due.point), flow.go_on)
        return True

    # -- and undone ----------------------------------------------------------------------------------------------
    def join(self, where: str) -> None:
        """Join a worker again."""
        super().join(where)
        for cell in self._stage.cells():
            if cell.where == where:
                self.thaw(cell)

    def thaw(self, cell: Any) -> None:
        """Have it go on."""
        pid = self._stopped.pop(cell.where, None)
        if pid is None:
            super().thaw(cell)
        elif pid == pid_of(cell):
            signal_to(pid, "SIGCONT")

    def _let_go(self) -> None:
        for task in self._watching:
            task.cancel()
        stalled, self._stalled = self._stalled, []
        for flow in stalled:
            flow.go_on()

    def heal(self) -> None:
        """No more faults."""
        super().heal()
        self._let_go()
        for cell in self._stage.cells():
            if cell.where in self._stopped:
                self.thaw(cell)

    def close(self) -> None:
        """The run is over."""
        super().close()
        self._let_go()
