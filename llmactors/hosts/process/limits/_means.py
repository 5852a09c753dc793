"""What this machine lets us hold workers with: found out once, by trying, and told as it is.

Groups belong to this process, whatever systems it runs: the first that needs them makes our directory, and the last
that is closed removes it.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final

from llmactors._limits import Enforcement
from llmactors.hosts.process.limits._cgroups import Cgroups, find

if TYPE_CHECKING:
    from llmactors.hosts.process.limits._cgroups import Group

SWITCH: Final = "LLMACTORS_CGROUPS"
"""Environment variable: ``off`` has control groups left alone, also where they could be written."""


class Means:
    """The control groups that we may make, or none.

    Args:
        cgroups: what was found.
    """

    def __init__(self, cgroups: Cgroups) -> None:
        self._cgroups = cgroups
        self._number = 0
        self._left: list[Group] = []  # that were not empty when they were to be removed
        self.users = 0

    def has(self, controller: str) -> bool:
        """Say whether ``cpu`` or ``memory`` can be limited by a control group."""
        return controller in self._cgroups.controllers

    def enforcement(self) -> Enforcement:
        """Tell what holds workers to limits."""
        return Enforcement(
            f"{self._cgroups.version('cpu')} cpu" if self.has("cpu") else "duty cycle",
            f"{self._cgroups.version('memory')} memory" if self.has("memory") else "rlimit",
            self._cgroups.version("cpu") if self.has("cpu") else "",
        )

    def group(self) -> Group | None:
        """Make a group for one worker; None where none can be made, or none any more."""
        if not self._cgroups.controllers:
            return None
        self._number += 1
        try:
            return self._cgroups.group(f"worker-{self._number}")
        except OSError:  # somebody has taken our directory away, or the machine has as many groups as it may
            return None

    def give_back(self, group: Group) -> None:
        """Remove a group, now or when it is empty."""
        self._left = [each for each in (*self._left, group) if not each.remove()]

    def close(self) -> None:
        """Remove all that is empty."""
        self._cgroups.remove()


_shared: list[Means] = []
"""The means of this process while a system uses them: at most one."""


def take() -> Means:
    """Return the means of this process, found out by the first who asks; each who takes them gives them back."""
    if not _shared:
        switched_off = os.environ.get(SWITCH, "").strip().lower() in {"off", "0", "no", "false"}
        _shared.append(Means(Cgroups({}, {}) if switched_off else find()))
    _shared[0].users += 1
    return _shared[0]


def give_back(means: Means) -> None:
    """A system uses them no more."""
    means.users -= 1
    if means.users == 0:
        means.close()
        _shared.clear()
