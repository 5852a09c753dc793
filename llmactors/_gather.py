"""Many asks at once, with one deadline: all answers, the first, or the first of several that take turns to begin."""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, Self, TypeVar

from llmactors._core.hedge import AskNext, Event, GiveUp, Hedge, decide
from llmactors._messages import ASK_TIMEOUT, Message, Request
from llmactors.errors import NoAnswerError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from types import TracebackType

    from llmactors._ref import ActorRef

A = TypeVar("A")
L = TypeVar("L")
R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class Answered(Generic[L, R]):
    """The ask of that label was answered."""

    label: L
    value: R


@dataclass(frozen=True, slots=True)
class Unanswered(Generic[L]):
    """The ask of that label failed: whatever `ActorRef.ask` raises is its error."""

    label: L
    error: BaseException


class Asks(Generic[L, R]):
    """Asks in flight, each under a label of your own, all with one deadline.

    `async with Asks(timeout=2.0) as asks:`, then `asks.add(label, ref, message)` for each. Take what comes with `next`
    or `async for`, in the order in which it comes, or all of it with `gather`, or the first answer with `first`. Asks
    that are left at the end of the block are abandoned: async handlers are cancelled, late answers reach nobody.

    Args:
        timeout: Seconds from now for all of them, those that are added later too.
    """

    def __init__(self, timeout: float = ASK_TIMEOUT) -> None:
        if not timeout > 0:
            raise ValueError(f"timeout={timeout!r}: a time is a positive number of seconds")
        self._loop = asyncio.get_running_loop()
        self._deadline = self._loop.time() + timeout
        self._tasks: dict[L, asyncio.Task[R]] = {}
        self._dropped: dict[asyncio.Task[R], None] = {}
        self._outcomes: deque[Answered[L, R] | Unanswered[L]] = deque()
        self._waiter: asyncio.Future[None] | None = None
        self._open = False

    async def __aenter__(self) -> Self:
        self._open = True
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._open = False
        await self._drop_all()

    def __len__(self) -> int:
        """How many labels are in use: asks in flight, and outcomes that were not taken yet."""
        return len(self._tasks) + len(self._outcomes)

    @property
    def labels(self) -> frozenset[L]:
        """The labels in use."""
        return frozenset(self._tasks) | {outcome.label for outcome in self._outcomes}

    def add(self, label: L, ref: ActorRef[A], message: Message[A, R] | Request[R]) -> None:
        """Ask *ref*, from now on to the common deadline.

        Raises:
            RuntimeError: Outside of the `async with` block.
            ValueError: The label is in use.
        """
        if not self._open:
            raise RuntimeError("asks are added inside of `async with Asks(...) as asks:`, which ends what is left")
        if label in self.labels:
            raise ValueError(f"the label {label!r} is in use by another ask of this collection")
        left = max(0.0, self._deadline - self._loop.time())
        asked: Any = ref.ask(message, left)
        task: asyncio.Task[R] = self._loop.create_task(asked)
        self._tasks[label] = task
        task.add_done_callback(lambda done: self._ended(label, done))

    def drop(self, label: L) -> None:
        """Abandon an ask, or forget its outcome. An unknown label is no error: it may just have been taken."""
        task = self._tasks.pop(label, None)
        if task is not None:
            task.cancel()
            self._dropped[task] = None
        self._outcomes = deque(outcome for outcome in self._outcomes if outcome.label != label)
        self._wake()

    async def next(self, timeout: float | None = None) -> Answered[L, R] | Unanswered[L]:
        """Take the next outcome, in the order in which they come.

        A call that is cancelled or runs out of time has taken nothing; all asks go on.

        Raises:
            LookupError: There is none in flight.
            TimeoutError: There was none within *timeout* seconds.
        """
        async with asyncio.timeout(timeout):
            while not self._outcomes:
                if not self._tasks:
                    raise LookupError("no ask is in flight: `add` one before waiting for its outcome")
                self._waiter = self._loop.create_future()
                await self._waiter
        return self._outcomes.popleft()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Answered[L, R] | Unanswered[L]:
        try:
            return await self.next()
        except LookupError:
            raise StopAsyncIteration from None

    async def gather(self) -> tuple[dict[L, R], dict[L, BaseException]]:
        """Wait for all, at most to the deadline; return the answers and the errors, each by label."""
        answers: dict[L, R] = {}
        errors: dict[L, BaseException] = {}
        async for outcome in self:
            match outcome:
                case Answered(label, value):
                    answers[label] = value
                case Unanswered(label, error):
                    errors[label] = error
        return answers, errors

    async def first(self) -> Answered[L, R]:
        """Take the first answer and abandon the rest.

        Raises:
            NoAnswerError: All of them failed, or there is none; `errors` says why, by label.
        """
        errors: dict[Any, BaseException] = {}
        async for outcome in self:
            if isinstance(outcome, Answered):
                await self._drop_all()
                return outcome
            errors[outcome.label] = outcome.error
        raise NoAnswerError(errors)

    def _ended(self, label: L, task: asyncio.Task[R]) -> None:
        if self._tasks.get(label) is not task:
            if not task.cancelled():
                task.exception()  # it was abandoned: nobody is to hear of it
            self._dropped.pop(task, None)
            return
        del self._tasks[label]
        if task.cancelled():
            error: BaseException | None = asyncio.CancelledError("the ask was cancelled from outside")
        else:
            error = task.exception()
        self._outcomes.append(Answered(label, task.result()) if error is None else Unanswered(label, error))
        self._wake()

    def _wake(self) -> None:
        waiter, self._waiter = self._waiter, None
        if waiter is not None and not waiter.done():
            waiter.set_result(None)

    async def _drop_all(self) -> None:
        tasks = [*self._tasks.values(), *self._dropped]
        self._tasks.clear()
        self._outcomes.clear()
        self._wake()
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)


async def hedged(
    refs: Iterable[ActorRef[A]], message: Message[A, R], *, delay: float, timeout: float = ASK_TIMEOUT
) -> R:
    """Ask the first of *refs*; ask the next one too whenever *delay* seconds bring no answer, or one fails.

    The first answer wins, and the others are abandoned. For what may be done twice, such as reading.

    Args:
        refs: Whom to ask, in order.
        message: What to ask.
        delay: Seconds that each has for itself before the next is asked.
        timeout: Seconds for all of it.

    Raises:
        NoAnswerError: All of them failed; `errors` says why, by position.
    """
    those, errors = list(refs), dict[Any, BaseException]()
    hedge, effect = decide(Hedge(len(those)), Event.BEGIN) if those else (Hedge(0), GiveUp())
    async with Asks[int, R](timeout) as asks:
        while not isinstance(effect, GiveUp):
            patience: float | None = None
            if isinstance(effect, AskNext):
                asks.add(effect.index, those[effect.index], message)
                patience = delay if effect.more else None
            try:
                outcome = await asks.next(patience)
            except TimeoutError:
                hedge, effect = decide(hedge, Event.DELAY_PASSED)
                continue
            if isinstance(outcome, Answered):
                return outcome.value
            errors[outcome.label] = outcome.error
            hedge, effect = decide(hedge, Event.FAILED)
    raise NoAnswerError(errors)
