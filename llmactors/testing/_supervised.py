"""`supervised`: a real system for a test, which fails on whatever happened or was left that the test did not expect."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

from llmactors._exits import Exit, describe, error_of
from llmactors._messages import DeadLetter
from llmactors._system import ActorSystem
from llmactors.errors import LinkedActorEndedError
from llmactors.testing._arrivals import Arrivals
from llmactors.testing._core.patterns import called, cut, first, fits, list_of
from llmactors.testing._leftovers import TURNS, Leftovers
from llmactors.testing._probe import WITHIN, Probe
from llmactors.testing._virtual import VirtualLoop
from llmactors.testing.errors import ExpectationError, LeftBehindError

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

    from llmactors._ref import ActorRef

    Where = ActorRef[Any] | str | None

LATE = frozenset({"discarded", "ended", "expired"})
"""Reasons of dead letters that a stop itself brings about: what was still queued."""


@dataclass(frozen=True, slots=True)
class CrashSeen:
    """A life that ended by an error."""

    path: str
    actor: type
    exit: Exit
    error: BaseException

    def __str__(self) -> str:
        """Say who, and how."""
        return f"`{self.path}` ({self.actor.__name__}) {describe(self.exit)}"


class Supervised(ActorSystem):
    """A system under test. Like any `ActorSystem`, and leaving its block fails on what the test did not expect:

    * a crash that no `expect_crash` took, restarted or not (an owner that ended with its child is not counted),
    * a dead letter that no `expect_dead_letter` took,
    * a task, thread, process or descriptor that was not there before.

    An error of the block itself goes first; what was left is added to it as a note. Made by `supervised`.

    Attributes:
        entered: Whether its block was begun.
        left_again: Whether it is over.
    """  # noqa: D415  a list follows

    def __init__(
        self,
        root: Callable[..., Any] | None = None,
        *args: Any,
        name: str = "system",
        check_messages: bool = True,
    ) -> None:
        super().__init__(root, *args, name=name, check_messages=check_messages)
        self._crashes: Arrivals[CrashSeen] = Arrivals()
        self._letters: Arrivals[DeadLetter] = Arrivals()
        self._before: Leftovers
        self._stopping = False
        self.entered = self.left_again = False
        self._joining: list[Probe] = []

    # -- what should happen ----------------------------------------------------------------------------------
    def probe(self, name: str = "probe") -> Probe:
        """Make a probe in this system."""
        return Probe(self, name)

    async def expect_crash(self, error: Any = object, *, of: Where = None, within: float = WITHIN) -> CrashSeen:
        """Wait for a life to end by an error, take and return it: it is expected.

        Args:
            error: Which, as a pattern: `ValueError`, a function.
            of: Whose: a ref, or a path.
            within: Seconds.

        Raises:
            ExpectationError: There was none; the text shows which there were.
        """
        fit = fits(error)

        def expected(crash: CrashSeen) -> bool:
            return fit(crash.error) and _is_at(of, crash.path)

        try:
            return (await self._crashes.take([expected], first, within))[0]
        except TimeoutError:
            what = "a crash" if error is object else f"a crash with {called(error)}"
            seen = [str(crash) for crash in self._crashes.left]
            raise ExpectationError(_instead(f"expected {what}{_of(of)}", within, "crashed", seen)) from None

    async def expect_dead_letter(
        self, message: Any = object, *, reason: str | None = None, to: Where = None, within: float = WITHIN
    ) -> DeadLetter:
        """Wait for a message that nobody handles, take and return its dead letter: it is expected.

        Args:
            message: Which, as a pattern: `Counter.add`, `Counter.add(1)`, a class, a function.
            reason: Why: `"unhandled"`, `"full"`, `"discarded"`, ...
            to: To whom it was sent: a ref, or a path.
            within: Seconds.

        Raises:
            ExpectationError: There was none; the text shows which there were.
        """
        expected = _letter(message, reason, to)
        try:
            return (await self._letters.take([expected], first, within))[0]
        except TimeoutError:
            what = "a dead letter" if message is object else f"a dead letter {called(message)}"
            why = "" if reason is None else f" because {reason!r}"
            seen = [_told(letter) for letter in self._letters.left]
            text = _instead(f"expected {what}{_of(to)}{why}", within, "became dead letters", seen)
            raise ExpectationError(text) from None

    def ignore_crashes(self, error: Any = object, *, of: Where = None) -> None:
        """Do not mind such crashes, those from now on included. Patterns as for `expect_crash`."""
        fit = fits(error)
        self._crashes.ignore(lambda crash: fit(crash.error) and _is_at(of, crash.path))

    def ignore_dead_letters(self, message: Any = object, *, reason: str | None = None, to: Where = None) -> None:
        """Do not mind such dead letters, those from now on included. Patterns as for `expect_dead_letter`."""
        self._letters.ignore(_letter(message, reason, to))

    # -- the block -------------------------------------------------------------------------------------------
    async def __aenter__(self) -> Self:
        self._before = Leftovers()
        await super().__aenter__()
        self.entered = True
        for probe in self._joining:
            probe.join(self)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self._settle()
        self._stopping = self.left_again = True
        try:
            await super().__aexit__(kind, error, traceback)
        except BaseException as raised:
            await self._note_on(raised)
            raise
        if error is not None:
            await self._note_on(error)
        elif left := await self._left():
            raise LeftBehindError(left) from next((crash.error for crash in self._crashes.left), None)

    async def _settle(self) -> None:
        """Let what was told before the end of the block be handled: else it would be lost in the stop."""
        loop = asyncio.get_running_loop()
        if isinstance(loop, VirtualLoop):
            await loop.advance(0)
            return
        for _ in range(TURNS):
            await asyncio.sleep(0)

    async def _note_on(self, error: BaseException) -> None:
        if left := await self._left():
            error.add_note("\n".join(["meanwhile, and nobody expected it:", *(f"  {line}" for line in left)]))

    async def _left(self) -> list[str]:
        crashes = [f"crash: {crash}" for crash in self._crashes.left]
        letters = [f"dead letter: {_told(letter)}" for letter in self._letters.left]
        return [*crashes, *letters, *await self._before.left()]

    # -- what the kernel tells -------------------------------------------------------------------------------
    def ended_abnormally(self, cell: ActorRef[Any], exit: Exit) -> None:
        """Keep a crash. For the kernel."""
        error = error_of(exit)
        if error is not None and not isinstance(error, LinkedActorEndedError):
            self._crashes.put(CrashSeen(cell.path, cell.cls, exit, error))

    def dead_letter(self, message: Any, cell: ActorRef[Any], reason: str) -> None:
        """Keep a dead letter, but for what a stop leaves in the mailboxes. For the kernel."""
        super().dead_letter(message, cell, reason)
        if not (self._stopping and reason in LATE):
            self._letters.put(self.dead_letters.recent[-1])

    def raise_unheard(self) -> None:
        """Raise what ended the root. Other crashes are kept, and told at the end."""
        self._unheard.clear()
        super().raise_unheard()

    def will_join(self, probe: Probe) -> None:
        """Have *probe* join as soon as the system is up. For the pytest plugin."""
        self._joining.append(probe)


def supervised(
    root: Callable[..., Any] | None = None, *args: Any, name: str = "system", check_messages: bool = True
) -> Supervised:
    """Run a tree for a test, which fails on what it did not expect; see `Supervised`.

    ```py
    async with supervised(App) as tree:
        assert await tree.ref(App.counter).ask(Counter.add(1)) == 11
    ```

    Args:
        root: The class of the root actor; without one, `tree.spawn` is all there is.
        args: For its constructor.
        name: What reports call the system.
        check_messages: Have every message make the trip to another process and back, so that a value that could not
            cross is found here.
    """
    return Supervised(root, *args, name=name, check_messages=check_messages)


def _letter(message: Any, reason: str | None, to: Where) -> Callable[[DeadLetter], bool]:
    fit = fits(message)
    return lambda letter: (
        fit(letter.message) and (reason is None or letter.reason == reason) and _is_at(to, letter.path)
    )


def _is_at(where: Where, path: str) -> bool:
    if where is None:
        return True
    return path == (("/" + where.strip("/")) if isinstance(where, str) else where.path)


def _of(where: Where) -> str:
    return "" if where is None else f" at `{where if isinstance(where, str) else where.path}`"


def _told(letter: DeadLetter) -> str:
    return f"`{cut(letter.message)}` to `{letter.path}`: {letter.reason}"


def _instead(expected: str, within: float, did: str, seen: list[str]) -> str:
    instead = f"what {did} instead:{list_of(seen)}" if seen else "there was none at all"
    return f"{expected} within {within:g} s; {instead}"
