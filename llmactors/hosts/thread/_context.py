"""The context of an actor on a thread: its plain methods are called on the loop, from wherever they are called."""

from __future__ import annotations

import functools
import inspect
from typing import TYPE_CHECKING, Any, Self, TypeVar

from llmactors._accounts import Reservation, check
from llmactors._blocking import BlockingRef
from llmactors._context import Context
from llmactors._timers import Timer
from llmactors.errors import HostCapabilityError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from llmactors._ref import ActorRef
    from llmactors.hosts.thread._life import Life

A = TypeVar("A")
B = TypeVar("B")


class ThreadTimer(Timer):
    """A message that will be sent; `cancel` may be called on the thread."""

    __slots__ = ("_life",)

    def __init__(self, life: Life, *args: Any) -> None:
        self._life = life
        super().__init__(*args)

    def cancel(self) -> None:
        """Take the message back, if it has not been sent. Cancelling twice does nothing."""
        self._life.on_loop(super().cancel)


class ThreadReservation(Reservation):
    """Amounts set aside by an actor on a thread. In a plain handler `with` waits: its thread has nothing else to do."""

    __slots__ = ("_life",)

    def __init__(self, life: Life, amounts: Mapping[str, float]) -> None:
        super().__init__(life.cell, amounts)
        self._life = life

    def __enter__(self) -> Self:
        self._life.call(self.__aenter__())
        return self

    def __exit__(self, *error: object) -> None:
        self._life.on_loop(super().__exit__, *error)


class ThreadContext(Context[A]):
    """What an actor on a thread can see and do. All that `Context` has, but for slots, which belong on the loop."""

    __slots__ = ("_life",)

    def __init__(self, cell: ActorRef[A], actor: A, life: Life) -> None:
        super().__init__(cell, actor)
        self._life = life

    def open(self, *args: Any, **kwargs: Any) -> Any:  # noqa: ARG002  what cannot be had needs no arguments
        """Raise `HostCapabilityError`: an owner of slots runs on the loop."""
        raise HostCapabilityError("Thread()", "keep slots (`context.open`)")

    def call_after(self, *args: Any, **kwargs: Any) -> Any:  # noqa: ARG002  as above
        """Raise `HostCapabilityError`: an owner of slots runs on the loop."""
        raise HostCapabilityError("Thread()", "have the loop call (`context.call_after`)")

    def reserve(self, **amounts: float) -> Reservation:
        """Set amounts aside for what is about to be done; see `Context.reserve`."""
        check(amounts)
        return ThreadReservation(self._life, amounts)

    def blocking(self, ref: ActorRef[B]) -> BlockingRef[B]:
        """Return *ref* for a plain handler: its `ask` blocks the thread until the answer is there."""
        return BlockingRef(self._life, ref)

    def _timer(self, *args: Any) -> Timer:
        return ThreadTimer(self._life, *args)


def _on_loop(method: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(method)
    def called(self: ThreadContext[Any], *args: Any, **kwargs: Any) -> Any:
        return self._life.on_loop(method, self, *args, **kwargs)

    return called


for _name, _method in vars(Context).items():
    _plain = inspect.isfunction(_method) and not inspect.iscoroutinefunction(_method)
    if _plain and not _name.startswith("_") and _name not in vars(ThreadContext):
        setattr(ThreadContext, _name, _on_loop(_method))
