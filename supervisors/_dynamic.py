"""`DynamicSupervisor`: children that come and go, 100 000s of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any, ClassVar

from llmactors import Later
from supervisors._core._family import Rules
from supervisors._overseer import Overseer
from supervisors._specs import ChildSpec
from supervisors._values import is_count
from supervisors.errors import SpecError


class DynamicSupervisor(Overseer):
    """Starts with no children; `start_child` adds them, and they are stopped all at once.

    ```py
    worker = await system.ref("workers").ask(DynamicSupervisor.start_child(child(Worker, 1)))
    ```

    A child with a name of its own (`child(..., name="clerk")`) is kept when it is at rest, for `restart_child` and
    `delete_child`. One without gets a name, `worker-1`, and is forgotten with its end, arguments and all.

    Attributes:
        intensity: how many restarts before it gives up, 3 within 5 s.
        max_children: how many there may be, those being restarted included; None for any number.
    """

    declarations = frozenset({"intensity", "max_children"})
    max_children: ClassVar[int | None] = None
    _numbers: Counter[str]

    def __init_subclass__(cls, **kwargs: Any) -> None:
        """Refuse at once what the class body cannot mean."""
        super().__init_subclass__(**kwargs)
        if cls.max_children is not None and not is_count(cls.max_children):
            raise SpecError("max_children", cls.max_children, "give a whole number, 0 or more, or None")
        for field in ("strategy", "auto_shutdown"):
            if hasattr(cls, field):
                remedy = "a DynamicSupervisor restarts each child alone and ends when it is told to; use a Supervisor"
                raise SpecError(field, getattr(cls, field), remedy)
        spec = next((value for value in vars(cls).values() if isinstance(value, ChildSpec)), None)
        if spec is not None:
            raise SpecError(
                "children", spec.name, "a DynamicSupervisor starts with none; use `start_child`, or Supervisor"
            )

    def _rules(self) -> Rules:
        return Rules(intensity=self.intensity, parallel=True, limit=self.max_children)

    def _specs(self) -> Iterable[ChildSpec[Any]]:
        self._numbers = Counter()
        return ()

    def _start_child(self, spec: ChildSpec[Any]) -> Later[Any]:
        if spec.significant:
            remedy = "a DynamicSupervisor has no auto_shutdown; use a Supervisor"
            raise SpecError("significant", value=True, remedy=remedy)
        return self._keeper.add(spec.name or self._numbered(spec.actor), spec, kept=bool(spec.name))

    def _numbered(self, actor: Callable[..., Any]) -> str:
        """Name a child after its class, with the next number that is free."""
        stem = getattr(actor, "__name__", "child").lower()
        while True:
            self._numbers[stem] += 1
            name = f"{stem}-{self._numbers[stem]}"
            if name not in self._keeper.specs:
                return name
