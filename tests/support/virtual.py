"""Tests in virtual time that are rows of the reference at once. Virtual time itself is `llmactors.testing`'s."""

import inspect
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from llmactors import ActorSystem
from llmactors.testing import VirtualClock, VirtualLoop, run_in_virtual_time

__all__ = ["VirtualLoop", "VirtualSystem", "behaviour", "now", "run"]

VirtualSystem = ActorSystem
"""On a virtual loop every system is in virtual time; the name says that a test counts on it."""

run = run_in_virtual_time


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
    return VirtualClock().now()
