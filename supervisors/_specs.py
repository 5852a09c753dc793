"""Child specs: which actor, made how, and what a supervisor does about its ends."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, Literal, TypeAlias, TypedDict, TypeVar, TypeVarTuple, Unpack

from llmactors import Actor, Mailbox, Message
from llmactors.hosts import HostConfig, Loop
from supervisors._budget import Budget
from supervisors._values import Backoff, Intensity, Restart, is_count, is_number, word
from supervisors.errors import SpecError, UnknownOptionError

A = TypeVar("A")
Ts = TypeVarTuple("Ts")

RestartWord: TypeAlias = Restart | Literal["permanent", "transient", "temporary"]
ShutdownTime: TypeAlias = float | Literal["kill", "forever"]
LONGEST_NAME = 200


class Options(TypedDict, total=False):
    """What may be said of a child beside its class and arguments. An actor class may say it too, in `supervised`.

    Attributes:
        restart: when it comes back: after any end (``permanent``, the default), after abnormal ones, or never.
        shutdown: seconds it has to stop before it is killed (5.0; supervisors: ``forever``), or ``kill`` at once.
        host: where its handlers run; the event loop without one.
        backoff: how long a restart waits; not at all without one.
        intensity: how many restarts of this child before its supervisor gives up, counted apart from its siblings';
            among theirs without it. (Of a `pool`: those of its workers before the pool gives up.)
        redeliver: how often a message that was in hand at an abnormal end is delivered again, 0 without it.
        mailbox: another mailbox than the class declares.
        start_timeout: seconds its start hook has; any number without it.
        ready: a message that it is asked once its start hook has returned, again and again until its answer is true
            (or None). Only then is it up, and the next one started.
        ready_timeout: seconds it has to be ready, from then on; any number without it.
        stall_timeout: seconds for which it may have work and get nothing done, before it is killed and so restarted:
            no message taken, no item of a stream yielded, no `checkpoint` passed. Time in which it is paused or
            throttled does not count. Any number without it.
        significant: whether its end may end its supervisor (see `auto_shutdown`).
        budget: what it, and all below it, may use; only under a `ResourceSupervisor`.
        weight: its part of the CPU beside its siblings, 1.0 without it; only under a `ResourceSupervisor`.
        name: its name among its siblings, for children in lists and dynamic ones.
    """

    restart: RestartWord
    shutdown: ShutdownTime
    host: HostConfig | None
    backoff: Backoff | None
    intensity: Intensity | None
    redeliver: int
    mailbox: Mailbox | None
    start_timeout: float | None
    ready: Message[Any, Any] | None
    ready_timeout: float | None
    stall_timeout: float | None
    significant: bool
    budget: Budget | None
    weight: float
    name: str


KNOWN = frozenset(Options.__annotations__)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ChildSpec(Generic[A]):
    """One child, completed: every option has its value. Made by `child` and `pool`; change it by `dataclasses.replace`.

    Attributes:
        actor: the actor class.
        args: positional arguments of its constructor.
        kwargs: keyword arguments of its constructor.
        owner: the supervisor class whose attribute it is, if it is one.
        name: the attribute's name, or what `name=` says, or "" where the supervisor is to give one.
    """

    actor: Callable[..., A]
    args: tuple[Any, ...] = ()
    kwargs: Mapping[str, Any] = field(default_factory=dict)
    restart: RestartWord = Restart.PERMANENT
    shutdown: ShutdownTime = 5.0
    host: HostConfig | None = None
    backoff: Backoff | None = None
    intensity: Intensity | None = None
    redeliver: int = 0
    mailbox: Mailbox | None = None
    start_timeout: float | None = None
    ready: Message[Any, Any] | None = None
    ready_timeout: float | None = None
    stall_timeout: float | None = None
    significant: bool = False
    budget: Budget | None = None
    weight: float = 1.0
    name: str = ""
    owner: type | None = None

    def __post_init__(self) -> None:
        """Refuse what cannot be meant, field by field."""
        object.__setattr__(self, "restart", word(Restart, "restart", self.restart))
        _check_actor(self.actor)
        _check_times(self)
        _check_values(self)
        if not isinstance(self.significant, bool):
            raise SpecError("significant", self.significant, "say True or False")
        if self.significant and self.restart is Restart.PERMANENT:
            remedy = "restart='permanent' means that it never ends; make it transient or temporary"
            raise SpecError("significant", value=True, remedy=remedy)

    def __set_name__(self, owner: type, name: str) -> None:
        """Learn the attribute's name. A spec that has one already keeps it; the supervisor's class refuses that."""
        if self.owner is None:
            object.__setattr__(self, "owner", owner)
            object.__setattr__(self, "name", self.name or name)


def child(cls: Callable[[Unpack[Ts]], A], *args: *Ts, **options: Unpack[Options]) -> ChildSpec[A]:
    """Say how a supervisor keeps an actor of class *cls*, made with *args*.

    Keyword arguments of the constructor go by `functools.partial`: `child(partial(Counter, start=3))`. For the options
    see `Options`; an actor class can declare its own defaults in a mapping `supervised`.

    Raises:
        SpecError: an option holds what it cannot mean.
        UnknownOptionError: there is no such option; the error names the nearest one.
    """
    refuse_unknown(options, KNOWN)
    actor, positional, keywords = unwrapped(cls, args)
    defaults: Mapping[str, Any] = getattr(actor, "supervised", {})
    return ChildSpec(actor=actor, args=positional, kwargs=keywords, **{**defaults, **options})


def unwrapped(cls: Callable[..., A], args: tuple[Any, ...]) -> tuple[Callable[..., A], tuple[Any, ...], dict[str, Any]]:
    """Take a `functools.partial` apart: the class, the positional and the keyword arguments of its constructor."""
    kwargs: dict[str, Any] = {}
    made: Any = cls
    while isinstance(made, functools.partial):
        made, args, kwargs = made.func, (*made.args, *args), {**made.keywords, **kwargs}
    return made, args, kwargs


def refuse_unknown(options: Mapping[str, Any], known: frozenset[str]) -> None:
    """Refuse the first option that does not exist.

    Raises:
        UnknownOptionError: there is one.
    """
    for option, value in options.items():
        if option not in known:
            raise UnknownOptionError(option, value, known)


def check_weight(weight: object) -> None:
    """Refuse a weight that cannot be one.

    Raises:
        SpecError: it is no number above 0.
    """
    if not is_number(weight) or weight <= 0:  # type: ignore[operator]  # it is a number
        raise SpecError("weight", weight, "give a number above 0")


def refuse_budget(spec: ChildSpec[Any], supervisor: type) -> None:
    """Refuse a budget where nobody would keep to it.

    Raises:
        SpecError: the spec has a budget or a weight, and *supervisor* is no `ResourceSupervisor`.
    """
    for field_, value, default in (("budget", spec.budget, None), ("weight", spec.weight, 1.0)):
        if value != default and not getattr(supervisor, "grants", False):
            raise SpecError(field_, value, f"`{supervisor.__name__}` keeps no budgets; derive from ResourceSupervisor")


def _check_actor(actor: object) -> None:
    if not isinstance(actor, type) or not issubclass(actor, Actor):
        raise SpecError("actor", actor, "give a class that derives from Actor (or a functools.partial of one)")


def _check_times(spec: ChildSpec[Any]) -> None:
    shutdown: Any = spec.shutdown
    if shutdown not in ("kill", "forever") and (not is_number(shutdown) or shutdown < 0):
        raise SpecError("shutdown", shutdown, "give seconds (0 or more), 'kill' or 'forever'")
    for name in ("start_timeout", "ready_timeout", "stall_timeout"):
        seconds = getattr(spec, name)
        if seconds is not None and (not is_number(seconds) or seconds <= 0):
            raise SpecError(name, seconds, "give seconds, more than 0, or None for any number")
    if spec.ready is not None and not isinstance(spec.ready, Message):
        raise SpecError("ready", spec.ready, "give a message of the child's class, such as Engine.healthy()")
    if spec.ready is None and spec.ready_timeout is not None:
        remedy = "there is nothing to be ready for without `ready=`; `start_timeout=` is for the start hook"
        raise SpecError("ready_timeout", spec.ready_timeout, remedy)


def _check_values(spec: ChildSpec[Any]) -> None:
    name: Any = spec.name
    if not isinstance(name, str) or len(name) > LONGEST_NAME or "/" in name or not name.isprintable():
        raise SpecError("name", name, f"give 1 to {LONGEST_NAME} printable characters without a slash")
    if not is_count(spec.redeliver):
        raise SpecError("redeliver", spec.redeliver, "give a whole number, 0 or more")
    if spec.backoff is not None and not isinstance(spec.backoff, Backoff):
        raise SpecError("backoff", spec.backoff, "give a Backoff(...), or None for no wait")
    if spec.intensity is not None and not isinstance(spec.intensity, Intensity):
        raise SpecError("intensity", spec.intensity, "give an Intensity(restarts, within=seconds), or None")
    if spec.mailbox is not None and not isinstance(spec.mailbox, Mailbox):
        raise SpecError("mailbox", spec.mailbox, "give a Mailbox(...), or None for the class's own")
    if spec.budget is not None and not isinstance(spec.budget, Budget):
        raise SpecError("budget", spec.budget, "give a Budget(Rate(...), Ceiling(...), Allowance(...)), or None")
    check_weight(spec.weight)
    if spec.host is not None and not hasattr(spec.host, "runtime"):
        raise SpecError("host", spec.host, "give a host such as Loop() or Process(), or None for the event loop")
    if getattr(spec.actor, "local", False) and not isinstance(spec.host, Loop | None):
        raise SpecError("host", spec.host, "this actor (a supervisor?) runs on the event loop only; leave it out")
