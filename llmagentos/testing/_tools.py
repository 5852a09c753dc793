"""Tools that misbehave, each in one way."""

import asyncio
from collections.abc import Callable
from typing import Any

from llmagentos.tools import Tool, tool


def failing_tool(error: BaseException, name: str = "failing") -> Tool[..., Any]:
    """Make a tool that raises *error*."""

    @tool(name=name)
    async def failing() -> str:
        """Do something that fails."""
        raise error

    return failing


def hanging_tool(deadline: float = 30.0, name: str = "hanging") -> Tool[..., Any]:
    """Make a tool that never returns; it is cancelled at its deadline."""

    @tool(name=name, deadline=deadline)
    async def hanging() -> str:
        """Do something that takes for ever."""
        await asyncio.Event().wait()
        raise AssertionError("nobody sets it")

    return hanging


def flooding_tool(characters: int = 10_000_000, name: str = "flooding") -> Tool[..., Any]:
    """Make a tool that returns so many characters."""

    @tool(name=name)
    async def flooding() -> str:
        """Say far too much."""
        return "x" * characters

    return flooding


def stubborn_tool(
    seconds: float = 3600.0,
    deadline: float = 30.0,
    name: str = "stubborn",
    on_cancel: Callable[[], object] = lambda: None,
) -> Tool[..., Any]:
    """Make a tool that ignores its cancellation and goes on for so many seconds.

    Args:
        seconds: How long it goes on in all.
        deadline: When it is cancelled first.
        name: Its name.
        on_cancel: Called whenever it is cancelled.
    """

    @tool(name=name, deadline=deadline)
    async def stubborn() -> str:
        """Do something, whatever anybody says."""
        loop = asyncio.get_running_loop()
        end = loop.time() + seconds
        while (left := end - loop.time()) > 0:
            try:
                await asyncio.sleep(left)
            except asyncio.CancelledError:
                on_cancel()
        return "done at last"

    return stubborn
