"""Holds worker processes to the budgets of their subtrees: it looks, has the core decide, and orders.

Theory of operation
1. A worker's CPU time cannot be withheld message by message: its process is throttled from outside. What its account
   and those above may use is divided among all who draw on them (`_core.budget._division`), and divided anew as their
   wants change: every `LOOK` seconds while one of them works, and at once when one that was at rest gets something to
   do. While nothing happens it looks less and less often.
2. What workers have used is charged to their accounts, from the kernel's count of the process and all below it.
3. What is held is looked at only where there is a ceiling, by the same timer; what follows is the core's to say
   (`_core.budget._ceiling`). The kernel is told each worker's ceiling, so that it stops what grabs memory in one go.
4. Without a rate a busy worker takes what it can get. Where weights or the shape of the tree say that some should have
   more than others, the kernel is told by what parts, anew as wants change; it gives what nobody wants to who does.
5. Without anybody under such a limit, and with everybody's part the same, nothing is looked at.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from functools import partial
from math import inf
from typing import TYPE_CHECKING, Any, Final

from llmactors import limits
from supervisors._budget import CPU, MEMORY
from supervisors._core.budget._division import Claim, Divided, Pot, Use, are_equal, divide, saw, weights
from supervisors._kin import Kin
from supervisors._warden import Warden

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Hashable

    from llmactors import ActorRef
    from llmactors.limits import Measure
    from supervisors._accounts import BudgetAccount
    from supervisors._bank import Bank
    from supervisors._turnstiles import WorkerTurnstile

LOOK: Final = 0.1
"""Seconds between two looks at workers of which one is busy."""
CLOSER: Final = 0.05
"""The same, where one of them has a ceiling."""
LONGEST: Final = 1.0
"""Seconds between two looks at workers at rest."""
PRESSED: Final = 0.25
"""Cores that a worker has while it is pressed by a ceiling."""
SLIGHT: Final = 0.05
"""A share that grows by less than this part of it is left as it is."""
AT_WORK: Final = 0.05
"""Cores from which on a worker that nothing holds back is taken to want what it can get, and a quarter of its part is
enough for that: others may be in its way."""
BUSY: Final = 0.005
"""Cores below which a worker counts as at rest."""


@dataclass(slots=True, eq=False)
class Worker:
    """What is known of one worker process.

    Attributes:
        turnstile: its turnstile, and with it its account.
        use: what it is thought to use and want.
        cpu: CPU seconds that it had used when it was last looked at.
        stood_still: seconds that its process had stood still for its limit by then.
        at: when that was.
        cores: what it is held to; infinite for nothing.
        resting: whether it was found at rest.
        starting: whether it was not up yet.
        memory: the bytes that the kernel lets it have; None for no limit.
        weight: the part of CPU time that the kernel gives it beside others; None while all have the same.
    """

    turnstile: WorkerTurnstile
    use: Use = field(default_factory=Use)
    cpu: float = 0.0
    stood_still: float = 0.0
    at: float = 0.0
    cores: float = inf
    resting: bool = True
    starting: bool = True
    memory: int | None = None
    weight: float | None = None

    @property
    def account(self) -> BudgetAccount:
        """What it draws on."""
        return self.turnstile.account


class Governor:
    """Looks after the worker processes of one tree of accounts.

    Args:
        bank: the accounts.
    """

    def __init__(self, bank: Bank) -> None:
        self._bank = bank
        self._workers: dict[ActorRef[Any], Worker] = {}
        self._loops: dict[BudgetAccount, Use] = {}
        self._timer: asyncio.TimerHandle | None = None
        self._pause = LOOK
        self._looked = 0.0
        self._weighed = False  # whether workers are to have different parts
        self._processors = _processors()
        self._warden = Warden(bank)

    # -- who is looked after ------------------------------------------------------------------------------------------
    def enrol(self, turnstile: WorkerTurnstile) -> Worker:
        """Look after one more."""
        worker = self._workers[turnstile.ref] = Worker(turnstile, at=self._bank.clock())
        self.limits_changed()
        return worker

    def leave(self, ref: ActorRef[Any]) -> None:
        """Its slot is no more."""
        self._workers.pop(ref, None)
        if not self._bank.turnstiles and self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def limits_changed(self) -> None:
        """Limits are others than before: divide anew, soon; workers that are forked meanwhile begin within them."""
        if self._workers:
            self._divide()
            for worker in self._workers.values():
                self._cap(worker)
        self._arm(LOOK)

    @staticmethod
    def _cap(worker: Worker) -> None:
        """Tell the kernel the lowest of the ceilings that a worker is under."""
        ceilings = [account.ceilings[MEMORY][0].hard for account in worker.account.chain if MEMORY in account.ceilings]
        memory = round(min(ceilings)) if ceilings else None
        if memory != worker.memory:
            worker.memory = memory
            limits.cap(worker.turnstile.ref, memory)

    def stirred(self, worker: Worker) -> None:
        """A worker is about to get messages: one that was at rest wants its share from now on."""
        if worker.resting:
            worker.resting = False
            worker.use = Use(worker.use.cores)
            self.limits_changed()

    # -- looking ------------------------------------------------------------------------------------------------------
    def _arm(self, pause: float) -> None:
        if self._timer is not None:
            if self._pause <= pause:
                return
            self._timer.cancel()
            self._timer = None
        self._pause = pause
        if self._warden.needed or self._weighed or any(worker.account.is_watched for worker in self._workers.values()):
            self._timer = self._bank.loop.call_later(pause, self._look)

    def _look(self) -> None:
        self._timer = None
        now, warden = self._bank.clock(), self._warden
        busy = False
        for worker in list(self._workers.values()):
            account = worker.account
            if account.is_watched or account.has_ceiling or self._weighed:
                seen = limits.measure(worker.turnstile.ref, held=account.has_ceiling)
                busy |= self._see(worker, seen, now)
                warden.saw(worker.turnstile, seen)
        busy |= warden.review()
        self._see_loop(now)
        self._divide()
        self._arm((CLOSER if warden.needed else LOOK) if busy else min(LONGEST, 2 * self._pause))

    def _see(self, worker: Worker, seen: Measure, now: float) -> bool:
        """Take in what was seen of one worker, and charge what it has used; say whether it is busy."""
        passed, worker.at = now - worker.at, now
        used, worker.cpu = max(0.0, seen.cpu - worker.cpu), max(worker.cpu, seen.cpu)
        cores = used / passed if passed > 0 else 0.0
        worker.starting = seen.starting
        worker.use = Use(cores) if seen.starting else saw(worker.use, cores, held_back=seen.held_back)
        worker.resting = worker.use.cores < BUSY and not seen.held_back and not seen.starting
        worker.turnstile.charge_up_to(seen.cpu)
        stood, worker.stood_still = seen.stood_still - worker.stood_still, seen.stood_still
        worker.account.held_up(stood if stood >= 0 else seen.stood_still)  # a new process counts from nothing
        worker.account.went(CPU, used, now)
        return not worker.resting

    def _see_loop(self, now: float) -> None:
        """Look at what the actors on the loop have used, where they share an account with workers."""
        passed, self._looked = now - self._looked, now
        for account, use in self._loops.items():
            used, account.loop_used = account.loop_used, 0.0
            self._loops[account] = saw(use, used / passed if passed > 0 else 0.0, held_back=account.loop_waits(now))

    # -- dividing -----------------------------------------------------------------------------------------------------
    def _divide(self) -> None:
        workers = []
        for worker in self._workers.values():
            if worker.account.is_watched or worker.account.pressed:
                workers.append(worker)
            else:
                self._hold(worker, inf)
        kin = Kin(workers)
        for account in [account for account in self._loops if account not in kin.own]:
            del self._loops[account]
            account.share_with_workers(inf)
        for account in kin.own:
            self._loops.setdefault(account, Use())
        for top in kin.tops:
            shares = divide(kin.pot(top, self._claims, lambda account: account.cores))
            for worker in workers:
                if worker.account.chain[-1] is top:
                    self._hold(worker, shares[worker.turnstile.ref])
            for account in kin.own:
                account.share_with_workers(kin.part_of_loop(account, shares))
        self._weigh()

    def _weigh(self) -> None:
        """Tell the kernel by what parts workers should have CPU time, where these are not all the same."""
        workers = list(self._workers.values())
        kin = Kin(workers)
        parts: dict[Hashable, float] = {}
        self._weighed = False
        for top in kin.tops:
            entitled = divide(kin.pot(top, _all_of_it), self._processors)
            if not are_equal(entitled):
                self._weighed = True
                parts.update(weights(kin.pot(top, partial(_beside, entitled)), self._processors))
        for worker in workers:
            part = parts.get(worker.turnstile.ref)
            if part is None or worker.weight is None:
                changed = part is not worker.weight
            else:
                changed = abs(part - worker.weight) > SLIGHT * worker.weight
            if changed:
                worker.weight = part
                limits.weigh(worker.turnstile.ref, part)

    def _claims(self, account: BudgetAccount, kin: Kin) -> list[Claim | Pot]:
        """Return what draws on an account itself: workers, and the loop where actors on it do."""
        claims = [self._claim(worker) for worker in kin.own[account]]
        if account.loop_members > sum(below.loop_members for below in kin.below[account]):
            claims.append(Claim(account, max(1.0, account.shares.wanting), self._loops[account].wants))
        return claims

    @staticmethod
    def _claim(worker: Worker) -> Claim | Pot:
        claim = Claim(worker.turnstile.ref, 1.0, worker.use.wants)
        return Pot(PRESSED, 1.0, (claim,)) if worker.account.pressed and not worker.starting else claim

    @staticmethod
    def _hold(worker: Worker, cores: float) -> None:
        if cores < worker.cores or (cores == inf) != (worker.cores == inf) or cores > worker.cores * (1 + SLIGHT):
            worker.cores = cores
            limits.throttle(worker.turnstile.ref, None if cores == inf else cores)


def _all_of_it(account: BudgetAccount, kin: Kin) -> list[Claim]:
    """Return the claims of an account's workers as if all were at work."""
    return [Claim(worker.turnstile.ref, 1.0, inf) for worker in kin.own[account]]


def _beside(entitled: Divided, account: BudgetAccount, kin: Kin) -> list[Claim]:
    """Return the same as they are, beside what they are *entitled* to: one at rest wants what it uses."""
    claims = []
    for worker in kin.own[account]:
        ref, use = worker.turnstile.ref, worker.use
        at_rest = use.cores < min(AT_WORK, entitled[ref] / 4) and not worker.starting
        claims.append(Claim(ref, 1.0, use.wants if at_rest else inf))
    return claims


def _processors() -> float:
    """Return how many processors this process may use."""
    affinity = getattr(os, "sched_getaffinity", None)  # neither macOS nor Windows has it
    return float(os.cpu_count() or 1 if affinity is None else len(affinity(0)))
