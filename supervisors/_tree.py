"""The living tree as text."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from llmactors import ActorRef, ActorSystem


def render(system: ActorSystem) -> str:
    """Draw the system's tree: name, class, state and restarts of every actor, one line each, in order of birth.

    ```text
    app  App  idle
    ├─ counter  Counter  idle  1 restart
    └─ nets  Pool  idle
       ├─ net-1  Net  running
       └─ net-2  Net  idle
    ```
    """
    root = system.root
    roots = [ref for ref in system.guardian.children() if ref is not root]
    lines = [] if root is None else _lines(root, "", "")
    for ref in roots:
        lines += _lines(ref, "", "")
    return "\n".join(lines)


def _lines(ref: ActorRef[Any], lead: str, below: str) -> list[str]:
    lines = [lead + _describe(ref)]
    for child, last in _marked(ref.children()):
        lines += _lines(child, below + ("└─ " if last else "├─ "), below + ("   " if last else "│  "))
    return lines


def _marked(refs: tuple[ActorRef[Any], ...]) -> Iterator[tuple[ActorRef[Any], bool]]:
    return ((ref, number == len(refs)) for number, ref in enumerate(refs, 1))


def _describe(ref: ActorRef[Any]) -> str:
    restarts = ref.usage().restarts
    told = "" if not restarts else f"  {restarts} restart" + ("s" if restarts > 1 else "")
    return f"{ref.name}  {ref.cls.__name__}  {ref.state}{told}"
