"""How an incarnation is made."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(slots=True)  # not frozen: one is made for every actor, and that costs three times as much
class Birth:
    """How to make an incarnation: the class, its constructor's arguments, and the seconds that it has to come up."""

    cls: type
    args: tuple[Any, ...] = ()
    kwargs: Mapping[str, Any] | None = None
    start_timeout: float | None = None
