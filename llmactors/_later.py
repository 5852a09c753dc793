"""An answer that is given later, from anywhere: what a handler returns when it does not know yet."""

from __future__ import annotations

from threading import Lock, get_ident
from typing import TYPE_CHECKING, Any, Final, Generic, TypeVar

if TYPE_CHECKING:
    from llmactors._asks import Ask
    from llmactors._ref import ActorRef

R = TypeVar("R")


class _Unset:
    __slots__ = ()


UNSET: Final = _Unset()
_lock: Final = Lock()  # one for all: held for a few assignments


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
        """Give the answer; from any thread. A second call is ignored: the asker has heard."""
        self._settle(value, None)

    def fail(self, error: BaseException) -> None:
        """Give an error as the answer; from any thread. A second call is ignored."""
        self._settle(UNSET, error)

    def _settle(self, value: Any, error: BaseException | None) -> None:
        with _lock:
            if self.done:
                return
            self._value, self._error, self.done = value, error, True
            ask = self._ask
        if ask is None:
            return
        scheduler = ask.cell.scheduler
        if get_ident() == scheduler.thread:
            self._heard(ask)
        else:
            scheduler.call_from_elsewhere(self._heard, ask)

    def _heard(self, ask: Ask) -> None:
        """Tell the asker. Who answers need not remember it any more; nor what was asked, which may be large."""
        self._tell(ask)
        extra = ask.cell.extra
        if extra is not None and extra.laters is not None:
            extra.laters.pop(ask, None)

    def _tell(self, ask: Ask) -> None:
        if self._error is not None:
            ask.fail(self._error)
        else:
            ask.answer(self._value)

    def attach(self, ask: Ask) -> bool:
        """Remember the asker. False when the answer was there already. For the kernel."""
        with _lock:
            if not self.done:
                self._ask = ask
                return True
        self._tell(ask)
        return False
