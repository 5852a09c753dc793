"""Seeing what a living actor is doing, as OTP's `sys` does: its state, its messages, its account.

All of it works on an actor that is paused, too (`ref.pause()`, OTP's suspend; `ref.resume()`), and the account is
`ref.usage()`. What is told in words (`describe`, `trace`) goes through the actor's `redact`; `get_state` does not.
"""

from __future__ import annotations

from asyncio import AbstractEventLoop, Future
from collections.abc import Mapping
from random import Random
from threading import Thread, get_ident
from time import perf_counter
from typing import TYPE_CHECKING, Any, Final, Protocol, TypeVar, cast

from llmactors._actor import Actor
from llmactors._context import Context
from llmactors._core.flags import DEAD, ENDED, REMOTE, STARTING
from llmactors._core.sizes import Size, measure
from llmactors._messages import name_of
from llmactors._redact import OURS, state_of, told_state
from llmactors._ref import ActorRef
from llmactors._streams import message_of
from llmactors._system import ActorSystem
from llmactors._tracing import Tracing
from llmactors._values import Event
from llmactors.errors import ActorDownError, ActorEndedError, HostCapabilityError, WrongThreadError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable


__all__ = [
    "Event",
    "Size",
    "Tracing",
    "describe",
    "get_state",
    "in_hand",
    "interruption",
    "replace_state",
    "state_size",
    "trace",
]

KEPT: int = 1_000  # events
NOT_STATE: Final = (ActorRef, Actor, ActorSystem, Context, AbstractEventLoop, Future, Thread)
"""What an actor may hold that is not its own."""

R = TypeVar("R")


class _Inside(Protocol):
    """A host that lets somebody look at an instance."""

    def inside(self, cell: ActorRef[Any], call: Callable[[Any], R]) -> Awaitable[R]:
        """Call with the instance, where its handlers run."""
        ...


async def describe(ref: ActorRef[Any]) -> dict[str, str]:
    """Return the state of an actor in words, by attribute; redacted, and cut where it is long.

    Raises:
        ActorDownError: No incarnation is up.
        ActorEndedError: The slot was discarded.
        HostCapabilityError: Its host does not show it.
    """
    told = getattr(ref.handlers.host, "told_state", None)
    _check_up(ref)
    if told is not None:
        described: dict[str, str] = await told(ref)
        return described
    path = ref.path
    return await _host_of(ref).inside(ref, lambda actor: told_state(actor, path))


async def get_state(ref: ActorRef[Any]) -> dict[str, Any]:
    """Return the attributes of an actor's instance, as they are and not redacted: a dict of its own, the values shared.

    It is read between two handlers, or while an async one waits. On a thread it waits for the handler in hand.

    Raises:
        ActorDownError: No incarnation is up.
        ActorEndedError: The slot was discarded.
        HostCapabilityError: It lives in another process.
    """
    return await _host_of(ref).inside(ref, state_of)


async def state_size(ref: ActorRef[Any], *, objects: int = 10_000, seconds: float = 0.01, seed: int = 0) -> Size:
    """Measure what the state of an actor holds: a sample, unless `complete` says that it is all.

    It is measured between two handlers, or while an async one waits; on a thread it waits for the handler in hand.
    What several actors hold together counts for each of them.

    Args:
        ref: The actor.
        objects: Objects that are measured, at most.
        seconds: Time for which its loop or thread is held up, at most.
        seed: Which sample; the same state and seed have the same one, unless the time runs out.

    Raises:
        ActorDownError: No incarnation is up.
        ActorEndedError: The slot was discarded.
        HostCapabilityError: It lives in another process, whose memory is in `usage()`.
    """
    if objects < 1:
        raise ValueError(f"objects={objects!r}: at least 1 is measured")
    return await _host_of(ref).inside(ref, lambda actor: sampled(actor, objects, seconds, seed))


def sampled(actor: Any, objects: int, seconds: float, seed: int) -> Size:
    """Measure a sample of what an instance holds, from the thread that asks. For the kernel; see `state_size`."""
    end = perf_counter() + seconds
    return measure(
        (state_of(actor),),
        choose=Random(seed).sample,  # noqa: S311  no secret
        most=objects,
        enough=lambda: perf_counter() > end,
        foreign=NOT_STATE,
    )


async def replace_state(ref: ActorRef[Any], change: Callable[[dict[str, Any]], Mapping[str, Any]]) -> dict[str, Any]:
    """Replace the attributes of an actor's instance by what *change* makes of them, and return that.

    It happens at once, between two handlers or while an async one waits; an attribute that is left out is deleted. If
    *change* raises, its error is raised here, the state is what it was, and the actor lives on.

    Raises:
        ActorDownError: No incarnation is up.
        ActorEndedError: The slot was discarded.
        HostCapabilityError: It lives in another process.
        TypeError: *change* did not return a mapping of attributes.
    """

    def replaced(actor: Any) -> dict[str, Any]:
        before = state_of(actor)
        after = change(dict(before))
        if not _is_state(after):
            raise TypeError(f"the new state of `{ref.path}` is {type(after).__name__}: return a dict of its attributes")
        for name in before.keys() - after.keys():
            delattr(actor, name)
        for name, value in after.items():
            setattr(actor, name, value)
        return dict(after)

    return await _host_of(ref).inside(ref, replaced)


def interruption(ref: ActorRef[Any]) -> str:
    """Say what a handler of this actor that does not return is interrupted by.

    A signal, on the loop in the main thread; in any other thread `PyThreadState_SetAsyncExc`, which takes effect at the
    next step in Python; the end of its process; or nothing, on the loop of a system without a watchdog.

    Raises:
        HostCapabilityError: It is asked of an actor of another process.
    """
    host: Any = ref.handlers.host
    if not hasattr(host, "interruption"):
        raise HostCapabilityError(_name_of(ref), f"say what interrupts `{ref.path}`")
    means: str = host.interruption(ref)
    return means


def in_hand(ref: ActorRef[Any]) -> tuple[str, ...]:
    """Name the messages that an actor handles just now, without what is in them; also while it does nothing else."""
    told = getattr(ref.handlers.host, "in_hand", None)
    items = [job.item for job in ref.need_extra().jobs] if told is None else told(ref)
    return tuple(name_of(message_of(item)) for item in items if item is not None)


def trace(ref: ActorRef[Any], keep: int = KEPT) -> Tracing:
    """Watch the messages that an actor handles from now on, and what becomes of them; also across its restarts.

    Args:
        ref: The actor.
        keep: Events that may wait to be taken, 1 or more; the oldest go when there are more.

    Raises:
        HostCapabilityError: Its host does not show its messages.
    """
    if keep < 1:
        raise ValueError(f"keep={keep!r}: at least 1 event is kept")
    if not ref.flags & REMOTE:
        return Tracing(ref, keep)
    tracing = getattr(ref.handlers.host, "tracing", None)
    if tracing is None:
        raise HostCapabilityError(_name_of(ref), f"trace the messages of `{ref.path}`")
    far: Tracing = tracing(ref, keep)
    return far


def _is_state(value: Any) -> bool:
    return isinstance(value, Mapping) and all(isinstance(name, str) and name not in OURS for name in value)


def _check_up(ref: ActorRef[Any]) -> None:
    if get_ident() != ref.scheduler.thread:
        raise WrongThreadError("introspection")
    if ref.flags & DEAD:
        raise ActorEndedError(ref.path, None if ref.extra is None else ref.extra.exit)
    if ref.flags & (ENDED | STARTING):
        raise ActorDownError(ref.path, ref.state)


def _host_of(ref: ActorRef[Any]) -> _Inside:
    _check_up(ref)
    host: Any = ref.handlers.host
    if not hasattr(host, "inside"):
        raise HostCapabilityError(_name_of(ref), f"hand out the state of `{ref.path}`; `describe` tells of it")
    return cast("_Inside", host)


def _name_of(ref: ActorRef[Any]) -> str:
    return f"{type(ref.handlers.host).__name__.removesuffix('Host')}()"
