"""Seeing the supervisors of a running system: which they are, and what their classes and children declare."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from llmactors import ActorSystem
from supervisors._overseer import Overseer
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


def terms_of(path: str, overseer: Overseer) -> Terms | None:
    """Return what a supervisor declares; None as long as it has not begun to start its children."""
    keeper = getattr(overseer, "_keeper", None)
    if keeper is None:
        return None
    rules, specs = keeper.family.rules, keeper.specs
    paths = {name: f"{path.rstrip('/')}/{name}" for name in specs}
    return Terms(
        ordered=not rules.parallel,
        grouped=rules.grouped,
        intensity=rules.intensity,
        children={paths[name]: spec.intensity for name, spec in specs.items()},
        permanent=frozenset(paths[name] for name, spec in specs.items() if spec.restart is Restart.PERMANENT),
    )
