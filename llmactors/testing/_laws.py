"""Which laws hold: those of the kernel, and those that installed packages bring along.

A package brings laws by an entry point of the group `llmactors.laws` that names a tuple of them:

```ini
[options.entry_points]
llmactors.laws =
    supervisors = supervisors.testing:LAWS
```
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from typing import Any, Final

from llmactors.testing._core.laws import Law
from llmactors.testing._core.laws.lives import (
    EveryLifeEndsOnce,
    NoOrphans,
    NothingIsHandledOutsideALife,
    OneAtATime,
    OneOwnerPerName,
)
from llmactors.testing._core.laws.messages import NoMessageIsLost, OrderIsKept
from llmactors.testing._core.laws.promises import EveryAskResolvesOnce, EveryMonitorFiresOnce
from llmactors.testing._looking import MailboxesAreBounded, Quiescent

LAWS: Final[tuple[type[Law], ...]] = (
    EveryAskResolvesOnce,
    EveryMonitorFiresOnce,
    EveryLifeEndsOnce,
    NothingIsHandledOutsideALife,
    OneAtATime,
    OneOwnerPerName,
    NoOrphans,
    NoMessageIsLost,
    OrderIsKept,
    MailboxesAreBounded,
    Quiescent,
)
"""What holds of every program of actors."""

GROUP: Final = "llmactors.laws"


@cache
def installed_laws() -> tuple[type[Law], ...]:
    """Return the kernel's laws, and then those of the packages that are installed, in the order of the packages' names.

    Raises:
        TypeError: An entry point does not name a tuple of laws; the error says which.
    """
    return gathered(entry_points(group=GROUP))


def gathered(points: Iterable[EntryPoint]) -> tuple[type[Law], ...]:
    """Return the kernel's laws and those that *points* name, each once."""
    laws = dict.fromkeys(LAWS)
    for point in sorted(points, key=lambda each: each.name):
        laws.update(dict.fromkeys(_laws_of(point)))
    return tuple(laws)


def _laws_of(point: EntryPoint) -> tuple[type[Law], ...]:
    named: Any = point.load()
    if not isinstance(named, tuple) or not all(isinstance(law, type) and issubclass(law, Law) for law in named):
        raise TypeError(
            f"the entry point `{point.name} = {point.value}` of the group `{GROUP}` is no tuple of subclasses of Law"
        )
    return named
