"""What may be asked of a running system's budgets."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import asdict
from typing import Any, Final

from llmactors import ActorRef, ActorSystem
from llmagentos._control._server import Rows
from llmagentos._control.errors import VerbFailedError
from llmagentos._core.limits import read_limits
from supervisors import ResourceSupervisor

COUNTED: Final = frozenset({"cpu", "messages", "cpu_seconds", "wall"})
"""What is counted for every actor; other resources are what actors say that they use."""


class BudgetVerbs:
    """The verbs about budgets.

    Args:
        system: The system.
        find: Answers the actor with that name, path or id.
    """

    def __init__(self, system: ActorSystem, find: Callable[[str], ActorRef[Any]]) -> None:
        self._system, self._find = system, find

    async def show(self, _: dict[str, Any]) -> Rows:
        """Tell what every account has, those above before those below."""
        seen = set()
        for ref in list(self._system.actors()):
            if _keeps_budgets(ref) and ref.state not in {"discarded", "down", "starting", "stopping"}:
                for allotment in await ref.ask(ResourceSupervisor.budgets()):
                    row = asdict(allotment)
                    key = row["account"], row["resource"], row["kind"]
                    if key not in seen:
                        seen.add(key)
                        yield row
                await asyncio.sleep(0)

    async def set(self, args: dict[str, Any]) -> dict[str, Any]:
        """Change limits: those named; others stay."""
        match args:
            case {"which": str(which), "limits": [*words]} if which and all(isinstance(word, str) for word in words):
                budget = read_limits(words)
            case _:
                raise VerbFailedError("say whose budget, and at least one limit, such as cpu=0.25")
        ref = self._find(which)
        parent = ref.parent
        if parent is not None and _keeps_budgets(parent) and not (which.endswith("/") and _keeps_budgets(ref)):
            await parent.ask(ResourceSupervisor.set_budget(ref.name, budget))
        elif _keeps_budgets(ref):
            await ref.ask(ResourceSupervisor.set_budget(None, budget))
        else:
            raise VerbFailedError(f"`{ref.path}` has no account: neither it nor its supervisor is a ResourceSupervisor")
        named = {*budget.paces, *budget.allowances} - COUNTED
        return {"path": ref.path, "limits": words, "unknown": sorted(named - set(ref.usage(tree=True).spent))}


def _keeps_budgets(ref: ActorRef[Any]) -> bool:
    return issubclass(ref.cls, ResourceSupervisor)
