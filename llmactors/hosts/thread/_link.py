"""A user's Pykka actor under supervision: the class as it is, and beneath it what tells of its life.

Theory of operation
1. The actor is made of a subclass that is made for one life. It changes nothing that the actor does; it passes on what
   Pykka tells its hooks: the start, the failure, the stop.
2. A message from our side is wrapped, so that its outcome is heard of. An exception under `tell` is a failure, and the
   actor's end; under `ask` it is the answer. Those are Pykka's rules.
3. `SystemExit` and the like end this actor and no other. (Pykka by itself would stop every actor of the process.)
"""

from __future__ import annotations

import threading
from contextlib import suppress
from typing import TYPE_CHECKING, Any, ClassVar

import pykka

from llmactors import _fence as fences
from llmactors.hosts._abandoned import Occupation, give_up
from llmactors.hosts.thread._clock import ThreadClock

if TYPE_CHECKING:
    from collections.abc import Callable

    from llmactors._scheduler import Scheduler


class Handed:
    """A message from our side, and who hears its outcome."""

    __slots__ = ("asked", "content", "done")

    def __init__(self, content: Any, done: Callable[[Any, BaseException | None], None], *, asked: bool) -> None:
        self.content, self.done, self.asked = content, done, asked


class Link:
    """What there is between a `PykkaChild` and its Pykka actor.

    Args:
        scheduler: Of our system.
        path: Of the child.
        started: Called on the loop when `on_start` has returned.
        ended: Called on the loop, once, when the actor is over; with its error, if it failed.
    """

    def __init__(
        self,
        scheduler: Scheduler,
        path: str,
        started: Callable[[], None],
        ended: Callable[[BaseException | None], None],
    ) -> None:
        self._scheduler, self._path = scheduler, path
        self.started, self._ended = started, ended
        self.fence = fences.Fence()
        self.occupation = Occupation()
        self.clock = ThreadClock()
        self._over = False
        self.failure: BaseException | None = None
        self.ref: pykka.ActorRef[Any] | None = None

    # -- from the loop ---------------------------------------------------------------------------------------
    def hand(self, message: Any, done: Callable[[Any, BaseException | None], None], *, asked: bool) -> None:
        """Put a message into the actor's inbox."""
        assert self.ref is not None
        with suppress(pykka.ActorDeadError):  # it has just ended; that is on its way here, and more than an outcome
            self.ref.tell(Handed(message, done, asked=asked))

    def stop(self) -> None:
        """Have it stop after what is in its inbox."""
        if self.ref is not None:
            self.ref.stop(block=False)

    def let_go(self) -> None:
        """Nothing of it counts any more."""
        self.fence.open = False
        if self.occupation.interrupt() and self.occupation.thread is not None:
            give_up(self.occupation.thread, self._path)
        self.stop()

    # -- on its thread ---------------------------------------------------------------------------------------
    def begin(self, cls: type[pykka.ThreadingActor], args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        """Make the actor and start it, as `cls.start` does; on any thread but the loop's."""
        try:
            ref = supervised(cls, self).start(*args, **kwargs)
        except BaseException as error:  # noqa: BLE001  whatever a constructor raises is a failed start
            self.over(error)
            return
        if not self.fence.open:
            ref.stop(block=False)

    def deliver(self, call: Callable[..., Any], *args: Any) -> None:
        """Call *call* on the loop, if the life still counts."""
        self._scheduler.call_from_elsewhere(self.fence.let_through, call, *args)

    def over(self, error: BaseException | None = None) -> None:
        """The actor is over; the first to say so is heard."""
        if not self._over:
            self._over = True
            self.deliver(self._ended, error or self.failure)


class Watched(pykka.ThreadingActor):
    """What stands between Pykka and the user's class in a supervised life."""

    use_daemon_thread: ClassVar[bool] = True  # one that never comes back must not keep the program from ending
    _llmactors_link: ClassVar[Link]

    def on_start(self) -> None:
        """Say that it is up, or that it is not."""
        link = self._llmactors_link
        link.ref, link.occupation.thread = self.actor_ref, threading.current_thread()
        fences.enter(link.fence)
        link.clock.begin()
        try:
            super().on_start()
        except Exception as error:
            link.clock.end()
            link.over(error)
            raise
        link.deliver(link.started)

    def on_failure(self, *failure: Any) -> None:
        """Say that it has failed."""
        try:
            if self._llmactors_link.fence.open:
                super().on_failure(*failure)
        finally:
            self._llmactors_link.clock.end()
            self._llmactors_link.over(failure[1])

    def on_stop(self) -> None:
        """Say that it has stopped. A killed one stops without running the user's hook."""
        error: BaseException | None = None
        try:
            if self._llmactors_link.fence.open:
                super().on_stop()
        except Exception as raised:
            error = raised
            raise
        finally:
            self._llmactors_link.clock.end()
            self._llmactors_link.over(error)

    def _handle_receive(self, message: Any) -> Any:
        link = self._llmactors_link
        if not link.fence.open and not self.actor_stopped.is_set():
            self._stop()
            raise pykka.ActorDeadError(f"{self.actor_ref} was killed before it handled the message")
        try:
            link.occupation.begin()
            try:
                return self._llmactors_received(message)
            finally:
                link.occupation.end()
        except Exception:
            raise
        except BaseException as error:  # noqa: BLE001  rule 3
            link.failure = error
            return self._stop()

    def _llmactors_received(self, message: Any) -> Any:
        if not isinstance(message, Handed):
            return super()._handle_receive(message)
        try:
            value = super()._handle_receive(message.content)
        except Exception as error:
            if not message.asked:
                raise
            self._llmactors_link.deliver(message.done, None, error)
        else:
            self._llmactors_link.deliver(message.done, value, None)
        return None


def supervised(cls: type[pykka.ThreadingActor], link: Link) -> type[pykka.ThreadingActor]:
    """Make the class of one supervised life."""
    names = {
        "_llmactors_link": link,
        "__module__": cls.__module__,
        "__qualname__": cls.__qualname__,
        "__doc__": cls.__doc__,
    }
    return type(cls.__name__, (Watched, cls), names)
