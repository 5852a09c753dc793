"""What all supervisors have in common: an actor that keeps children, and answers for them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

from llmactors import Actor, ActorRef, Ended, Exit, Later, Message, Slot, Started, StartFailed, StartIgnored, message
from supervisors._core import _events as events
from supervisors._core._family import GaveUp, Rules, StartedNot
from supervisors._core._slots import ALIVE, State
from supervisors._keeper import Keeper
from supervisors._reports import error_of
from supervisors._specs import ChildSpec
from supervisors._values import Intensity, Restart
from supervisors.errors import (
    ChildNotFoundError,
    ChildStartError,
    GaveUpError,
    SpecError,
    SupervisorError,
    UnknownOptionError,
)

A = TypeVar("A")

A_DAY = 86_400.0  # seconds: administration waits for as long as a child takes, as OTP's calls do
REFUSES = (SupervisorError,)
OUTCOMES = (Ended, Started, StartFailed)


@dataclass(frozen=True, slots=True, kw_only=True)
class ChildInfo:
    """One child, as `which_children` tells it.

    Attributes:
        ref: its address; None when it is at rest.
        state: waiting, starting, up, stopping, backing off, down or done.
        starts: how often it was started.
        supervisor: whether it is a supervisor itself.
    """

    name: str
    ref: ActorRef[Any] | None
    state: str
    actor: Callable[..., Any]
    restart: Restart
    starts: int
    supervisor: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ChildCount:
    """How many children there are, as `count_children` tells it.

    Attributes:
        specs: all that are known, running or not.
        active: those with an incarnation.
        supervisors: those that are supervisors, running or not.
        workers: the others, running or not.
    """

    specs: int
    active: int
    supervisors: int
    workers: int


class Overseer(Actor):
    """Base of the supervisors: opens a family when it starts, closes it when it stops, and administers it between."""

    pausable = False
    local = True
    trap_exits = True
    supervised: ClassVar[dict[str, Any]] = {"shutdown": "forever"}
    intensity: ClassVar[Intensity] = Intensity()
    _keeper: Keeper

    declarations: ClassVar[frozenset[str]] = frozenset({"intensity"})
    grants: ClassVar[bool] = False
    """Whether its children may have budgets."""

    def __init_subclass__(cls, **kwargs: Any) -> None:
        """Refuse what is declared and does not exist, and an intensity that is none."""
        super().__init_subclass__(**kwargs)
        for name, value in vars(cls).items():
            plain = isinstance(value, str | int | float | tuple | list | Intensity)
            if plain and name not in cls.declarations and get_close_matches(name, cls.declarations, cutoff=0.8):
                raise UnknownOptionError(name, value, cls.declarations)
        if not isinstance(cls.intensity, Intensity):
            raise SpecError("intensity", cls.intensity, "give an Intensity(restarts, within=seconds)")

    def _rules(self) -> Rules:
        raise NotImplementedError

    def _specs(self) -> Iterable[ChildSpec[Any]]:
        raise NotImplementedError

    def _opened(self, slot: Slot[Any]) -> None:
        """Hear of a slot that was opened."""

    def _ready(self, name: str) -> None:
        """Hear of a child that has said that it is ready."""

    # -- the supervisor's own life ------------------------------------------------------------------------------------
    async def on_start(self) -> None:
        """Start the children, in order, each after the one before is up.

        Raises:
            ChildStartError: one failed to start; those before it were stopped again, and its error is the cause.
        """
        self._keeper = keeper = Keeper(self.context, self._rules(), self._specs(), self._opened, self._ready)
        keeper.open()
        try:
            await keeper.opened.wait()
        except asyncio.CancelledError:  # stopped while it starts: what has started is stopped in order
            if self.context.over:  # or killed, and its children with it
                raise
            keeper.happened(events.StopAsked())
            await keeper.closed.wait()
            raise
        if isinstance(keeper.verdict, StartedNot):
            raise ChildStartError(keeper.verdict.name, keeper.verdict.why) from error_of(keeper.verdict.why)
        keeper.up()

    async def on_stop(self, exit: Exit) -> None:  # noqa: ARG002  whatever the exit, the children stop
        """Stop the children: static ones in reverse order, each after the one before is gone; dynamic ones at once.

        Raises:
            GaveUpError: the supervisor ends because it gave up; the last child's error is the cause.
        """
        keeper = self._keeper
        keeper.happened(events.StopAsked())
        await keeper.closed.wait()
        verdict = keeper.verdict
        if isinstance(verdict, GaveUp):
            intensity = keeper.specs[verdict.name].intensity or keeper.family.rules.intensity
            cause = error_of(verdict.why)
            raise GaveUpError(verdict.name, verdict.history, intensity.restarts, intensity.within) from cause

    def receive(self, message: Any) -> Any:
        """Hear of the children. A subclass that handles more passes on what it does not know.

        Raises:
            UnhandledMessageError: it is none of that.
        """
        keeper = self._keeper
        ref = message.ref if isinstance(message, OUTCOMES) else None
        name = "" if ref is None else ref.name
        slot = keeper.slots.get(name)
        if slot is None or slot.ref is not ref:
            return super().receive(message)
        if isinstance(message, Ended):
            keeper.ended(name, message.exit, message.in_hand)
        elif isinstance(message, Started):
            keeper.happened(events.Started(name))
        else:
            keeper.start_failed(name, message.error, ignored=isinstance(message.error, StartIgnored))
        return None

    def _is_ours(self, ref: ActorRef[Any]) -> bool:
        slot = self._keeper.slots.get(ref.name)
        return slot is not None and slot.ref is ref

    # -- administration -----------------------------------------------------------------------------------------------
    if TYPE_CHECKING:

        @staticmethod
        def start_child(spec: ChildSpec[A]) -> Message[Overseer, ActorRef[A] | Any]:
            """Start a new child, in the last place; the answer is its ref, once it is up.

            (None if the child itself says by `StartIgnored` that it need not run.)

            Raises:
                ChildStartError: it failed to start, with its error as the cause; nothing of it is kept.
                AlreadyStartedError: a child of that name runs.
                AlreadyPresentError: a child of that name is kept without running.
            """

    else:

        @message(timeout=A_DAY, raises=REFUSES)
        def start_child(self, spec: ChildSpec[Any]) -> Later[Any]:
            """Start a new child, in the last place; the answer is its ref, once it is up."""
            return self._start_child(spec)

    def _start_child(self, spec: ChildSpec[Any]) -> Later[Any]:
        raise NotImplementedError

    @message(timeout=A_DAY, raises=REFUSES)
    def terminate_child(self, child: str | ActorRef[Any] | ChildSpec[Any]) -> Later[None]:
        """End a child, named or by its ref, for good: it is gone when the answer comes, and its slot with it.

        Raises:
            ChildNotFoundError: it is not a child of this supervisor.
        """
        if isinstance(child, ActorRef) and child.parent is self.context.self_ref and child.state == "discarded":
            gone: Later[None] = Later()
            gone.answer(None)
            return gone
        return self._keeper.terminate(self._name_of(child))

    @message(timeout=A_DAY, raises=REFUSES)
    def restart_child(self, child: str | ChildSpec[Any]) -> Later[Any]:
        """Start a child again that is at rest; the answer is its ref, once it is up (or None, as for `start_child`).

        Raises:
            ChildRunningError: it runs.
            ChildRestartingError: it is being restarted.
            ChildNotFoundError: it is not a child of this supervisor.
            ChildStartError: it failed to start; it stays at rest.
        """
        return self._keeper.restart(self._name_of(child))

    @message(raises=REFUSES)
    def delete_child(self, child: str | ChildSpec[Any]) -> None:
        """Forget a child that is at rest; its name is free then.

        Raises:
            ChildRunningError: it runs.
            ChildRestartingError: it is being restarted.
            ChildNotFoundError: it is not a child of this supervisor.
        """
        self._keeper.delete(self._name_of(child))

    @message
    def which_children(self) -> list[ChildInfo]:
        """Tell of every child, the last started first."""
        return [self._info(slot.name) for slot in reversed(self._keeper.family.slots)]

    @message
    def count_children(self) -> ChildCount:
        """Count the children."""
        slots, specs = self._keeper.family.slots, self._keeper.specs
        supervisors = sum(_is_supervisor(spec) for spec in specs.values())
        return ChildCount(
            specs=len(slots),
            active=sum(slots.counts[state] for state in ALIVE),
            supervisors=supervisors,
            workers=len(slots) - supervisors,
        )

    def _name_of(self, child: str | ActorRef[Any] | ChildSpec[Any]) -> str:
        if isinstance(child, ActorRef):
            if not self._is_ours(child):
                raise ChildNotFoundError(child.path)
            return child.name
        return child if isinstance(child, str) else child.name

    def _info(self, name: str) -> ChildInfo:
        keeper = self._keeper
        slot, spec, opened = keeper.family.slots.get(name), keeper.specs[name], keeper.slots.get(name)
        state, starts = (State.DOWN, 0) if slot is None else (slot.state, slot.starts)
        return ChildInfo(
            name=name,
            ref=None if opened is None else opened.ref,
            state=state.value,
            actor=spec.actor,
            restart=Restart(spec.restart),
            starts=starts,
            supervisor=_is_supervisor(spec),
        )


def _is_supervisor(spec: ChildSpec[Any]) -> bool:
    return isinstance(spec.actor, type) and issubclass(spec.actor, Overseer)
