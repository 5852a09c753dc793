"""What people are told of an actor: its own `redact` first, then names that look like secrets'."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

from llmactors._core.redaction import HIDDEN, LONGEST, in_words, state_in_words
from llmactors._values import Report

OURS: Final = frozenset({"_cell", "_life"})
"""Attributes that the kernel gives an instance."""


def state_of(actor: Any) -> dict[str, Any]:
    """Return the attributes of an instance, those of `__slots__` too."""
    slots = [name for cls in type(actor).__mro__ for name in _slots_of(cls) if hasattr(actor, name)]
    state = {name: getattr(actor, name) for name in reversed(slots)} | dict(getattr(actor, "__dict__", {}))
    return {name: value for name, value in state.items() if name not in OURS}


def _slots_of(cls: type) -> tuple[str, ...]:
    slots = cls.__dict__.get("__slots__", ())
    names = (slots,) if isinstance(slots, str) else tuple(slots)
    return tuple(name for name in names if name not in {"__dict__", "__weakref__"})


def redacted(actor: Any, report: Report) -> Report:
    """Return what may be told: what the actor's `redact` leaves. One that fails leaves nothing."""
    hook = getattr(actor, "redact", None)
    if hook is None:
        return report
    try:
        left = hook(report)
    except Exception as error:  # noqa: BLE001  the user's code, on the way of a crash: it must not cause another
        return _nothing(report, f"{HIDDEN}: `redact` raised {type(error).__name__}")
    return left if isinstance(left, Report) else _nothing(report, f"{HIDDEN}: `redact` returned no report")


def _nothing(report: Report, why: str) -> Report:
    message = report.message if report.message is None else why
    return replace(report, state={"state": why}, message=message, value=None, error=())


def told_state(actor: Any, path: str) -> dict[str, str]:
    """Return the state of an instance in words."""
    return state_in_words(redacted(actor, Report(kind="state", path=path, state=state_of(actor))).state)


def told(value: Any) -> str:
    """Return a value of a redacted report in words; a text stands for itself where `redact` put it."""
    if isinstance(value, str):
        return value if len(value) <= LONGEST else value[: LONGEST - 1] + "…"
    return "" if value is None else in_words(value)
