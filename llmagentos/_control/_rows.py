"""What the command line is told of an actor."""

from dataclasses import asdict
from typing import Any, Final

from llmactors import Actor, ActorRef, Lived, Usage, introspection, limits
from llmactors.introspection import Event
from supervisors import DynamicSupervisor, Supervisor

FIGURES: Final = (
    *("restarts", "mailbox", "mailbox_bytes", "handled", "dropped", "waited", "wait", "cpu", "busy"),
    *("memory", "memory_is", "gpu_memory", "pid", "uptime", "spent", "incarnation"),
)
"""What `account_of` tells."""


def row_of(ref: ActorRef[Any]) -> dict[str, Any]:
    """Tell of *ref* what `ps` shows."""
    usage = ref.usage()
    return {
        "id": str(ref.id),
        "name": ref.name,
        "path": ref.path,
        "kind": kind_of(ref.cls),
        "state": ref.state,
        "parent": None if ref.parent is None else ref.parent.path,
        **account_of(usage),
    }


def account_of(usage: Usage) -> dict[str, Any]:
    """Tell what was used, as plain values."""
    return {
        "restarts": usage.restarts,
        "mailbox": usage.mailbox,
        "mailbox_bytes": usage.mailbox_bytes,
        "handled": usage.handled,
        "dropped": usage.dropped,
        "waited": round(usage.waited, 6),
        "wait": round(usage.mean_wait, 6),
        "cpu": round(usage.cpu, 6),
        "busy": round(usage.busy, 6),
        "memory": usage.memory,
        "memory_is": usage.memory_is,
        "gpu_memory": usage.gpu_memory,
        "pid": usage.pid,
        "uptime": round(usage.uptime, 3),
        "spent": dict(usage.spent),
        "incarnation": None if usage.incarnation is None else _lived(usage.incarnation),
    }


def _lived(lived: Lived) -> dict[str, Any]:
    rounded = {"cpu": round(lived.cpu, 6), "busy": round(lived.busy, 6), "uptime": round(lived.uptime, 3)}
    return {**asdict(lived), **rounded}


def resting_row(parent: str, name: str, actor: Any, state: str, starts: int) -> dict[str, Any]:
    """Tell of a child that its supervisor keeps without running it."""
    return {
        "id": None,
        "name": name,
        "path": f"{parent.rstrip('/')}/{name}",
        "kind": kind_of(actor),
        "state": "stopped" if state == "down" else state,
        "parent": parent,
        **dict.fromkeys(FIGURES),
        "restarts": max(0, starts - 1),
    }


def details(ref: ActorRef[Any]) -> dict[str, Any]:
    """Tell of *ref* all that is known without looking into its state."""
    letters = ref.system.dead_letters.recent
    return {
        **row_of(ref),
        "class": _named(ref.cls),
        "tree": account_of(ref.usage(tree=True)),
        "enforcement": str(limits.enforcement(ref)),
        "weights": limits.enforcement(ref).weights or "nothing",
        "interrupted by": introspection.interruption(ref),
        "in hand": list(introspection.in_hand(ref)),
        "children": [child.path for child in ref.children()],
        "dead letters": [f"{one.reason}: {_name_of(one.message)}" for one in letters if one.path == ref.path],
        "about": _about(ref.cls),
    }


def event_row(event: Event) -> dict[str, Any]:
    """Tell of what an actor that is traced did."""
    return {
        "at": round(event.at, 6),
        "what": event.what,
        "message": event.message,
        "text": event.text,
        "trace": None if event.trace is None else event.trace.traceparent,
    }


def _name_of(message: object) -> str:
    """Name a message: what is in it may be anybody's secret."""
    info = getattr(message, "__endpoint__", None)
    return type(message).__qualname__ if info is None else f"{info.owner.__name__}.{info.name}"


def resting_details(parent: str, name: str, actor: Any, state: str, starts: int) -> dict[str, Any]:
    """Tell what is known of a child that does not run: what it is, and how often it ran."""
    cls = getattr(actor, "func", actor)  # of a partial
    told: dict[str, Any] = {
        "class": _named(cls),
        "tree": None,
        "enforcement": None,
        "weights": None,
        "interrupted by": None,
        "in hand": [],
        "children": [],
        "dead letters": [],
        "about": _about(cls),
    }
    return {**resting_row(parent, name, cls, state, starts), **told}


def _named(cls: Any) -> str:
    return f"{getattr(cls, '__module__', '?')}.{getattr(cls, '__qualname__', '?')}"


def _about(cls: Any) -> str:
    return (cls.__doc__ or "").strip().partition("\n")[0]


def kind_of(cls: Any) -> str:
    """Say in a word what actors of *cls* are; a class says it itself in `kind`."""
    if isinstance(word := getattr(cls, "kind", None), str):
        return word
    if isinstance(cls, type) and issubclass(cls, Supervisor | DynamicSupervisor):
        return "supervisor"
    return "actor" if isinstance(cls, type) and issubclass(cls, Actor) else "?"
