"""The actors under a `TaskSupervisor`: one does one piece of work, one feeds a stream from many."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator
from inspect import isawaitable
from typing import Any, Literal, TypeAlias

from llmactors import Actor, ActorRef, Answered, Asks, Context, Exited, Unanswered, message
from supervisors._core._line import Line
from supervisors._overseer import A_DAY
from supervisors._values import is_count, is_number
from supervisors.errors import SpecError, SupervisorError, TaskTimeoutError

Function: TypeAlias = Callable[..., Awaitable[Any]]
Outcome: TypeAlias = Answered[Any, Any] | Unanswered[Any]
OnTimeout: TypeAlias = Literal["end", "kill"]


class Task(Actor):
    """Does one piece of work and ends: its own, once it is up, or what it is asked for.

    Args:
        function: its own work; None for one that is asked.
        args: the arguments of *function*.
    """

    def __init__(self, function: Function | None = None, args: tuple[Any, ...] = ()) -> None:
        self._function, self._args = function, args

    def on_start(self) -> None:
        """Have the work follow the start: whoever started it need not wait for it."""
        if self._function is not None:
            self.context.self_ref.tell(Task.work())

    @message(limit=None)
    async def work(self) -> None:
        """Do its own work. An error ends it abnormally, so that its restart type counts."""
        if self._function is not None:
            await called(self._function, self._args)
        self.context.stop()

    @message(timeout=A_DAY, limit=None, raises=(Exception,))
    async def run(self, function: Function, *args: Any) -> Any:
        """Do what is asked. The asker gets the result or the error; when it gives up, the work is cancelled."""
        try:
            return await called(function, args)
        finally:
            self.context.stop()


async def called(function: Function, args: tuple[Any, ...]) -> Any:
    """Await *function* with *args*.

    Raises:
        SpecError: it is none to await.
    """
    made = function(*args)
    if not isawaitable(made):
        raise SpecError("function", function, "give an async function; what blocks belongs in an actor on `Thread()`")
    return await made


class TaskStream(Actor):
    """Feeds one stream from tasks of its own, and ends with it; they cannot outlive it.

    Args:
        refused: why there is to be no stream; its reader gets that.
    """

    trap_exits = True  # a task that is killed is an outcome like any other

    def __init__(self, refused: SupervisorError | None = None) -> None:
        self._refused = refused

    def receive(self, message: Any) -> Any:
        """Ignore the ends of tasks: their asks tell what became of them."""
        return None if isinstance(message, Exited) else super().receive(message)

    @message(raises=(SupervisorError,))
    async def feed(
        self,
        function: Function,
        inputs: Iterable[Any],
        *,
        concurrency: int = 8,
        ordered: bool = True,
        timeout: float | None = 5.0,
        on_timeout: OnTimeout = "end",
    ) -> AsyncIterator[Outcome]:
        """Yield the outcome of *function* for each of *inputs*."""
        crew: Crew | None = None
        try:
            if self._refused is not None:
                raise self._refused
            check(concurrency, timeout, on_timeout)
            line = Line(concurrency, ordered=ordered, timeout=timeout)
            async with Asks[int, Any](A_DAY) as asks:
                crew = Crew(self.context, asks, line, function, iter(inputs))
                while crew.is_at_work():
                    for outcome in crew.given():
                        yield outcome
                    await crew.wait(None if on_timeout == "kill" else timeout)
        finally:
            if crew is not None:
                crew.kill()
            self.context.stop()


class Crew:
    """The tasks of a stream that run, each an actor under *context*'s."""

    def __init__(
        self, context: Context[Any], asks: Asks[int, Any], line: Line, function: Function, inputs: Iterator[Any]
    ) -> None:
        self._context, self._asks, self._line = context, asks, line
        self._function, self._inputs = function, inputs
        self._clock = asyncio.get_running_loop().time
        self._refs: dict[int, tuple[ActorRef[Task], Any]] = {}
        self._outcomes: dict[int, Outcome] = {}

    def is_at_work(self) -> bool:
        """Begin as many tasks as there is room for, and tell whether anything is to come."""
        while self._line.has_room:
            try:
                value = next(self._inputs)
            except StopIteration:
                break
            place = self._line.begin(self._clock())
            ref = self._context.spawn(Task, shutdown="kill")
            self._refs[place] = ref, value
            self._asks.add(place, ref, Task.run(self._function, value))
        return self._line.taken > 0

    def given(self) -> Iterator[Outcome]:
        """Give what is to be given now; each makes room for another task, which begins when this one was taken."""
        while (place := self._line.give()) is not None:
            yield self._outcomes.pop(place)
            self.is_at_work()

    async def wait(self, timeout: float | None) -> None:
        """Wait for an outcome, or until somebody is overdue.

        Args:
            timeout: the seconds that a task has, where one that is overdue ends the stream.

        Raises:
            TaskTimeoutError: it does.
        """
        if not self._refs:
            return
        try:
            outcome = await self._asks.next(self._line.left(self._clock()))
        except TimeoutError:
            for place in self._line.overdue(self._clock()):
                self._expire(place, timeout)
            return
        _, value = self._refs.pop(outcome.label)
        self._finish(
            outcome.label,
            Answered(value, outcome.value) if isinstance(outcome, Answered) else Unanswered(value, outcome.error),
        )

    def _expire(self, place: int, timeout: float | None) -> None:
        ref, value = self._refs.pop(place)
        error = TaskTimeoutError(value)
        self._asks.drop(place)
        ref.kill(error)
        if timeout is not None:
            raise error
        self._finish(place, Unanswered(value, error))

    def _finish(self, place: int, outcome: Outcome) -> None:
        self._line.finish(place)
        self._outcomes[place] = outcome

    def kill(self) -> None:
        """End every task that runs."""
        for ref, _ in self._refs.values():
            ref.kill("its stream has ended")


def check(concurrency: Any, timeout: Any, on_timeout: Any) -> None:
    """Refuse options of a stream that cannot be meant.

    Raises:
        SpecError: one of them.
    """
    if not is_count(concurrency) or concurrency == 0:
        raise SpecError("concurrency", concurrency, "give a whole number, 1 or more")
    if timeout is not None and (not is_number(timeout) or timeout <= 0):
        raise SpecError("timeout", timeout, "give seconds, more than 0, or None for any number")
    if on_timeout not in ("end", "kill"):
        raise SpecError("on_timeout", on_timeout, "'end' the stream or 'kill' the one task")
