"""`PykkaChild`: an actor class written for Pykka, as it is, as a child of a supervisor."""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING, Any

from llmactors import _ends as ends
from llmactors._asks import CURRENT, Ask
from llmactors._declare import message
from llmactors._exits import Crash, Exit, Normal
from llmactors._later import Later
from llmactors.errors import HandlerTimeoutError
from llmactors.hosts._abandoned import ASYNC_EXC
from llmactors.hosts._stand import Stand
from llmactors.hosts.thread._config import need_pykka

if TYPE_CHECKING:
    from collections.abc import Callable

    from llmactors.hosts.thread._link import Link


class PykkaChild(Stand):
    """Stands for an actor of a `pykka.ThreadingActor` subclass: `child(PykkaChild, Player, "piano")`.

    Whatever it is told goes to the Pykka actor's `on_receive`, and what that returns is the answer
    (`await ref.ask(PykkaChild.on_receive("play"))`). An exception under `tell` is the actor's failure: `on_failure`
    runs, and its supervisor hears a `Crash`. Under `ask` it is the answer, as in Pykka. An actor that stops itself ends
    `Normal`.

    Args:
        actor_class: The class, as it is.
        args: For its constructor.
        kwargs: For its constructor.
    """

    _interrupted_by = ASYNC_EXC

    def __init__(self, actor_class: Callable[..., Any], *args: Any, **kwargs: Any) -> None:
        self._class, self._args, self._kwargs = actor_class, args, kwargs
        self._link: Link | None = None
        self._up: asyncio.Future[BaseException | None]
        self._gone: asyncio.Future[BaseException | None]

    async def on_start(self) -> None:
        """Start the Pykka actor; it is up when its own `on_start` has returned.

        Raises:
            MissingExtraError: Pykka is not installed.
            TypeError: The class is no `pykka.ThreadingActor`.
        """
        need_pykka("PykkaChild")
        import pykka  # noqa: PLC0415  an extra

        from llmactors.hosts.thread._link import Link  # noqa: PLC0415  it needs Pykka

        if not isinstance(self._class, type) or not issubclass(self._class, pykka.ThreadingActor):
            raise TypeError(f"{self._class!r} is no subclass of pykka.ThreadingActor")
        cell, loop = self._cell, asyncio.get_running_loop()
        self._up, self._gone = loop.create_future(), loop.create_future()
        self._link = link = Link(cell.scheduler, cell.path, self._started, self._ended)
        begin = (self._class, self._args, self._kwargs)  # the constructor may block: not on the loop
        threading.Thread(target=link.begin, args=begin, name=f"pykka starts {cell.path}", daemon=True).start()
        try:
            error = await self._up
        except asyncio.CancelledError:
            link.let_go()
            raise
        if error is not None:
            raise error

    def _started(self) -> None:
        if not self._up.done():
            self._up.set_result(None)

    def _cpu_elsewhere(self) -> float:
        """Return the CPU seconds that the Pykka actor's thread has used."""
        return 0.0 if self._link is None or self._counted else self._link.clock.seconds()

    def _count(self) -> None:
        """The life is over: its thread's time stays in the slot's account."""
        used, self._counted = self._cpu_elsewhere(), True
        self._cell.need_extra().elsewhere += used

    def _ended(self, error: BaseException | None) -> None:
        self._count()
        if not self._up.done():
            self._up.set_result(error or RuntimeError("it stopped before it had started"))
            return
        self._gone.set_result(error)
        if not self._stopping:  # in the next turn: the outcome that came before this is heard first
            asyncio.get_running_loop().call_soon(self._end, Normal() if error is None else Crash(error))

    def _end(self, exit: Exit) -> None:
        if self._cell.actor is self:
            ends.end(self._cell, exit)

    _stopping = _counted = False

    async def on_stop(self, exit: Exit) -> None:
        """Have the Pykka actor stop, after what is in its inbox, and wait until its `on_stop` has run."""
        self._stopping = True
        if self._link is None or self._gone.done():
            return
        if isinstance(exit, Crash) and isinstance(exit.error, HandlerTimeoutError):
            self._link.occupation.interrupt()
        self._link.stop()
        error = await self._gone
        if error is not None:
            raise error

    def _let_go(self) -> None:
        """The child was killed: so is the actor, as far as a thread can be."""
        if self._link is not None:
            self._count()
            self._link.let_go()

    @message
    def pykka_ref(self) -> Any:
        """Answer with the `pykka.ActorRef` of the present life. It is dead after a restart: ask anew."""
        return None if self._link is None else self._link.ref

    @message
    async def on_receive(self, message: Any) -> Any:
        """Answer as the Pykka actor's `on_receive` does. The bare message does the same; this one has a type."""
        return await self.receive(message)

    async def receive(self, message: Any) -> Any:
        """Hand a message to the Pykka actor, and wait until it has been handled."""
        link = self._link
        assert link is not None
        outcome: asyncio.Future[tuple[Any, BaseException | None]] = asyncio.get_running_loop().create_future()

        def done(value: Any, error: BaseException | None) -> None:
            if not outcome.done():
                outcome.set_result((value, error))

        link.hand(message, done, asked=isinstance(CURRENT.get(), Ask))
        value, error = await outcome
        if error is None:
            return value
        failed = Later[Any]()
        failed.fail(error)
        return failed
