"""`drive`: one actor by hand, without a loop of one's own and without waiting.

Theory of operation
1. Each call of a `Driven` lets the actor do all it can do without time passing, and comes back: with the answer, or
   with what it waits for. Time passes by `advance` only.
2. Everything around the actor is a stand-in: what it is told is noted, what it is asked the test answers, what the
   actor spawns is one more. So one actor is tested, and nothing else runs.
3. It is run by the kernel itself, on a loop that stands still, so an order of messages, a deadline or an end is not
   imitated. A crash is raised by the call in which it happened, as the error that it was.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, NamedTuple, TypeVar, cast, overload

from llmactors import _ends as ends
from llmactors._actor import Actor
from llmactors._birth import Birth
from llmactors._core.flags import DEAD
from llmactors._exits import Exit, Normal, error_of
from llmactors._messages import Due
from llmactors._signals import Kill, Stop
from llmactors.testing._core.patterns import called, fits, list_of
from llmactors.testing._stage import Stage
from llmactors.testing.errors import ExpectationError, NotAnsweredError

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Mapping

    from llmactors._messages import DeadLetter, Message, Request, StreamMessage
    from llmactors._ref import ActorRef
    from llmactors.testing._stand_ins import Asked, SentTo, Spawned

A = TypeVar("A")
A_actor = TypeVar("A_actor", bound=Actor)
R = TypeVar("R")
T = TypeVar("T")


class Scheduled(NamedTuple):
    """A message that will be sent: in how many seconds, what, and to whom. Equal to the tuple of the three."""

    after: float
    message: Any
    to: ActorRef[Any]


@dataclass(slots=True, eq=False)
class Reply(Generic[R]):
    """The answer to a message that was sent to a driven actor; it may still be to come."""

    _driven: Driven[Any]
    _task: asyncio.Task[R]

    @property
    def done(self) -> bool:
        """Whether it is there."""
        return self._task.done()

    @property
    def value(self) -> R:
        """The answer.

        Raises:
            NotAnsweredError: It is not there yet; the text says what the actor waits for.
            BaseException: The error that is the answer.
        """
        if not self.done:
            raise NotAnsweredError(self._driven._waits_for())
        return self._task.result()


class Driven(Generic[A]):
    """An actor that a test drives by hand. Made by `drive`.

    Whatever happens in a call that ends the actor by an error is raised by that call; `exit` then says it, too.
    """

    def __init__(self, stage: Stage, ref: ActorRef[A]) -> None:
        self._stage, self.ref = stage, ref
        self._raised: BaseException | None = None
        self._instance: Any = ref.actor

    # -- messages ----------------------------------------------------------------------------------------------
    @overload
    def ask(self, message: Message[A, R], timeout: float | None = None) -> R: ...
    @overload
    def ask(self, message: Request[R], timeout: float | None = None) -> R: ...
    def ask(self, message: Any, timeout: float | None = None) -> Any:
        """Ask, and return the answer.

        Raises:
            NotAnsweredError: The actor waits for something; the text says what. `send` does not mind.
            BaseException: What the handler raised, whether that is an answer or the actor's end.
        """
        return self.send(message, timeout).value

    @overload
    def send(self, message: Message[A, R], timeout: float | None = None) -> Reply[R]: ...
    @overload
    def send(self, message: Request[R], timeout: float | None = None) -> Reply[R]: ...
    def send(self, message: Any, timeout: float | None = None) -> Reply[Any]:
        """Ask, and return the answer's place; the answer may be there already, or come by a later call."""
        return Reply(self, self._begin(self.ref.ask(message, timeout)))

    def tell(self, message: Message[A, Any] | Request[Any] | object) -> bool:
        """Tell, and return whether the message was accepted."""
        return cast("bool", self._run(self.ref.tell, message))

    def stream(self, message: StreamMessage[A, T], *, window: int = 32) -> list[T]:
        """Read a stream to its end, and return its items.

        Raises:
            NotAnsweredError: It has not ended; the text says what the actor waits for.
            BaseException: What the stream ended with.
        """
        return Reply(self, self._begin(_read(self.ref, message, window))).value

    # -- what it did -------------------------------------------------------------------------------------------
    @property
    def actor(self) -> A:
        """The instance: its attributes are there to be looked at."""
        instance: A = self._instance
        return instance

    @property
    def sent(self) -> list[SentTo]:
        """What it sent to others, in order: pairs `(to, message)`; asks and streams are among them. Yours to clear."""
        return self._stage.notes.sent

    @property
    def asked(self) -> list[Asked]:
        """What it asked and has no answer to yet, the eldest first; see `answer`."""
        return self._stage.notes.asked

    @property
    def spawned(self) -> list[Spawned]:
        """What it spawned, or began in a slot, in order. Stand-ins live there."""
        return self._stage.notes.spawned

    @property
    def scheduled(self) -> list[Scheduled]:
        """What it will send of its own accord, the soonest first."""
        timers = () if self.ref.extra is None else self.ref.extra.timers or ()
        now = self._stage.loop.time()
        pending = [(timer._handle.when() - now, timer) for timer in timers if timer._handle is not None]
        soonest_first = sorted(pending, key=lambda one: one[0])
        return [Scheduled(round(due, 9), self._meant(timer._message), timer._to) for due, timer in soonest_first]

    @property
    def stopped(self) -> list[ActorRef[Any]]:
        """Whom it told to stop, in order."""
        return self._stage.notes.stopped

    @property
    def killed(self) -> list[ActorRef[Any]]:
        """Whom it killed, in order."""
        return self._stage.notes.killed

    @property
    def linked(self) -> list[ActorRef[Any]]:
        """To whom it is linked by `context.link`."""
        return [] if self.ref.extra is None else list(self.ref.extra.links or ())

    @property
    def monitored(self) -> list[ActorRef[Any]]:
        """Whom it monitors."""
        return [] if self.ref.extra is None else [monitor.ref for monitor in self.ref.extra.watching or ()]

    @property
    def reserved(self) -> list[dict[str, float]]:
        """What it reserved, in order: amounts by resource."""
        return self._stage.reserved

    @property
    def spent(self) -> Mapping[str, float]:
        """What it has spent, by resource."""
        return self.ref.usage().spent or {}

    @property
    def dead_letters(self) -> list[DeadLetter]:
        """What nobody handled, in order, the last hundred."""
        return list(self._stage.system.dead_letters.recent)

    @property
    def exit(self) -> Exit | None:
        """How it ended; None while it lives."""
        return self.ref.extra.exit if self.ref.flags & DEAD and self.ref.extra is not None else None

    @property
    def now(self) -> float:
        """The virtual seconds since the actor began."""
        return self._stage.loop.time()

    # -- what happens to it --------------------------------------------------------------------------------------
    def advance(self, seconds: float) -> None:
        """Let so many seconds pass: its timers, time-outs and sleeps go off in their time.

        Raises:
            ValueError: The seconds are below 0.
        """
        if not seconds >= 0:
            raise ValueError(f"seconds={seconds!r}: time goes forward; give a number of seconds, 0 or more")
        self._stage.advance(seconds)
        self._raise_crash()

    def answer(self, value: Any, to: Any = object) -> None:
        """Answer the eldest of its asks that is *to* this (a pattern: an endpoint, a message, a class, a function).

        A stream is answered with a list of its items.

        Raises:
            ExpectationError: It asks no such thing; the text says what it does ask.
        """
        self._settle(value, None, to)

    def fail(self, error: BaseException, to: Any = object) -> None:
        """Answer the eldest of its asks that is *to* this with an error. Raises as `answer` does."""
        self._settle(None, error, to)

    def end(self, ref: ActorRef[Any], exit: Exit | None = None) -> None:
        """Have a stand-in end (`Normal()` unless said otherwise): who watches it or is linked to it hears so."""
        self._run(ends.end, ref, Normal() if exit is None else exit)

    def refuse_reservations(self, error: BaseException | None) -> None:
        """Have every reservation from now on raise *error*; None grants them again."""
        self._stage.refusal = error

    def stop(self, *, drain: bool = False) -> Exit:
        """Stop it, and return how it ended.

        Raises:
            NotAnsweredError: It has not ended: a handler, or `on_stop`, waits for something.
        """
        self._run(self.ref.signal, Stop(drain))
        if self.exit is None:
            raise NotAnsweredError(self._waits_for())
        return self.exit

    def kill(self, cause: BaseException | str | None = None) -> None:
        """Kill it: `on_stop` does not run."""
        self._stage.run(self.ref.signal, Kill(cause))

    # -- inside --------------------------------------------------------------------------------------------------
    def _meant(self, message: Any) -> Any:
        """Return the message that the timeout of a state machine stands for."""
        machine = getattr(self._instance, "_machine", None)
        if isinstance(message, Due) and machine is not None and message.name in machine.alarms:
            return machine.alarms[message.name].message
        return message

    def _begin(self, work: Coroutine[Any, Any, R]) -> asyncio.Task[R]:
        def begin() -> asyncio.Task[R]:
            task = self._stage.loop.create_task(work)
            task.add_done_callback(_look)
            return task

        return cast("asyncio.Task[R]", self._run(begin))

    def _run(self, call: Callable[..., Any], *args: Any) -> Any:
        answer = self._stage.run(call, *args)
        self._raise_crash()
        return answer

    def _raise_crash(self) -> None:
        error = None if self.exit is None else error_of(self.exit)
        if error is not None and error is not self._raised:
            self._raised = error
            raise error

    def _settle(self, value: Any, error: BaseException | None, to: Any) -> None:
        fit = fits(to)
        found = next((asked for asked in self.asked if fit(asked.message)), None)
        if found is None:
            what = "nothing" if to is object else f"no {called(to)}"
            asks = f"; it does ask:{list_of([str(asked) for asked in self.asked])}" if self.asked else ""
            raise ExpectationError(f"`{self.ref.path}` asks {what} that could be answered{asks}")
        self.asked.remove(found)
        self._run(found.settle, value, error)

    def _waits_for(self) -> str:
        path = self.ref.path
        if self.asked:
            asks = list_of([str(asked) for asked in self.asked])
            return f"`{path}` waits for an answer, give it by `answer(...)`, then read `send(...).value`:{asks}"
        return f"`{path}` ({self.ref.state}) waits, and asks nobody; let time pass by `advance(...)`, if it sleeps"


@overload
def drive(
    actor: Callable[..., A], *args: Any, known: Mapping[Any, ActorRef[Any]] | None = None, **kwargs: Any
) -> Driven[A]: ...
@overload
def drive(actor: A_actor, *, known: Mapping[Any, ActorRef[Any]] | None = None) -> Driven[A_actor]: ...
def drive(actor: Any, *args: Any, known: Mapping[Any, ActorRef[Any]] | None = None, **kwargs: Any) -> Driven[Any]:
    """Begin to drive one actor by hand: `drive(Counter(3))`, or `drive(Counter, 3)`.

    The second form has its constructor run inside, where `self.context` is there; agents need it.

    Args:
        actor: An instance that nobody runs, or its class.
        args: For the constructor.
        known: What `context.ref` finds, by name, path or spec: stand-ins.
        kwargs: For the constructor.

    Raises:
        TypeError: It is no actor, or one that runs already.
        BaseException: Whatever kept it from starting.
    """
    instance = None if callable(actor) else actor
    birth = Birth(actor, args, kwargs) if instance is None else Birth(type(actor))
    cls = getattr(birth.cls, "func", birth.cls)
    if not (isinstance(cls, type) and issubclass(cls, Actor)) or (instance is not None and (args or kwargs)):
        raise TypeError(
            f"drive({actor!r}): give an actor, `drive(Counter(3))`, or its class with the constructor's arguments, "
            "`drive(Counter, 3)`; a handle of an agent is neither: give its class"
        )
    if getattr(instance, "_cell", None) is not None:
        raise TypeError(f"drive({actor!r}): it is run by a system already; make another one")
    stage = Stage(known or {})
    ref = stage.begin(birth, instance, cls.__name__.lower().strip("_"))
    driven: Driven[Any] = Driven(stage, ref)
    error = None if ref.extra is None else ref.extra.start_error
    if error is not None:
        raise error
    return driven


async def _read(ref: ActorRef[Any], message: StreamMessage[Any, T], window: int) -> list[T]:
    async with ref.stream(message, window=window) as items:
        return [item async for item in items]


def _look(task: asyncio.Task[Any]) -> None:
    """Look at how a task ended: an error that the test does not read is none that asyncio has to report."""
    if not task.cancelled():
        task.exception()
