"""The shell of a family: it tells the core what happens and carries its orders out, in the name of one supervisor.

There is no judgement here. Nothing waits: an order is given and done with, and what becomes of it comes back as an
event.
"""

from __future__ import annotations

import asyncio
import contextvars
import logging
from collections import deque
from collections.abc import Callable, Iterable
from functools import lru_cache, partial
from typing import Any, Final, assert_never

from llmactors import ActorRef, Context, InHand, Later, Message, Slot, Timer
from supervisors._core import _effects as effects
from supervisors._core import _events as events
from supervisors._core._administration import refusal
from supervisors._core._decide import decide
from supervisors._core._effects import Fact, Rare
from supervisors._core._family import Family, Rules, Verdict, family
from supervisors._core._slots import Terms
from supervisors._reports import causes_of, described, error_of, is_heard, report
from supervisors._specs import ChildSpec, refuse_budget
from supervisors._values import TEMPORARY, Restart
from supervisors.errors import ChildStartError, SupervisorError

LEVELS: Final = {
    Fact.STARTED: logging.INFO,
    Fact.RESTARTED: logging.INFO,
    Fact.IGNORED: logging.INFO,
    Fact.ENDED: logging.INFO,
    Fact.START_FAILED: logging.WARNING,
}


AT_WORK: Final = frozenset({"ready", "running"})
"""States of a child that has work, and may work."""


class Keeper:
    """Keeps the children of one incarnation of a supervisor.

    Args:
        context: the supervisor's own.
        rules: what its class declares.
        specs: its first children, each with a name.
        on_open: called with each slot that was opened.
        on_ready: called with the name of each child that has said that it is ready.
    """

    def __init__(
        self,
        context: Context[Any],
        rules: Rules,
        specs: Iterable[ChildSpec[Any]],
        on_open: Callable[[Slot[Any]], None],
        on_ready: Callable[[str], None],
    ) -> None:
        self._on_open, self._on_ready = on_open, on_ready
        self.specs = {spec.name: spec for spec in specs}
        self.family: Family = family(rules, ((name, _terms(spec)) for name, spec in self.specs.items()))
        self.slots: dict[str, Slot[Any]] = {}
        self.opened, self.closed = asyncio.Event(), asyncio.Event()
        self._up = self._failed = False
        self._context = context
        self._clock, self._chance = context.system.ports.clock, context.system.ports.random.random
        self._events: deque[events.Event] = deque()
        self._deciding = False
        self._timers: dict[str | None, Timer] = {}
        self._probes: set[asyncio.Task[bool]] = set()
        self._in_hand: dict[str, tuple[InHand, ...]] = {}
        self._starts: dict[str, Later[Any]] = {}
        self._stops: dict[str, list[Later[None]]] = {}

    @property
    def verdict(self) -> Verdict | None:
        """Why the family closes, once it does."""
        return self.family.verdict

    # -- what happens -------------------------------------------------------------------------------------------------
    def open(self) -> None:
        """Open all slots, so that the children's refs are there for each other; then start the children in order."""
        for name in self.specs:
            self._open(name)
        self.happened(events.OpenAsked())

    def happened(self, event: events.Event) -> None:
        """Answer *event*; one that comes up meanwhile has its turn after it.

        Where an order cannot be carried out, the keeper knows its family no more: it is over, and says so to who waits.
        """
        if self._failed:
            return
        self._events.append(event)
        if self._deciding:
            return
        self._deciding = True
        try:
            while self._events:
                self.family, orders = decide(self.family, self._events.popleft(), self._clock())
                for effect in orders:
                    if isinstance(effect, effects.Report):  # the most frequent first
                        self._report(effect)
                    elif isinstance(effect, effects.BeginStart):
                        self._begin_start(effect.name)
                    else:
                        self._order(effect)
        except BaseException:
            self._failed = True
            self.opened.set()
            self.closed.set()
            raise
        finally:
            self._deciding = False

    def ended(self, name: str, exit_: events.Exit, in_hand: tuple[InHand, ...]) -> None:
        """A child's incarnation has ended; what it had in hand may be delivered again to its next one."""
        if in_hand:
            self._in_hand[name] = in_hand
        self.happened(events.Ended(name, exit_, self._chance(), described(exit_)))

    def start_failed(self, name: str, error: BaseException, *, ignored: bool) -> None:
        """A child's incarnation did not come up."""
        self.happened(events.StartFailed(name, error, ignored, self._chance(), described(error)))

    def _due(self, name: str | None, ticket: int) -> None:
        self._timers.pop(name, None)
        self.happened(events.TimerFired(name, ticket))

    # -- what is asked ------------------------------------------------------------------------------------------------
    def add(self, name: str, spec: ChildSpec[Any], *, kept: bool = True) -> Later[Any]:
        """Start a new child. The answer is its ref once it is up, or None if it says that it need not run.

        Args:
            name: its name, whatever its spec says.
            spec: the child. One spec may serve for many.
            kept: whether the name stays known when the child is at rest.

        Raises:
            SupervisorError: it cannot be added now.
        """
        asked = events.ChildAdded(name, _terms(spec, kept=kept))
        self._refuse(asked)
        self.specs[name] = spec
        return self._await_start(asked)

    def restart(self, name: str) -> Later[Any]:
        """Start a child again that does not run. The answer is as for `add`.

        Raises:
            SupervisorError: it runs, or is not known.
        """
        asked = events.RestartAsked(name)
        self._refuse(asked)
        return self._await_start(asked)

    def terminate(self, name: str) -> Later[None]:
        """End a child. The answer comes when it is gone.

        Raises:
            SupervisorError: it is not known.
        """
        asked = events.TerminateAsked(name)
        self._refuse(asked)
        later: Later[None] = Later()
        self._stops.setdefault(name, []).append(later)
        self.happened(asked)
        return later

    def delete(self, name: str) -> None:
        """Forget a child that does not run.

        Raises:
            SupervisorError: it runs, or is not known.
        """
        asked = events.DeleteAsked(name)
        self._refuse(asked)
        self.happened(asked)
        self._forget(name)

    def _refuse(self, asked: events.Request) -> None:
        error = refusal(self.family, asked)
        if error is not None:
            raise error

    def _await_start(self, asked: events.ChildAdded | events.RestartAsked) -> Later[Any]:
        later: Later[Any] = Later()
        self._starts[asked.name] = later
        self.happened(asked)
        return later

    # -- what is ordered ----------------------------------------------------------------------------------------------
    def _order(self, effect: Rare) -> None:
        match effect:
            case effects.SendStop(name):
                self.slots[name].stop()
            case effects.Kill(name, why):
                self.slots[name].kill("its spec says shutdown='kill'" if why is None else why)
            case effects.Probe() | effects.Look():
                self._examine(effect)
            case effects.ArmTimer(name, delay, ticket):
                self._timers[name] = self._context.call_after(delay, partial(self._due, name, ticket))
            case effects.CancelTimer(name):
                self._timers.pop(name).cancel()
            case effects.Discard(name):
                self._discard(name)
            case effects.GiveUp():
                self._report_give_up(effect)
            case effects.AnswerStart() | effects.AnswerStop():
                self._answer(effect)
            case effects.Ready():
                self.opened.set()
            case effects.Finished():
                self._finish()
            case _:
                assert_never(effect)

    def _begin_start(self, name: str) -> None:
        try:
            slot = self.slots.get(name) or self._open(name)
            if slot.revive(self._in_hand.pop(name, ()), told=False):
                self._events.append(events.Started(name))
        except Exception as error:  # noqa: BLE001  an order that fails is an event like any other
            self.start_failed(name, error, ignored=False)

    def _examine(self, effect: effects.Probe | effects.Look) -> None:
        ref, question = self.slots[effect.name].ref, self.specs[effect.name].ready
        if isinstance(effect, effects.Look):
            state, usage = ref.state, ref.usage()
            working = state in AT_WORK or (state == "idle" and usage.mailbox > 0)  # a stopped process takes nothing
            self.happened(events.Looked(effect.name, effect.life, usage.progress, working))
        elif question is not None:  # asked in a task of nobody's: this supervisor goes on
            asking = asyncio.create_task(_is_ready(ref, question, effect.within), context=contextvars.Context())
            self._probes.add(asking)
            asking.add_done_callback(partial(self._probed, effect.name, effect.life))

    def _probed(self, name: str, life: int, asking: asyncio.Task[bool]) -> None:
        self._probes.discard(asking)
        if not asking.cancelled() and not self._context.over:
            self._context.call_after(0.0, partial(self._answered, name, life, ready=asking.result()))

    def _answered(self, name: str, life: int, *, ready: bool) -> None:
        self.happened(events.Probed(name, life, ready))
        if ready:
            self._on_ready(name)

    def _open(self, name: str) -> Slot[Any]:
        spec = self.specs[name]
        refuse_budget(spec, self._context.self_ref.cls)
        slot = self.slots[name] = self._context.open(
            name,
            spec.actor,
            *spec.args,
            kwargs=spec.kwargs,
            host=spec.host,
            mailbox=spec.mailbox,
            redeliver=spec.redeliver,
            shutdown=spec.shutdown,
            start_timeout=spec.start_timeout,
        )
        self._on_open(slot)
        return slot

    def _discard(self, name: str) -> None:
        self._in_hand.pop(name, None)
        slot = self.slots.pop(name, None)
        if slot is not None:
            slot.discard()
        self._forget(name)

    def _forget(self, name: str) -> None:
        """Let go of a spec that the family no longer knows: its arguments may be large."""
        if self.family.slots.get(name) is None:
            self.specs.pop(name, None)

    def _answer(self, effect: effects.AnswerStart | effects.AnswerStop) -> None:
        match effect:
            case effects.AnswerStop(name):
                for waiting in self._stops.pop(name, ()):
                    waiting.answer(None)
            case effects.AnswerStart(name, None, ignored):
                self._starts.pop(name).answer(None if ignored else self.slots[name].ref)
            case effects.AnswerStart(name, SupervisorError() as error):
                self._starts.pop(name).fail(error)
            case effects.AnswerStart(name, why):
                error = ChildStartError(name, why)
                error.__cause__ = error_of(why)
                self._starts.pop(name).fail(error)

    def _finish(self) -> None:
        """No child is left. The supervisor ends with this, unless it is ending already."""
        self.closed.set()
        if self._up:
            self._context.stop()
        self.opened.set()

    def up(self) -> None:
        """The supervisor is about to be up. What is over by now ends as it would have a moment later."""
        self._up = True
        if self.closed.is_set():
            self._context.stop()

    # -- what is told -------------------------------------------------------------------------------------------------
    def _report(self, effect: effects.Report) -> None:
        level = LEVELS[effect.fact] if effect.expected else logging.WARNING
        if is_heard(level):
            if level == logging.INFO and self.family.rules.parallel:
                level = logging.DEBUG  # there may be 100 000 of them
            exit_ = None if effect.why is None else described(effect.why)
            facts = {"exit": exit_, "causes": causes_of(effect.why), "restarts": self._restarts(effect)}
            report(level, effect.fact.value, path=self._path(effect.name), **facts)

    def _report_give_up(self, effect: effects.GiveUp) -> None:
        facts = {"causes": causes_of(effect.why), "ends": list(effect.history)}
        report(logging.ERROR, "supervisor_gave_up", path=self._context.path, child=self._path(effect.name), **facts)

    def _path(self, name: str) -> str:
        return f"{self._context.path.rstrip('/')}/{name}"

    def _restarts(self, effect: effects.Report) -> int | None:
        slot = self.family.slots.get(effect.name)
        return None if slot is None or effect.fact is not Fact.RESTARTED else slot.starts - 1


async def _is_ready(ref: ActorRef[Any], question: Message[Any, Any], within: float | None) -> bool:
    """Ask a child whether it is ready. No answer is a no; if it has ended, its supervisor hears that apart."""
    try:
        answer = await ref.ask(question, within)
    except Exception:  # noqa: BLE001  whatever it is: it is not ready
        return False
    return answer is None or bool(answer)


def _terms(spec: ChildSpec[Any], *, kept: bool = True) -> Terms:
    restart = Restart(spec.restart)
    return _same(
        Terms(
            restart=restart,
            kill=spec.shutdown == "kill",
            significant=spec.significant,
            kept=kept and restart is not TEMPORARY,
            backoff=spec.backoff,
            intensity=spec.intensity,
            probed=spec.ready is not None,
            ready_timeout=spec.ready_timeout,
            stall_timeout=spec.stall_timeout,
        )
    )


@lru_cache(256)
def _same(terms: Terms) -> Terms:
    """Have children of the same terms share them: there may be 100 000 of them."""
    return terms
