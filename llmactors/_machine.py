"""`StateMachine`: an actor whose answers depend on the state that it is in. OTP's gen_statem."""

from __future__ import annotations

from contextvars import ContextVar
from inspect import iscoroutinefunction
from types import CoroutineType
from typing import TYPE_CHECKING, Any, Final, Generic, NoReturn, TypeVar, assert_never

from llmactors import _aside as aside
from llmactors import _slots as slots
from llmactors._actor import Actor
from llmactors._asks import PRIVATE
from llmactors._core.machine import (
    EVENT,
    STATE,
    Action,
    Arm,
    CancelTimeout,
    Disarm,
    Effect,
    Enter,
    Machine,
    NextEvent,
    NextState,
    Queue,
    RepeatState,
    SetTimeout,
    UpdateTimeout,
    arrive,
    decide,
    is_due,
)
from llmactors._messages import Due, InHand, Inserted
from llmactors._signals import Stashed
from llmactors.errors import UnhandledMessageError

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from llmactors._table import Table
    from llmactors._timers import Timer

S = TypeVar("S")


class _Step:
    """What the handler of one event asks for, until it returns."""

    __slots__ = ("actions", "entering", "machine")

    def __init__(self, machine: StateMachine[Any], *, entering: bool = False) -> None:
        self.machine, self.entering = machine, entering
        self.actions: list[Action] = []


_STEP: Final[ContextVar[_Step | None]] = ContextVar("llmactors_step", default=None)
PRIVATE.append(_STEP)


class StateMachine(Actor, Generic[S]):
    """An actor with states: events it cannot use yet are postponed, and time passes differently in each state.

    Every message is an event, and its handler reads `self.state`. What a handler asks for with the methods below
    happens when it returns, all at once; a handler that raises has asked for nothing. States are any values with `==`,
    best members of an `Enum`.

    Hooks: `on_enter(self, old, new)` runs in the first state (*old* is *new*), at each change, and at `repeat_state`.

    Attributes:
        initial: The first state; `__init__` may set it on the instance.
    """

    initial: S
    _machine: Machine | None = None
    _first: _Step | None = None
    _timers: dict[str, Timer]

    def __init_subclass__(cls, **kwargs: Any) -> None:
        """Refuse what a state machine cannot keep.

        Raises:
            TypeError: It handles events side by side, or enters its states asynchronously.
        """
        super().__init_subclass__(**kwargs)
        if cls.concurrency != 1:
            raise TypeError(
                f"{cls.__name__}.concurrency = {cls.concurrency}: a state machine handles one event at a time"
            )
        if iscoroutinefunction(cls.on_enter):
            raise TypeError(f"{cls.__name__}.on_enter is async: make it plain; what takes time belongs in a handler")

    # -- for subclasses --------------------------------------------------------------------------------------
    @property
    def state(self) -> S:
        """The state that the machine is in; in a handler, the one in which the event found it."""
        state: S = self.initial if self._machine is None else self._machine.state
        return state

    def on_enter(self, old: S, new: S) -> None:
        """A state is entered; timeouts may be set here. This one does nothing."""

    def next_state(self, state: S) -> None:
        """Be in *state* when the handler has returned. If it is another one, what was postponed comes back."""
        self._ask(NextState(state))

    def repeat_state(self) -> None:
        """Enter the present state once more; nothing else happens."""
        self._ask(RepeatState())

    def postpone(self) -> NoReturn:
        """End the handler here and keep its event until the state changes, its asker with it.

        As many events can be postponed as the mailbox holds; one more is refused like a message to a full mailbox.
        """
        if self._step().entering:
            raise RuntimeError("`on_enter` has no event that it could postpone")
        raise Stashed

    def next_event(self, *messages: object) -> None:
        """Handle *messages* next, in this order, before everything that waits."""
        self._ask(NextEvent(messages))

    def state_timeout(self, delay: float, message: object) -> None:
        """Get *message* in *delay* seconds, unless the state changes before."""
        self._ask(SetTimeout(STATE, _delay(delay), message))

    def event_timeout(self, delay: float, message: object) -> None:
        """Get *message* in *delay* seconds, unless any event comes before."""
        self._ask(SetTimeout(EVENT, _delay(delay), message))

    def timeout(
        self, name: str, delay: float | None = None, message: object = None, *, at: float | None = None
    ) -> None:
        """Get *message* in *delay* seconds, or *at* a time on the system's clock, whatever happens in between.

        Setting the same name again replaces it; `cancel_timeout(name)` takes it back.

        Raises:
            ValueError: The name is "state" or "event", or not exactly one of *delay* and *at* is given.
        """
        if name in {STATE, EVENT}:
            raise ValueError(f"timeout({name!r}): call `{name}_timeout`; other names are free")
        if (delay is None) == (at is None):
            raise ValueError(f"timeout({name!r}): give it a delay or `at=`, one of them")
        if at is not None:
            delay = max(0.0, at - self._cell.scheduler.clock())
        self._ask(SetTimeout(name, _delay(delay), message))

    def cancel_timeout(self, name: str) -> None:
        """Take a timeout back ("state", "event" or a name), also one that has fired and waits in the mailbox."""
        self._ask(CancelTimeout(name))

    def update_timeout(self, name: str, message: object) -> None:
        """Let a timeout bring *message* instead, at the time it was set to. One that is not set comes at once."""
        self._ask(UpdateTimeout(name, message))

    # -- for the kernel --------------------------------------------------------------------------------------
    @classmethod
    def _adapt(cls, table: Table) -> None:
        """Have each call of *table* handled as an event."""
        raw, missing = dict(table), table.missing

        def event_of(call: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
            def event(actor: StateMachine[Any], message: Any) -> Any:
                return actor._event(call, message)

            return event

        def inserted(actor: StateMachine[Any], item: Inserted) -> Any:
            if item.life is not actor:
                return None
            if isinstance(item.message, Due):
                return timed_out(actor, item.message)
            return actor._event(raw.get(item.message.__class__, missing), item.message, instead=item)

        def timed_out(actor: StateMachine[Any], due: Due) -> Any:
            machine = actor._machine
            if due.life is not actor or machine is None or not is_due(machine, due.name, due.serial):
                return None
            content = machine.alarms[due.name].message
            call = raw.get(content.__class__, missing)
            return actor._event(call, content, due=due.name, instead=Inserted(actor, content))

        def noticed(actor: StateMachine[Any], due: Due) -> Any:
            slots.took_notice(actor._cell)
            return timed_out(actor, due)

        table.update({cls: event_of(call) for cls, call in raw.items()})
        table.missing = event_of(missing)
        table[Inserted], table[Due] = inserted, noticed

    def _begin(self) -> None:
        """`on_start` has returned: enter the first state."""
        if not hasattr(self, "initial"):
            raise TypeError(f"{type(self).__name__} has no first state: declare `initial = ...` in its class body")
        self._timers = {}
        first, self._first = self._first, None
        actions = () if first is None else tuple(first.actions)
        self._machine, effects = decide(Machine(self.initial), actions)
        effects = tuple(effect for effect in effects if not isinstance(effect, Enter))
        self._order((*effects, Enter(self._machine.state, self._machine.state)))

    def _event(
        self, call: Callable[[Any, Any], Any], message: Any, *, due: str | None = None, instead: Inserted | None = None
    ) -> Any:
        """Handle one event; *instead* stands for one that does not come from outside."""
        assert self._machine is not None
        self._machine, effects = arrive(self._machine, due)
        self._order(effects)
        step = _Step(self)
        token = _STEP.set(step)
        try:
            answer = call(self, message)
        except (Stashed, UnhandledMessageError) as left:
            self._left(left, step, message, instead)
            return None
        finally:
            _STEP.reset(token)
        if answer.__class__ is CoroutineType:
            return self._finish(answer, step, message, instead)
        self._commit(step)
        return answer

    async def _finish(self, rest: Coroutine[Any, Any, Any], step: _Step, message: Any, instead: Inserted | None) -> Any:
        """Handle an event in an async handler."""
        _STEP.set(step)
        try:
            answer = await rest
        except (Stashed, UnhandledMessageError) as left:
            self._left(left, step, message, instead)
            return None
        self._commit(step)
        return answer

    def _left(self, left: Stashed | UnhandledMessageError, step: _Step, message: Any, instead: Inserted | None) -> None:
        """A handler postponed its event, or has none for it; what came from inside has no asker."""
        if isinstance(left, Stashed):
            raise Stashed(instead, self._commit(step, postponed=True)) from None
        if instead is None or left.message is not message:
            raise left
        self.context.system.dead_letter(message, self._cell, "unhandled")

    def _commit(self, step: _Step, *, postponed: bool = False) -> Callable[[], None] | None:
        """Let happen what the handler asked for. With *postponed*, return what has to follow the putting aside."""
        if not step.actions:
            return None
        assert self._machine is not None
        self._machine, effects = decide(self._machine, tuple(step.actions))
        step.actions.clear()
        if not postponed:
            self._order(effects)
            return None
        self._order(tuple(effect for effect in effects if not isinstance(effect, Queue)))
        queues = tuple(effect for effect in effects if isinstance(effect, Queue))
        return lambda: self._order(queues)

    def _order(self, effects: tuple[Effect, ...]) -> None:
        for effect in effects:
            match effect:
                case Arm(name, serial, delay):
                    self._disarm(name)
                    self._timers[name] = self.context.send_after(delay, Due(self, name, serial))
                case Disarm(name):
                    self._disarm(name)
                case Queue():
                    self._queue(effect)
                case Enter(old, new):
                    self._enter(old, new)
                case _:
                    assert_never(effect)

    def _disarm(self, name: str) -> None:
        timer = self._timers.pop(name, None)
        if timer is not None:
            timer.cancel()

    def _queue(self, queue: Queue) -> None:
        cell = self._cell
        if queue.retry:
            aside.unstash(cell)
        aside.insert(cell, [InHand(Inserted(self, message), 0) for message in queue.first])
        zero = [InHand(Inserted(self, Due(self, name, serial)), 0) for name, serial in queue.last]
        aside.insert(cell, zero, behind=True)

    def _enter(self, old: S, new: S) -> None:
        step = _Step(self, entering=True)
        token = _STEP.set(step)
        try:
            self.on_enter(old, new)
        finally:
            _STEP.reset(token)
        self._commit(step)

    def _ask(self, action: Action) -> None:
        step = self._step()
        if step.entering and isinstance(action, (NextState, RepeatState, NextEvent)):
            raise RuntimeError("`on_enter` may set timeouts, but neither change the state nor insert events")
        step.actions.append(action)

    def _step(self) -> _Step:
        step = _STEP.get()
        if step is not None and step.machine is self:
            return step
        if self._machine is None:
            if self._first is None:
                self._first = _Step(self)
            return self._first
        raise RuntimeError(f"`{self._cell.path}` is asked for a transition outside of the handler of an event")


def _delay(delay: float | None) -> float:
    if delay is None or not delay >= 0:
        raise ValueError(f"delay={delay!r}: a delay is a number of seconds, 0 or more")
    return delay
