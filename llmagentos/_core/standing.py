"""How the actors of a system are doing, from two looks at it: who uses the CPU, who waits, who is stuck."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

STUCK_AFTER: Final = 5.0
"""Seconds in which an actor that has something to do finishes nothing, after which it counts as stuck."""
IDLE: Final = frozenset({"idle", "paused", "throttled", "down", "discarded", "stopped"})
"""States in which nothing is expected of an actor."""
SORTS: Final = ("cpu", "memory", "queue")


@dataclass(frozen=True, slots=True)
class Standing:
    """One actor, as `top` shows it.

    Attributes:
        row: what `ps` tells of it.
        cores: CPU seconds a second since the look before.
        rate: messages a second since the look before.
        wait: seconds that a message has waited, on average since the look before; 0.0 when none was taken.
        still: seconds for which it has had something to do and finished nothing.
    """

    row: Mapping[str, Any]
    cores: float
    rate: float
    wait: float
    still: float

    @property
    def mark(self) -> str:
        """What is to be noticed: ``throttled``, ``stuck``, or nothing."""
        if self.row["state"] == "throttled":
            return "throttled"
        return "stuck" if self.still >= STUCK_AFTER else ""


def compare(before: Mapping[str, Standing], rows: Iterable[Mapping[str, Any]], seconds: float) -> dict[str, Standing]:
    """Return how every actor stands, by its path, *seconds* after the look *before*."""
    return {row["path"]: _standing(before.get(row["path"]), row, seconds) for row in rows}


def _standing(earlier: Standing | None, row: Mapping[str, Any], seconds: float) -> Standing:
    if earlier is None or row["id"] != earlier.row["id"] or seconds <= 0:
        return Standing(row, 0.0, 0.0, 0.0, 0.0)
    cores = max(0.0, (row["cpu"] or 0.0) - (earlier.row["cpu"] or 0.0)) / seconds
    handled = (row["handled"] or 0) - (earlier.row["handled"] or 0)
    busy = row["state"] not in IDLE and (row["mailbox"] or row["state"] == "running")
    still = earlier.still + seconds if busy and handled <= 0 else 0.0
    waited = max(0.0, (row["waited"] or 0.0) - (earlier.row["waited"] or 0.0))
    return Standing(row, cores, max(0, handled) / seconds, waited / handled if handled > 0 else 0.0, still)


def ordered(standings: Iterable[Standing], sort: str) -> list[Standing]:
    """Return them in order: the greatest *sort* (``cpu``, ``memory`` or ``queue``) first, equals by path.

    Memory is that of the process, and of one that has none of its own what waits in its mailbox.
    """

    def key(standing: Standing) -> tuple[float, str]:
        row = standing.row
        amounts = {
            "cpu": standing.cores,
            "memory": row["memory"] or row["mailbox_bytes"],
            "queue": row["mailbox"],
        }
        return -(amounts[sort] or 0), row["path"]

    return sorted(standings, key=key)
