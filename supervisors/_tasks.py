"""`TaskSupervisor`: one-off work, supervised."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from typing import TYPE_CHECKING, Any, Final, TypeVar, TypeVarTuple, Unpack

from llmactors import ActorRef, Answered, Exited, Later, Message, StreamMessage, Unanswered, message
from supervisors._dynamic import DynamicSupervisor
from supervisors._overseer import A_DAY, REFUSES
from supervisors._specs import ChildSpec, RestartWord
from supervisors._task import OnTimeout, Task, TaskStream
from supervisors._values import Restart
from supervisors.errors import SupervisorError

V = TypeVar("V")
R = TypeVar("R")
Ts = TypeVarTuple("Ts")

# A message passed on keeps its class, so these are the messages of those who answer.
RUN: Final[Any] = Task.run
FEED: Final[Any] = TaskStream.feed
WORKERS: Final[dict[Any, type[Task | TaskStream]]] = {RUN.message_class: Task, FEED.message_class: TaskStream}

SPECS: Final = {actor: ChildSpec(actor=actor, restart=Restart.TEMPORARY) for actor in (Task, TaskStream)}


class TaskSupervisor(DynamicSupervisor):
    """Runs async functions, each in an actor of its own that ends with it (Elixir's Task.Supervisor).

    ```py
    ref = await tasks.ask(TaskSupervisor.start(send_mail, "ann"))  # and forget it
    page = await tasks.ask(TaskSupervisor.async_nolink(fetch, url), timeout=10.0)
    async with tasks.stream(TaskSupervisor.stream(fetch, urls, concurrency=4)) as outcomes:
        async for outcome in outcomes: ...
    ```

    Tasks are temporary children: what fails is not run again, and harms no other. They run on the event loop.

    Attributes:
        max_children: how many tasks there may be; None for any number. A stream counts as one.
    """

    if TYPE_CHECKING:

        @staticmethod
        def start(
            function: Callable[[Unpack[Ts]], Awaitable[object]], *args: *Ts, restart: RestartWord = "temporary"
        ) -> Message[TaskSupervisor, ActorRef[Any]]:
            """Run *function* and forget it; the answer, its actor's ref, comes once it is under way.

            Args:
                function: an async function.
                args: its positional arguments; keywords go by `functools.partial`.
                restart: ``temporary``: never run again; ``transient``: after an error, which counts for `intensity`.

            Raises:
                TooManyChildrenError: `max_children` is reached.
            """
            raise NotImplementedError

        @staticmethod
        def async_nolink(function: Callable[[Unpack[Ts]], Awaitable[R]], *args: *Ts) -> Message[TaskSupervisor, R]:
            """Run *function*; the answer is its result or its error, which harms nobody else.

            It is cancelled, and gone, when the asker gives up. Give the ask a `timeout`; without one it waits for long.

            Raises:
                TooManyChildrenError: `max_children` is reached.
                ActorEndedError: the task was ended from outside.
                Exception: what *function* raises.
            """
            raise NotImplementedError

        @staticmethod
        def stream(
            function: Callable[[V], Awaitable[R]],
            inputs: Iterable[V],
            *,
            concurrency: int = 8,
            ordered: bool = True,
            timeout: float | None = 5.0,
            on_timeout: OnTimeout = "end",
        ) -> StreamMessage[TaskSupervisor, Answered[V, R] | Unanswered[V]]:
            """Run *function* for each of *inputs*; the items are the outcomes, each with its input as the label.

            Nothing of it is left when the reader leaves. Inputs are taken as there is room for them.

            Args:
                function: an async function of one argument.
                inputs: any number of them, without end if need be.
                concurrency: tasks at a time. With *ordered*, outcomes that wait for one before them count too.
                ordered: whether outcomes come in the order of the inputs, or as they are there.
                timeout: seconds that each task has; None for any number.
                on_timeout: whether one that has had its time is to ``end`` the stream, by `TaskTimeoutError`, or to be
                    ``kill``-ed alone, with that error as its outcome.

            Raises:
                SpecError: an option holds what it cannot mean.
                TaskTimeoutError: a task was too slow, and `on_timeout="end"`.
                TooManyChildrenError: `max_children` is reached.
            """
            raise NotImplementedError

    else:
        async_nolink, stream = staticmethod(RUN), staticmethod(FEED)

        @message(timeout=A_DAY, raises=REFUSES)
        def start(self, function: Any, *args: Any, restart: RestartWord = "temporary") -> Later[Any]:
            """Run *function* and forget it; the answer is its actor's ref, once it is under way."""
            spec = ChildSpec(actor=Task, args=(function, args), restart=restart)
            return self._keeper.add(self._numbered(Task), spec, kept=False)

    def receive(self, message: Any) -> Any:
        """Hand work on to a new child, which answers; or hear of the children."""
        worker = WORKERS.get(message.__class__)
        if worker is not None:
            return self._hand_on(worker)
        return None if isinstance(message, Exited) else super().receive(message)

    def _hand_on(self, actor: type[Task | TaskStream]) -> Later[Any]:
        name = self._numbered(actor)
        try:
            self._keeper.add(name, SPECS[actor], kept=False)
        except SupervisorError as error:  # an answer; only a stream's reader has to be told by a stream
            if actor is TaskStream:
                return Later(by=self.context.spawn(TaskStream, error))
            refused: Later[Any] = Later()
            refused.fail(error)
            return refused
        return Later(by=self._keeper.slots[name].ref)
