"""A batch: messages of one endpoint that are in hand together, as one entry of a mailbox."""

from __future__ import annotations

from types import CoroutineType
from typing import TYPE_CHECKING, Any

from llmactors._asks import Ask, skip
from llmactors._carried import Envelope

if TYPE_CHECKING:
    from asyncio import TimerHandle
    from collections.abc import Callable, Coroutine

    from llmactors._ref import ActorRef


class Spec:
    """A batched endpoint of one actor class."""

    __slots__ = ("call", "message_class", "most", "name", "within")

    def __init__(self, message_class: type, call: Callable[[Any, Any], Any], batch: tuple[int, float]) -> None:
        self.message_class, self.call = message_class, call
        self.name: str = message_class.__match_args__[0]  # type: ignore[attr-defined]  # it is made from one parameter
        self.most, self.within = batch

    def gather(self, _actor: Any, _message: Any) -> Any:
        """Stand in the table as the call of a message."""
        raise Gather(self)


class Gather(BaseException):
    """The message in hand begins a batch. No `Exception`: no `except` keeps it."""

    def __init__(self, spec: Spec) -> None:
        super().__init__("the message in hand begins a batch")
        self.spec = spec


class Batch:
    """Messages in hand together."""

    __slots__ = ("items", "spec", "timer")

    def __init__(self, spec: Spec, item: Any) -> None:
        self.spec = spec
        self.items = [item]
        self.timer: TimerHandle | None = None

    @property
    def message(self) -> Any:
        """The first message, which stands for all."""
        return message_in(self.items[0])

    def full(self) -> bool:
        """Say whether none more fits."""
        return len(self.items) >= self.spec.most

    def pending(self) -> bool:
        """Say whether anybody waits, or nobody ever did."""
        return any(not isinstance(item, Ask) or item.pending() for item in self.items)

    def run(self, actor: Any) -> Any:
        """Handle the messages together, but for those whose asker gave up."""
        cell: ActorRef[Any] = actor._cell
        given_up = [item for item in self.items if isinstance(item, Ask) and not item.pending()]
        for ask in given_up:
            skip(ask)
        self.items = [item for item in self.items if item not in given_up] if given_up else self.items
        if not self.items:
            return None
        cell.handled += len(self.items) - 1
        name = self.spec.name
        answers = self.spec.call(actor, [getattr(message_in(item), name) for item in self.items])
        return self._finish(answers) if answers.__class__ is CoroutineType else self.answer(answers)

    async def _finish(self, answers: Coroutine[Any, Any, Any]) -> None:
        self.answer(await answers)

    def answer(self, answers: Any) -> None:
        """Give each its answer.

        Raises:
            TypeError: There are not as many answers as messages.
        """
        if not isinstance(answers, (list, tuple)) or len(answers) != len(self.items):
            what = f"{len(answers)} answers" if isinstance(answers, (list, tuple)) else type(answers).__name__
            raise TypeError(
                f"a batch of {self.message.__endpoint__.name} had {len(self.items)} messages, and its handler returned "
                f"{what}: return a list with one answer for each, in order"
            )
        for item, answer in zip(self.items, answers, strict=True):
            if isinstance(item, Ask):
                item.answer(answer)


def parts_of(item: Any) -> list[Any]:
    """Return what the mailbox held before it was gathered."""
    return item.items if isinstance(item, Batch) else [item]


def message_in(item: Any) -> Any:
    """Return the message in what a mailbox holds before it is gathered."""
    return item.message if isinstance(item, (Ask, Envelope)) else item
