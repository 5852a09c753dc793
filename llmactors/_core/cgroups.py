"""Where the kernel's control groups of this process are, read from what Linux says under ``/proc``.

Theory of operation
1. A *hierarchy* is a mounted tree of groups (``/proc/self/mountinfo``). Version 1 has one for each controller or a few
   of them together; version 2 has one for all. A machine may have both at once (hybrid).
2. A process is in one group of each hierarchy (``/proc/self/cgroup``). The path there counts from the hierarchy's root;
   what is mounted here may begin further down, as in a container.
3. What we make is always below the group that we are in: nothing that somebody has limited is escaped.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Final

CONTROLLERS: Final = ("cpu", "memory")
OCTAL: Final = {r"\040": " ", r"\011": "\t", r"\012": "\n", r"\134": "\\"}


@dataclass(frozen=True, slots=True)
class Place:
    """Our group in one hierarchy.

    Attributes:
        version: 1 or 2.
        path: its directory.
    """

    version: int
    path: PurePosixPath


def places(mountinfo: str, own: str) -> Mapping[str, Place]:
    """Return our group for each controller that a hierarchy of version 1 has, and ``""`` for that of version 2.

    Args:
        mountinfo: the text of ``/proc/self/mountinfo``.
        own: the text of ``/proc/self/cgroup``.
    """
    groups = _groups(own)
    found: dict[str, Place] = {}
    for line in mountinfo.splitlines():
        before, _, after = line.partition(" - ")
        fields, (kind, *rest) = before.split(), after.split() or [""]
        if kind == "cgroup2" and "" in groups:
            found.setdefault("", Place(2, _below(fields, groups[""])))
        elif kind == "cgroup":
            for controller in rest[-1].split(","):
                if controller in CONTROLLERS and controller in groups:
                    found.setdefault(controller, Place(1, _below(fields, groups[controller])))
    return found


def _groups(own: str) -> dict[str, str]:
    """Read lines such as ``3:cpu,cpuacct:/user`` into a path for each controller."""
    groups = {}
    for line in own.splitlines():
        _, controllers, path = line.split(":", 2)
        groups.update(dict.fromkeys(controllers.split(","), path))
    return groups


def _below(fields: list[str], path: str) -> PurePosixPath:
    """Return the directory of the group *path* in the hierarchy of which a part is mounted."""
    root, point = (_plain(field) for field in fields[3:5])
    within = PurePosixPath(path)
    return PurePosixPath(point) / (within.relative_to(root) if within.is_relative_to(root) else "")


def _plain(field: str) -> str:
    for escaped, plain in OCTAL.items():
        field = field.replace(escaped, plain)
    return field
