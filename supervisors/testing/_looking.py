"""Seeing the supervisors of a running system: which they are, and what their classes and children declare."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from weakref import WeakKeyDictionary

from llmactors import ActorSystem
from supervisors._core._family import Rules
from supervisors._overseer import Overseer
from supervisors._specs import ChildSpec
from supervisors._values import Intensity, Restart


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What one supervisor and its children declare.

    Args:
        ordered: Whether children start and stop one after the other.
        grouped: Whether one child's restart concerns others.
        intensity: How many restarts it grants.
        children: Its children by path, and the intensity of each that has one of its own.
        permanent: The children, by path, that come back after any end.
    """

    ordered: bool = True
    grouped: bool = False
    intensity: Intensity = field(default_factory=Intensity)
    children: Mapping[str, Intensity | None]
    permanent: frozenset[str] = frozenset()


def overseers(system: ActorSystem) -> Iterator[tuple[str, Overseer]]:
    """Yield the supervisors that live, by path."""
    for ref in system.actors():
        actor: Any = ref.actor
        if isinstance(actor, Overseer):
            yield ref.path, actor


_SEEN: Final[WeakKeyDictionary[Overseer, tuple[Rules, tuple[object, ...], Terms]]] = WeakKeyDictionary()
"""What was seen of a supervisor last: each law of families looks at it."""


def terms_of(path: str, overseer: Overseer) -> Terms | None:
    """Return what a supervisor declares; None as long as it has not begun to start its children."""
    keeper = getattr(overseer, "_keeper", None)
    if keeper is None:
        return None
    rules, specs = keeper.family.rules, keeper.specs
    children, seen = tuple(specs.items()), _SEEN.get(overseer)
    if seen is not None and seen[0] is rules and seen[1] == children:
        return seen[2]
    terms = _declared(path, rules, specs)
    _SEEN[overseer] = rules, children, terms
    return terms


def _declared(path: str, rules: Rules, specs: Mapping[str, ChildSpec[Any]]) -> Terms:
    paths = {name: f"{path.rstrip('/')}/{name}" for name in specs}
    return Terms(
        ordered=not rules.parallel,
        grouped=rules.grouped,
        intensity=rules.intensity,
        children={paths[name]: spec.intensity for name, spec in specs.items()},
        permanent=frozenset(paths[name] for name, spec in specs.items() if spec.restart is Restart.PERMANENT),
    )
