"""`Probe`: an actor whose messages a test reads, with sentences about what came where something else was expected."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from itertools import count
from typing import TYPE_CHECKING, Any, Literal, TypeVar, overload

from llmactors import _lookup as lookup
from llmactors._actor import Actor
from llmactors._core.mailbox import Mailbox
from llmactors._later import Later
from llmactors._messages import Down, StreamMessage
from llmactors.errors import UnhandledMessageError
from llmactors.testing._arrivals import Arrivals
from llmactors.testing._core.patterns import called, cut, each, first, fits, in_order, list_of
from llmactors.testing.errors import ExpectationError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from llmactors._exits import Exit
    from llmactors._ref import ActorRef
    from llmactors._system import ActorSystem
    from llmactors.testing._arrivals import Pick

T = TypeVar("T")

WITHIN = 3.0
"""Seconds in which something is expected, unless said otherwise."""
QUIET = 0.1
"""Seconds in which nothing is expected, unless said otherwise."""


@dataclass(slots=True)
class Heard:
    """A message that came to a probe, when, and where its answer goes."""

    message: Any
    at: float
    answer: Later[Any]


class ProbeActor(Actor):
    """Hears everything that it is told and asked, and answers when the test does. For `Probe`."""

    mailbox = Mailbox(capacity=1_000_000)
    local = True  # what it is told is compared as it was sent

    def __init__(self, hear: Callable[[Any, Later[Any]], None]) -> None:
        self._hear = hear

    def receive(self, message: Any) -> Later[Any]:
        """Hear it. Streams have no reader's end here."""
        if isinstance(message, StreamMessage):
            raise UnhandledMessageError(self.context.path, message, "a probe does not stream")
        later: Later[Any] = Later()
        self._hear(message, later)
        return later


class Probe:
    """An actor that a test reads: hand its `ref` to others, and say what should come.

    What comes is kept until something takes it, so the order in which a test asks for things is its own. Times are on
    the running loop's clock, so that in virtual time nothing waits.

    Args:
        system: Where it lives; it may join later, before its `ref` is used.
        name: The actor's name; one that is taken gets a number behind it.
    """

    def __init__(self, system: ActorSystem | None = None, name: str = "probe") -> None:
        self._name = name
        self._ref: ActorRef[ProbeActor] | None = None
        self._heard: Arrivals[Heard] = Arrivals()
        self._last: Heard | None = None
        if system is not None:
            self.join(system)

    def join(self, system: ActorSystem) -> None:
        """Live in *system* from now on, under a name at its top.

        Raises:
            RuntimeError: It lives in one already.
        """
        if self._ref is not None:
            raise RuntimeError(f"the probe `{self._ref.path}` lives in a system already; make another one")
        names = (self._name if n == 1 else f"{self._name}-{n}" for n in count(1))
        free = next(name for name in names if lookup.child_of(system.guardian, name) is None)
        self._ref = system.spawn_under(system.guardian, ProbeActor, (self._hear,), None, name=free)

    @property
    def ref(self) -> ActorRef[Any]:
        """The ref to hand to actors; it takes every message.

        Raises:
            RuntimeError: The probe is in no system yet.
        """
        if self._ref is None:
            raise RuntimeError(
                "this probe is in no system yet: enter `async with supervised(App) as tree`, or make it with "
                "`Probe(system)`"
            )
        return self._ref

    @property
    def received(self) -> list[Any]:
        """Every message that came so far, the taken too, in order."""
        return [heard.message for heard in self._heard.all]

    # -- what should come ------------------------------------------------------------------------------------
    @overload
    async def expect(self, what: type[T], within: float = WITHIN) -> T: ...
    @overload
    async def expect(self, what: Callable[..., Any], within: float = WITHIN) -> Any: ...
    @overload
    async def expect(self, what: T, within: float = WITHIN) -> T: ...
    async def expect(self, what: Any, within: float = WITHIN) -> Any:
        """Wait for a message, take it and return it. What else came is left for later.

        Args:
            what: An endpoint on its class (`Counter.changed`), a message (`Counter.changed(3)`), a class, another
                value, or a function that says whether a message is the one.
            within: Seconds.

        Raises:
            ExpectationError: It did not come; the text shows what did.
        """
        return (await self._take([what], first, within, f"expected {called(what)}"))[0]

    async def expect_any(self, *whats: Any, within: float = WITHIN) -> Any:
        """Wait for the first message that is one of *whats*, take it and return it.

        Raises:
            ExpectationError: None came.
        """
        _check_some(whats)
        return (await self._take(whats, first, within, f"expected one of {_names(whats)}"))[0]

    async def expect_all(self, *whats: Any, within: float = WITHIN) -> list[Any]:
        """Wait for a message for each of *whats*, in whatever order; take them, and return them in the order asked for.

        Raises:
            ExpectationError: Not all of them came.
        """
        _check_some(whats)
        return await self._take(whats, each, within, f"expected all of {_names(whats)}, in any order,")

    async def expect_in_order(self, *whats: Any, within: float = WITHIN) -> list[Any]:
        """Wait for messages that fit *whats* one after the other, take and return them. Others may come in between.

        Raises:
            ExpectationError: They did not come, or not in that order.
        """
        _check_some(whats)
        return await self._take(whats, in_order, within, f"expected, in this order, {_names(whats)}")

    async def expect_nothing(self, what: Any = object, within: float = QUIET) -> None:
        """Wait so long, and see that no message comes that is *what*, and that none is left that came before.

        Raises:
            ExpectationError: One came.
        """
        try:
            (heard,) = await self._heard.take([what], first, within, of=_message)
        except TimeoutError:
            return
        kind = "nothing" if what is object else f"no {called(what)}"
        raise ExpectationError(
            f"expected {kind} at `{self.ref.path}` for {within:g} s, but `{cut(heard.message)}` came"
        )

    # -- answers ---------------------------------------------------------------------------------------------
    def reply(self, value: Any) -> None:
        """Answer the message that was taken last.

        Raises:
            ExpectationError: None was, or it was told, not asked, or it has its answer.
        """
        self._to_answer("reply to").answer(value)

    def fail(self, error: BaseException) -> None:
        """Give the message that was taken last an error for an answer. Raises as `reply` does."""
        self._to_answer("fail").fail(error)

    def _to_answer(self, verb: str) -> Later[Any]:
        if self._last is None:
            raise ExpectationError(f"there is nothing to {verb}: take a message first, with `await probe.expect(...)`")
        answer = self._last.answer
        if answer._ask is None:
            raise ExpectationError(f"`{cut(self._last.message)}` was told, not asked: nobody waits for an answer")
        if answer.done:
            raise ExpectationError(f"`{cut(self._last.message)}` has its answer already")
        return answer

    # -- ends ------------------------------------------------------------------------------------------------
    def watch(self, ref: ActorRef[Any], until: Literal["ended", "discarded"] = "ended") -> None:
        """Monitor *ref*: when it ends, its one `Down` comes here. See `expect_down`."""
        self.ref.actor.context.monitor(ref, until)

    async def expect_down(self, ref: ActorRef[Any] | None = None, exit: Any = object, within: float = WITHIN) -> Exit:
        """Wait for the end of an actor that this probe watches, and return how it ended.

        Args:
            ref: Which; without, any.
            exit: How, as a pattern: `Crash`, `Normal()`, a function.
            within: Seconds.

        Raises:
            ExpectationError: It has not ended, or otherwise.
        """
        who = "an actor" if ref is None else f"`{ref.path}`"
        how = "" if exit is object else f" with {called(exit)}"
        taken = await self._take([_down_of(ref, exit)], first, within, f"expected the end of {who}{how}")
        down: Down = taken[0]
        return down.exit

    # -- inside ----------------------------------------------------------------------------------------------
    def _hear(self, message: Any, answer: Later[Any]) -> None:
        self._heard.put(Heard(message, asyncio.get_running_loop().time(), answer))

    async def _take(self, whats: Sequence[Any], pick: Pick, within: float, expected: str) -> list[Any]:
        path, began = self.ref.path, asyncio.get_running_loop().time()
        try:
            taken = await self._heard.take(whats, pick, within, of=_message)
        except TimeoutError:
            left = [f"{heard.at - began:+.3f} s  {cut(heard.message)}" for heard in self._heard.left]
            instead = f"what did come and is not taken:{list_of(left)}" if left else "nothing came instead"
            raise ExpectationError(f"{expected} at `{path}` within {within:g} s; {instead}") from None
        self._last = taken[-1]
        return [heard.message for heard in taken]


def _message(heard: Heard) -> Any:
    return heard.message


def _down_of(ref: ActorRef[Any] | None, exit: Any) -> Callable[[Any], bool]:
    fit = fits(exit)
    return lambda message: isinstance(message, Down) and (ref is None or message.ref is ref) and fit(message.exit)


def _names(whats: Sequence[Any]) -> str:
    return ", ".join(called(what) for what in whats)


def _check_some(whats: Sequence[Any]) -> None:
    if not whats:
        raise ValueError("nothing is expected: name a message at least")
