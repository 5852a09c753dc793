"""A call always ends: with a text, a sentence, or at its deadline."""

import asyncio
import threading
from typing import Any

import pytest
from pydantic import BaseModel

from llmagentos._messages import Call, Outcome, ToolClosed
from llmagentos.tools import Tool, ToolContext, tool
from llmagentos.tools import _thread as threads
from llmagentos.tools._run import LONGEST, as_text, run_call


class City(BaseModel):
    name: str


@tool
def where(ctx: ToolContext) -> str:
    """Tell where it runs, and for whom."""
    assert ctx.remaining > 0
    return f"{threading.current_thread().name} for {ctx.agent}"


@tool
async def where_async(ctx: ToolContext) -> str:
    """Tell where it runs."""
    await asyncio.sleep(0)
    return threading.current_thread().name


@tool
def broken(why: str) -> str:
    """Fail."""
    raise ValueError(why)


@tool
def stops() -> str:
    """Raise what a future cannot carry."""
    raise StopIteration


@tool(deadline=0.02)
async def slow() -> None:
    """Take too long."""
    await asyncio.Event().wait()


@tool
async def has_own_timeout() -> None:
    """Time out by itself."""
    raise TimeoutError("the far end is slow")


async def _call(tool: Tool[..., Any], arguments: str = "{}") -> ToolClosed:
    return await run_call(tool, Call(7, tool.name, arguments), "clerk")


async def test_a_synchronous_tool_runs_in_a_thread_of_its_own() -> None:
    assert await _call(where) == ToolClosed(7, Outcome.RETURNED, "tool-where-7 for clerk")


async def test_an_asynchronous_tool_runs_on_the_loop() -> None:
    assert (await _call(where_async)).text == threading.current_thread().name


@pytest.mark.parametrize(
    ("called", "arguments", "closed"),
    [
        (broken, '{"why": "no such city"}', ToolClosed(7, Outcome.FAILED, "ValueError: no such city")),
        (stops, "{}", ToolClosed(7, Outcome.FAILED, "RuntimeError: tool raised StopIteration()")),
        (slow, "{}", ToolClosed(7, Outcome.TIMED_OUT, "`slow` did not answer within 0.02 s")),
        (has_own_timeout, "{}", ToolClosed(7, Outcome.FAILED, "TimeoutError: the far end is slow")),
    ],
)
async def test_a_call_that_goes_wrong_ends_with_a_sentence(
    called: Tool[..., Any], arguments: str, closed: ToolClosed
) -> None:
    assert await _call(called, arguments) == closed


async def test_arguments_that_do_not_fit_are_a_failed_call() -> None:
    closed = await _call(broken)
    assert closed.outcome is Outcome.FAILED
    assert "`why`: Field required" in closed.text


async def test_a_hung_tool_is_left_behind_at_its_deadline_and_told_so() -> None:
    go, told = threading.Event(), threading.Event()

    @tool(deadline=0.02)
    def hangs(ctx: ToolContext) -> None:
        """Hang until the test lets go."""
        ctx.gave_up.wait()
        told.set()
        go.wait()

    assert (await _call(hangs)).outcome is Outcome.TIMED_OUT
    assert await asyncio.to_thread(told.wait, 5)
    go.set()


async def test_too_many_hung_tools_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(threads, "LIMIT", 0)
    closed = await _call(where)
    assert closed.outcome is Outcome.FAILED
    assert "give the calls inside these tools a timeout of their own" in closed.text


@pytest.mark.parametrize(
    ("result", "text"),
    [("plain", "plain"), (None, "null"), ({"a": [1]}, '{"a": [1]}'), (City(name="Paris"), '{"name":"Paris"}')],
)
def test_what_a_tool_returns_becomes_text(result: object, text: str) -> None:
    assert as_text(result) == text


def test_a_long_result_is_cut_and_says_so() -> None:
    assert as_text("x" * (LONGEST + 1)).endswith(f"[…cut at {LONGEST} of {LONGEST + 1} characters]")
