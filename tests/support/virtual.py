"""Time that passes only when nothing else can happen: a test of waiting waits for nothing.

The loop's clock stands still while there is anything to run and jumps to the next timer when there is not. The system's
clock is the loop's.
"""

import asyncio
import inspect
import selectors
from collections.abc import Callable, Coroutine
from random import Random
from typing import Any

import pytest

from llmactors import ActorSystem
from llmactors._ports import Ports


class _Jump(selectors.DefaultSelector):
    """A selector that lets the loop's clock jump instead of sleeping."""

    loop: "VirtualLoop"

    def select(self, timeout: float | None = None) -> Any:
        ready = super().select(0)
        if not ready and timeout is None:
            raise RuntimeError("nothing will ever happen again: the test waits for what nobody does")
        if not ready and timeout:
            self.loop.now += timeout
        return ready


class VirtualLoop(asyncio.SelectorEventLoop):
    """An event loop in virtual time, in seconds from 0."""

    def __init__(self) -> None:
        jump = _Jump()
        jump.loop = self
        self.now = 0.0
        super().__init__(jump)

    def time(self) -> float:
        """Return the virtual time."""
        return self.now


class VirtualSystem(ActorSystem):
    """A system whose clock is its loop's, with chance that is the same in every run."""

    def __init__(self, root: Callable[..., Any] | None = None, *args: Any) -> None:
        loop = asyncio.get_running_loop()
        super().__init__(root, *args, ports=Ports(clock=loop.time, random=Random(0)))


def run(main: Coroutine[Any, Any, None]) -> None:
    """Run *main* in virtual time."""
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        runner.run(main)


def behaviour(*rows: str) -> Callable[[Callable[..., Coroutine[Any, Any, None]]], Callable[..., None]]:
    """Make a coroutine function a test of those rows of the reference, in virtual time; the rows are parameter ids.

    A test that takes `row` is told which.
    """

    def decorate(test: Callable[..., Coroutine[Any, Any, None]]) -> Callable[..., None]:
        signature = inspect.signature(test)
        told = "row" in signature.parameters

        def behaves(row: str, **arguments: Any) -> None:
            run(test(row=row, **arguments) if told else test(**arguments))

        row = [] if told else [inspect.Parameter("row", inspect.Parameter.KEYWORD_ONLY)]
        behaves.__signature__ = signature.replace(  # type: ignore[attr-defined]
            parameters=[*signature.parameters.values(), *row], return_annotation=None
        )
        behaves.__name__, behaves.__doc__, behaves.__module__ = test.__name__, test.__doc__, test.__module__
        if hasattr(test, "pytestmark"):
            behaves.pytestmark = test.pytestmark  # type: ignore[attr-defined]
        marked: Callable[..., None] = pytest.mark.parametrize("row", rows)(behaves)
        return marked

    return decorate


def now() -> float:
    """Return the virtual time, in seconds."""
    return asyncio.get_running_loop().time()
