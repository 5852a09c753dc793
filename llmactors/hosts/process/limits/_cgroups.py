"""Control groups: the kernel itself holds a worker and all it starts to a share of CPU and an amount of memory.

What the machine allows is found out by trying, once. Groups are made below our own (`llmactors._core.cgroups`), in a
directory that has our process id in its name; what a killed process has left there, the next one sweeps away.
"""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from typing import Final

from llmactors._core.cgroups import CONTROLLERS, Place, places

PREFIX: Final = "llmactors-"
PERIOD: Final = 50_000  # microseconds: short, so that a throttled worker does not stand still for long
LEAST: Final = 1_000  # microseconds in a period: the kernel refuses less
NO_LIMIT: Final = -1
PROCS: Final = "cgroup.procs"


class Group:
    """The control group of one worker.

    Args:
        directories: its directory for each controller.
        versions: which interface each of them has.
    """

    def __init__(self, directories: dict[str, Path], versions: dict[str, int]) -> None:
        self._directories, self._versions = directories, versions

    def add(self, pid: int) -> None:
        """Put a process into the group; what it starts from then on is in it too.

        Raises:
            OSError: the process is gone.
        """
        for directory in set(self._directories.values()):
            (directory / PROCS).write_text(str(pid))

    def set_cpu(self, share: float | None) -> None:
        """Let the group have *share* cores at most; None lifts that."""
        quota = -1 if share is None else max(LEAST, round(share * PERIOD))
        directory = self._directories["cpu"]
        if self._versions["cpu"] == 1:
            (directory / "cpu.cfs_period_us").write_text(str(PERIOD))
            (directory / "cpu.cfs_quota_us").write_text(str(quota))
        else:
            (directory / "cpu.max").write_text(f"{'max' if quota < 0 else quota} {PERIOD}")

    def set_weight(self, weight: float | None) -> None:
        """Let the group have that part of what groups beside it have, each by its own; None is as 1, the most."""
        directory, part = self._directories["cpu"], 1.0 if weight is None else min(1.0, weight)
        file, most, least = ("cpu.shares", 1024, 2) if self._versions["cpu"] == 1 else ("cpu.weight", 100, 1)
        (directory / file).write_text(str(max(least, round(part * most))))

    def set_memory(self, limit: int | None) -> None:
        """Have the kernel kill what makes the group hold more than *limit* bytes; None lifts that."""
        directory = self._directories["memory"]
        if self._versions["memory"] == 1:
            swap, amount = directory / "memory.memsw.limit_in_bytes", str(NO_LIMIT if limit is None else limit)
            if swap.exists():
                swap.write_text(str(NO_LIMIT))  # it may not be less than the other at any time
            (directory / "memory.limit_in_bytes").write_text(amount)
        else:
            swap, amount = directory / "memory.swap.max", "max" if limit is None else "0"
            (directory / "memory.max").write_text("max" if limit is None else str(limit))
        if swap.exists():
            swap.write_text(amount)

    def memory(self) -> int:
        """Return the bytes that the group holds; not what the kernel keeps of files only as long as nobody wants it."""
        directory = self._directories["memory"]
        if self._versions["memory"] == 1:
            used, names = directory / "memory.usage_in_bytes", ("total_cache", "total_shmem")
        else:
            used, names = directory / "memory.current", ("file", "shmem")
        cache, shared = (_number(directory / "memory.stat", name) for name in names)
        return max(0, int(used.read_text()) - cache + shared)

    def out_of_memory(self) -> int:
        """Return how often the kernel has killed in the group for want of memory."""
        name = "memory.oom_control" if self._versions["memory"] == 1 else "memory.events"
        return _number(self._directories["memory"] / name, "oom_kill")

    @property
    def files(self) -> tuple[Path, ...]:
        """Where a process writes 0 to put itself into the group."""
        return tuple(directory / PROCS for directory in set(self._directories.values()))

    def throttled(self) -> float:
        """Return the seconds for which the kernel has held the group back, over all processors."""
        version = self._versions["cpu"]
        name, unit = ("throttled_time", 1e9) if version == 1 else ("throttled_usec", 1e6)
        return _number(self._directories["cpu"] / "cpu.stat", name) / unit

    def remove(self) -> bool:
        """Remove the group, whose processes are gone; False when it is not empty yet."""
        for directory in set(self._directories.values()):
            with suppress(FileNotFoundError):
                try:
                    directory.rmdir()
                except OSError:
                    return False
        return True


class Cgroups:
    """The groups of this process's workers.

    Args:
        ours: the directory below our own group, for each controller that we may set.
        versions: which interface each of them has.
    """

    def __init__(self, ours: dict[str, Path], versions: dict[str, int]) -> None:
        self._ours, self._versions = ours, versions

    @property
    def controllers(self) -> tuple[str, ...]:
        """What can be limited: ``cpu``, ``memory``, both, or nothing."""
        return tuple(self._ours)

    def version(self, controller: str) -> str:
        """Name the interface of a controller that can be limited: ``cgroup v1``."""
        return f"cgroup v{self._versions[controller]}"

    def __str__(self) -> str:
        versions = sorted(set(self._versions.values()))
        return f"cgroup v{'+v'.join(map(str, versions))} {'+'.join(self._ours)}"

    def group(self, name: str) -> Group:
        """Make a group.

        Raises:
            OSError: the machine does not let us any more.
        """
        directories = {controller: ours / name for controller, ours in self._ours.items()}
        for directory in directories.values():
            directory.mkdir(exist_ok=True)
        return Group(directories, self._versions)

    def remove(self) -> None:
        """Remove all that is ours and empty."""
        for directory in set(self._ours.values()):
            _remove_tree(directory)


def find(proc: Path = Path("/proc")) -> Cgroups:
    """Find out which control groups we may make, by making them; sweep away what dead processes have left.

    Args:
        proc: where the kernel tells of processes.
    """
    try:
        found = places((proc / "self/mountinfo").read_text(), (proc / "self/cgroup").read_text())
    except OSError:  # no Linux
        return Cgroups({}, {})
    ours: dict[str, Path] = {}
    versions: dict[str, int] = {}
    for controller in CONTROLLERS:
        place = found.get(controller) or found.get("")
        directory = None if place is None else _ours(place, controller)
        if place is not None and directory is not None:
            ours[controller], versions[controller] = directory, place.version
    return Cgroups(ours, versions)


def _ours(place: Place, controller: str) -> Path | None:
    """Make the directory of our groups for a controller; None where that is not ours to do."""
    own = Path(place.path)
    directory = own / f"{PREFIX}{os.getpid()}"
    try:
        if place.version == 2:  # noqa: PLR2004
            _delegate(own, controller)
        _sweep(own)
        _remove_tree(directory)  # of one that had our process id before us
        directory.mkdir(exist_ok=True)
        if place.version == 2:  # noqa: PLR2004
            (directory / "cgroup.subtree_control").write_text(f"+{controller}")
        probe = "cpu.cfs_quota_us" if controller == "cpu" else "memory.limit_in_bytes"
        probe = probe if place.version == 1 else "cgroup.subtree_control"
        writable = os.access(directory / probe, os.W_OK)
    except OSError:
        writable = False
    if not writable:
        _remove_tree(directory)
        return None
    return directory


def _delegate(own: Path, controller: str) -> None:
    """Have our group of version 2 pass a controller on to groups below it.

    A group that does so may hold no processes itself, so this works only where somebody has arranged for it.

    Raises:
        OSError: it may not.
    """
    if controller not in (own / "cgroup.controllers").read_text().split():
        raise FileNotFoundError(controller)
    if controller not in (own / "cgroup.subtree_control").read_text().split():
        (own / "cgroup.subtree_control").write_text(f"+{controller}")


def _sweep(own: Path) -> None:
    for directory in own.glob(f"{PREFIX}*"):
        pid = directory.name.removeprefix(PREFIX)
        if pid.isdecimal() and not Path(f"/proc/{pid}").exists():
            _remove_tree(directory)


def _remove_tree(directory: Path) -> None:
    with suppress(OSError):
        for below in directory.iterdir():
            if below.is_dir():
                _remove_tree(below)
    with suppress(OSError):
        directory.rmdir()


def _number(file: Path, name: str) -> int:
    """Read a line ``name number`` of a file; 0 where it has none."""
    for line in file.read_text().splitlines():
        key, _, value = line.partition(" ")
        if key == name:
            return int(value)
    return 0
