"""`World`: what a test sees of one run, and does in it. The same at every level, from simulated to real processes."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, Protocol, TypeVar, cast, overload

from llmactors._core.flags import DEAD
from llmactors.testing import _values as happenings
from llmactors.testing._faults import At, Kind, Rule, When
from llmactors.testing.errors import NotSettledError, SimulationError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterable, Sequence
    from random import Random

    from llmactors._lookup import Locator
    from llmactors._messages import Message, Request
    from llmactors._ref import ActorRef
    from llmactors._system import ActorSystem

A = TypeVar("A")
R = TypeVar("R")


class Stagehand(Protocol):
    """What a world needs from the level at which it runs."""

    system: ActorSystem
    random: Random

    def now(self) -> float:
        """Return the seconds since the run began."""
        ...

    def history(self) -> Sequence[happenings.Event]:
        """Return what has happened so far."""
        ...

    def note(self, text: str) -> None:
        """Note something that the test says."""
        ...

    async def order(self, rule: Rule, within: float) -> str:
        """Have a fault happen at the next place that fits, and return to whom it did."""
        ...

    def strike(self, kind: Kind, where: Any) -> str:
        """Have a fault happen at once, and return to whom it did."""
        ...

    def freeze(self, where: Any) -> list[str]:
        """Stop workers as SIGSTOP does; return whom."""
        ...

    def thaw(self, where: Any) -> None:
        """Have them go on."""
        ...

    def part(self, where: Any) -> list[str]:
        """Cut workers off; return whom."""
        ...

    def join(self, where: Any) -> None:
        """Join them again."""
        ...

    def heal(self) -> None:
        """End all faults."""
        ...

    def watch(self, check: Callable[[], None]) -> Callable[[], None]:
        """Have *check* called after every step; return what takes it back."""
        ...


class World:
    """One run, as its test sees it.

    Attributes:
        system: The system that is tested.
        random: Chance that is the same in every run of the same seed.
    """

    def __init__(self, stagehand: Stagehand) -> None:
        self._hand = stagehand
        self.system, self.random = stagehand.system, stagehand.random
        self.interesting: dict[str, bool] = {}
        self.broken: list[str] = []
        self._refs: dict[int, tuple[Any, ActorRef[Any]]] = {}

    @property
    def now(self) -> float:
        """Seconds since the run began."""
        return self._hand.now()

    @property
    def events(self) -> Sequence[happenings.Event]:
        """What has happened so far, the oldest first."""
        return self._hand.history()

    # -- messages --------------------------------------------------------------------------------------------
    @overload
    def ref(self, where: str) -> ActorRef[Any]: ...
    @overload
    def ref(self, where: Locator[A]) -> ActorRef[A]: ...
    @overload
    def ref(self, where: ActorRef[A]) -> ActorRef[A]: ...
    def ref(self, where: Any) -> ActorRef[Any]:
        """Return an actor by its spec or path."""
        return where if hasattr(where, "tell") else self.system.ref(where)

    def _found(self, where: Any) -> ActorRef[Any]:
        """Do as `ref` does, and look what a spec means up once, as long as that is there."""
        known = self._refs.get(id(where))
        if known is not None and not known[1].flags & DEAD:
            return known[1]
        ref = self.ref(where)
        self._refs[id(where)] = where, ref  # held, so that nothing else can be taken for it
        return ref

    def tell(self, where: Any, message: Message[Any, Any] | object) -> bool:
        """Tell an actor something, from outside."""
        return self._found(where).tell(message)

    def ask(self, where: Any, message: Message[Any, R] | Request[R], timeout: float | None = None) -> asyncio.Task[R]:
        """Ask an actor something, from outside, and go on: the answer is for `settle`, or to be awaited."""
        ask = self._found(where).ask(cast("Message[Any, R]", message), timeout)
        return asyncio.get_running_loop().create_task(ask, name=f"ask {message!r}")

    async def settle(self, jobs: Iterable[asyncio.Task[R]], within: float = 60.0) -> list[R]:
        """Wait for asks, and return their answers, in order.

        Raises:
            NotSettledError: Not all of them have an outcome after *within* seconds.
            BaseException: What the first of them that failed has raised.
        """
        jobs = list(jobs)
        if jobs:
            _, late = await asyncio.wait(jobs, timeout=within)
            if late:
                names = [job.get_name() for job in jobs if job in late]
                for job in late:
                    job.cancel()
                raise NotSettledError(names, within)
        return [job.result() for job in jobs]

    async def advance(self, seconds: float) -> None:
        """Let time pass."""
        await asyncio.sleep(seconds)

    # -- faults ----------------------------------------------------------------------------------------------
    async def kill(
        self,
        where: Any,
        *,
        after: When | None = None,
        message: Any = None,
        nth: int | None = None,
        within: float = 60.0,
    ) -> str:
        """Kill an actor, at once or at a place in the life of a message; return who it was.

        Args:
            where: Whom: a spec (a pool's means one of its workers), a class, a pattern of paths, or a ref.
            after: When a message is `"taken"`, when its handler goes on after an `"await"`, or when it has `"finished"`
                and nobody has heard of it yet. None kills at once.
            message: At such a message only.
            nth: At that actor's n-th such message only.
            within: Seconds to wait for that place.

        Raises:
            SimulationError: There is no such actor, or no such place came in time.
        """
        if after is None and message is None and nth is None:
            return self._hand.strike("kill", where)
        return await self._order("kill", At(where, message=message, nth=nth, when=after or "taken"), within)

    async def crash(
        self,
        where: Any,
        *,
        after: When = "taken",
        message: Any = None,
        nth: int | None = None,
        within: float = 60.0,
    ) -> str:
        """Have an exception leave a handler; the rest is as for `kill`."""
        return await self._order("crash", At(where, message=message, nth=nth, when=after), within)

    async def _order(self, kind: Kind, at: At, within: float) -> str:
        try:
            return await self._hand.order(Rule(kind, at, 1.0), within)
        except TimeoutError:
            raise SimulationError(
                f"nobody could be struck by {kind}: no message was {at.when} by {at.who!r} within {within:g} s"
            ) from None

    @asynccontextmanager
    async def frozen(self, where: Any) -> AsyncIterator[list[str]]:
        """Have workers stand still, as SIGSTOP does, as long as the block runs."""
        stopped = self._hand.freeze(where)
        try:
            yield stopped
        finally:
            self._hand.thaw(where)

    @asynccontextmanager
    async def partition(self, where: Any) -> AsyncIterator[list[str]]:
        """Have workers cut off as long as the block runs: nothing comes to them, and nothing is heard of them."""
        parted = self._hand.part(where)
        try:
            yield parted
        finally:
            self._hand.join(where)

    async def heal(self) -> None:
        """End all faults: from here on everything has to converge."""
        self._hand.heal()

    # -- what holds ------------------------------------------------------------------------------------------
    def always(self, label: str, holds: Callable[[], bool]) -> None:
        """Have *holds* be true after every step from now on, to the end of the test."""

        def check() -> None:
            if not holds():
                self.broken.append(f"{label}: not true at t={self.now:g}")
                stop()

        stop = self._hand.watch(check)

    async def eventually(self, label: str, holds: Callable[[], bool], within: float = 60.0) -> None:
        """Wait until *holds* is true.

        Raises:
            NotSettledError: It is not after *within* seconds.
        """
        came: asyncio.Future[None] = asyncio.get_running_loop().create_future()

        def check() -> None:
            if holds() and not came.done():
                came.set_result(None)

        stop = self._hand.watch(check)
        try:
            check()
            async with asyncio.timeout(within):
                await came
        except TimeoutError:
            raise NotSettledError([label], within) from None
        finally:
            stop()

    def sometimes(self, label: str, happened: object) -> None:
        """Say that *happened* has to be true in some run: the test fails when it is in none."""
        self.interesting[label] = self.interesting.get(label, False) or bool(happened)

    def seen(self, what: type[happenings.Event] | Callable[[happenings.Event], bool]) -> bool:
        """Say whether such an event has happened: one of that class, or one for which *what* is true."""
        if isinstance(what, type):
            return any(isinstance(event, what) for event in self.events)
        return any(what(event) for event in self.events)

    def note(self, text: str) -> None:
        """Write something into the history; it is shown where a run fails."""
        self._hand.note(text)
