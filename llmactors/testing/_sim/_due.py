"""Faults that are due: by a line of the plan, because a test has ordered one, or at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from llmactors.testing._faults import At, Rule

if TYPE_CHECKING:
    import asyncio

AT_ONCE: Final = "at once"


@dataclass(eq=False)
class Order:
    """A fault that a test has ordered: for the first place that fits."""

    rule: Rule
    done: asyncio.Future[str]


@dataclass(frozen=True)
class Due:
    """A fault that is due at a place: by chance, or because a test has ordered it."""

    rule: Rule
    point: str
    order: Order | None = None


def at_once(kind: Any) -> Due:
    """Return a fault that a test has happen at once, whatever its victim does; also `freeze`, which no plan knows."""
    return Due(Rule(kind, At(), 1.0), AT_ONCE)
