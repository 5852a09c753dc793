"""Messages on their way that a fault holds up."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable

    from llmactors.testing._sim._recorder import Letter

Deliver: TypeAlias = "Callable[[], Any]"


@dataclass(frozen=True)
class Waiting:
    """A message that cannot pass, because one of its ends is cut off."""

    sender: str
    where: str
    letter: Letter
    deliver: Deliver


@dataclass
class Channel:
    """What is on its way from one to another, held up and in order."""

    waiting: deque[tuple[float, Waiting]] = field(default_factory=deque)
    free_at: float = 0.0
    timer: asyncio.Handle | None = None
