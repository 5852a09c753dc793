"""An answer that is given later, from anywhere: what a handler returns when it does not know yet."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Generic, TypeVar

if TYPE_CHECKING:
    from llmactors._asks import Ask
    from llmactors._ref import ActorRef

R = TypeVar("R")


class _Unset:
    __slots__ = ()


UNSET: Final = _Unset()


class Later(Generic[R]):
    """An answer to come. Return it from a handler; call `answer` or `fail` once, when it is known.

    Until then the message is no longer in hand (the next one is handled), but its asker is remembered: it gets
    `ActorEndedError` if the incarnation ends first, and `AskTimeoutError` when it has waited long enough.

    Args:
        by: Another actor to answer in this one's place: the message is passed on to it, with its asker or reader.
    """

    __slots__ = ("_ask", "_error", "_value", "by", "done", "waited_for")

    def __init__(self, by: ActorRef[Any] | None = None) -> None:
        self.by = by
        self._ask: Ask | None = None
        self._value: Any = UNSET
        self._error: BaseException | None = None
        self.done = False
        self.waited_for = True

    def answer(self, value: R) -> None:
        """Give the answer. A second call is ignored: the asker has heard."""
        if not self.done:
            self.done = True
            self._value = value
            if self._ask is not None:
                self._ask.answer(value)
                self._forget(self._ask)

    def fail(self, error: BaseException) -> None:
        """Give an error as the answer. A second call is ignored."""
        if not self.done:
            self.done = True
            self._error = error
            if self._ask is not None:
                self._ask.fail(error)
                self._forget(self._ask)

    @staticmethod
    def _forget(ask: Ask) -> None:
        """The one who answers need not remember *ask* any more; nor what was asked, which may be large."""
        extra = ask.cell.extra
        if extra is not None and extra.laters is not None:
            extra.laters.pop(ask, None)

    def attach(self, ask: Ask) -> bool:
        """Remember the asker. False when the answer was there already. For the kernel."""
        if self._error is not None:
            ask.fail(self._error)
        elif self.done:
            ask.answer(self._value)
        else:
            self._ask = ask
            return True
        return False
