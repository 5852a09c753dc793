"""One worker, held to the limits of its slot.

Theory of operation
1. A worker whose slot has limits when it is forked puts itself into a control group before it does anything else; one
   that is limited later is put there with all that it has started.
2. Where there is no group for CPU, a duty cycle stops and continues the worker. Where there is none for memory, a limit
   of address space is the backstop: what the worker has when it is up, and `ROOM` times the ceiling beyond that. It is
   a soft limit, so that it can be raised again; what is held really is looked at by who set the ceiling.
3. A worker that is to end is let go: its last deeds are counted, not held back.
"""

from __future__ import annotations

import resource
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final

from llmactors._limits import Caps
from llmactors.hosts.process.limits._duty import DutyCycle
from llmactors.hosts.process.limits._meter import Meter, tree

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable

    from llmactors.hosts.process.limits._cgroups import Group
    from llmactors.hosts.process.limits._means import Means

ROOM: Final = 2
PAGE: Final = resource.getpagesize()


class Hold:
    """Holds one worker.

    Args:
        means: what this machine allows; called when the first limit is set.
        loop: whose timers wake us.
        clock: seconds, as the system counts them.
    """

    def __init__(self, means: Callable[[], Means], loop: asyncio.AbstractEventLoop, clock: Callable[[], float]) -> None:
        self._take, self._loop, self._clock = means, loop, clock
        self._taken: Means | None = None
        self._pid = 0
        self._up = self._let_go = False
        self._group: Group | None = None
        self._cycle: DutyCycle | None = None
        self._meter: Meter | None = None
        self._cpu: float | None = None
        self._memory: int | None = None
        self._weight: float | None = None
        self._backstop: int | None = None  # bytes of address space
        self.stood = 0.0  # seconds still for its limit of CPU, over all processors, when that was last asked
        self.was_held_back = False  # when that was last asked
        self._killed = 0  # how often the kernel had killed in the group when it was last looked at

    @property
    def _means(self) -> Means:
        if self._taken is None:
            self._taken = self._take()
        return self._taken

    # -- its life -----------------------------------------------------------------------------------------------------
    def prepare(self, caps: Caps | None) -> list[str]:
        """Make ready for a worker that is about to be forked; return the files into which it is to write itself."""
        if caps is None or caps == Caps():
            return []
        self._cpu, self._memory, self._weight = caps.cpu, caps.memory, caps.weight
        group = self._group = self._means.group()
        if group is None:
            return []
        self._limit_group()
        return [str(file) for file in group.files]

    def begin(self, pid: int) -> None:
        """The worker runs."""
        self._pid = pid
        self._meter = Meter(pid)
        if self._cpu is not None:
            self.set_cpu(self._cpu)

    def up(self) -> None:
        """The worker's actor is up: from what it holds now counts the backstop."""
        self._up = True
        self.set_memory(self._memory)

    def let_go(self) -> None:
        """Hold its CPU time back no more: it is to end."""
        self.set_cpu(None)
        self._let_go = True

    def close(self) -> None:
        """The worker is gone."""
        self._pid = 0
        if self._cycle is not None:
            self._cycle.forget()
        group, self._group = self._group, None
        if group is not None:
            self._means.give_back(group)

    # -- its limits ---------------------------------------------------------------------------------------------------
    def set_cpu(self, cores: float | None) -> None:
        """Let it have so many cores at most; None lifts that."""
        if self._let_go:
            return
        self._cpu = cores
        if not self._pid or (cores is None and self._group is None and self._cycle is None):
            return
        if self._means.has("cpu") and self._join() is not None:
            with suppress(OSError):  # it is gone, and will be told
                self._join().set_cpu(cores)  # type: ignore[union-attr]  # as just asked
            return
        if self._cycle is None:
            self._cycle = DutyCycle(self._pid, self._loop, self._clock, self._meter)
        self._cycle.set_share(cores)

    def set_weight(self, weight: float | None) -> None:
        """Let it have that part of CPU time beside others; None lifts that. Without control groups nothing is done."""
        lifted = weight is None and self._weight is None
        self._weight = weight
        if self._pid and not lifted and self._means.has("cpu") and self._join() is not None:
            self._limit_group()

    def set_memory(self, limit: int | None) -> None:
        """Let it hold so many bytes at most; None lifts that."""
        lifted = limit is None and self._memory is None
        self._memory = limit
        if not self._pid or lifted:
            return
        if self._means.has("memory") and self._join() is not None:
            self._limit_group()
        elif self._up:
            self._limit_address_space()

    def _join(self) -> Group | None:
        """Return its group; one that it is put into late begins with what it has started by now."""
        if self._group is None and self._means.has("cpu" if self._memory is None else "memory"):
            group = self._group = self._means.group()
            for pid in tree(self._pid) if group is not None else ():
                with suppress(OSError):
                    group.add(pid)  # type: ignore[union-attr]  # as just asked
        return self._group

    def _limit_group(self) -> None:
        group = self._group
        if group is None:
            return
        with suppress(OSError):  # it holds more than that already, which who set it will see
            if self._means.has("cpu"):
                group.set_cpu(self._cpu)
                group.set_weight(self._weight)
        with suppress(OSError):
            if self._means.has("memory"):
                group.set_memory(self._memory)

    def _limit_address_space(self) -> None:
        with suppress(ProcessLookupError, OSError):
            soft, hard = resource.prlimit(self._pid, resource.RLIMIT_AS)
            if self._memory is None:
                self._backstop = None
                wanted = hard
            else:
                has = int(Path(f"/proc/{self._pid}/statm").read_text().split()[0]) * PAGE
                wanted = self._backstop = max(self._backstop or 0, has + ROOM * self._memory)
            if hard != resource.RLIM_INFINITY:
                wanted = hard if wanted == resource.RLIM_INFINITY else min(wanted, hard)
            if wanted != soft:
                resource.prlimit(self._pid, resource.RLIMIT_AS, (wanted, hard))

    # -- what is seen -------------------------------------------------------------------------------------------------
    @property
    def stopped(self) -> bool:
        """Whether a duty cycle has it stand still now."""
        return self._cycle is not None and self._cycle.stopped

    @property
    def stands_still(self) -> bool:
        """Whether it stands still for its limit of CPU now, or did when it was last looked at."""
        return self.stopped or self.was_held_back

    @property
    def stood_still(self) -> float:
        """Seconds that a duty cycle has had it stand still."""
        return 0.0 if self._cycle is None else self._cycle.stood_still

    @property
    def memory_limit(self) -> int | None:
        """The bytes that it may hold."""
        return self._memory

    @property
    def has_backstop(self) -> bool:
        """Whether its address space is limited by us."""
        return self._backstop is not None

    def cpu(self) -> float:
        """Return the CPU seconds that it and all below it have used."""
        return 0.0 if self._meter is None or not self._pid else self._meter.read()

    @property
    def processes(self) -> int:
        """How many processes there were when its CPU time was last read."""
        return 0 if self._meter is None else self._meter.processes

    def held_back(self) -> bool:
        """Say whether it has stood still for its limit of CPU since this was last asked."""
        stood = self.stood_still
        if self._group is not None and self._cpu is not None and self._means.has("cpu"):
            with suppress(OSError):
                stood += self._group.throttled()
        before, self.stood = self.stood, stood
        self.was_held_back = stood > before
        return self.was_held_back

    def memory(self) -> int | None:
        """Return the bytes that it and all below it hold: as the group counts, else resident, what is shared divided.

        A group that was over its limit counts as holding more than that, once.
        """
        if self._group is not None and self._means.has("memory"):
            with suppress(OSError):
                held = self._group.memory()
                if self._killed_in_group() and self._memory is not None:  # not the worker itself, or it would be gone
                    held = max(held, self._memory + 1)
                return held
        if not self._pid:
            return None
        rough = _roughly(self._pid)
        return rough if self._memory is not None and 2 * rough < self._memory else _exactly(self._pid)

    def _killed_in_group(self) -> bool:
        assert self._group is not None
        before, self._killed = self._killed, self._group.out_of_memory()
        return self._killed > before

    def out_of_memory(self) -> bool:
        """Say whether the kernel has killed for want of memory in its group."""
        if self._group is None or not self._means.has("memory") or self._memory is None:
            return False
        with suppress(OSError):
            return self._group.out_of_memory() > 0
        return False


def _roughly(pid: int) -> int:
    """Return what a process and all below it hold that is no file, what they share counted in each of them: quickly."""
    held = 0
    for each in tree(pid):
        with suppress(OSError):
            _, resident, shared, *_ = map(int, Path(f"/proc/{each}/statm").read_text().split())
            held += (resident - shared) * PAGE
    return held


def _exactly(pid: int) -> int:
    """Return what a process and all below it hold that is no file, with their part of what they share."""
    held = 0
    for each in tree(pid):
        with suppress(OSError):
            for line in Path(f"/proc/{each}/smaps_rollup").read_text().splitlines():
                if line.startswith(("Pss_Anon:", "Pss_Shmem:")):
                    held += int(line.split()[1]) * 1024
    return held
