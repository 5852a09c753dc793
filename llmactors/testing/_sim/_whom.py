"""Whom a spec in a fault plan means: where a cell hangs, and whether a supervisor has workers."""

from __future__ import annotations

from typing import Any


def is_below(cell: Any, target: Any) -> bool:
    """Say whether a cell hangs below another, at any depth."""
    owner = cell.owner
    while owner is not None:
        if owner is target:
            return True
        owner = owner.owner
    return False


def has_workers(cell: Any) -> bool:
    """Say whether a supervisor has workers: then its spec means them."""
    return any(child.handlers.pausable or has_workers(child) for child in cell.children())
