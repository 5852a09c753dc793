"""One of our actors, as code written for Pykka sees it."""

from __future__ import annotations

import asyncio
from threading import get_ident
from typing import TYPE_CHECKING, Any

import pykka

from llmactors._core.flags import DEAD
from llmactors.errors import ActorDownError, ActorEndedError, AskTimeoutError, WrongThreadError

if TYPE_CHECKING:
    from llmactors._ref import ActorRef


class View:
    """Has the verbs of a `pykka.ActorRef`: `tell`, `ask`, `stop`, `is_alive`. For any thread but the loop's."""

    def __init__(self, ref: ActorRef[Any]) -> None:
        self._ref = ref
        self.actor_class = ref.cls

    def is_alive(self) -> bool:
        """Say whether the slot is there."""
        return not self._ref.flags & DEAD

    def tell(self, message: Any) -> None:
        """Send *message*.

        Raises:
            pykka.ActorDeadError: The slot is gone.
        """
        if not self._ref.tell(message) and not self.is_alive():
            raise pykka.ActorDeadError(f"{self} not found")

    def ask(self, message: Any, *, block: bool = True, timeout: float | None = None) -> Any:
        """Send *message*; return its answer, or with `block=False` a future of it.

        Raises:
            pykka.ActorDeadError: The actor ended before it answered.
            pykka.Timeout: It did not answer in time (without *timeout*: in the endpoint's).
        """
        scheduler = self._ref.scheduler
        if block and get_ident() == scheduler.thread:
            raise WrongThreadError("ask")
        future: pykka.ThreadingFuture[Any] = pykka.ThreadingFuture()
        if not scheduler.call_from_elsewhere(self._begin, message, timeout, future):
            _fail(future, pykka.ActorDeadError(f"{self} not found"))
        return future.get() if block else future

    def _begin(self, message: Any, timeout: float | None, future: pykka.ThreadingFuture[Any]) -> None:
        asking = asyncio.ensure_future(self._ask(message, timeout, future))
        asking.set_name(f"{self} asked")

    async def _ask(self, message: Any, timeout: float | None, future: pykka.ThreadingFuture[Any]) -> None:
        try:
            future.set(await self._ref.ask(message, timeout))
        except AskTimeoutError as error:
            _fail(future, _caused(pykka.Timeout(str(error)), error))
        except (ActorEndedError, ActorDownError) as error:
            _fail(future, _caused(pykka.ActorDeadError(str(error)), error))
        except BaseException as error:
            _fail(future, error)
            if not isinstance(error, Exception):
                raise

    def stop(self, *, block: bool = True, timeout: float | None = None) -> None:  # noqa: ARG002  Pykka's signature
        """Ask the actor to end. Its supervisor decides what follows."""
        self._ref.stop()

    def __str__(self) -> str:
        return f"{self._ref.cls.__name__} ({self._ref.path})"


def _caused(error: BaseException, cause: BaseException) -> BaseException:
    error.__cause__ = cause
    return error


def _fail(future: pykka.ThreadingFuture[Any], error: BaseException) -> None:
    future.set_exception((type(error), error, error.__traceback__))
