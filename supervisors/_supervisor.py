"""`Supervisor`: a static tree. Its children stand in its class body, or in a list."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any, ClassVar, Literal, TypeAlias

from llmactors import Later
from supervisors._core._family import Rules
from supervisors._overseer import Overseer
from supervisors._specs import ChildSpec, refuse_budget
from supervisors._values import AutoShutdown, Strategy, word
from supervisors.errors import SpecError

StrategyWord: TypeAlias = Strategy | Literal["one_for_one", "one_for_all", "rest_for_one"]
AutoShutdownWord: TypeAlias = AutoShutdown | Literal["never", "any_significant", "all_significant"]


class Supervisor(Overseer):
    """Starts its children in order, restarts those that fail, and stops them in reverse order.

    ```py
    class App(Supervisor):
        strategy = "rest_for_one"
        journal = child(Journal, "app.db")
        clerk = child(Clerk, restart="transient")
    ```

    A child's name is the attribute's, the order is the class body's; an inherited child is left out by `name = None`.
    Where the list depends on arguments, `super().__init__(children)`.

    Attributes:
        strategy: who is restarted with a child that failed: nobody (`one_for_one`), everybody (`one_for_all`), or those
            started after it (`rest_for_one`).
        intensity: how many restarts before it gives up, 3 within 5 s.
        auto_shutdown: whether the end of a significant child ends the supervisor: `never`, `any_significant`,
            `all_significant`.
        revive: whether a group restart also starts children that had finished or been stopped, as OTP's does.
        children: more children, after those of the class body.
    """

    declarations = frozenset({"strategy", "intensity", "auto_shutdown", "revive", "children"})
    strategy: ClassVar[StrategyWord] = "one_for_one"
    auto_shutdown: ClassVar[AutoShutdownWord] = "never"
    revive: ClassVar[bool] = False
    children: ClassVar[Sequence[ChildSpec[Any]]] = ()
    _given: Sequence[ChildSpec[Any]] = ()

    def __init_subclass__(cls, **kwargs: Any) -> None:
        """Refuse at once what the class body cannot mean."""
        super().__init_subclass__(**kwargs)
        word(Strategy, "strategy", cls.strategy)
        word(AutoShutdown, "auto_shutdown", cls.auto_shutdown)
        check(cls, named([*declared(cls), *cls.children]))

    def __init__(self, children: Iterable[ChildSpec[Any]] = ()) -> None:
        self._given = tuple(children)

    def _rules(self) -> Rules:
        return Rules(
            strategy=Strategy(self.strategy),
            intensity=self.intensity,
            auto_shutdown=AutoShutdown(self.auto_shutdown),
            revive=self.revive,
        )

    def _specs(self) -> Iterable[ChildSpec[Any]]:
        specs = named([*declared(type(self)), *self.children, *self._given])
        check(type(self), specs)
        return specs

    def _start_child(self, spec: ChildSpec[Any]) -> Later[Any]:
        spec = spec if spec.name else numbered(spec, self._keeper.specs)
        check(type(self), [spec])
        return self._keeper.add(spec.name, spec)


def declared(cls: type) -> list[ChildSpec[Any]]:
    """Return the children that a class and its bases declare as attributes, in order.

    Raises:
        SpecError: an attribute's spec has another name.
    """
    specs: dict[str, ChildSpec[Any]] = {}
    for klass in reversed(cls.__mro__):
        for name, value in vars(klass).items():
            if isinstance(value, ChildSpec):
                specs[name] = value
                if value.name != name:
                    raise SpecError(
                        "name", value.name, f"the child's name is its attribute's, `{klass.__name__}.{name}`"
                    )
            elif name in specs:
                del specs[name]
    return list(specs.values())


def named(specs: Iterable[ChildSpec[Any]]) -> list[ChildSpec[Any]]:
    """Give the nameless among *specs* names: their class and a number, `worker-1`."""
    known: dict[str, ChildSpec[Any]] = {}
    for spec in specs:
        if not isinstance(spec, ChildSpec):
            raise SpecError("children", spec, "give specs, made by child(...) or pool(...)")
        full = spec if spec.name else numbered(spec, known)
        if full.name in known:
            raise SpecError("name", full.name, "another child has that name; names are unique among siblings")
        known[full.name] = full
    return list(known.values())


def numbered(spec: ChildSpec[Any], known: dict[str, ChildSpec[Any]]) -> ChildSpec[Any]:
    """Name *spec* after its class, with the first number that is free."""
    stem = getattr(spec.actor, "__name__", "child").lower()
    number = 1
    while f"{stem}-{number}" in known:
        number += 1
    return replace(spec, name=f"{stem}-{number}")


def check(cls: type[Supervisor], specs: Iterable[ChildSpec[Any]]) -> None:
    """Refuse specs that clash with what the class says.

    Raises:
        SpecError: a significant child where nothing comes of it.
    """
    for spec in specs:
        refuse_budget(spec, cls)
        if spec.significant and AutoShutdown(cls.auto_shutdown) is AutoShutdown.NEVER:
            remedy = (
                f"`{spec.name}` has no effect under auto_shutdown='never'; choose any_significant or all_significant"
            )
            raise SpecError("significant", value=True, remedy=remedy)
